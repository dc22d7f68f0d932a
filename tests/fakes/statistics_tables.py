"""Small tables of one iteration, and every statistic of them in SQL."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from schemas import store
from schemas.catalog import TABLE_OF_NOUN
from stages.measures.database import Statistics, open_statistics

Row = dict[str, Any]
Rows = list[Row]
Tables = dict[str, Rows]
NOUNS = (
    "problems", "samples", "verdicts", "paths", "perplexities", "step_labels", "corrections",
    "pairs", "examples", "old_coverage",
)  # fmt: skip
STATISTICS = ("coverage", "progress", "solve_rates", "strategies", "narrowing")
BELOW = 0.5
LINES = ["a = 1", "b = 22", "  b = 22", "so c = 3", "", "done\r"]
SHAPES = [
    "plain", "unlevelled", "without gold", "nothing right", "nothing drawn", "judged", "ties",
    "gold supplement",
]  # fmt: skip
RIGHT = {"nothing right": 0.0, "gold supplement": 0.1}
PLAIN = ["unguided", "unguided", "imported"]
GUIDED = ["state_reset", "rationale", "answer", "gold"]


def made(seed: int, shape: str) -> Tables:
    """Small tables of one iteration; a shape has what its name says."""
    rng = random.Random(f"{shape}{seed}")
    tables: Tables = {noun: [] for noun in NOUNS}
    tables["problems"] = [_problem(n, rng, shape) for n in range(12)]
    for problem in tables["problems"]:
        name = problem["problem_id"]
        if rng.random() < 0.3:
            ever = {
                "problem_id": name,
                "level": problem["level"],
                "solved_ever": rng.random() < 0.5,
            }
            tables["old_coverage"].append(ever)
        if shape != "nothing drawn" and rng.random() < 0.8:
            for draw in range(rng.choice([1, 4, 4, 8, 15])):
                how = rng.choice(PLAIN if shape == "gold supplement" else PLAIN + GUIDED)
                right = rng.random() < RIGHT.get(shape, 0.4)
                _draw(problem, draw, how, right, rng, shape, tables)
            if shape == "gold supplement" and not _solved(problem, tables):
                _draw(problem, 99, "gold", True, rng, shape, tables)
        if problem["rationale"] and rng.random() < 0.7:
            tables["perplexities"].append(_perplexity("gold", name, problem, rng, shape))
    return tables


def _problem(number: int, rng: random.Random, shape: str) -> Row:
    n_steps = 0 if shape == "without gold" or rng.random() < 0.2 else rng.randint(1, 4)
    level = None if shape == "unlevelled" or rng.random() < 0.1 else rng.randint(1, 3)
    rationale = [rng.choice(LINES[:4]) + "\n" for _ in range(n_steps)]
    return {"problem_id": f"p{number:02d}", "level": level, "rationale": rationale}


def _solved(problem: Row, tables: Tables) -> bool:
    own = [row for row in tables["verdicts"] if row["problem_id"] == problem["problem_id"]]
    return any(row["outcome"] == "correct" for row in own)


def _draw(
    problem: Row, draw: int, strategy: str, right: bool, rng: random.Random, shape: str,
    tables: Tables,
) -> None:  # fmt: skip
    lines = [rng.choice(LINES) for _ in range(rng.randint(1, 4))]
    hint = None if strategy in PLAIN else _hint(strategy, lines, rng)
    text = "\n".join(lines)
    name = f"{problem['problem_id']}-{draw}"
    tables["samples"].append({
        "sample_id": name, "problem_id": problem["problem_id"], "strategy": strategy,
        "hint": hint, "revealed": 0.0 if hint is None else rng.choice([0.1, 1 / 3, 1.0]),
        "text": text if shape != "ties" else "same", "n_tokens": rng.randint(0, 30),
    })  # fmt: skip
    outcome = "correct" if right else rng.choice(["wrong", "unparseable", "timeout"])
    verdict = {"sample_id": name, "problem_id": problem["problem_id"], "outcome": outcome}
    tables["verdicts"].append(verdict)
    if rng.random() < 0.9:
        _path(problem, name, right, lines, rng, shape, tables)


def _hint(strategy: str, lines: list[str], rng: random.Random) -> str:
    """What a state reset reveals begins the text, sometimes amid a line."""
    if strategy in ("state_reset", "gold"):
        return "\n".join(lines)[: rng.randint(0, 12)]
    return "\n".join(rng.choice(LINES) for _ in range(2))


def _path(
    problem: Row, name: str, right: bool, lines: list[str], rng: random.Random, shape: str,
    tables: Tables,
) -> None:  # fmt: skip
    """A path of the sample's own, or one more sample for the path before it."""
    same = {"problem_id": problem["problem_id"], "correct": right}
    last = tables["paths"][-1] if tables["paths"] else {}
    if all(last.get(n) == value for n, value in same.items()) and rng.random() < 0.4:
        last["sample_ids"].append(name)
        return
    steps = [line + "\n" for line in lines]
    truth: list[bool | None] = [rng.random() < 0.8 for _ in steps]
    path_id = f"path-{name}"
    tables["paths"].append({
        "path_id": path_id, "problem_id": problem["problem_id"], "sample_ids": [name],
        "steps": steps, "correct": right, "made_in": 1,
        "truth": None if shape == "judged" else _known(truth, rng),
    })  # fmt: skip
    if shape != "plain" and rng.random() < 0.6:
        for step in range(len(steps) - (rng.random() < 0.3)):
            labeler = "outcome" if step == len(steps) - 1 else rng.choice(["rollouts", "judge"])
            label = {"path_id": path_id, "step": step, "labeler": labeler, "label": truth[step]}
            tables["step_labels"].append(label | {"n_rollouts": 4})
    if right and rng.random() < 0.7:
        row = _perplexity("sampled", path_id, problem, rng, shape)
        tables["perplexities"].append(row)


