"""Copies of the project to run the real DAG in; iteration 1 is made once for all processes."""

import json
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.fakes.project_copy import ProjectCopy


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of a copy after iteration 1, and beside it what `dvc repro` did. Never changed."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    folder, said = shared / "made", shared / "made.json"
    with FileLock(shared / "made.lock"):
        if not said.exists():
            folder.mkdir()
            project = ProjectCopy(folder)
            project.configure("iteration=1")
            stages, printed = project.repro()
            said.write_text(json.dumps({"stages": stages, "printed": printed}))
    return folder


@pytest.fixture(scope="session")
def first_run(made: Path) -> dict[str, Any]:
    """(stages, printed) of the `dvc repro` that made iteration 1."""
    return json.loads(made.with_suffix(".json").read_text())


@pytest.fixture(scope="module")
def project(made: Path, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """A copy of the project in which iteration 1 is made."""
    return ProjectCopy(tmp_path_factory.mktemp("project") / "made", made)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """A copy of the project in which nothing is made."""
    return ProjectCopy(tmp_path_factory.mktemp("fresh"))
