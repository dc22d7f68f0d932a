"""`ratchet reproduce` over planted runs: what is found, what is printed, and the files written."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from schemas import views
from stages.contract.dvc_files import params
from stages.explore.reproduce import run_search
from stages.explore.reproduce.cell_values import measure
from stages.explore.reproduce.needed_runs import NeededRun
from stages.explore.reproduce.paper_tables import Column, find_table
from stages.explore.reproduce.run_missing import command
from stages.explore.reproduce.run_search import candidates, last_error, search
from stages.explore.reproduce.table_layout import lay_out
from tests.fakes.command_line import one, ratchet

TOY = ["task=toy", "model=tiny", "iteration=2"]
ASKED = [word for text in TOY for word in ("-S", text)]
GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]


def lock(complete: bool = True, *settings: str) -> str:
    """dvc.lock of a run that has a report of its own settings, or of those of an earlier run."""
    made = {"path": "data/settings", "md5": "1.dir"}
    text = params(*(settings or (*TOY, "recipe=sipf")))
    read = {"path": "params.yaml", "md5": hashlib.md5(text.encode()).hexdigest()}
    values = yaml.safe_load(text)
    prepared = {name: values[name] for name in ("task", "seed")}
    stages = {
        "check": {"deps": [read], "outs": [made]},
        "prepare": {"outs": [], "params": {"params.yaml": prepared}},
        "report": {"deps": [made if complete else made | {"md5": "0.dir"}]},
    }
    return yaml.safe_dump({"stages": stages})


@pytest.fixture
def planted_run(planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The planted run of two iterations, as if it were SIPF's, in the current folder."""
    root = tmp_path / "run"
    shutil.copytree(planted, root)
    monkeypatch.chdir(root)
    (root / "params.yaml").write_text(params(*TOY, "recipe=sipf"))
    (root / "dvc.lock").write_text(lock())
    return root


def states(*given: str) -> dict[str, str]:
    runs = lay_out(find_table("sipf/figure4"), [*TOY, *given]).runs()
    return {found.run.choices["recipe"]: found.state for found in search(runs, candidates())}


@pytest.mark.parametrize(
    ("given", "there"),
    [
        ([], True),
        (["iteration=1"], True),
        (["iteration=3"], False),
        (["seed=1"], False),
        (["sample.k=3"], False),
        (["compute.threads=1"], True),
        (["report.title=x"], True),
        (["+task.suites.more={n_test:3}"], False),
    ],
)
def test_a_run_is_found_by_its_parameters(planted_run: Path, given: list[str], there: bool) -> None:
    expected = {"rft": "missing", "siof": "missing", "sipf": "there" if there else "missing"}
    assert states(*given) == expected


@pytest.mark.parametrize("text", [lock(complete=False), "", None])
def test_settings_alone_are_no_run(planted_run: Path, text: str | None) -> None:
    file = planted_run / "dvc.lock"
    file.unlink() if text is None else file.write_text(text)
    assert states()["sipf"] == "missing"


def test_parameters_that_changed_since_are_no_run(planted_run: Path) -> None:
    (planted_run / "params.yaml").write_text(params(*TOY, "recipe=rft"))
    assert states() == {"rft": "missing", "siof": "missing", "sipf": "missing"}


@pytest.mark.parametrize(("task", "there"), [("toy", True), ("toy_mod", False)])
def test_problems_need_only_prepare(planted_run: Path, task: str, there: bool) -> None:
    (planted_run / "dvc.lock").write_text(lock(False))
    runs = lay_out(find_table("gsi/4"), [f"task={task}", "model=tiny"]).runs()
    assert {found.state for found in search(runs, candidates())} == {
        "there" if there else "missing"
    }


def test_states_of_runs_that_are_not_there(planted_run: Path) -> None:
    runs = {run.choices["recipe"]: run for run in lay_out(find_table("sipf/figure4"), TOY).runs()}
    subprocess.run([*GIT, "init", "-q"], check=True)
    subprocess.run([*GIT, "add", "params.yaml", "dvc.lock"], check=True)
    subprocess.run([*GIT, "commit", "-qm", "run"], check=True)
    for kind, recipe in (("stash", "rft"), ("failed", "siof")):
        message = f"commit: dvc-exp:{'a' * 40}:{'b' * 40}:{runs[recipe].experiment}"
        ref = f"refs/exps/celery/{kind}"
        subprocess.run(
            [*GIT, "update-ref", "--create-reflog", "-m", message, ref, "HEAD"], check=True
        )
    assert states() == {"rft": "queued", "siof": "failed", "sipf": "there"}
    (planted_run / "params.yaml").write_text("{}")
    assert states()["sipf"] == "there"  # in HEAD
    shown = ratchet("reproduce", "sipf/figure4", *ASKED, "--json")
    reasons = {row["column"]: row["reason"] for row in json.loads(shown.stdout)}
    assert reasons["RFT"].startswith("not run: queued; other task=toy")
    assert reasons["SIOF"].startswith("not run: failed")


