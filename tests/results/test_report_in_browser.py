"""The report as a browser shows it: headless Chromium, offline, light and dark, wide and narrow.

Leaves a picture of each in screenshots/ in the repository's root, for a person to judge.
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
SIZES = {"wide": "1300,16000", "narrow": "400,32000"}
LOOKS = [("light", "wide"), ("dark", "wide"), ("light", "narrow")]
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


@pytest.fixture(scope="module", params=LOOKS, ids=" ".join)
def seen(request: pytest.FixtureRequest, page: Path) -> dict[str, Any]:
    """What the probe found, and what Chromium printed."""
    SHOTS.mkdir(exist_ok=True)
    scheme, size = request.param
    shot = SHOTS / f"{scheme}-{size}.png"
    shot.unlink(missing_ok=True)
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-extensions",
        "--no-first-run", f"--user-data-dir={page / shot.stem}", "--enable-logging=stderr",
        "--host-resolver-rules=MAP * ~NOTFOUND", f"--window-size={SIZES[size]}",
        f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
        f"--screenshot={shot}", "--dump-dom", f"file://{page}/probed.html",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    (found,) = re.findall(r'id="seen">(.*?)</script>', done.stdout, re.DOTALL)
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(found) | {
        "scheme": scheme,
        "size": size,
        "console": console,
        "shot": shot,
    }


def test_every_chart_is_drawn_and_readable(seen: dict[str, Any], page: Path) -> None:
    titles = re.findall(r"<figcaption>(.*?)</figcaption>", (page / "report.html").read_text())
    assert len(seen["charts"]) == len(titles) >= 20
    for chart in seen["charts"]:
        assert chart["marks"] > 0, chart["title"]
        assert not chart["broken"], chart["title"]
        assert not chart["overlaps"], chart
        assert chart["outside"] == 0, chart["title"]
        assert chart["pixels"] >= 9.5, chart["title"]


def test_values_are_told_at_the_pointer_and_by_keys(seen: dict[str, Any]) -> None:
    for chart in seen["charts"]:
        told = chart["told"]
        assert told["focusable"] and told["inside"], chart["title"]
        assert told["pointed"] and told["first"] and told["last"], chart["title"]
        assert not told["left"] and not told["gone"], chart["title"]
    of_lines = next(c for c in seen["charts"] if c["title"] == "Accuracy by iteration")["told"]
    for when, number in (("first", 0), ("next", 1), ("last", 2)):
        assert re.match(rf"iteration {number}\ntoy, greedy: [\d.]+% \[[\d.]+%, ", of_lines[when])
    assert of_lines["pointed"] == of_lines["next"], "the middle of three"


def test_sections_are_folded_and_links_open_them(seen: dict[str, Any]) -> None:
    assert seen["opened"] == []
    assert seen["led"] == ["costs"]
    assert seen["open"]


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
