"""Each statistic as a plain Python count."""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from tests.fakes.statistics_tables import BELOW, PLAIN, Row, Rows, Tables


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
        "coverage": solved / len(drawn) if drawn else 0.0,
        "coverage_so_far": share([row | {"right": row["solved_ever"]} for row in covered]),
        "n_draws": len(draws(tables)),
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
    texts = {(p["origin"], p["text_id"]): p for p in tables["perplexities"]}
    known = {name: math.exp(text["nll_mean"]) for name, text in texts.items()}
    tokens = {name: text["n_tokens"] for name, text in texts.items()}
    gold = {
        "level": [problem["level"] for problem in asked.values()],
        "length": [tokens.get(("gold", name)) for name in asked],
        "characters": [len("".join(p["rationale"])) for p in asked.values() if p["rationale"]],
        "perplexity": [known.get(("gold", name)) for name in asked],
    }
    found = []
    for data in ("unguided", "all"):
        right = [row for row in samples if row["right"] and (row["plain"] or data == "all")]
        paths = [("sampled", row["path"]["path_id"]) for row in right if row["path"]]
        own = {
            "level": [row["problem"]["level"] for row in right],
            "length": [tokens.get(path) for path in paths],
            "characters": [len(row["text"]) for row in right],
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
