"""`ratchet compare`: what flipped between a committed run and the files here."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from dvc.repo import Repo
from typer.testing import CliRunner, Result

from stages.explore.cli import app
from tests.planted import plant

VERDICTS = Path("data/verdicts/iteration=1/stage=grade/part.parquet")


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[str, str]]]:
    """A committed run whose verdicts were made again here: sample_id → (before, after)."""
    folder = tmp_path_factory.mktemp("compared")
    plant(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DVC_NO_ANALYTICS", "1")
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@t"]
        subprocess.run([*git, "init", "-q"], check=True)
        with Repo.init() as repo:
            repo.add([str(path) for path in Path("data").glob("*/iteration=*")])
            repo.add(["data/problems"])
            never = Path("data/verdicts/iteration=2.dvc")  # declared, as all eight iterations are
            never.write_text("outs:\n- path: iteration=2\n")
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "run"], check=True)
        yield change(VERDICTS)


def change(file: Path) -> dict[str, tuple[str, str]]:
    old = pl.read_parquet(file)
    flipped = old.head(3).select(
        pl.all().exclude("outcome", "grader"),
        outcome=pl.when(pl.col("outcome") == "correct")
        .then(pl.lit("wrong"))
        .otherwise(pl.lit("correct")),
        grader=pl.lit("math-9"),
    )
    rest = old.slice(3).with_columns(grader=pl.lit("math-9"))
    new = pl.concat([flipped.select(old.columns).cast(old.schema), rest.cast(old.schema)])
    file.unlink()  # the cache may hold the same file
    new.write_parquet(file)
    pairs = zip(old["outcome"].head(3), flipped["outcome"], strict=True)
    return dict(zip(old["sample_id"].head(3), pairs, strict=True))


def compare(*words: str) -> Result:
    return CliRunner().invoke(app, ["compare", *words])


def test_flips_are_listed_with_their_graders(changed: dict[str, tuple[str, str]]) -> None:
    done = compare("HEAD", "--json")
    assert done.exit_code == 0, done.stderr
    flips = json.loads(done.stdout)
    assert {f["sample_id"]: (f["outcome_a"], f["outcome_b"]) for f in flips} == changed
    assert {f["grader_b"] for f in flips} == {"math-9"} != {f["grader_a"] for f in flips}
    assert all(f["reference"] for f in flips)


def test_the_text_counts_them(changed: dict[str, tuple[str, str]]) -> None:
    done = compare("HEAD", "workspace")
    assert "3 verdicts flipped" in done.stdout and "math-9" in done.stdout
    for sample in changed:
        assert sample[:8] in done.stdout


def test_nothing_flips_between_a_revision_and_itself(changed: dict[str, tuple[str, str]]) -> None:
    assert "0 verdicts flipped" in compare("HEAD", "HEAD").stdout


def test_an_unknown_revision_is_one_line(changed: dict[str, tuple[str, str]]) -> None:
    done = compare("nowhere")
    assert done.exit_code == 1
    assert done.stderr.startswith("ratchet: nowhere: ") and done.stderr.count("\n") == 1