def _known(truth: list[bool | None], rng: random.Random) -> list[bool | None]:
    """As far as a task can tell: of some paths not all."""
    return [*truth[:-1], None] if rng.random() < 0.2 else truth


def _perplexity(origin: str, name: str, problem: Row, rng: random.Random, shape: str) -> Row:
    nll = 1.0 if shape == "ties" else rng.choice([0.1, 0.25, rng.random(), rng.random()])
    return {
        "origin": origin, "text_id": name, "problem_id": problem["problem_id"], "nll_mean": nll,
        "n_tokens": 5 if shape == "ties" else rng.randint(2, 9),
    }  # fmt: skip


def write(tables: Tables, folder: Path, rng: random.Random) -> dict[str, list[Path]]:
    """The tables as Parquet files, rows in no order; samples and verdicts in two files each."""
    files = {}
    for noun, rows in tables.items():
        schema = TABLE_OF_NOUN[noun.removeprefix("old_")].stored_schema()
        rows = rng.sample(rows, len(rows))
        frame = pl.DataFrame([{n: row.get(n) for n in schema} for row in rows], schema=schema)
        half = frame.height // 2 if noun in ("samples", "verdicts") else frame.height
        files[noun] = []
        for number, part in enumerate((frame[:half], frame[half:])):
            place = folder / noun / "iteration=1" / f"stage={number}"
            place.mkdir(parents=True, exist_ok=True)
            part.write_parquet(place / store.FILE)
            files[noun].append(place / store.FILE)
    return files


def answers(
    tables: Tables, folder: Path, seed: int = 0, names: Sequence[str] = STATISTICS
) -> dict[str, pl.DataFrame]:
    """The statistics, as the stage asks for them."""
    with open_statistics(write(tables, folder, random.Random(seed)), 0.5) as statistics:
        return asked(statistics, names=names)


def asked(
    statistics: Statistics, below: float = BELOW, names: Sequence[str] = STATISTICS
) -> dict[str, pl.DataFrame]:
    statistics.materialise("counts")
    statistics.materialise("drawn")
    statistics.materialise("coverage", tail_below=below)
    found = {
        name: statistics.table(name) if name == "coverage" else statistics.ask(name)
        for name in names
    }
    for noun in found.keys() - {"progress"}:
        named = found[noun].with_columns(iteration=pl.lit(1, pl.Int16))
        found[noun] = store.validate(named, TABLE_OF_NOUN[noun], "test").drop("iteration")
    return found


def drawn(*samples: tuple[str, str, str, bool], **more: object) -> Tables:
    """Tables of samples (problem, strategy, text, right), of one level each; `more` is of each."""
    tables: Tables = {noun: [] for noun in NOUNS}
    for number, (problem, strategy, text, right) in enumerate(samples):
        row = {"sample_id": f"s{number}", "problem_id": problem}
        sample = {"strategy": strategy, "text": text, "revealed": 0.0, "n_tokens": 1}
        tables["samples"].append(row | sample | more)
        tables["verdicts"].append(row | {"outcome": "correct" if right else "wrong"})
    tables["problems"] = [
        {"problem_id": name, "level": level, "rationale": ["a\n", "b"]}
        for level, name in enumerate(dict.fromkeys(row[0] for row in samples), 1)
    ]
    return tables
