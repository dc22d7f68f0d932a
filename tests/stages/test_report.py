"""The report: metrics.json, report.html, what the terminal shows, and the charts."""

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from schemas import store
from schemas.costs import Costs
from schemas.errors import RatchetError
from schemas.evaluations import Evaluations
from schemas.flaws import Flaws
from schemas.progress import Progress
from stages.report import last_iteration, report
from stages.results import metrics, plots
from tests.fakes.fake_iteration import NASTY
from tests.fakes.fake_run import plant

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run with its report made."""
    root = tmp_path_factory.mktemp("planted")
    plant(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        report.run(0)
        yield root


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    return Path("report.html").read_text()


# metrics.json
def test_metrics_are_the_tables_in_plain_python(run: Path) -> None:
    measured = json.loads(Path("metrics.json").read_text())
    named = {"recipe": "sipf", "task": "toy", "model": "tiny", "seed": 0, "iteration": 2}
    assert measured["run"] == named
    assert list(measured["iterations"]) == ["0", "1", "2"]
    for row in store.read(Progress).to_dicts():
        found = measured["iterations"][str(row["iteration"])]
        costs = store.read(Costs, iteration=row["iteration"]).to_dicts()
        certain = {
            mode: {name: value for name, value in own.items() if name not in UNCERTAIN}
            for mode, own in found["suites"]["toy"].items()
        }
        assert {"toy": certain} == suites(row["iteration"])
        assert {name: value for name, value in found.items() if name != "suites"} == {
            "coverage": round(row["coverage"], 6) if row["n_draws"] else None,
            "draws": row["n_draws"],
            "training_rows": row["n_pairs"] + row["n_examples"],
            "tokens": row["n_tokens"],
            "elapsed_s": sum(cost["elapsed_s"] for cost in costs if cost["stage"] != "report"),
        }


def suites(iteration: int) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {"toy": {}}
    rows = store.read(Evaluations, iteration=iteration).to_dicts()
    judged = [row["first_wrong"] >= 0 for row in store.read(Flaws, iteration=iteration).to_dicts()]
    for mode in ("greedy", "vote"):
        of_mode = [row for row in rows if row["mode"] == mode]
        made["toy"][mode] = {
            "n": len(of_mode),
            "domain": "in",
            "accuracy": round(sum(row["correct"] for row in of_mode) / len(of_mode), 6),
            "flawed": round(sum(judged) / len(judged), 6) if mode == "greedy" else None,
            "flawed_by": "verifier" if mode == "greedy" else None,
        }
        if mode == "greedy":
            flexible = [row["correct_flexible"] for row in of_mode]
            stated = [row["correct_stated"] for row in of_mode]
            made["toy"][mode] |= {
                "accuracy_stated": round(sum(stated) / len(stated), 6),
                "accuracy_flexible": round(sum(flexible) / len(flexible), 6),
                "n_differ": sum(a != b for a, b in zip(stated, flexible, strict=True)),
            }
    return made


UNCERTAIN = ("low", "high", "gain", "pass_at")


def test_metrics_say_how_sure_they_are(run: Path) -> None:
    iterations = json.loads(Path("metrics.json").read_text())["iterations"]
    for iteration, turn in iterations.items():
        for mode, found in turn["suites"]["toy"].items():
            assert found["low"] <= found["accuracy"] <= found["high"]
            assert ("gain" in found) == (iteration != "0")
            before = iterations["0"]["suites"]["toy"][mode]["accuracy"]
            if iteration != "0":
                gain = found["gain"]
                assert gain["mean"] == pytest.approx(found["accuracy"] - before, abs=1e-6)
                assert gain["low"] <= gain["mean"] <= gain["high"] and 0 < gain["p"] <= 1
        passed = turn["suites"]["toy"]["vote"]["pass_at"]
        assert list(passed) == ["1", "2", "4"]
        assert passed["1"]["mean"] <= passed["2"]["mean"] <= passed["4"]["mean"]
        assert all(rate["low"] <= rate["mean"] <= rate["high"] for rate in passed.values())


def test_scores_are_the_few_that_a_person_compares(run: Path) -> None:
    iterations = json.loads(Path("metrics.json").read_text())["iterations"]
    last = iterations["2"]
    greedy = last["suites"]["toy"]["greedy"]
    assert json.loads(Path("scores.json").read_text()) == {
        "accuracy": greedy["accuracy"],
        "coverage": last["coverage"],
        "draws": sum(turn["draws"] for turn in iterations.values()),
        "flawed": greedy["flawed"],
    }


VOTE = {"domain": "in", "accuracy": 0.5, "flawed": None}


@pytest.mark.parametrize(
    ("suites", "expected"),
    [
        ({}, {"draws": 4}),
        ({"a": {"vote": VOTE}}, {"accuracy": 0.5, "draws": 4}),
        ({"a": {"vote": VOTE, "greedy": VOTE | {"accuracy": 0.25, "flawed": 0.5}},
          "b": {"greedy": VOTE | {"accuracy": 0.75}},
          "c": {"greedy": VOTE | {"domain": "out"}}},
         {"accuracy": 0.5, "draws": 4, "flawed": 0.5}),
    ],
)  # fmt: skip
def test_scores_leave_out_what_was_not_measured(
    suites: dict[str, Any], expected: dict[str, Any]
) -> None:
    turn = {"coverage": None, "draws": 4, "suites": suites}
    measured = {"run": {"iteration": 1}, "iterations": {"1": turn}}
    assert metrics.scores(measured) == expected


def test_plots_hold_the_axes_that_dvc_yaml_names(run: Path) -> None:
    for declared in plots.declarations():
        ((name, axes),) = declared.items()
        rows = json.loads(Path(name).read_text())
        assert all([*row] == [axes["x"], *plots.axis_fields(axes["y"])] for row in rows)
        assert all(row[axes["x"]] is not None for row in rows), name


def test_the_report_is_the_same_when_made_again_and_beside_stale_iterations(
    run: Path, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Path("metrics.json").read_text()
    plant(tmp_path, iterations=3)
    shutil.copy("params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert Path("data/samples/iteration=3").exists()
    for _ in range(2):
        report.run(0)
        assert Path("metrics.json").read_text() == before
        assert Path("report.html").read_text() == page


# report.html
@pytest.mark.parametrize(
    ("section", "texts"),
    [
        (
            "accuracy",
            [
                "Accuracy by iteration",
                "Greedy accuracy by level, toy",
                "Pass@k",
            ],
        ),
        ("flaws", ["Flawed right answers", "verifier", "agreement"]),
        ("duels", ["Iteration 2 against first", "disagreed", "first place"]),
        ("texts", ["Texts by length", "Texts by perplexity", "gold", "median"]),
        ("annotated", ["Earliest wrong step found", "gsm8k", "none found"]),
        ("coverage", ["Coverage: problems solved at least once", "Draws by strategy", "unguided"]),
        (
            "tail",
            [
                "Solve rates in iteration 2 before guidance",
                "Solve rates in iteration 2 after guidance",
                "Coverage by level",
                "Right samples in gold&#39;s tail by level",
                "Right samples in gold&#39;s tail by perplexity",
                "short-cut",
            ],
        ),
        ("data", ["Training rows", "Distinct paths", "corrections", "undesired examples"]),
        ("training", ["Alignment loss", "Log-probability in iteration 2", "rejected"]),
        ("labels", ["Precision and recall by level in iteration 2", "level 5", "steps inferred"]),
        ("verifier", ["Calibration in iteration 2", "Steps by probability in iteration 2"]),
        ("pairs", ["chosen answer is wrong", "rejected answer is right", ": 15.4% ["]),
        ("costs", ["Time by stage, all iterations", "Peak memory by stage", "align"]),
        ("rejects", ["has no answer", "rows.jsonl:2", "timeout"]),
        ("extractions", ["Stated and flexible answers", "differ", "last value", "samples"]),
        ("disagreements", ["contradicts 8 of 8 recorded verdicts", "compared as text"]),
        (
            "paths",
            [
                "colour by",
                "<option>level 5</option>",
                "<option>wrong</option>",
                "unsound",
                "inferred",
            ],
        ),
    ],
)
def test_each_section_shows_its_content(page: str, section: str, texts: list[str]) -> None:
    (shown,) = re.findall(rf'<section id="{section}".*?</section>', page, re.DOTALL)
    assert all(text in shown for text in texts)
    assert f'<a href="#{section}">' in page


def test_three_examples_of_a_reject_are_enough(page: str) -> None:
    assert "rows.jsonl:3" not in page


def test_the_page_needs_nothing_else(page: str) -> None:
    assert "://" not in page and "@import" not in page and "url(" not in page
    links = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert all(link.startswith(("#", "data:text/csv", "data:application/json")) for link in links)
    assert page.count("<script") == 1
    assert "prefers-color-scheme: dark" in page
    assert len(page.encode()) < 1_000_000


def test_every_link_of_the_contents_leads_to_a_section_and_back(page: str) -> None:
    (contents,) = re.findall(r'<nav aria-label="Contents">(.*?)</nav>', page, re.DOTALL)
    sections = re.findall(r'<section id="(\w+)"', page)
    assert re.findall(r'href="#(\w+)"', contents) == sections


def test_text_of_the_data_is_never_markup(page: str) -> None:
    assert NASTY not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<title>Planted &lt;run&gt;</title>" in page


class Outside(HTMLParser):
    """The text of a page that is in no <bdi>, where it could turn what is around it."""

    def __init__(self) -> None:
        super().__init__()
        self.depth, self.text = 0, ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.depth += tag == "bdi"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "bdi"

    def handle_data(self, data: str) -> None:
        self.text += data if not self.depth else ""


def test_what_a_model_wrote_cannot_turn_the_text_around_it(page: str) -> None:
    outside = Outside()
    outside.feed(page)
    assert "alert(1)" in page and "alert(1)" not in outside.text


def test_cards_are_of_every_level_verdict_and_strategy_and_coloured(page: str) -> None:
    cards = re.findall(
        r'<article data-level="(.*?)" data-verdict="(.*?)" data-strategy="(.*?)"', page
    )
    assert 40 <= len(cards) <= 70
    assert {level for level, _, _ in cards} == {f"level {n}" for n in range(1, 6)}
    assert {verdict for _, verdict, _ in cards} == {"correct", "wrong"}
    assert {strategy for _, _, strategy in cards} == {"unguided", "answer", "state_reset"}
    assert 'data-by="verifier"' in page
    assert re.search(r'class="step v\d l[01] t[01]"', page)


def test_a_run_without_a_model_has_no_evaluations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(tmp_path, iterations=1, evaluated=False)
    monkeypatch.chdir(tmp_path)
    for noun in ("losses", "step_labels", "step_scores", "rejects"):
        shutil.rmtree(Path("data", noun))
    report.run(0)
    page = Path("report.html").read_text()
    shown = set(re.findall(r'<section id="(\w+)"', page))
    assert shown == {
        "answers", "coverage", "tail", "texts", "data", "annotated", "pairs", "costs",
        "extractions", "disagreements", "paths",
    }  # fmt: skip
    assert 'data-by="truth"' in page
    turns = json.loads(Path("metrics.json").read_text())["iterations"]
    assert turns["1"]["suites"] == {} and turns["1"]["draws"] == 88
    assert "accuracy on" not in capsys.readouterr().out


# the terminal, and mistakes
def test_the_terminal_shows_the_tables(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report.run(0)
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    turns = json.loads(Path("metrics.json").read_text())["iterations"]
    greedy = turns["2"]["suites"]["toy"]["greedy"]
    low, high = greedy["low"], greedy["high"]
    overall = f"{100 * greedy['accuracy']:.1f}% [{100 * low:.1f}, {100 * high:.1f}]"
    titles = [
        "accuracy on toy",
        "iteration n greedy [95%] level 1 level 2 level 3 level 4 level 5 vote flawed",
        "coverage, budget and data",
        "step labels against the truth, iteration 2",
        "verifier against the truth, iteration 2",
    ]
    assert [line for line in shown if line in titles] == titles
    assert any(line.startswith(f"2 20 {overall} ") for line in shown)
    assert shown[-1] == "The whole report: report.html"


@pytest.mark.parametrize("value", [None, "two", True, -1, 1.5])
def test_iteration_must_be_a_number(value: Any) -> None:
    with pytest.raises(RatchetError, match=r"params\.yaml: iteration is .*: set it to a number"):
        last_iteration({"iteration": value})


def test_an_evaluation_without_progress_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, iterations=1)
    monkeypatch.chdir(tmp_path)
    shutil.rmtree("data/progress/iteration=1")
    with pytest.raises(RatchetError, match="progress lacks iteration 1: run `dvc repro`"):
        report.run(0)


def test_tables_that_change_while_they_are_read_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, iterations=1)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("stages.results.metrics.rates", lambda values: {})  # as of an emptied table
    with pytest.raises(RatchetError, match="the tables changed while they were read: try again"):
        report.run(0)


RESULTS = ["metrics.json", "scores.json", "report.html", "plots/accuracy.json"]


@pytest.mark.parametrize("number", range(8))
def test_a_report_that_is_interrupted_leaves_whole_files(
    planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    shutil.copytree(planted, tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    Path("plots").mkdir(exist_ok=True)
    for name in RESULTS:
        Path(name).write_text("before")
    n_flushed = iter(range(100))

    def flush(_: Path) -> None:
        if next(n_flushed) == number:
            raise KeyboardInterrupt

    monkeypatch.setattr(store, "fsync", flush)
    with pytest.raises(KeyboardInterrupt):
        report.run(0)
    assert not list(Path().rglob("*.partial"))
    for name in RESULTS:
        content = Path(name).read_text()
        assert content == "before" or content.endswith(("}\n", "]\n", "</html>"))
