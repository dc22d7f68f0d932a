"""The store: the same content is the same bytes, and bad content is one line."""

from pathlib import Path

import polars as pl
import pytest

from schemas import store
from schemas.catalog import TABLES
from schemas.errors import RatchetError
from schemas.problems import Problems
from schemas.verdicts import Verdicts
from tests.fakes.verdict_rows import PLACE, ROWS


def test_order_of_rows_does_not_change_the_bytes(run_folder: Path) -> None:
    file = store.write(ROWS, Verdicts, **PLACE) / store.FILE
    first = file.read_bytes()
    store.write(ROWS.reverse(), Verdicts, **PLACE)
    assert file.read_bytes() == first


def test_partitions_are_columns_of_the_frame_and_folders_of_the_file(run_folder: Path) -> None:
    store.write(ROWS, Verdicts, **PLACE)
    frame = store.read(Verdicts, iteration=1)
    assert frame["iteration"].to_list() == [1] * 3
    assert frame["stage"].to_list() == ["grade"] * 3
    file = Path("data/verdicts/iteration=1/stage=grade/part.parquet")
    assert "iteration" not in pl.read_parquet_schema(file)


BAD = [
    (ROWS.drop("grader"), "lacks column grader"),
    (pl.concat([ROWS, ROWS]), "breaks rule primary_key in 6 rows"),
    (ROWS.with_columns(outcome=pl.lit("maybe")), "has a wrong type"),
    (ROWS.with_columns(extracted=pl.lit(None, pl.String)), "correct_has_an_answer in 1 rows"),
    (ROWS.with_columns(problem_id=pl.lit(None, pl.String)), "problem_id|nullability in 3 rows"),
]


@pytest.mark.parametrize(("frame", "message"), BAD)
def test_a_bad_table_is_one_line_and_is_not_written(
    run_folder: Path, frame: pl.DataFrame, message: str
) -> None:
    with pytest.raises(RatchetError) as error:
        store.write(frame, Verdicts, **PLACE)
    assert any(part in str(error.value) for part in message.split("|"))
    assert "\n" not in str(error.value)
    assert not list(run_folder.rglob("*.parquet"))


def test_a_reference_to_nowhere_is_named() -> None:
    problems = pl.DataFrame({"problem_id": ["p"]})
    with pytest.raises(RatchetError, match="names 1 problem_id that are not in problems: q"):
        store.check_references(Verdicts, ROWS, {"problems": problems})


@pytest.mark.parametrize("damage", [b"", b"PAR1 but not really"])
def test_a_damaged_file_is_one_line(run_folder: Path, damage: bytes) -> None:
    file = store.write(ROWS, Verdicts, **PLACE) / store.FILE
    file.write_bytes(damage)
    with pytest.raises(RatchetError, match=r"part\.parquet is not readable Parquet"):
        store.read(Verdicts, iteration=1)


def test_a_file_of_an_older_version_has_nulls_in_new_columns(run_folder: Path) -> None:
    file = store.write(ROWS, Verdicts, **PLACE) / store.FILE
    pl.read_parquet(file).drop("outcome_stated", "outcome_flexible").write_parquet(file)
    frame = store.read(Verdicts, iteration=1)
    assert frame["outcome_stated"].null_count() == frame.height == 3
    pl.read_parquet(file).drop("grader").write_parquet(file)
    with pytest.raises(RatchetError, match="lacks column grader"):
        store.read(Verdicts, iteration=1)


def test_a_missing_table_says_what_makes_it(run_folder: Path) -> None:
    with pytest.raises(RatchetError, match="data/problems is missing: run `dvc repro`"):
        store.read(Problems)


def test_every_table_says_what_a_row_is() -> None:
    for table in TABLES:
        assert (table.__doc__ or "").startswith("One row per"), table.noun
        assert table.primary_key() or table.sort_key(), table.noun
