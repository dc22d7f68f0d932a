"""Two runs for `ratchet compare`: a committed one, and the files here with planted differences."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from dvc.repo import Repo

from schemas import store, views
from schemas.catalog import TABLE_OF_NOUN
from tests.fakes.fake_run import plant

Rows = list[dict[str, Any]]
Runs = tuple[dict[str, Rows], dict[str, Rows]]  # tables of the first and of the second
GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@t"]


def commit(folder: Path) -> None:
    """Plants a run in the current, empty folder and commits it, as a run of the stages would be."""
    plant(folder)
    subprocess.run([*GIT, "init", "-q"], check=True)
    made = [str(path) for top in views.table_folders() for path in Path(top).glob("*/iteration=*")]
    outs = {
        "made": [*made, "data/problems", "data/settings", "data/sources"],
        "declared": ["data/verdicts/iteration=3"],  # as all eight iterations are
    }
    stages = {name: {"cmd": "true", "outs": sorted(paths)} for name, paths in outs.items()}
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    Path(".gitignore").write_text("/data/\n/measured/\n")
    with Repo.init() as repo:
        repo.commit("made", force=True)
    subprocess.run([*GIT, "add", "-A"], check=True)
    subprocess.run([*GIT, "commit", "-qm", "run"], check=True)


def tables() -> dict[str, Rows]:
    """Every table of the run in the current folder."""
    nouns = sorted({file.parts[1] for file in views.files()})
    return {noun: store.read(TABLE_OF_NOUN[noun]).to_dicts() for noun in nouns}


def change() -> None:
    """The differences: one setting, and in iteration 1 what it could have brought about."""
    params = yaml.safe_load(Path("params.yaml").read_text())
    Path("params.yaml").write_text(yaml.safe_dump(params | {"label": {"max_rollouts": 8}}))
    _edit("verdicts", _another_grader, stage="grade")
    _edit("samples", _another_text, stage="sample")
    _edit("coverage", _other_solved)
    _edit("step_labels", _other_labels)
    _edit("path_scores", _other_rewards)
    _edit("pairs", _other_pairs)
    _edit("evaluations", _better)
    _edit("costs", _dearer, stage="sample")


def _edit(noun: str, edit: Callable[[Rows], Rows], **partition: str) -> None:
    table = TABLE_OF_NOUN[noun]
    named: dict[str, Any] = {"iteration": 1, **partition}
    before = store.read(table, **named)
    rows = edit(before.to_dicts())
    file = store.folder(table, **named) / store.FILE
    file.unlink()  # the cache may hold the same file
    frame = pl.DataFrame(rows, schema=before.schema)
    store.write(frame.drop(list(named)), table, **named)


def _another_grader(rows: Rows) -> Rows:
    """Finds four answers otherwise, and grades one sample less."""
    turned = {"correct": "wrong", "wrong": "correct"}
    for n, row in enumerate(rows):
        row["grader"] = "math-9"
        if n < 4:
            row["outcome"] = turned[row["outcome"]]
    return rows[:-1]


def _another_text(rows: Rows) -> Rows:
    """The first of those samples has another text."""
    rows[0]["text"] += "!"
    return rows


def _other_solved(rows: Rows) -> Rows:
    """Solves what was not, loses the first two that were; the tail is what is not solved."""
    lost = 0
    for row in rows:
        if row["n_correct"] == 0:
            row["n_correct"] = 1
        elif lost < 2:
            row["n_correct"], lost = 0, lost + 1
        row["tail_before"] = row["tail_after"] = row["n_correct"] == 0
    return rows


def _other_labels(rows: Rows) -> Rows:
    """Every fifth label is turned; the last step is not labelled."""
    for row in rows[::5]:
        row["label"] = not row["label"]
    return rows[:-1]


def _other_rewards(rows: Rows) -> Rows:
    """Every third reward is halved."""
    for row in rows[::3]:
        row["reward"] /= 2
    return rows


def _other_pairs(rows: Rows) -> Rows:
    """One pair turned round, one without its partner, two gone."""
    turned, new = dict(rows[0]), dict(rows[1])
    for name in ("{}_id", "{}", "{}_ends", "{}_correct", "{}_reward"):
        one, other = name.format("chosen"), name.format("rejected")
        turned[one], turned[other] = turned[other], turned[one]
    turned |= {"pair_id": "turned"}
    new |= {"pair_id": "new", "rejected_id": "another"}
    return [turned, new, *rows[3:]]


def _better(rows: Rows) -> Rows:
    """Three more are right."""
    for row in [row for row in rows if not row["correct"]][:3]:
        row |= {"correct": True, "n_correct": 1}
    return rows


def _dearer(rows: Rows) -> Rows:
    return [row | {"elapsed_s": row["elapsed_s"] + 1.5} for row in rows]
