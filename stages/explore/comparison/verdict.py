"""Which of two runs answers better: the paired difference of their last models, in words."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from stages.explore.comparison.sides import Sides
from stages.measures.intervals import paired_difference

Row = dict[str, Any]
SIGNIFICANT = 0.05


def find_verdicts(both: Sides) -> list[Row]:
    """A row for each suite and mode that both answered: b's accuracy minus a's, and its p."""
    rows = []
    for row in both.ask("paired_answers"):
        a, b = (np.array(row[f"correct_{side}"], dtype=np.float64) for side in "ab")
        found = paired_difference(b, a, row["families"])
        rows.append({
            "revision_a": both.a.name, "revision_b": both.b.name,
            **{name: row[name] for name in ("suite", "mode", "iteration_a", "iteration_b")},
            "n": found.n, "accuracy_a": float(a.mean()), "accuracy_b": float(b.mean()),
            "difference": found.mean, "low": found.low, "high": found.high,
            "n_only_a": found.n_lost, "n_only_b": found.n_won, "p": found.p,
        })  # fmt: skip
    return rows


def sentences(rows: list[Row]) -> Iterator[str]:
    """Each verdict in words, with the figures behind it."""
    for row in rows:
        a, b = row["revision_a"], row["revision_b"]
        where = f"on {row['suite']} ({row['mode']})"
        if row["n_only_a"] == row["n_only_b"] == 0:
            judged = f"No difference {where}: {b} and {a} have the same problems right"
        elif row["p"] >= SIGNIFICANT:
            judged = f"No difference is shown {where} between {b} and {a}"
        else:
            judged = f"{b} is {'better' if row['difference'] > 0 else 'worse'} than {a} {where}"
        yield f"{judged}. {_figures(row)}."


def points(row: Row) -> str:
    """The difference and its 95% interval in percentage points."""
    low, high = (f"{100 * row[name]:+.1f}" for name in ("low", "high"))
    return f"{100 * row['difference']:+.1f} [{low}, {high}]"


def p_text(p: float) -> str:
    """A p-value with two digits that count."""
    return f"{p:.2g}" if p >= 0.0001 else "below 0.0001"


def _figures(row: Row) -> str:
    a, b = row["iteration_a"], row["iteration_b"]
    last = f"iteration {b}" if a == b else f"iterations {b} and {a}"
    return (
        f"{100 * row['accuracy_b']:.1f}% against {100 * row['accuracy_a']:.1f}% of {row['n']:,} "
        f"problems ({last}): {points(row)} points, p = {p_text(row['p'])}; "
        f"{row['n_only_b']:,} right only in {row['revision_b']}, {row['n_only_a']:,} only in "
        f"{row['revision_a']}"
    ).replace("p = below", "p below")
