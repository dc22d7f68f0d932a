"""The files here while DVC sets up a run: killed at any step, they are as they were."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stages.explore.reproduce import run_missing, run_setup
from stages.explore.reproduce.run_process import LOGS, take_log
from stages.explore.reproduce.run_search import Found, running_log
from stages.explore.reproduce.run_setup import Setup, remove_leftovers, restore_files, set_up_alone
from stages.explore.sweep.sweep_file import read_sweep
from tests.fakes import two_runs

STEPS = (  # of DVC's own setting up of a run, as it does them
    'git("stash", "push", "--quiet")',
    'git("checkout", "--quiet", "--detach")',
    'git("stash", "apply", "--quiet")',
    'write("params.yaml", "seed: 1")',
    'git("add", "params.yaml")',
    'write(".git/index.lock", "")',
    'os.unlink(".git/index.lock"); write("tmp/repro.dat", "x"); git("add", "-f", "tmp/repro.dat")',
    'git("update-ref", "--create-reflog", "refs/exps/stash", git("stash", "create"))',
    'git("update-ref", "refs/exps/temp/head-x", "HEAD"); git("reset", "--hard", "--quiet")',
    'git("symbolic-ref", "HEAD", "refs/heads/mine")',
)
SET_UP = """
import os, subprocess
def git(*words):
    return subprocess.run(["git", *words], capture_output=True, text=True).stdout.strip()
def write(name, text):
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    with open(name, "w") as file:
        file.write(text)
"""


def git(*words: str) -> str:
    done = subprocess.run([*two_runs.GIT, *words], capture_output=True, text=True, check=True)
    return done.stdout


def state() -> dict[str, str]:
    """All that a user can see of git and of the files."""
    files = {name: Path(name).read_text() for name in git("ls-files").split()}
    head = subprocess.run(["git", "symbolic-ref", "HEAD"], capture_output=True, text=True).stdout
    return files | {
        "status": git("status", "--porcelain"),
        "stashed": git("stash", "list"),
        "refs": git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/exps"),
        "head": head,
        "commit": git("rev-parse", "HEAD"),
    }


@pytest.fixture(params=["clean", "changed", "no branch"])
def repository(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_setup, "INDEX_S", 0.2)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "t")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "t@t")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "t")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "t@t")
    LOGS.mkdir(parents=True)
    git("init", "--quiet", "--initial-branch=mine")
    for name in ("params.yaml", "code.py", "page.md"):
        Path(name).write_text(f"{name} as it was")
    Path(".gitignore").write_text(".dvc\nbin\nbegun\nsweep.yaml\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "start")
    kind = str(request.param)
    if kind == "changed":
        Path("code.py").write_text("changed")
        git("add", "code.py")
        Path("code.py").write_text("changed twice")
        Path("page.md").write_text("changed")
    if kind == "no branch":
        git("checkout", "--quiet", "--detach")
    return kind


@pytest.mark.parametrize("n", range(len(STEPS) + 1))
def test_a_setup_that_was_killed_leaves_no_trace(repository: str, n: int) -> None:
    if repository == "no branch" and n == len(STEPS):
        return  # DVC then returns to the commit
    before = state()
    run_setup._describe_files("x").note()
    subprocess.run([sys.executable, "-c", "\n".join([SET_UP, *STEPS[:n]])], check=True)
    restore_files()
    assert state() == before
    assert not run_setup.NOTE.exists()
    restore_files()  # once is enough
    assert state() == before


def test_what_was_changed_since_is_kept(repository: str) -> None:
    run_setup._describe_files("x").note()
    steps = "\n".join([SET_UP, *STEPS[:4], 'write("page.md", "changed since")'])
    subprocess.run([sys.executable, "-c", steps], check=True)
    restore_files()
    assert git("show", f"{run_setup.REPLACED}:page.md") == "changed since"


def test_a_run_that_begins_leaves_the_files_to_the_user(repository: str) -> None:
    with set_up_alone("x"):
        running_log("x").write_text("Running stage 'check':\n")
    git("checkout", "--quiet", "--detach")
    before = state()
    restore_files()
    assert state() == before


def test_a_run_that_dies_while_it_is_set_up_leaves_the_files_as_they_were(
    repository: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("bin").mkdir()
    fake = Path("bin/dvc")
    body = "\n".join([f"#!{sys.executable}", SET_UP, *STEPS[:4], "os.kill(os.getpid(), 9)"])
    fake.write_text(body)
    fake.chmod(0o755)
    path = os.pathsep.join([str(Path("bin").absolute()), os.environ["PATH"]])
    monkeypatch.setattr(run_missing, "_environment", lambda: {**os.environ, "PATH": path})
    Path("sweep.yaml").write_text("recipe: rft\niteration: 1\n")
    before = state()
    (run,) = read_sweep(Path("sweep.yaml"), [])
    assert run_missing.run_missing([Found(run, "missing")]) == [run.experiment]
    assert state() == before


def test_a_setup_whose_command_was_killed_is_waited_for(repository: str) -> None:
    log = take_log(running_log("x"))
    assert log is not None
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log) as lasting:
        os.close(log)
        setup = Setup("x", "", "", 0, True)
        setup.note(lasting.pid)
        assert run_setup._is_set_up_without_its_command()
        running_log("x").write_text("Running stage 'check':\n")
        assert not run_setup._is_set_up_without_its_command()
        running_log("x").write_text("")
        lasting.kill()
    assert not run_setup._is_set_up_without_its_command()


def test_folders_of_killed_attempts_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(["mine", "another"]):
        folder = tmp_path / f".dvc/tmp/exps/standalone/tmp{number}"
        folder.mkdir(parents=True)
        note = tmp_path / f".dvc/tmp/exps/run/{number}/{number}.run"
        note.parent.mkdir(parents=True)
        text = {"name": name, "root_dir": str(folder), "location": "tempdir"}
        note.write_text(json.dumps(text))
    remove_leftovers("mine")
    left = sorted(path.name for path in tmp_path.glob(".dvc/tmp/exps/*/*"))
    assert left == ["1", "tmp1"]
