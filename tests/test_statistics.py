"""Each statistic in SQL against a plain Python count of the same small tables."""

import math
import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from schemas import store
from schemas.catalog import TABLE_OF_NOUN
from schemas.errors import RatchetError
from schemas.solve_rates import SolveRates
from stages.measures.database import Statistics, open_statistics
from stages.pair import tail_paths

Row = dict[str, Any]
Rows = list[Row]
Tables = dict[str, Rows]
NOUNS = (
    "problems", "samples", "verdicts", "paths", "perplexities", "step_labels", "corrections",
    "pairs", "examples", "old_coverage",
)  # fmt: skip
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
        "steps": steps, "correct": right,
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
        "n_tokens": 5,
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
            place = folder / noun / f"stage={number}"
            place.mkdir(parents=True, exist_ok=True)
            part.write_parquet(place / store.FILE)
            files[noun].append(place / store.FILE)
    return files


def answers(tables: Tables, folder: Path, seed: int = 0) -> dict[str, pl.DataFrame]:
    """Every statistic, as the stage asks for them."""
    with open_statistics(write(tables, folder, random.Random(seed)), 0.5) as statistics:
        return asked(statistics)


def asked(statistics: Statistics, below: float = BELOW) -> dict[str, pl.DataFrame]:
    statistics.materialise("counts")
    statistics.materialise("drawn")
    statistics.materialise("coverage", tail_below=below)
    names = ("progress", "solve_rates", "strategies", "narrowing")
    found = {"coverage": statistics.table("coverage")}
    found |= {name: statistics.ask(name) for name in names}
    for noun in ("coverage", "solve_rates", "strategies", "narrowing"):
        named = found[noun].with_columns(iteration=pl.lit(1, pl.Int16))
        found[noun] = store.validate(named, TABLE_OF_NOUN[noun], "test").drop("iteration")
    return found


# the same in plain Python


def judged(tables: Tables) -> Rows:
    """Samples with their verdict, problem and path."""
    outcomes = {row["sample_id"]: row["outcome"] for row in tables["verdicts"]}
    problems = {row["problem_id"]: row for row in tables["problems"]}
    paths = {name: path for path in tables["paths"] for name in path["sample_ids"]}
    return [
        sample
        | {
            "right": outcomes[sample["sample_id"]] == "correct",
            "plain": sample["strategy"] in PLAIN,
            "problem": problems[sample["problem_id"]],
            "path": paths.get(sample["sample_id"]),
        }
        for sample in tables["samples"]
    ]


def draws(tables: Tables) -> Rows:
    """Those that a model drew: a gold supplement is none."""
    return [row for row in judged(tables) if row["strategy"] != "gold"]


def groups(rows: Rows, name: str) -> Iterator[tuple[Any, Rows]]:
    for value in dict.fromkeys(row[name] for row in rows):
        yield value, [row for row in rows if row[name] == value]


def share(rows: Rows) -> float:
    return sum(row["right"] for row in rows) / len(rows) if rows else 0.0


def coverage(tables: Tables, below: float = BELOW) -> Rows:
    samples = draws(tables)
    before = {row["problem_id"]: row["solved_ever"] for row in tables["old_coverage"]}
    found = []
    for problem in tables["problems"]:
        name = problem["problem_id"]
        own = [row for row in samples if row["problem_id"] == name]
        if not own and name not in before:
            continue
        n_correct = sum(row["right"] for row in own)
        found.append({
            "problem_id": name, "level": problem["level"], "n_drawn": len(own),
            "n_correct": n_correct, "solve_rate": share(own) if own else None,
            "tail_before": share([row for row in own if row["plain"]]) < below,
            "tail_after": share(own) < below, "n_tokens": sum(row["n_tokens"] for row in own),
            "solved_ever": n_correct > 0 or before.get(name, False),
        })  # fmt: skip
    return found


