"""One undisturbed run for all modules; who changes one works on a copy."""

import shutil
from pathlib import Path

import pytest

from tests.faults.small_run import Run, make_whole


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with everything made, iteration 1 included. Never changed."""
    return make_whole(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def run(undisturbed: Run, tmp_path: Path) -> Run:
    """A copy of it, without the ledger and the checkpoints."""
    folder = tmp_path / "run"
    shutil.copytree(undisturbed.folder, folder, ignore=shutil.ignore_patterns(".dvc"))
    return Run(folder)
