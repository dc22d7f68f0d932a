"""`ratchet sweep --run --jobs 2`: makes what is missing, two at once, and finds it again."""

import json
import re

import pytest

from tests.fakes.project_copy import SMALL, ProjectCopy

pytestmark = pytest.mark.loop
LINES = ["recipe: [rft, siof]", "iteration: 1", *(text.replace("=", ": ", 1) for text in SMALL)]


def test_two_runs_at_once_are_made_and_found_again(project: ProjectCopy) -> None:
    (project.folder / "sweep.yaml").write_text("\n".join(LINES))
    before = project.hashes(1)
    made = project.run("ratchet", "sweep", "sweep.yaml", "--run", "--jobs", "2")
    assert made.returncode == 0, made.stdout + made.stderr
    assert len(re.findall(r": done \(", made.stderr)) == 2, made.stderr
    assert project.hashes(1) == before
    shown = project.run("ratchet", "sweep", "sweep.yaml", "--json")
    assert [row["state"] for row in json.loads(shown.stdout)] == ["there", "there"], shown.stdout
    again = project.run("ratchet", "sweep", "sweep.yaml", "--run")
    assert again.returncode == 0 and "done" not in again.stderr, again.stderr
