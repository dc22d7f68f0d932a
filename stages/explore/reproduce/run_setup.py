"""Sets up one run at a time, and puts the files here back if that is interrupted.

For some seconds before its first stage, `dvc exp run` puts changes of the files here into git's
stash, detaches HEAD and writes the run's settings into params.yaml; then it takes all of that back.
Killed in between it leaves them so, and the next run would be made of them.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from schemas.errors import RatchetError
from stages.explore.reproduce.run_process import LOGS, is_under_way
from stages.explore.reproduce.run_search import running_log
from stages.results import terminal

NOTE, LOCK = LOGS / ".setup", LOGS / ".starting"
BEGUN = re.compile(r"^(Running stage |Stage ')", re.MULTILINE)
EXPERIMENTS = Path(".dvc", "tmp", "exps")
REPLACED = "refs/ratchet/replaced"
INDEX_S = 5.0  # after which git's lock of the index is that of a process that was killed


@dataclass
class Setup:
    """A run that DVC is setting up, and the state of the files here before.

    head: the branch's ref, or "" if there is none; pid: of DVC's process, 0 before it starts.
    """

    name: str
    head: str
    commit: str
    n_stashed: int
    is_clean: bool
    pid: int = 0

    def note(self, pid: int = 0) -> None:
        """Writes it down for whoever finds it interrupted."""
        self.pid = pid
        partial = NOTE.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(NOTE)


@contextmanager
def set_up_alone(name: str) -> Iterator[Setup]:
    """No other run of this folder is set up during the block, by this command or another.

    After the block the run has begun, or the files here are as they were before it.
    """
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        while _is_set_up_without_its_command():
            time.sleep(0.5)
        restore_files()
        setup = _describe_files(name)
        setup.note()
        try:
            yield setup
        finally:
            if has_begun(name):
                NOTE.unlink()
            else:
                restore_files()


def has_begun(name: str) -> bool:
    """Whether DVC is at the run's first stage, or past it."""
    log = running_log(name)
    return log.exists() and bool(BEGUN.search(log.read_text(errors="replace")))


def remove_leftovers(name: str) -> None:
    """Removes the folders of earlier attempts at a run, which were killed: it has the run's log."""
    for note in [*EXPERIMENTS.glob("run/*/*.run"), *EXPERIMENTS.glob("standalone/run/*/*.run")]:
        with suppress(OSError, ValueError):
            found = json.loads(note.read_text())
            folder = Path(found["root_dir"])
            if found["name"] == name and found["location"] == "tempdir":
                shutil.rmtree(folder, ignore_errors=True)
                shutil.rmtree(note.parent)


def restore_files() -> None:
    """Puts the files here back if a run was killed while it was set up.

    What replaces them is kept below REPLACED, in case anything there is not DVC's. Raises
    RatchetError if git can't.
    """
    setup = _read_note()
    if setup is None:
        return
    is_detached = setup.head and not _git("symbolic-ref", "--quiet", "HEAD")
    is_stashed = _n_stashed() > setup.n_stashed
    no_branch = setup.is_clean and not setup.head  # then neither of them shows it
    is_changed = no_branch and _git("status", "--porcelain", "--untracked-files=no")
    if (is_detached or is_stashed or is_changed) and _git("rev-parse", "HEAD") == setup.commit:
        _release_index()
        if replaced := _git("stash", "create"):
            _git("update-ref", REPLACED, replaced)
        # in this order, whoever is killed between two of them can do it again
        done = [_git("reset", "--hard", "--quiet")]
        if is_detached:
            done.append(_git("symbolic-ref", "HEAD", setup.head))
        if is_stashed:
            done.append(_git("stash", "pop", "--index", "--quiet"))
        if None in done:
            raise RatchetError(
                f"{setup.name} was killed while DVC set it up, and git can't put the files here "
                f"back: see `git stash list`, `git status`, then delete {NOTE}"
            )
        terminal.note(f"{setup.name} was killed while DVC set it up: the files here are put back")
    for ref in (_git("for-each-ref", "--format=%(refname)", "refs/exps/temp") or "").split():
        _git("update-ref", "-d", ref)
    _git("update-ref", "-d", "refs/exps/stash")  # else the next run would make this one too
    NOTE.unlink()


def _is_set_up_without_its_command() -> bool:
    """Whether DVC is setting up a run whose command was killed."""
    setup = _read_note()
    if setup is None or not setup.pid or has_begun(setup.name):
        return False
    try:
        os.kill(setup.pid, 0)  # only asks whether it lives
    except ProcessLookupError:
        return False
    return is_under_way(running_log(setup.name))


def _read_note() -> Setup | None:
    with suppress(OSError, ValueError, TypeError):
        return Setup(**json.loads(NOTE.read_text()))
    return None


def _describe_files(name: str) -> Setup:
    head, commit = _git("symbolic-ref", "--quiet", "HEAD"), _git("rev-parse", "HEAD")
    is_clean = _git("status", "--porcelain", "--untracked-files=no") == ""
    return Setup(name, head or "", commit or "", _n_stashed(), is_clean)


def _n_stashed() -> int:
    return len((_git("stash", "list") or "").splitlines())


def _release_index() -> None:
    """Removes git's lock of the index, unless it is gone in a moment: nobody has it any more."""
    lock = Path(_git("rev-parse", "--git-path", "index.lock") or ".git/index.lock")
    end = time.monotonic() + INDEX_S
    while lock.exists():
        if time.monotonic() > end:
            lock.unlink(missing_ok=True)
        time.sleep(0.1)


def _git(*words: str) -> str | None:
    """What git prints; None if it fails."""
    done = subprocess.run(["git", *words], capture_output=True, text=True, errors="replace")
    return done.stdout.strip() if done.returncode == 0 else None
