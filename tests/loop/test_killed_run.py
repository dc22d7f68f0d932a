"""A killed run ends like any other."""

import pytest

from tests.fakes.project_copy import ProjectCopy

pytestmark = pytest.mark.loop


def test_a_killed_run_ends_like_an_undisturbed_one(
    fresh: ProjectCopy, request: pytest.FixtureRequest
) -> None:
    fresh.configure("iteration=1")
    faults = str(fresh.folder / "tests/faults")
    for stage in ("sample", "label", "align"):
        stages, printed = fresh.repro(PYTHONPATH=faults, RATCHET_KILL=f"{stage}:2")
        assert stages[-1] == f"{stage}@1", printed
    assert [*(fresh.folder / ".dvc/cache/checkpoints").glob("*/checkpoint-8")]
    _, printed = fresh.repro()
    assert "report.html" in printed
    project: ProjectCopy = request.getfixturevalue("project")  # now: another process may make it
    undisturbed = project.hashes(1)
    assert undisturbed and fresh.hashes(1) == undisturbed
    sample, label = fresh.cost("sample"), fresh.cost("label")
    assert sample["n_draws_reused"] == 200
    assert sample["n_draws"] == 60 * 4 - 200
    assert label["n_draws"] + label["n_draws_reused"] == project.cost("label")["n_draws"]
    assert label["n_draws_reused"] > 0
