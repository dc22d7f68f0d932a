"""Two runs at once, in workspaces of DVC's queue: they share the cache and the ledger."""

from pathlib import Path

import polars as pl
import pytest
import yaml

from stages.contract.stage_list import DVC_LOCKS
from tests.fakes.project_copy import SMALL, ProjectCopy

pytestmark = pytest.mark.fault

ALIKE = ["models/iteration=0", "data/samples/iteration=1/stage=sample", "data/paths/iteration=1"]


def outs(project: ProjectCopy, experiment: str) -> dict[str, str]:
    """Path → DVC's hash of what an experiment made."""
    found = {}
    ref = project.run("git", "for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{experiment}")
    for lock in DVC_LOCKS:
        shown = project.run("git", "show", f"{ref.stdout.strip()}:{lock}")
        for stage in yaml.safe_load(shown.stdout)["stages"].values():
            for out in stage.get("outs", []):
                found[out["path"].removeprefix("../")] = out["md5"]
    return found


def test_two_runs_at_once_both_finish_and_lose_nothing(tmp_path: Path) -> None:
    project = ProjectCopy(tmp_path)
    for recipe in ("rft", "rpo"):
        overrides = [*SMALL, "iteration=1", f"recipe={recipe}", "pair.min_rows=1"]
        settings = [part for override in overrides for part in ("-S", override)]
        project.run("dvc", "exp", "run", "--queue", "--name", recipe, *settings)
    done = project.run("dvc", "exp", "run", "--run-all", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    one, two = outs(project, "rft"), outs(project, "rpo")
    assert [one[name] for name in ALIKE] == [two[name] for name in ALIKE]
    assert one["models/iteration=1"] != two["models/iteration=1"]
    assert "report.html" in one and "report.html" in two
    ledger = tmp_path / ".dvc/cache/ledger"
    left = {path.suffix for path in ledger.glob("*/*") if path.name != ".lock"}
    assert left == {".parquet"}
    for folder in ledger.iterdir():
        shards = [pl.read_parquet(f, hive_partitioning=False) for f in folder.glob("*.parquet")]
        assert pl.concat(shards)["key"].is_unique().all()