def test_a_run_that_failed_here_says_why(planted_run: Path) -> None:
    runs = {run.choices["recipe"]: run for run in lay_out(find_table("sipf/figure4"), TOY).runs()}
    log = run_search.LOGS / f"{runs['rft'].experiment}.log"
    log.parent.mkdir(parents=True)
    log.write_text("Running stage 'pair@1'\npair: only 3 pairs\nERROR: failed to reproduce 'x'\n")
    (found,) = search([runs["rft"]], candidates())
    assert (found.state, found.remark) == ("failed", f"pair: only 3 pairs ({log})")


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("", "no output"),
        ("sample: 3 set aside\nRunning stage 'pair@1':\n> python\npair: too few\nWARNING: no hash\n"
         "ERROR: failed to reproduce 'pair@1': exited with 1\n", "pair: too few"),
        ("Running stage 'sample@1':\nsample: 3 set aside\nRunning stage 'align@1':\nTraceback\n"
         "ERROR: failed to reproduce 'align@1'\n", "ERROR: failed to reproduce 'align@1'"),
        ("ERROR: Unable to acquire lock.\n", "ERROR: Unable to acquire lock."),
        ("Collecting\nkilled\n", "killed"),
    ],
)  # fmt: skip
def test_the_reason_is_the_stages_own_line(printed: str, reason: str) -> None:
    assert last_error(printed) == reason


def test_the_nearest_run_is_named(planted_run: Path) -> None:
    run = next(r for r in lay_out(find_table("sipf/4"), [*TOY, "sample.k=9"]).runs())
    (found,) = search([run], candidates())
    assert found.remark == "workspace has sample.k=4"


@pytest.mark.parametrize(
    ("column", "query"),
    [
        ({"measure": "accuracy", "suite": "toy"},
         "select 100 * avg(correct::int) from evaluations"
         " where iteration = 2 and mode = 'greedy' and suite = 'toy'"),
        ({"measure": "accuracy", "domain": "in", "mode": "vote"},
         "select 100 * avg(correct::int) from evaluations"
         " where iteration = 2 and mode = 'vote' and domain = 'in'"),
        ({"measure": "coverage"},
         "select 100 * avg(solved_ever::int) from coverage where iteration = 2"),
        ({"measure": "budget"}, "select sum(n_draws) from progress where iteration <= 2"),
        ({"measure": "problems", "split": "train"},
         "select count(*) from problems where split = 'train'"),
        ({"measure": "level_share", "level": 1},
         "select 100 * avg((level = 1)::int) from verdicts inner join problems using (problem_id)"
         " where iteration = 2 and outcome = 'correct'"),
        ({"measure": "narrowing", "of": "level", "side": "gold"},
         "select gold_mean from narrowing"
         " where iteration = 2 and measure = 'level' and data = 'all'"),
        ({"measure": "narrowing_tail", "of": "length", "side": "own"},
         "select 100 * self_tail from narrowing"
         " where iteration = 2 and measure = 'length' and data = 'all'"),
        ({"measure": "verifier"},
         "select 100 * avg((truth = (probability >= 0.5))::int) from step_truth"
         " where iteration = 2 and probability is not null"),
        ({"measure": "logprob", "side": "chosen", "moment": "first"},
         "select arg_min(logprob_chosen, step) from losses"
         " where stage = 'align' and iteration = 2 and logprob_chosen is not null"),
        ({"measure": "flawed", "suite": "toy"}, None),
    ],
)  # fmt: skip
def test_measures_are_those_of_the_views(
    connected: Any, column: dict[str, Any], query: str | None
) -> None:
    value = measure(connected, Column.model_validate({"name": "c"} | column), 2)
    if query is None:  # the reviewers that looked, of the same suite
        shares = views.ask(connected, "from flawed where iteration = 2 and reviewer != 'oracle'")
        assert value is not None and value.value == pytest.approx(100 * shares[0]["share"])
        return
    expected = one(connected, query)
    assert (value.value if value else None) == (expected and pytest.approx(expected))
    if value and value.low is not None:
        assert value.low <= value.value <= (value.high or 0)


def test_no_rows_are_no_value(connected: Any) -> None:
    column = Column(name="c", measure="accuracy", suite="another")
    assert measure(connected, column, 2) is None


def test_the_table_is_printed_in_the_papers_layout(planted_run: Path) -> None:
    shown = ratchet("reproduce", "sipf/figure4", *ASKED)
    assert shown.exit_code == 0, shown.output
    text = " ".join(shown.stdout.split())
    accuracy = one(
        views.connect(),
        "select 100 * avg(correct::int) from evaluations where iteration = 1 and mode = 'greedy' "
        "and domain = 'in'",
    )
    assert "3 iterations" not in text
    assert f"iteration 1 {accuracy:.1f} [" in text and "iteration 1 not run" in text
    assert "not comparable with the paper, ours has task=toy, model=tiny" in text
    assert "1 run: " in text and "ratchet reproduce sipf/figure4 -S task=toy" in text
    assert all(len(line) <= 80 for line in shown.stdout.splitlines())