def progress(tables: Tables) -> Rows:
    covered = coverage(tables)
    drawn = [row for row in covered if row["n_drawn"]]
    solved = sum(row["n_correct"] > 0 for row in drawn)
    rolled = [row for row in tables["step_labels"] if row["labeler"] == "rollouts"]
    return [{
        "n_problems": len(drawn), "n_solved": solved,
        "n_solved_ever": sum(row["solved_ever"] for row in covered),
        "coverage": solved / len(drawn) if drawn else 0.0, "n_draws": len(draws(tables)),
        "n_draws_correct": sum(row["right"] for row in draws(tables)),
        "n_tokens": sum(row["n_tokens"] for row in draws(tables)),
        "n_paths": len(tables["paths"]),
        "n_paths_correct": sum(row["correct"] for row in tables["paths"]),
        "n_steps_labelled": len(tables["step_labels"]),
        "n_rollouts": sum(row["n_rollouts"] for row in rolled),
        "n_corrections": 0, "n_pairs": 0, "n_pairs_wrong_chosen": 0, "n_examples": 0,
    }]  # fmt: skip


def solve_rates(tables: Tables) -> Rows:
    counts: dict[tuple[Any, ...], int] = {}
    for _, own in groups(draws(tables), "problem_id"):
        for moment, rows in (("before", [r for r in own if r["plain"]]), ("after", own)):
            if rows:
                rate = Fraction(sum(row["right"] for row in rows), len(rows))
                key = (moment, rows[0]["problem"]["level"], min(9, math.floor(10 * rate)))
                counts[key] = counts.get(key, 0) + 1
    names = ("moment", "level", "bin")
    return [dict(zip(names, key, strict=True)) | {"n_problems": n} for key, n in counts.items()]


def strategies(tables: Tables) -> Rows:
    found = []
    for strategy, rows in groups(judged(tables), "strategy"):
        right = [row for row in rows if row["right"]]
        taken = [row for row in right if row["path"]]
        cuts = [
            len(row["path"]["steps"]) - len(row["problem"]["rationale"])
            for row in taken
            if row["problem"]["rationale"]
        ]
        said = [sound(row["path"], tables["step_labels"]) for row in taken]
        said = [one for one in said if one is not None]
        found.append({
            "strategy": strategy, "n_problems": len({row["problem_id"] for row in rows}),
            "n_solved": len({row["problem_id"] for row in right}), "n_draws": len(rows),
            "n_correct": len(right), "n_tokens": sum(row["n_tokens"] for row in rows),
            "revealed_mean": sum(row["revealed"] for row in rows) / len(rows),
            "shortcut_mean": sum(cuts) / len(cuts) if cuts else None, "n_judged": len(said),
            "n_spurious": said.count(False) if said else None,
            "leakage_mean": None if strategy == "answer" else sum(map(leaked, rows)) / len(rows),
        })  # fmt: skip
    return found


def sound(path: Row, step_labels: Rows) -> bool | None:
    """Is every step right; None unless all of them are judged, by the truth or else by labels."""
    if path["truth"] and None not in path["truth"]:
        return all(path["truth"])
    own = [row for row in step_labels if row["path_id"] == path["path_id"]]
    inner = [row["label"] for row in own if row["labeler"] != "outcome"]
    return all(inner) if inner and len(own) == len(path["steps"]) else None


def leaked(sample: Row) -> float:
    """The share of the text's characters that the hint held: as its beginning, or in lines."""
    text, hint, strategy = sample["text"], sample["hint"], sample["strategy"]
    if hint is None:
        return 0.0
    if strategy in ("state_reset", "adaptive", "gold"):
        return len(hint) / len(text) if text and text.startswith(hint) else 0.0
    hints = [line.strip(" \t\r") for line in hint.split("\n")]
    lines = text.split("\n")
    held = sum(len(line) for line in lines if line.strip(" \t\r") in hints)
    return held / max(1, sum(map(len, lines)))


