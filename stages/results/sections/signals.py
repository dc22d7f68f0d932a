"""Sections on the training signal: how training went, and how good its pairs are."""

from itertools import groupby
from typing import Any

from stages.results import queries
from stages.results.charts.figure import shade
from stages.results.charts.lines import Point, Series, lines
from stages.results.queries import Rows, Source
from stages.results.sections.section import Grid, Section, count, share_of

PAIR_COLUMNS = ("chosen", "rejected")
WRONG_CHOICES = ("n_wrong_chosen", "n_right_rejected")


def training_curves(connection: Any) -> Section | None:
    """Alignment's loss, and the log-probabilities of chosen and rejected completions."""
    asked = queries.source(connection, "losses")
    if not asked.rows:
        return None
    groups = {i: list(group) for i, group in groupby(asked.rows, lambda row: row["iteration"])}
    losses = [
        Series(
            f"iteration {i}",
            [Point(row["step"], row["loss"]) for row in group],
            number,
            shade=shade(number, len(groups)) if len(groups) > 1 else "",
        )
        for number, (i, group) in enumerate(groups.items())
    ]
    figures = [lines("Alignment loss", losses, "optimiser step", "loss")]
    for iteration, group in groups.items():
        series = [_logprobs(group, name, number) for number, name in enumerate(PAIR_COLUMNS)]
        series = [one for one in series if one.points]
        if series:
            title = f"Log-probability in iteration {iteration}"
            figures.append(lines(title, series, "optimiser step", "mean per token (nats)"))
    last = list(groups.values())[-1]
    gist = f"loss {last[0]['loss']:.3g} → {last[-1]['loss']:.3g} in the last iteration"
    return Section("training", "Training", "", figures, [_losses_grid(groups, asked)], gist)


def _logprobs(rows: Rows, name: str, number: int) -> Series:
    column = f"logprob_{name}"
    points = [Point(row["step"], row[column]) for row in rows if row[column] is not None]
    return Series(name, points, number, dashed=name == "rejected")


def _losses_grid(groups: dict[int, Rows], source: Source) -> Grid:
    """The first and last value of each curve, by iteration."""
    names = ("loss", "logprob_chosen", "logprob_rejected")
    cells = []
    for iteration, rows in groups.items():
        ends = [(rows[0][name], rows[-1][name]) for name in names]
        cells.append([
            iteration, count(rows[-1]["step"] + 1),
            *("" if None in pair else f"{pair[0]:.3f} → {pair[1]:.3f}" for pair in ends),
        ])  # fmt: skip
    heads = ["iteration", "steps", "loss", "log-probability, chosen", "rejected"]
    return Grid(heads, cells, source, "First and last values")


def pairs(connection: Any) -> Section | None:
    """How often a pair's chosen answer is wrong, or its rejected answer right."""
    asked = queries.source(connection, "from pair_choice where n_pairs > 0 order by iteration")
    if not asked.rows:
        return None
    cells = [
        [row["iteration"], count(row["n_pairs"]), *(_pair_share(row, n) for n in WRONG_CHOICES)]
        for row in asked.rows
    ]
    heads = ["iteration", "pairs", "chosen answer is wrong", "rejected answer is right"]
    gist = f"{count(asked.rows[-1]['n_wrong_chosen'])} of {count(asked.rows[-1]['n_pairs'])}"
    gist += " choose a wrong answer"
    return Section("pairs", "Pair choices", grids=[Grid(heads, cells, asked)], gist=gist)


def _pair_share(row: dict[str, Any], name: str) -> str:
    return f"{count(row[name])}: {share_of(row[name], row['n_pairs'])}"
