"""`ratchet compare --table`: rows and columns that differ, and revisions that lack some."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from stages.explore.cli import app
from tests.fakes.compared_runs import both, compare
from tests.fakes.two_runs import Runs


def test_rows_of_one_table(runs: Runs) -> None:
    done = compare("HEAD", "--table", "pairs", "--json")
    found = json.loads(done.stdout)
    assert found["key"] == ["iteration", "pair_id"]
    assert (found["added"]["n"], found["removed"]["n"]) == (2, 3)
    assert found["added"]["examples"] == [[1, "new"], [1, "turned"]]
    assert found["changed"] == {"n": 0, "columns": {}}


def test_changed_columns_of_one_table(runs: Runs) -> None:
    found = json.loads(compare("HEAD", "--table", "verdicts", "--json").stdout)
    rows = list(both(runs, "verdicts"))
    for name in ("outcome", "grader"):
        of_column = found["changed"]["columns"][name]
        assert of_column["n"] == sum(a[name] != b[name] for _, a, b in rows)
        for example in of_column["examples"]:
            (wanted,) = [(a, b) for key, a, b in rows if list(key) == example["key"]]
            assert (example["a"], example["b"]) == tuple(row[name] for row in wanted)
    assert found["changed"]["n"] == sum(a != b for _, a, b in rows)
    assert [*found["changed"]["columns"]] == ["outcome", "grader"]
    shown = compare("HEAD", "--table", "samples").stdout
    assert "changed columns" in shown and "text" in shown and "!" in shown


@pytest.mark.parametrize("pattern", ["*.dir", "*"])
def test_what_is_not_in_the_cache_names_dvc_fetch(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    shutil.copytree(Path.cwd(), tmp_path / "clone")
    monkeypatch.chdir(tmp_path / "clone")
    lost = [path for path in Path(".dvc/cache/files/md5").glob(f"*/{pattern}")
            if pattern == "*.dir" or path.suffix != ".dir"]  # fmt: skip
    for path in lost:
        path.unlink()
    done = compare("HEAD")
    assert done.exit_code == 1 and lost
    assert " cache" in done.stderr and "`dvc fetch --all-commits`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_older_run_lacks_tables_columns_and_iterations(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(Path.cwd(), tmp_path / "clone")
    monkeypatch.chdir(tmp_path / "clone")
    shutil.rmtree("data/narrowing")
    for file in Path().glob("*/*/iteration=2/**/*.parquet"):
        file.unlink()
    for file in Path("data/verdicts").rglob("*.parquet"):
        frame = pl.read_parquet(file).drop("detail")
        file.unlink()
        frame.write_parquet(file)
    done = compare("HEAD")
    assert done.exit_code == 0, done.stderr
    assert done.stderr.splitlines()[:3] == [
        "ratchet: only a has iteration 2: not compared",
        "ratchet: b has no table narrowing: taken as empty",
        "ratchet: b has no column verdicts.detail: taken as null",
    ]
    found = json.loads(compare("HEAD", "--json").stdout)
    assert {row["iteration"] for row in found["pairs"]} == {0, 1}
    rows = json.loads(compare("HEAD", "--table", "verdicts", "--json").stdout)
    assert rows["columns_only_a"] == ["detail"] and "detail" not in rows["changed"]["columns"]
    quiet = CliRunner().invoke(app, ["--quiet", "compare", "HEAD"])
    assert quiet.stderr == "" and quiet.stdout == done.stdout
