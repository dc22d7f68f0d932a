"""The report as a browser shows it: headless Chromium, offline, light and dark.

Leaves screenshots/light.png and dark.png in the repository's root, for a person to judge.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from stages.contract.dvc_files import ROOT
from stages.report import report
from tests.fakes.fake_run import plant

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HERE = Path(__file__).parent
SHOTS = ROOT / "screenshots"
SCHEMES = {"light": 1, "dark": 0}  # as Blink numbers them
CARD = re.compile(
    r'<article data-level="(.*?)" data-verdict="(.*?)" data-strategy="(.*?)">.*?<code>(\w+)</code>',
    re.DOTALL,
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (a Debian package)")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A report that looks itself over once it is loaded."""
    root = tmp_path_factory.mktemp("browser")
    plant(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        report.run(0)
        text = Path("report.html").read_text()
        probe = f"<script>{{\n{(HERE / 'probe.js').read_text()}}}</script></body>"
        Path("probed.html").write_text(text.replace("</body>", probe))
        yield root


@pytest.fixture(scope="module", params=SCHEMES)
def seen(request: pytest.FixtureRequest, page: Path) -> dict[str, Any]:
    """What the probe found, and what Chromium printed."""
    SHOTS.mkdir(exist_ok=True)
    shot = SHOTS / f"{request.param}.png"
    shot.unlink(missing_ok=True)
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-extensions",
        "--no-first-run", f"--user-data-dir={page / request.param}", "--enable-logging=stderr",
        "--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1280,14000",
        f"--blink-settings=preferredColorScheme={SCHEMES[request.param]}",
        f"--screenshot={shot}", "--dump-dom", f"file://{page}/probed.html",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    (found,) = re.findall(r'id="seen">(.*?)</script>', done.stdout, re.DOTALL)
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(found) | {"scheme": request.param, "console": console, "shot": shot}


def test_every_chart_is_drawn_and_readable(seen: dict[str, Any], page: Path) -> None:
    titles = re.findall(r"<figcaption>(.*?)</figcaption>", (page / "report.html").read_text())
    assert len(seen["charts"]) == len(titles) >= 20
    for chart in seen["charts"]:
        assert chart["marks"] > 0, chart["title"]
        assert not chart["broken"], chart["title"]
        assert not chart["overlaps"], chart
        assert chart["outside"] == 0, chart["title"]


def test_nothing_is_fetched_and_nothing_goes_wrong(seen: dict[str, Any]) -> None:
    assert seen["fetched"] == []
    assert seen["console"] == []
    assert seen["wide"] <= 0


def test_the_filters_leave_the_paths_they_name(seen: dict[str, Any], page: Path) -> None:
    cards = CARD.findall((page / "report.html").read_text())
    choices = [["", *dict.fromkeys(column)] for column in list(zip(*cards, strict=True))[:3]]
    assert all(len(choice) > 2 for choice in choices)
    left = {(f["level"], f["verdict"], f["strategy"]): f for f in seen["filtered"]}
    assert set(left) == set(product(*choices))
    for wanted, found in left.items():
        fits = [
            name
            for *of, name in cards
            if all(w in ("", own) for w, own in zip(wanted, of, strict=True))
        ]
        assert found["paths"] == fits
        assert found["said"] == f"{len(fits)} path{'' if len(fits) == 1 else 's'}"


def test_steps_are_coloured_and_fields_take_the_keyboard(seen: dict[str, Any]) -> None:
    assert list(seen["colours"]) == ["verifier", "label", "truth"]
    assert len(seen["colours"]["verifier"]) >= 4
    assert all(len(seen["colours"][name]) >= 2 for name in ("label", "truth"))
    assert seen["focused"]


def test_the_page_follows_the_reader_s_scheme(seen: dict[str, Any]) -> None:
    dark = seen["scheme"] == "dark"
    assert seen["dark"] is dark
    (red,) = re.match(r"rgb\((\d+)", seen["ground"]).groups()  # type: ignore[union-attr]
    assert (int(red) < 128) is dark
    assert seen["shot"].stat().st_size > 100_000
