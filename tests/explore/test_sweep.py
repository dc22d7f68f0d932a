"""`ratchet sweep`: its file, its runs' states, and how they are made, by a `dvc` of three lines."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stages.contract.dvc_files import ROOT
from stages.explore.reproduce import run_missing
from stages.explore.reproduce.run_process import is_under_way, take_log
from stages.explore.reproduce.run_search import Found, failure_log, running_log
from stages.explore.sweep.sweep_file import read_sweep
from tests.fakes.command_line import ratchet

GRID = "recipe: [rft, sft]\nseed: [0, 1]\niteration: 1\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str) -> Path:
    file = Path("sweep.yaml")
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "given", "settings"),
    [
        (
            GRID,
            [],
            [[f"recipe={r}", f"seed={s}", "iteration=1"] for r in ("rft", "sft") for s in (0, 1)],
        ),
        ("recipe: sft\niteration: 3", [], [["recipe=sft", "iteration=3"]]),
        ("recipe: cot", [], [["recipe=cot", "iteration=2"]]),  # conf/'s own number
        ("seed: [0, 1]", ["seed=7", "iteration=1"], [["seed=7", "iteration=1"]]),
        (
            "[{recipe: sft}, {recipe: [sft, rft]}]",
            ["iteration=1"],
            [["recipe=sft", "iteration=1"], ["recipe=rft", "iteration=1"]],
        ),
        (
            "task.levels: 1\nreport.title: 'a, b'\nmodel.adapter: null\nmodel.stop: [['\\n']]",
            ["iteration=1"],
            [
                *[
                    [
                        "task.levels=1",
                        'report.title="a, b"',
                        "model.adapter=null",
                        'model.stop=["\\\\n"]',
                        "iteration=1",
                    ]
                ]
            ],
        ),
    ],
)
def test_a_file_is_the_runs_of_its_lists(
    here: Path, text: str, given: list[str], settings: list[list[str]]
) -> None:
    assert [list(run.overrides) for run in read_sweep(written(text), given)] == settings


def test_the_study_s_runs_can_all_be_composed() -> None:
    runs = read_sweep(ROOT / "docs/studies/process_feedback.yaml", [])
    chosen = [dict(setting.split("=") for setting in run.overrides) for run in runs]
    assert len(runs) == 16 * 3 * 5 and {run["iteration"] for run in chosen} == {"4"}
    for group in ("recipe", "task", "model"):
        files = {run[group] for run in chosen}
        assert all((ROOT / f"conf/{group}/{name}.yaml").is_file() for name in files)
    assert len({run["recipe"] for run in chosen}) == 16


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("recipe: [", "sweep.yaml is not YAML: write NAME: VALUE or NAME: [VALUE, …]"),
        ("", "sweep.yaml: None is no settings: write NAME: VALUE, as `recipe: sipf`"),
        ("seed: []", "sweep.yaml: seed is an empty list: give it a value"),
        ("task: {levels: 1}", "sweep.yaml: task has settings below it: write task.levels: VALUE"),
        ("recipe: sft\niteration: two", "iteration=two: set a whole number"),
        ("recipe: sipff", "conf/recipe/ has no sipff; did you mean sipf?"),
    ],
)
def test_a_file_that_names_no_runs_is_one_line(here: Path, text: str, reason: str) -> None:
    shown = ratchet("sweep", str(written(text)))
    assert shown.exit_code == 1 and shown.stdout == ""
    assert shown.stderr == f"ratchet: {reason}\n"


def test_without_the_file(here: Path) -> None:
    shown = ratchet("sweep", "none.yaml")
    expected = "ratchet: none.yaml: No such file or directory: name a file of settings\n"
    assert shown.stderr == expected


FAKE = f"""#!{sys.executable}
import os, sys, time
name = sys.argv[sys.argv.index("--name") + 1]
with open("begun", "a") as file:
    file.write(name + "\\n")
print("Running stage 'check':", flush=True)
{{body}}
"""


@pytest.fixture
def fake_dvc(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `dvc` that begins, and ends at once; its body can be replaced."""
    folder = here / "bin"
    folder.mkdir()
    monkeypatch.setattr(run_missing, "_environment", lambda: {**os.environ, "PATH": str(folder)})
    file = folder / "dvc"
    file.write_text(FAKE.format(body=""))
    file.chmod(0o755)
    return file