@pytest.mark.parametrize("name", ["sipf/1", "step-kto/1", "step-kto/2", "gsi/1", "gsi/figure3"])
def test_every_table_fits_80_columns(planted_run: Path, name: str) -> None:
    shown = ratchet("reproduce", name, *ASKED, "-S", "teacher.provider=policy")
    assert shown.exit_code == 0, shown.output
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_the_table_as_files(planted_run: Path) -> None:
    page, rows = planted_run / "page.html", planted_run / "rows.parquet"
    words = ["--quiet", "reproduce", "sipf/figure4", *ASKED, "--html", str(page)]
    assert ratchet(*words, "--parquet", str(rows)).exit_code == 0
    frame = pl.read_parquet(rows)
    assert frame.height == 9
    assert frame.filter(pl.col("ours").is_not_null())["column"].unique().to_list() == ["SIPF"]
    assert not frame["comparable"].any()
    text = page.read_text()
    assert text.count('<section id="sipf-figure4">') == 1 and "<svg" in text
    assert "<th" in text and ">paper</th>" not in text, "on another task there is none"
    assert ratchet(*words).exit_code == 0
    assert page.read_text() == text, "a second call replaces the section"
    assert ratchet(*words[:2], "sipf/5", "--html", str(page)).exit_code == 0
    both = page.read_text()
    assert (
        ">paper</th>" in both and both.count("<section") == 2 and both.count('<a href="#sipf-') == 2
    )


def test_a_report_gets_a_section(planted_run: Path) -> None:
    from stages.results.metrics import run_metrics
    from stages.results.page import render

    named = {"recipe": "sipf", "task": "toy", "model": "tiny", "seed": 0, "iteration": 2}
    connection = views.connect()
    before = render(connection, "Run", run_metrics(connection, named))
    Path("report.html").write_text(before)
    words = ["--quiet", "reproduce", "sipf/figure4", *ASKED, "--html", "report.html"]
    assert ratchet(*words).exit_code == 0
    after = Path("report.html").read_text()
    assert after.count("<section") == before.count("<section") + 1
    assert after.index('id="sipf-figure4"') < after.index("</main>")


def test_seeds_are_averaged(planted_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seed 1 is the same tables under another name, so that its deviation is 0."""
    monkeypatch.setattr(run_search.Candidate, "has_run", lambda *_: True)
    found = candidates()[0]
    again = run_search.Candidate("workspace", None, found.parameters | {"seed": 1})
    monkeypatch.setattr(
        "stages.explore.reproduce.reproduce_command.candidates", lambda: [found, again]
    )
    shown = ratchet("reproduce", "sipf/figure4", *ASKED, "-S", "seed=0,1", "--json")
    rows = [row for row in json.loads(shown.stdout) if row["column"] == "SIPF"]
    assert {(row["n_seeds"], row["spread"], row["low"]) for row in rows} == {(2, 0.0, None)}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["sipf/8"], "there is no table sipf/8: did you mean sipf/"),
        (["sipf/2"], "layout not on file"),
        (["sipf", "--run"], "options need a table"),
        (["sipf/1", "--run", "--queue"], "--run and --queue exclude each other"),
        (["sipf/5", "--run"], "sipf/5 compares settings: there is nothing to run"),
        (["sipf/1", "-S", "recipe=rft"], "leave out -S recipe="),
        (["sipf/5", "--parquet", "no/where.parquet"], "there is no folder no"),
        (["sipf/5", "--html", "params.yaml"], "no page of Ratchet's"),
    ],
)
def test_errors_are_one_line(planted_run: Path, words: list[str], reason: str) -> None:
    shown = ratchet("reproduce", *words)
    assert shown.exit_code == 1
    assert shown.stderr.count("\n") == 1 and reason in shown.stderr


def test_tables_are_listed_with_what_is_there(planted_run: Path) -> None:
    (planted_run / "params.yaml").write_text(
        params("task=gsm8k", "model=gemma-2b", "recipe=sipf", "iteration=1")
    )
    (planted_run / "dvc.lock").write_text(
        lock(True, "task=gsm8k", "model=gemma-2b", "recipe=sipf", "iteration=1")
    )
    lines = [line.split() for line in ratchet("reproduce", "sipf").stdout.splitlines()]
    counts = {line[0]: line[-3:] for line in lines if line and line[0].startswith("sipf/")}
    assert counts["sipf/figure6"] == ["1", "/", "3"]
    assert counts["sipf/4"][:2] == ["/", "8"]
    assert not any(name.startswith("gsi") for name in counts)


def test_the_command_of_a_run() -> None:
    run = NeededRun(("recipe=rft", "task=toy", "seed=0"), 2)
    settings = ["-S", "recipe=rft", "-S", "task=toy", "-S", "seed=0", "-S", "iteration=2"]
    start = ["dvc", "--wait-for-lock", "exp", "run", "--temp", "--name", run.experiment]
    assert command(run, queue=False) == [*start, *settings]
    prepared = NeededRun(run.settings, 1, "prepare")
    assert command(prepared, queue=True)[4] == "--queue"
    assert command(prepared, queue=True)[-1] == "prepare"
