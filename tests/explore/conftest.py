"""Two runs to explore: a commit, and the files that were changed since."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.contract.dvc_files import ROOT
from stages.explore import revisions
from tests.fakes import two_runs
from tests.fakes.two_runs import Runs


@pytest.fixture(scope="session")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Runs]:
    """(folder, tables of HEAD and of its files); experiments: exp-1 is HEAD, exp-2 is queued, exp-3
    failed. Copy the folder before you change it."""
    folder = tmp_path_factory.mktemp("changed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DVC_NO_ANALYTICS", "1")
        two_runs.commit(folder)
        before = two_runs.tables()
        two_runs.change()
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True).stdout
        reference(f"refs/exps/{commit[:2]}/{commit[2:].strip()}/exp-1")
        for kind, name in (("stash", "exp-2"), ("failed", "exp-3")):
            message = f"commit: dvc-exp:{'a' * 40}:{'b' * 40}:{name}"
            reference(f"refs/exps/celery/{kind}", "--create-reflog", "-m", message)
        return folder, (before, two_runs.tables())


def reference(name: str, *options: str) -> None:
    subprocess.run([*two_runs.GIT, "update-ref", *options, name, "HEAD"], check=True)


@pytest.fixture(scope="module")
def runs(changed: tuple[Path, Runs], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """The tables of HEAD and of the current folder's files. DVC lists a revision's files once."""
    folder, tables = changed
    link_tables = revisions._link_tables
    linked: dict[tuple[Path, str], Path] = {}

    def link_once(name: str, root: Path) -> None:
        key = (Path.cwd(), name)
        if key in linked:
            shutil.copytree(linked[key], root, symlinks=True, dirs_exist_ok=True)
        else:
            link_tables(name, root)
            kept = tmp_path_factory.mktemp("links") / "kept"
            linked[key] = shutil.copytree(root, kept, symlinks=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DVC_NO_ANALYTICS", "1")
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setattr(revisions, "_link_tables", link_once)
        yield tables
