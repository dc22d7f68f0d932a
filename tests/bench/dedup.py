"""Deduplication: the stage's functions against a plain Python pass that makes the same choices."""

import random
from collections import defaultdict
from pathlib import Path

import polars as pl

from stages.dedup import distinct_paths, mark_near_duplicates
from tests.bench.case import Case
from tests.fakes.plain_equations import equations

PROBLEMS, SAMPLES = 1, 100


def case(folder: Path) -> Case:
    """100 solutions of one problem; about 30 equation lists among a problem's 100."""
    samples, verdicts, problems = rows()

    def ours() -> object:
        paths = distinct_paths(samples, verdicts, problems)
        return mark_near_duplicates(paths.with_columns(path_id="fingerprint"), 0.9)

    kept = {
        row[0][0] for row in distinct_paths(samples, verdicts, problems).select("sample_ids").rows()
    }
    assert kept == {name for names in plain(samples, verdicts).values() for name in names}
    return Case(f"{samples.height} samples", ours, "plain Python", lambda: plain(samples, verdicts))


def rows() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Samples, verdicts and problems."""
    rng = random.Random(0)
    words = ["so", "then", "that", "makes", "we", "have", "now", "in", "all", "therefore"]
    samples, verdicts = [], []
    for problem in range(PROBLEMS):
        for draw in range(SAMPLES):
            lines, value = [], 3 + problem
            for step in range(4):
                more = rng.choice([2, 2, 3]) + step
                talk = " ".join(rng.sample(words, 3))
                lines.append(f"{talk} {value} + {more} = {value + more} {rng.choice(words)}.")
                value += more
            name = f"{problem}-{draw:03d}"
            text = "\n".join([*lines, f"#### {value}"])
            samples.append((name, f"p{problem}", text, 0, draw))
            verdicts.append((name, "correct", str(value)))
    names = ["sample_id", "problem_id", "text", "attempt", "draw"]
    kinds = [{"problem_id": f"p{n}", "kind": "math"} for n in range(PROBLEMS)]
    return (
        pl.DataFrame(samples, schema=names, orient="row"),
        pl.DataFrame(verdicts, schema=["sample_id", "outcome", "extracted"], orient="row"),
        pl.DataFrame(kinds),
    )


def plain(samples: pl.DataFrame, verdicts: pl.DataFrame) -> dict[str, list[str]]:
    """The sample kept for each list of equations: the one least like the others' first ones."""
    answers = dict(verdicts.select("sample_id", "extracted").rows())
    groups: dict[str, dict[tuple[str, ...], list[tuple[str, str]]]] = defaultdict(dict)
    for name, problem, text, *_ in samples.rows():
        key = (*equations(text), answers[name])
        groups[problem].setdefault(key, []).append((name, text))
    kept = defaultdict(list)
    for problem, found in groups.items():
        for key, members in found.items():
            others = [group[0][1] for other, group in found.items() if other != key]
            best = members[0]
            if len({text for _, text in members}) > 1:
                best = max(members, key=lambda m: sum(distance(m[1], text) for text in others))
            kept[problem].append(best[0])
    return kept


def distance(one: str, other: str) -> int:
    """Levenshtein's distance by its table, a row at a time."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]
