"""report.html: a run in one file that loads no others; a second run can be laid beside it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stages.results import downloads
from stages.results.charts.figure import Figure
from stages.results.run_facts import Changed, Run, differences
from stages.results.sections import (
    accuracy,
    data_sizes,
    hard_tail,
    records,
    second_look,
    signals,
    step_truth,
    texts,
)
from stages.results.sections.browser import browse
from stages.results.sections.first_screen import answers
from stages.results.sections.section import Section

TEMPLATE = Path(__file__).parent / "template"
SECTIONS: tuple[Callable[[Any], Section | None], ...] = (
    second_look.flaws,
    second_look.duels,
    data_sizes.coverage,
    hard_tail.tail,
    texts.texts,
    data_sizes.data,
    signals.training_curves,
    step_truth.labels,
    step_truth.verifier,
    second_look.annotated_steps,
    signals.pairs,
    records.costs,
    records.rejects,
    records.extractions,
    records.disagreements,
)


@dataclass(frozen=True)
class Side:
    """A run's half of a section."""

    run: str
    section: Section | None


@dataclass(frozen=True)
class Pair:
    """A section of the page: of the run alone, or of two runs side by side."""

    sides: list[Side]

    @property
    def first(self) -> Section:
        """The section whose name and title the page shows."""
        return next(side.section for side in self.sides if side.section)

    @property
    def gist(self) -> str:
        """What the section says in a few words, of each side."""
        known = [side for side in self.sides if side.section and side.section.gist]
        labels = [f"{side.run}: " if len(self.sides) > 1 else "" for side in known]
        return "; ".join(
            label + side.section.gist
            for label, side in zip(labels, known, strict=True)
            if side.section
        )


def render(
    connection: Any, title: str, metrics: dict[str, Any], other: Run | None = None, name: str = ""
) -> str:
    """The page; a section without data is left out.

    `other`: the run that is laid beside; `name`: what this one is called then.
    """
    run = Run(name or "this run", connection, metrics)
    return (
        environment()
        .get_template("report.html")
        .render(
            title=title,
            run=run,
            other=other,
            changed=run.changed_settings(),
            differing=_differing_settings(run, other),
            answers=answers(run, other),
            pairs=pairs(run, other),
            browser=browse(connection),
        )
    )


def pairs(run: Run, other: Run | None) -> list[Pair]:
    """The sections that either run has, in the order of the page."""
    runs = [run, *([other] if other else [])]
    made = [[Side(one.name, accuracy.accuracy(one.connection, one.measured)) for one in runs]]
    made += [[Side(one.name, make(one.connection)) for one in runs] for make in SECTIONS]
    return [Pair(_on_one_scale(sides)) for sides in made if any(side.section for side in sides)]


def _on_one_scale(sides: list[Side]) -> list[Side]:
    """Both sides with the same axes of values in charts of one title, so that eyes can compare."""
    shown = [side.section.figures if side.section else [] for side in sides]
    bounds: dict[str, tuple[float, float]] = {}
    for figure in (figure for figures in shown for figure in figures):
        low, high = bounds.get(figure.title, figure.bounds)
        bounds[figure.title] = min(low, figure.bounds[0]), max(high, figure.bounds[1])
    return [
        Side(side.run, replace(side.section, figures=[_redraw(f, bounds) for f in figures]))
        if side.section
        else side
        for side, figures in zip(sides, shown, strict=True)
    ]


def _redraw(figure: Figure, bounds: dict[str, tuple[float, float]]) -> Figure:
    ends = bounds[figure.title]
    return figure if ends == figure.bounds or figure.redraw is None else figure.redraw(ends)


def _differing_settings(run: Run, other: Run | None) -> list[Changed]:
    return differences(run.settings, other.settings) if other else []


def environment(*folders: Path) -> Environment:
    """Jinja with the page's templates and, before them, those in the folders."""
    made = Environment(
        loader=FileSystemLoader([*folders, TEMPLATE]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters |= {
        "csv_link": downloads.csv_link,
        "json_link": downloads.json_link,
        "code": downloads.code,
    }
    return made