def narrowing(tables: Tables) -> Rows:
    samples = draws(tables)
    asked = {row["problem_id"]: row["problem"] for row in samples}
    known = {(p["origin"], p["text_id"]): math.exp(p["nll_mean"]) for p in tables["perplexities"]}
    gold = {
        "level": [problem["level"] for problem in asked.values()],
        "length": [len("".join(p["rationale"])) for p in asked.values() if p["rationale"]],
        "perplexity": [known.get(("gold", name)) for name in asked],
    }
    found = []
    for data in ("unguided", "all"):
        right = [row for row in samples if row["right"] and (row["plain"] or data == "all")]
        paths = [("sampled", row["path"]["path_id"]) for row in right if row["path"]]
        own = {
            "level": [row["problem"]["level"] for row in right],
            "length": [len(row["text"]) for row in right],
            "perplexity": [known.get(path) for path in paths],
        }
        for measure in gold:
            values = [[v for v in side[measure] if v is not None] for side in (own, gold)]
            found.append({"data": data, "measure": measure} | compared(*values))
    return found


def compared(own: list[float], gold: list[float]) -> Row:
    from_ = sorted(gold)[math.ceil(Fraction(8, 10) * len(gold)) - 1] if gold else None
    return {
        "n_self": len(own), "n_gold": len(gold),
        "self_mean": sum(own) / len(own) if own else None,
        "gold_mean": sum(gold) / len(gold) if gold else None,
        "distance": wasserstein(own, gold) if own and gold else None, "tail_from": from_,
        "self_tail": sum(v >= from_ for v in own) / len(own) if own and gold else None,
        "gold_tail": sum(v >= from_ for v in gold) / len(gold) if gold else None,
    }  # fmt: skip


def wasserstein(own: list[float], gold: list[float]) -> float:
    """Each side repeated to one length and sorted: the mean distance of the pairs."""
    left = sorted(value for value in own for _ in gold)
    right = sorted(value for value in gold for _ in own)
    return sum(abs(a - b) for a, b in zip(left, right, strict=True)) / len(left)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_every_statistic_is_the_plain_count(tmp_path: Path, seed: int, shape: str) -> None:
    tables = made(seed, shape)
    found = answers(tables, tmp_path)
    assert {*found} == {*COUNTS}
    for name, count in COUNTS.items():
        wanted, rows = count(tables), found[name].to_dicts()
        by_key = {key(row): row for row in rows}
        assert len(wanted) == len(rows) == len(by_key), name
        for row in wanted:
            assert by_key[key(row)] == pytest.approx(row, abs=1e-6), name


COUNTS = {
    count.__name__: count for count in (coverage, progress, solve_rates, strategies, narrowing)
}


def key(row: Row) -> tuple[Any, ...]:
    """What tells a row of a statistic from the others."""
    names = ("problem_id", "moment", "level", "bin", "strategy", "data", "measure")
    return tuple(row.get(name) for name in names)


def test_the_tables_hold_what_they_are_to_test() -> None:
    """Each shape has what its name says, so that no comparison above is of nothing."""
    everything = [strategies(made(0, shape)) for shape in SHAPES]
    assert any(row["n_spurious"] for rows in everything for row in rows)
    assert any(0 < (row["leakage_mean"] or 0) < 1 for rows in everything for row in rows)
    assert any(row["shortcut_mean"] for rows in everything for row in rows)
    assert all(row["shortcut_mean"] is None for row in strategies(made(0, "without gold")))
    assert all(row["n_correct"] == 0 for row in strategies(made(0, "nothing right")))
    assert all(row["distance"] is None for row in narrowing(made(0, "nothing right")))
    assert sum(row["n_judged"] for row in strategies(made(0, "judged"))) > 0
    supplied = strategies(made(0, "gold supplement"))
    assert {row["strategy"]: row["n_correct"] > 0 for row in supplied}["gold"]
    assert {row["distance"] for row in narrowing(made(0, "ties"))} >= {0.0}
    assert [row["n_gold"] for row in narrowing(made(0, "unlevelled"))][::3] == [0, 0]


