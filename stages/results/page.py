"""report.html: the sections of a run in one file that loads no others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stages.results.sections import accuracy, hard_tail, records, second_look, signals, texts
from stages.results.sections.browser import browse
from stages.results.sections.section import Section, count, percent

HERE = Path(__file__).parent
SECTIONS: tuple[Callable[[Any], Section | None], ...] = (
    second_look.flaws,
    second_look.duels,
    accuracy.coverage,
    hard_tail.tail,
    texts.texts,
    accuracy.data,
    signals.training_curves,
    signals.labels,
    signals.verifier,
    second_look.annotated_steps,
    signals.pairs,
    records.costs,
    records.rejects,
    records.extractions,
    records.disagreements,
)


def render(connection: Any, title: str, metrics: dict[str, Any]) -> str:
    """The page; a section without data is left out."""
    sections = [accuracy.accuracy(connection, metrics), *(make(connection) for make in SECTIONS)]
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template("report.html").render(
        title=title,
        run=metrics["run"],
        headlines=headlines(metrics),
        sections=[section for section in sections if section],
        browser=browse(connection),
    )


def headlines(metrics: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, value) of the main numbers: accuracy from first to last iteration, then the costs."""
    iterations = list(metrics["iterations"].values())
    numbers = []
    for suite, modes in iterations[-1]["suites"].items() if iterations else ():
        for mode, last in modes.items():
            first = iterations[0]["suites"].get(suite, {}).get(mode, last)
            change = f"{percent(first['accuracy'])} → {percent(last['accuracy'])}"
            numbers.append((f"{suite}, {mode}", change))
    covered = [values["coverage"] for values in iterations if values["coverage"] is not None]
    if covered:
        numbers.append(("coverage, last iteration", percent(covered[-1])))
    numbers.append(("draws", count(sum(values["draws"] for values in iterations))))
    if iterations:
        n_rows = count(iterations[-1]["training_rows"])
        numbers.append(("training rows, last iteration", n_rows))
    elapsed_s = sum(values["elapsed_s"] for values in iterations)
    numbers.append(("time of all stages", f"{elapsed_s:,.0f} s"))
    return numbers
