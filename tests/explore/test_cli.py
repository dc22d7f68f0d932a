"""The `ratchet` command: its help, and mistakes as one line."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from schemas import views
from stages.contract.dvc_files import ROOT
from stages.explore.cli import COMMANDS
from tests.fakes.command_line import ratchet


@pytest.mark.parametrize("command", COMMANDS)
def test_help_holds_an_example(command: str) -> None:
    shown = ratchet(command, "--help")
    assert shown.exit_code == 0
    assert f"Example: ratchet {command} " in shown.stdout


def test_help_lists_the_commands_and_imports_nothing_heavy() -> None:
    shown, loaded = modules_after(["--help"])
    assert not loaded & {"torch", "transformers", "polars", "duckdb", "jinja2", "dvc", "yaml"}
    assert all(any(line.strip().startswith(name) for line in shown) for name in COMMANDS)


def test_a_command_imports_no_other(run: Path) -> None:
    _, loaded = modules_after(["sql", "select 1"])
    assert not loaded & {"torch", "transformers", "jinja2", "dvc", "hydra", "scipy"}
    arguments = {name for name in loaded if name.endswith("_arguments")}
    assert arguments == {"stages.explore.commands.sql_arguments"}


def modules_after(words: list[str]) -> tuple[list[str], set[str]]:
    """What `ratchet` prints in a process of its own, and the modules that it imported."""
    code = (
        "import sys\nfrom stages.explore.cli import app\n"
        f"try: app({words})\nexcept SystemExit: pass\n"
        "print(*sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    *shown, loaded = done.stdout.split("\n")[:-1]
    return shown, {*loaded.split()}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["compare"], "Missing argument 'A'"),
        (["sql", "--jsn", "from samples"], "No such option: --jsn"),
        (["slq", "from samples"], "No such command 'slq'. Did you mean 'sql'?"),
        (["sql", "from verdict"], "there is no view verdict: did you mean verdicts"),
        (["sql", "from zzz"], "there is no view zzz: `show tables` lists them"),
        (["sql", "select nope from samples"], 'Referenced column "nope" not found'),
        (["sql", "select +"], "Parser Error"),
        (["sql", "select ?"], "Invalid Input Error"),
        (["sql", ""], "sql takes one select"),
        (["sql", "select 1; select 2"], "sql takes one select"),
        (["sql", "drop view samples"], "sql takes one select"),
        (["sql", "copy samples to 'stolen.csv'"], "sql takes one select"),
        (["sql", "explain analyze copy samples to 'stolen.csv'"], "sql takes one select"),
        (["sql", "with a as (copy samples to 'stolen.csv') from a"], "must be at the top level"),
        (["sql", "from samples", "--json", "--csv"], "choose one"),
        (["trace", "abc"], "'abc' is too short: give at least 4 characters"),
        (["trace", "toy-"], "toy- matches 40 ids (problem toy-test-1000"),
        (["trace", "zzzzzz"], "zzzzzz is no sample, path, rollout, pair, example or problem"),
        (["leaderboard"], "no metrics.json with evaluations"),
    ],
)
def test_errors_are_one_line_and_exit_code_1(run: Path, words: list[str], reason: str) -> None:
    shown = ratchet(*words)
    assert shown.exit_code == 1
    assert shown.stdout == ""
    assert shown.stderr.startswith("ratchet: ") and shown.stderr.count("\n") == 1
    assert reason in shown.stderr
    assert not Path("stolen.csv").exists()


@pytest.mark.parametrize("words", [["sql", "from samples"], ["trace", "abcdef"]])
def test_without_a_run(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = ratchet(*words)
    assert shown.exit_code == 1
    assert shown.stderr == "ratchet: no tables under data/: run `make run` first\n"


def test_a_fault_of_ours_is_no_user_error(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "create_views", lambda *_: 1 / 0)
    assert isinstance(ratchet("sql", "from samples").exception, ZeroDivisionError)


def test_version() -> None:
    assert ratchet("--version").stdout == f"ratchet {metadata.version('ratchet')}\n"