def test_what_does_not_fit_is_one_line() -> None:
    with (
        pytest.raises(RatchetError, match=r"do not fit into stats\.memory_gb=0\.03: raise it"),
        open_statistics({}, 0.03) as statistics,
    ):
        statistics.connection.execute("select list(i::varchar) from range(3000000) numbers (i)")


def test_a_bin_has_one_row() -> None:
    row = {"iteration": 1, "moment": "after", "level": None, "bin": 3, "n_problems": 2}
    twice = pl.DataFrame([row, row], schema=SolveRates.polars_schema())
    with pytest.raises(RatchetError, match="breaks rule one_row_per_bin in 2 rows"):
        store.validate(twice, SolveRates, "test")


def test_the_order_of_rows_changes_no_bit(tmp_path: Path) -> None:
    tables = made(1, "plain")
    first, second = (answers(tables, tmp_path / str(seed), seed) for seed in (1, 2))
    for name, frame in first.items():
        assert_frame_equal(frame, second[name], check_exact=True)


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


def test_a_gold_supplement_is_neither_drawn_nor_self_generated(tmp_path: Path) -> None:
    """Of four problems the model solves the easiest one; the others are given their gold."""
    tables = drawn(
        *[(name, "unguided", "t", name == "p1") for name in ("p1", "p2", "p3", "p4")],
        *[(name, "gold", "a\nb", True) for name in ("p2", "p3", "p4")],
    )
    found = answers(tables, tmp_path)
    row = found["progress"].row(0, named=True)
    assert (row["coverage"], row["n_solved_ever"], row["n_draws"]) == (0.25, 1, 4)
    assert found["coverage"]["tail_after"].sum() == found["coverage"]["tail_before"].sum() == 3
    distances = found["narrowing"].filter(measure="level")["distance"]
    assert distances.to_list() == [1.5, 1.5]
    given = found["strategies"].filter(strategy="gold").row(0, named=True)
    assert (given["n_problems"], given["n_draws"], given["n_correct"]) == (3, 3, 3)


@pytest.mark.parametrize("below", [0.55, 0.35, 0.07, 0.3, 0.6, 0.7, 1.0])
def test_the_tail_is_where_the_quotient_is_below(tmp_path: Path, below: float) -> None:
    """Of some counts (55 of 100, below 0.55) the product says otherwise than the quotient."""
    cases = [(right, n) for n in (20, 100, 200) for right in range(n + 1)]
    cases = [case for case in cases if abs(case[0] / case[1] - below) < 0.011]
    assert cases
    rows = [
        (f"{right} of {n}", "unguided", "t", draw < right)
        for right, n in cases
        for draw in range(n)
    ]
    tables = drawn(*rows)
    with open_statistics(write(tables, tmp_path, random.Random(0)), 0.5) as statistics:
        found = asked(statistics, below)["coverage"]
    wanted = {f"{right} of {n}": right / n < below for right, n in cases}
    for column in ("tail_before", "tail_after"):
        assert dict(found.select("problem_id", column).rows()) == wanted
    paths = pl.DataFrame(
        [
            {"problem_id": row["problem_id"], "sample_ids": ["s"], "correct": right}
            for row, (*_, right) in zip(tables["samples"], rows, strict=True)
        ]
    )
    assert {*tail_paths(paths, below)["problem_id"]} == {name for name in wanted if wanted[name]}


