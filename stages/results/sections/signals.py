"""Sections on the training signal: labels, verifier, pairs, and how training went."""

from itertools import groupby
from typing import Any

from schemas import views
from stages.measures.intervals import wilson
from stages.results import queries
from stages.results.charts.bars import Figure, bars
from stages.results.charts.lines import Point, Series, lines
from stages.results.sections.section import Grid, Section, count, level_name, percent

Rows = list[dict[str, Any]]


def labels(connection: Any) -> Section | None:
    """Step labels against the truth."""
    rows = views.ask(connection, "from label_truth order by iteration, level")
    note = (
        "Precision: the share of the steps labelled right that are sound. Recall: the share of the "
        "sound steps that are labelled right."
    )
    section = _truth_section(rows, "labels", "Step labels against the truth", note, [])
    if section and any(row["n_inferred"] for row in rows):
        section.grids.append(_inferred_grid(rows))
    return section


def _inferred_grid(rows: Rows) -> Grid:
    """The labels that a search inferred instead of measuring."""
    cells = [
        [row["iteration"], level_name(row["level"]), count(row["n_inferred"]),
         percent(row["n_inferred"] / row["n"]), percent(row["accuracy_inferred"])]
        for row in rows
    ]  # fmt: skip
    return Grid(["iteration", "level", "steps inferred", "of all", "accuracy"], cells)


def verifier(connection: Any) -> Section | None:
    """The verifier against the truth, and how well its probabilities are calibrated."""
    rows = views.ask(connection, "from verifier_truth order by iteration, level")
    binned = queries.ask(connection, "calibration")
    last = max((row["iteration"] for row in binned), default=0)
    figures = calibration([row for row in binned if row["iteration"] == last], last)
    note = "The verifier calls a step right if its probability is at least one half."
    return _truth_section(rows, "verifier", "The verifier against the truth", note, figures)


def calibration(rows: Rows, iteration: int) -> list[Figure]:
    """Probability against the share of sound steps, and how many steps each bin holds."""
    if not rows:
        return []
    points = []
    for row in rows:
        low, high = wilson(row["n_sound"], row["n"])
        note = (
            f"{row['n']} steps at {percent(row['probability_mean'])}: {percent(row['sound_share'])}"
        )
        points.append(Point(row["probability_mean"], row["sound_share"], low, high, note))
    title = f"Calibration in iteration {iteration}, with 95% intervals"
    names = ("verifier's probability, mean of the bin", "sound (% of steps)")
    curve = lines(
        title, [Series("verifier", points)], *names, percent=True, whole=False, diagonal=True,
        note="On the dashed line, the probability equals the share of sound steps.",
    )  # fmt: skip
    sizes = {row["bin"]: row["n"] for row in rows}
    bins = [f"{0.1 * number:.1f}" for number in range(10)]
    stacks = [("steps", [sizes.get(number, 0) for number in range(10)])]
    title = f"Steps by probability in iteration {iteration}"
    return [curve, bars(title, bins, stacks, "verifier's probability, from", "steps")]


def _truth_section(
    rows: Rows, name: str, title: str, note: str, figures: list[Figure]
) -> Section | None:
    """Precision and recall by level in the last iteration, and a table of all iterations."""
    if not rows:
        return None
    last = max(row["iteration"] for row in rows)
    by_level = [row for row in rows if row["iteration"] == last and row["level"] is not None]
    series = [
        Series(kind, [Point(r["level"], r[kind]) for r in by_level if r[kind] is not None], colour)
        for colour, kind in enumerate(("precision", "recall"))
    ]
    series = [one for one in series if one.points]
    if series:
        title_of = f"Precision and recall by level in iteration {last}"
        figures = [lines(title_of, series, "level", "share (%)", percent=True), *figures]
    cells = [
        [row["iteration"], level_name(row["level"]), count(row["n"]), percent(row["precision"]),
         percent(row["recall"]), percent(row["accuracy"])]
        for row in rows
    ]  # fmt: skip
    heads = ["iteration", "level", "steps", "precision", "recall", "accuracy"]
    return Section(name, title, note, figures, [Grid(heads, cells)])


def training_curves(connection: Any) -> Section | None:
    """Alignment's loss, and the log-probabilities of chosen and rejected completions."""
    rows = queries.ask(connection, "losses")
    if not rows:
        return None
    groups = [(i, list(group)) for i, group in groupby(rows, lambda row: row["iteration"])]
    losses = [
        Series(f"iteration {i}", [Point(row["step"], row["loss"]) for row in group], colour)
        for colour, (i, group) in enumerate(groups)
    ]
    figures = [lines("Alignment loss", losses, "optimiser step", "loss")]
    for iteration, group in groups:
        series = [_logprobs(group, name, colour) for colour, name in enumerate(PAIR_COLUMNS)]
        series = [one for one in series if one.points]
        if series:
            title = f"Log-probability in iteration {iteration}"
            figures.append(lines(title, series, "optimiser step", "mean per token (nats)"))
    return Section("training", "Training", figures=figures)


PAIR_COLUMNS = ("chosen", "rejected")


def _logprobs(rows: Rows, name: str, colour: int) -> Series:
    column = f"logprob_{name}"
    points = [Point(row["step"], row[column]) for row in rows if row[column] is not None]
    return Series(name, points, colour, dashed=name == "rejected")


def pairs(connection: Any) -> Section | None:
    """How often a pair's chosen answer is wrong, or its rejected answer right."""
    rows = [row for row in views.ask(connection, "from pair_choice") if row["n_pairs"]]
    if not rows:
        return None
    cells = [
        [row["iteration"], count(row["n_pairs"]), *(_share_of_pairs(row, n) for n in WRONG_CHOICES)]
        for row in rows
    ]
    heads = ["iteration", "pairs", "chosen answer is wrong", "rejected answer is right"]
    return Section("pairs", "Pair choices", grids=[Grid(heads, cells)])


WRONG_CHOICES = ("n_wrong_chosen", "n_right_rejected")


def _share_of_pairs(row: dict[str, Any], name: str) -> str:
    return f"{row[name]} ({percent(row[name] / row['n_pairs'])})"
