"""`ratchet report`: the page of a revision, and two runs side by side."""

import re
from pathlib import Path

import pytest

from stages.explore.report_command import file_name
from stages.report import report
from tests.fakes.command_line import ratchet
from tests.fakes.fake_run import plant
from tests.fakes.two_runs import Runs


@pytest.mark.parametrize(
    ("rev", "against", "name"),
    [
        ("workspace", None, "report.html"),
        ("exp-7", None, "report-exp-7.html"),
        ("workspace", "feature/x", "report-against-feature-x.html"),
        ("HEAD~2", "main", "report-HEAD-2-against-main.html"),
    ],
)
def test_the_page_is_named_by_its_runs(rev: str, against: str | None, name: str) -> None:
    assert file_name(rev, against) == name


def test_alone_it_is_the_page_that_the_stage_writes(run_folder: Path) -> None:
    plant(run_folder)
    report.run(0)
    shown = ratchet("report", "--out", "again.html")
    assert shown.exit_code == 0 and shown.stdout == "The report: again.html\n"
    assert Path("again.html").read_text() == Path("report.html").read_text()


def test_two_runs_are_side_by_side_and_compared_on_the_same_problems(
    runs: Runs, tmp_path: Path
) -> None:
    out = tmp_path / "both.html"
    assert ratchet("report", "--against", "HEAD", "--out", str(out)).exit_code == 0
    page = out.read_text()
    (answers,) = re.findall(r'<section id="answers".*?</section>', page, re.DOTALL)
    assert "Beside HEAD (recipe sipf): " in answers and "only ours right" in answers
    assert "HEAD, toy, greedy" in answers, "both runs are in the first chart"
    sections = re.findall(r'<section id="\w+">.*?</section>', page, re.DOTALL)
    both = [section for section in sections if '<div class="sides">' in section]
    assert len(both) >= 10
    for section in both:
        assert section.count("<h3><bdi>this run</bdi></h3>") == 1
        assert section.count("<h3><bdi>HEAD</bdi></h3>") == 1
    assert len(page.encode()) < 1_000_000
    names = re.findall(r'download="(.*?)"', page)
    assert len(names) == len(set(names)), "no download has the name of another"


def test_charts_of_one_title_have_one_scale(runs: Runs, tmp_path: Path) -> None:
    out = tmp_path / "both.html"
    assert ratchet("report", "HEAD", "--against", "workspace", "--out", str(out)).exit_code == 0
    figures = re.findall(r"<figcaption>(.*?)</figcaption>.*?(<svg.*?</svg>)", out.read_text(), re.S)
    scales: dict[str, set[tuple[str, ...]]] = {}
    for title, svg in figures:
        ticks = tuple(re.findall(r'class="y" [^>]*>(.*?)<', svg))
        scales.setdefault(title, set()).add(ticks)
    assert len(scales["Accuracy by iteration"]) <= 2, "of the first screen, and of the section"
    assert len(scales["Coverage by level"]) == 1 and len(scales["Distinct paths"]) == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--against", "nowhere"], "name a branch, tag, commit or experiment"),
        (["--out", "no/such/page.html"], "--out no/such/page.html: there is no folder no/such"),
        (["exp-2"], "exp-2 is in the queue"),
    ],
)
def test_mistakes_are_one_line(runs: Runs, words: list[str], reason: str) -> None:
    shown = ratchet("report", *words)
    assert shown.exit_code == 1
    assert reason in shown.stderr and shown.stderr.count("\n") == 1