def missing() -> list[Found]:
    return [Found(run, "missing") for run in read_sweep(written(GRID), [])]


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_missing_run_is_made_once(fake_dvc: Path, jobs: int) -> None:
    found = missing()
    there = [Found(found[0].run, "there"), *found[1:]]
    assert run_missing.run_missing(there, jobs) == []
    begun = Path("begun").read_text().split()
    assert sorted(begun) == sorted(one.run.experiment for one in found[1:])
    assert not list(Path(".dvc/tmp/reproduce").glob("*.running"))


def test_runs_that_fail_are_named_with_their_line_and_others_go_on(
    fake_dvc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = missing()[1].run.experiment
    body = f'if name == "{bad}": sys.exit("check: sample.k is 0")'
    fake_dvc.write_text(FAKE.format(body=body))
    assert run_missing.run_missing(missing(), 2) == [bad]
    assert f"ratchet: {bad}: failed: check: sample.k is 0 (" in capsys.readouterr().err
    assert len(Path("begun").read_text().split()) == 4
    assert failure_log(bad).exists() and not running_log(bad).exists()
    rows = json.loads(ratchet("sweep", "sweep.yaml", "--json").stdout)
    assert [row["state"] for row in rows] == ["missing", "failed", "missing", "missing"]
    assert rows[1]["remark"].startswith("check: sample.k is 0 (")


def test_a_run_that_was_killed_says_so(fake_dvc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_dvc.write_text(FAKE.format(body="os.kill(os.getpid(), 9)"))
    (first, *_) = missing()
    assert run_missing.run_missing([first]) == [first.run.experiment]
    assert "failed: ERROR: it was ended by SIGKILL (" in capsys.readouterr().err


def test_two_runs_at_once_differ_in_their_first_model(here: Path) -> None:
    runs = run_missing.apart([one.run for one in missing()])
    assert [dict(s.split("=") for s in run.settings)["seed"] for run in runs] == list("0101")


def test_a_run_under_way_is_seen_and_left_alone(fake_dvc: Path) -> None:
    (first, *_) = missing()
    log = take_log(running_log(first.run.experiment))
    assert log is not None
    os.write(log, b"Running stage 'check':\n> python\nRunning stage 'sft':\n")
    rows = json.loads(ratchet("sweep", "sweep.yaml", "--json").stdout)
    assert (rows[0]["state"], rows[0]["remark"]) == ("running", "'sft'")
    assert run_missing.run_missing([first]) == [] and not Path("begun").exists()
    os.close(log)
    assert run_missing.run_missing([first]) == [] and Path("begun").exists()


SWEEP = """
import os, signal
from stages.explore.reproduce import run_missing
from tests.explore.test_sweep import missing
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job may ignore it
run_missing._environment = lambda: {**os.environ, "PATH": "bin"}
run_missing.run_missing(missing(), 2)
"""
LASTING = """
import signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
open("gate").read()
"""
PATIENCE_S = 60


@contextmanager
def held_pipe(name: str) -> Iterator[int]:
    """A named pipe, open at both ends here, so that opening it keeps nobody waiting."""
    os.mkfifo(name)
    end = os.open(name, os.O_RDWR)
    try:
        yield end
    finally:
        os.close(end)  # whoever still reads comes to the end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_sweep_ends_its_runs_and_those_of_a_killed_one_are_seen(
    fake_dvc: Path, number: signal.Signals
) -> None:
    fake_dvc.write_text(FAKE.format(body=LASTING))
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    begun: list[str] = []
    with held_pipe("gate"), held_pipe("begun") as said:
        sweep = subprocess.Popen(
            [sys.executable, "-c", SWEEP], env=env, stderr=subprocess.PIPE, text=True
        )
        while len(begun) < 2:
            assert select.select([said], [], [], PATIENCE_S)[0], "no run begins"
            begun += os.read(said, 1 << 16).decode().split()
        sweep.send_signal(number)
        printed = sweep.communicate(timeout=PATIENCE_S)[1]
        under_way = [name for name in begun if is_under_way(running_log(name))]
        assert under_way == ([] if number == signal.SIGINT else begun), printed
