"""How soon a command begins: against Python with the libraries that it can't do without."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from stages.contract.dvc_files import ROOT, params
from tests.bench.case import Case
from tests.fakes.fake_run import plant

FRAMES = "import polars, dataframely, pydantic"
QUERY = "select count(*) from read_parquet('data/samples/**/part.parquet')"


def idle_stage(folder: Path) -> Case:
    """A stage whose recipe leaves it nothing to do: it reads its tables and writes empty ones."""
    run = _run(folder, "idle")
    return Case(
        "a stage with nothing to do",
        _python(run, "-m", "stages.pair", "--iteration", "1"),
        "Python with polars, dataframely and pydantic",
        _python(run, "-c", FRAMES),
        rounds=5,
    )


def stage_help(folder: Path) -> Case:
    """What a stage reads, writes and takes, as --help says it."""
    run = _run(folder, "help")
    return Case(
        "--help of a stage",
        _python(run, "-m", "stages.label", "--help"),
        "Python with polars, dataframely and pydantic",
        _python(run, "-c", FRAMES),
        rounds=5,
    )


def first_line(folder: Path) -> Case:
    """`ratchet sql` on one table, whose views are all made first."""
    run = _run(folder, "sql")
    return Case(
        "one query by `ratchet sql`",
        _python(run, "-m", "stages.explore.cli", "sql", "select count(*) from samples"),
        "DuckDB in Python on the same files",
        _python(run, "-c", f"import duckdb; print(duckdb.sql({QUERY!r}))"),
        rounds=5,
    )


def _run(folder: Path, name: str) -> Path:
    """A small planted run that asks for SFT alone."""
    root = folder / f"start-up-{name}"
    root.mkdir()
    plant(root)
    (root / "params.yaml").write_text(params("recipe=sft"))
    return root


def _python(cwd: Path, *arguments: str) -> Callable[[], object]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, cwd=cwd, env=env, check=True, capture_output=True)
