"""Statistics: the stage over ten million samples against the same in pandas, a process for each."""

import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import duckdb
import polars as pl

from schemas import store
from schemas.catalog import TABLE_OF_NOUN
from schemas.progress import Progress
from stages.contract.dvc_files import ROOT, params
from tests.bench.case import Case

SAMPLES = 10_000_000
MOST_GB = 4
EMPTY = {
    "corrections": 1,
    "pairs": 1,
    "examples": 1,
    "evaluations": 0,
    "flaws": 0,
}
SAME = {
    "coverage": ["problem_id"],
    "solve_rates": ["moment", "level", "bin"],
    "strategies": ["strategy"],
    "narrowing": ["data", "measure"],
}


def case(folder: Path) -> Case:
    """A hundred draws for each of 100,000 problems, a fifth of them guided, with step labels."""
    run = folder / "statistics"
    generate(run, SAMPLES)
    peaks: dict[str, float] = {}

    def ours() -> None:
        peaks["ours"] = peak_gb(run, "stages.stats", "--iteration", "1")

    def other() -> None:
        peaks["pandas"] = peak_gb(run, "tests.bench.statistics_pandas")

    def notes() -> list[str]:
        must_agree(run)
        assert peaks["ours"] < MOST_GB, peaks
        return [f"peak memory of {name}: {peak:.1f} GB" for name, peak in peaks.items()]

    return Case(f"statistics of {SAMPLES:,} samples", ours, "pandas", other, notes=notes, rounds=1)


def generate(run: Path, n_samples: int) -> None:
    """data/ and params.yaml of an iteration, as far as the statistics read them."""
    for noun, partition in LARGE.items():
        (run / store.folder(TABLE_OF_NOUN[noun], **partition)).mkdir(parents=True)
    with chdir(run):
        Path("params.yaml").write_text(params())
        with duckdb.connect() as connection:
            connection.execute("set memory_limit = '4GB'")
            connection.execute(f"set variable samples = {n_samples}")
            connection.execute(Path(__file__).with_suffix(".sql").read_text())
        for noun, iteration in EMPTY.items():
            table = TABLE_OF_NOUN[noun]
            store.write(table.create_empty().drop("iteration"), table, iteration=iteration)
        zeros = {name: 0 for name in Progress.column_names() if name.startswith("n_")}
        row = zeros | {"coverage": 0.0, "coverage_so_far": None, "lineage": "0"}
        store.write(pl.DataFrame([row]), Progress, iteration=0)


LARGE: dict[str, dict[str, int | str]] = {
    "problems": {},
    "samples": {"iteration": 1, "stage": "sample"},
    "verdicts": {"iteration": 1, "stage": "grade"},
    "paths": {"iteration": 1},
    "perplexities": {"iteration": 1},
    "step_labels": {"iteration": 1},
    "coverage": {"iteration": 0},
}


def peak_gb(run: Path, module: str, *words: str) -> float:
    """The most memory that a module held when run in the folder."""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-m", module, *words], cwd=run, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, module
    return usage.ru_maxrss * 1024 / 1e9


def must_agree(run: Path) -> None:
    """What pandas found is what the stage wrote."""
    for noun, key in SAME.items():
        theirs = pl.read_parquet(run / f"pandas/{noun}.parquet").sort(key)
        written = run / store.folder(TABLE_OF_NOUN[noun], iteration=1) / store.FILE
        ours = pl.read_parquet(written).cast({name: theirs.schema[name] for name in key})
        for left, right in zip(
            ours.sort(key).iter_rows(named=True), theirs.iter_rows(named=True), strict=True
        ):
            for name, value in left.items():
                near = value == right[name] or abs(value - right[name]) < 1e-6
                assert near, (noun, left, right)
