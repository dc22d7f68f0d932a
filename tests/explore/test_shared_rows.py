"""What two sides share, file by file, is what joins of the views find."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.catalog import TABLES
from schemas.errors import RatchetError
from schemas.path_scores import PathScores
from schemas.step_labels import StepLabels
from stages.explore.comparison.shared_rows import SharedRows, rows_of_both
from stages.explore.comparison.sides import open_sides
from stages.explore.comparison.verdict_flips import find_verdict_flips
from stages.explore.revisions import Revision
from tests.fakes.two_runs import Runs

KEYED = [table for table in TABLES if table.primary_key()]


def test_counts_and_columns_are_those_of_joins(runs: Runs) -> None:
    with open_sides("HEAD", "workspace") as sides:
        shared = SharedRows(sides.a, sides.b)
        for table in KEYED:
            key = ", ".join(table.primary_key())
            (row,) = sides.ask(
                f"select (select count(*) from a.{table.noun}) as n_a, "
                f"(select count(*) from b.{table.noun}) as n_b, "
                f"(select count(*) from (select {key} from a.{table.noun}) as a "
                f"natural semi join (select {key} from b.{table.noun}) as b) as n_both"
            )
            counted = shared.count(table)
            assert counted["n_a"] == row["n_a"] and counted["n_b"] == row["n_b"]
            assert counted["n_added"] == row["n_b"] - row["n_both"], table.noun
            assert counted["n_removed"] == row["n_a"] - row["n_both"], table.noun
        for table, column in ((StepLabels, "label"), (PathScores, "reward")):
            key = ", ".join(name for name in table.primary_key() if name != "stage")
            wanted = sides.ask(
                f"select iteration, a.{column} as {column}_a, b.{column} as {column}_b "
                f"from a.{table.noun} as a inner join b.{table.noun} as b using ({key})"
            )
            found = shared.columns(table, column).rows()
            assert sorted(found) == sorted(tuple(row.values()) for row in wanted) != []


def test_verdict_flips_are_those_of_the_view(runs: Runs) -> None:
    with open_sides("HEAD", "workspace") as sides:
        wanted = sides.ask("from verdict_flips order by all")
        sides.replace(
            "verdict_flips", find_verdict_flips(SharedRows(sides.a, sides.b), sides.answers())
        )
        assert sides.ask("from verdict_flips order by all") == wanted != []


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 30), unique=True),
    st.lists(st.integers(0, 30), unique=True),
    st.booleans(),
)
def test_rows_of_both_stand_in_one_order(one: list[int], other: list[int], ordered: bool) -> None:
    """In the order of either side where they agree, as those of files do, or in any."""
    a, b = (np.array(sorted(side) if ordered else side, np.uint64) for side in (one, other))
    rows = rows_of_both(a, b)
    shared_a, shared_b = (
        side if rows is None else side[rows] for side, rows in zip((a, b), rows, strict=True)
    )
    assert shared_a.tolist() == shared_b.tolist()
    assert set(shared_a.tolist()) == {*one} & {*other} and len(shared_a) == len({*one} & {*other})


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "data/path_scores/iteration=1/part.parquet"
    file.parent.mkdir(parents=True)
    rows = {"path_id": ["x"], "reward": [0.5]}
    pl.DataFrame(rows).write_parquet(file)
    run = Revision("run", tmp_path, {})
    assert SharedRows(run, run).columns(PathScores, "reward").rows() == [(1, 0.5, 0.5)]
    file.write_bytes(b"PAR1")
    with pytest.raises(RatchetError, match="not readable Parquet"):
        SharedRows(run, run).count(PathScores)


def test_later_iterations_are_left_out(tmp_path: Path) -> None:
    for iteration in (1, 2):
        file = tmp_path / f"data/path_scores/iteration={iteration}/part.parquet"
        file.parent.mkdir(parents=True)
        pl.DataFrame({"path_id": ["x", "y"], "reward": [0.5, 1.0]}).write_parquet(file)
    whole, first = Revision("whole", tmp_path, {}), Revision("first", tmp_path, {"iteration": 1})
    counted = SharedRows(whole, first).count(PathScores)
    assert counted == {
        "table": "path_scores", "n_a": 4, "n_b": 2, "n_added": 0, "n_removed": 2
    }  # fmt: skip