@pytest.mark.parametrize(
    ("truth", "labels", "judged_", "spurious"),
    [
        (None, "", 0, None),
        (None, "+", 0, None),  # one labelled step of four says nothing of the others
        (None, "+++", 0, None),
        (None, "-++", 0, None),
        (None, "++++", 1, 0),
        (None, "+-++", 1, 1),
        (None, "+++o", 1, 0),  # the last one by the path's outcome
        (None, "ooooo", 0, None),
        ([True] * 4, "", 1, 0),
        ([True, False, True, True], "++++", 1, 1),
        ([True, None, None, None], "", 0, None),
        ([False, None, None, None], "", 0, None),
        ([True, None, None, None], "++++", 1, 0),
    ],
)
def test_a_path_is_judged_where_all_its_steps_are(
    tmp_path: Path, truth: list[bool | None] | None, labels: str, judged_: int, spurious: int | None
) -> None:
    tables = drawn(("p", "unguided", "t", True))
    path = {"path_id": "q", "problem_id": "p", "sample_ids": ["s0"], "correct": True}
    tables["paths"] = [path | {"steps": ["a\n", "b\n", "c\n", "d"], "truth": truth}]
    tables["step_labels"] = [
        {"path_id": "q", "step": step, "labeler": "outcome" if sign == "o" else "rollouts",
         "label": sign != "-", "n_rollouts": 4}
        for step, sign in enumerate(labels)
    ]  # fmt: skip
    (row,) = answers(tables, tmp_path)["strategies"].to_dicts()
    assert (row["n_judged"], row["n_spurious"]) == (judged_, spurious)
    known = [one for one in [sound(tables["paths"][0], tables["step_labels"])] if one is not None]
    assert (len(known), known.count(False) if known else None) == (judged_, spurious)


@pytest.mark.parametrize(
    ("strategy", "text", "hint", "leakage"),
    [
        ("unguided", "a = 1\nb = 2", None, 0.0),
        ("state_reset", "a = 1\nb = 2", "a = 1\n", 6 / 11),
        ("state_reset", "a = 1 and more", "a = 1 ", 6 / 14),
        ("state_reset", "é́🤦🏼‍♂️ = 1\nx", "é́🤦🏼‍♂️ = 1\n", 12 / 13),
        ("state_reset", "x", "", 0.0),
        ("state_reset", "", "", 0.0),
        ("state_reset", "b\na", "a", 0.0),  # its text has nothing of it
        ("adaptive", "a = 1\nb = 2", "a", 1 / 11),
        ("adaptive", "a = 1\nb = 2", None, 0.0),
        ("gold", "a = 1\nb = 2", "a = 1\nb = 2", 1.0),
        ("answer", "1 + 1 = 2\n#### 1", "1", None),
        ("answer", "x = 18\nThe answer is 18", "18", None),
        ("rationale", "a = 1\nb = 2", "a = 1\nb = 2", 1.0),
        ("rationale", "a = 1 and more", "a = 1 ", 0.0),  # it begins so, and is another line
        ("rationale", "b = 2\na = 1\r", "Mind:\n  a = 1", 6 / 11),
        ("rationale", "b = 2\na = 1", "a = 1 at once", 0.0),
        ("rationale", "\n a\t\n\nb", "a\n\nc", 3 / 4),
        ("rationale", "a\u00a0\nx", "a\ny", 0.0),
        ("rationale", "aa\na\nbbb", "a\naa\nbbb", 1.0),  # sixths and a half: no more than 1
        ("rationale", "", "a = 1", 0.0),
        ("rationale", "\n\n", "a\n", 0.0),
        ("interactive", "the answer is 7", "7", 0.0),
        ("interactive", "7\nthe answer is 7", "Not 8 but\n7", 1 / 16),
    ],
)
def test_leakage(
    tmp_path: Path, strategy: str, text: str, hint: str | None, leakage: float | None
) -> None:
    tables = drawn(("p", strategy, text, False), hint=hint)
    (row,) = answers(tables, tmp_path)["strategies"].to_dicts()
    assert row["leakage_mean"] == (leakage and pytest.approx(leakage, abs=1e-9))
    if leakage is not None:
        assert leaked(tables["samples"][0]) == pytest.approx(leakage)


@pytest.mark.parametrize(
    ("own", "gold", "distance"),
    [([1, 1], [1], 0), ([1], [3], 2), ([1, 3], [1, 3], 0), ([0, 1, 3], [5, 6, 8], 5)],
)
def test_wasserstein_by_hand(own: list[float], gold: list[float], distance: float) -> None:
    assert wasserstein(own, gold) == distance
