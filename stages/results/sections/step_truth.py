"""Sections on step labels and the verifier against the truth of steps, where it is known."""

from typing import Any

from stages.measures.intervals import wilson
from stages.results import queries
from stages.results.charts.bars import bars
from stages.results.charts.figure import Figure
from stages.results.charts.lines import Point, Series, lines
from stages.results.queries import Rows, Source
from stages.results.sections.section import (
    Grid,
    Section,
    count,
    level_name,
    percent,
    share_of,
    share_point,
)

WORDS = (
    "Precision: the share of the steps called right that are sound. Recall: the share of the sound "
    "steps that are called right. Sound: the base rate, that is the precision of calling every "
    "step right. Constant guess: the accuracy of giving the commoner answer every time."
)


def labels(connection: Any) -> Section | None:
    """Step labels against the truth."""
    asked = queries.source(connection, "truth", judge="labels")
    section = _truth_section(asked, "labels", "Step labels against the truth", WORDS, [])
    if section and any(row["n_inferred"] for row in asked.rows):
        section.grids.append(_inferred_grid(asked))
    return section


def _inferred_grid(asked: Source) -> Grid:
    """The labels that a search inferred instead of measuring."""
    cells = [
        [row["iteration"], level_of(row), count(row["n_inferred"]),
         percent(row["n_inferred"] / row["n"]),
         share_of(row["n_inferred_agree"], row["n_inferred"])]
        for row in asked.rows
    ]  # fmt: skip
    heads = ["iteration", "level", "steps inferred", "of all", "accuracy"]
    return Grid(heads, cells, asked, "Inferred labels")


def verifier(connection: Any) -> Section | None:
    """The verifier against the truth, and how well its probabilities are calibrated."""
    asked = queries.source(connection, "truth", judge="verifier")
    binned = queries.source(connection, "calibration")
    last = max((row["iteration"] for row in binned.rows), default=0)
    figures = calibration([row for row in binned.rows if row["iteration"] == last], last)
    note = f"The verifier calls a step right if its probability is at least one half. {WORDS}"
    title = "The verifier against the truth"
    section = _truth_section(asked, "verifier", title, note, figures)
    if section:
        section.grids.append(_calibration_grid(binned))
    return section


def calibration(rows: Rows, iteration: int) -> list[Figure]:
    """Probability against the share of sound steps, and how many steps each bin holds."""
    if not rows:
        return []
    points = []
    for row in rows:
        low, high = wilson(row["n_sound"], row["n"])
        x, y = row["probability_mean"], row["sound_share"]
        points.append(Point(x, y, low, high, f"{count(row['n'])} steps"))
    title = f"Calibration in iteration {iteration}"
    names = ("verifier's probability, mean of the bin", "sound (% of steps)")
    curve = lines(
        title, [Series("sound", points)], *names, percent=True, whole=False, diagonal=True,
        note="On the dashed line, the probability equals the share of sound steps.",
    )  # fmt: skip
    sizes = {row["bin"]: row["n"] for row in rows}
    bins = [f"{10 * number}–{10 * number + 10}" for number in range(10)]
    stacks = [("steps", [sizes.get(number, 0) for number in range(10)])]
    title = f"Steps by probability in iteration {iteration}"
    return [curve, bars(title, bins, stacks, "verifier's probability (%)", "steps")]


def _calibration_grid(binned: Source) -> Grid:
    cells = [
        [row["iteration"], f"{10 * row['bin']}–{10 * row['bin'] + 10}", count(row["n"]),
         percent(row["probability_mean"]), share_of(row["n_sound"], row["n"])]
        for row in binned.rows
    ]  # fmt: skip
    heads = ["iteration", "probability (%)", "steps", "mean probability", "sound"]
    return Grid(heads, cells, binned, "Calibration")


def _truth_section(
    asked: Source, name: str, title: str, note: str, figures: list[Figure]
) -> Section | None:
    """Precision and recall by level in the last iteration, and a table of all iterations."""
    rows = asked.rows
    if not rows:
        return None
    last = max(row["iteration"] for row in rows)
    by_level = [r for r in rows if r["iteration"] == last and r["level"] is not None]
    shares = (("precision", "n_called_right"), ("recall", "n_sound"), ("sound", "n"))
    series = [
        Series(
            kind,
            [
                share_point(r["level"], r["n_sound" if kind == "sound" else "n_both"], r[of])
                for r in by_level
                if r[of]
            ],
            number,
            dashed=kind == "sound",
        )
        for number, (kind, of) in enumerate(shares)
    ]
    series = [one for one in series if one.points]
    if series:
        of_levels = f"Precision and recall by level in iteration {last}"
        figures = [lines(of_levels, series, "level", "share (%)", percent=True), *figures]
    cells = [
        [row["iteration"], level_of(row), count(row["n"]), percent(row["n_sound"] / row["n"]),
         share_of(row["n_both"], row["n_called_right"]), share_of(row["n_both"], row["n_sound"]),
         share_of(row["n_agree"], row["n"]), percent(constant_accuracy(row))]
        for row in rows
    ]  # fmt: skip
    heads = ["iteration", "level", "steps", "sound", "precision", "recall", "accuracy"]
    grid = Grid([*heads, "constant guess"], cells, asked, "Against the truth")
    total = next(row for row in rows if row["iteration"] == last and row["all_levels"])
    gist = f"{percent(total['n_agree'] / total['n'])} of steps right; "
    gist += f"a constant guess {percent(constant_accuracy(total))}"
    return Section(name, title, note, figures, [grid], gist)


def constant_accuracy(row: dict[str, Any]) -> float:
    """The accuracy of calling every step what most of them are."""
    sound: float = row["n_sound"] / row["n"]
    return max(sound, 1 - sound)


def level_of(row: dict[str, Any]) -> str:
    """The level of a row of truth.sql, in words."""
    return "all" if row["all_levels"] else level_name(row["level"])
