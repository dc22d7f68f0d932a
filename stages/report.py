"""report: the results → report.html, metrics.json, scores.json, plots/ and tables on the terminal.

Reads every view up to the run's last iteration, even if data/ has later ones; SIPF Tables 6
and 7 (budget and data sizes) and Figure 3 (log-probabilities) are among its charts.
"""

import json
from pathlib import Path
from typing import Any, ClassVar

from schemas import store, views
from schemas.errors import RatchetError
from stages.pipeline import params
from stages.pipeline.params import Section
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.results import metrics, page, plots, summary, terminal

PAGE = Path("report.html")
METRICS, SCORES = Path("metrics.json"), Path("scores.json")


class RunSettings(Section):
    """Section `run`: names only, for the reader."""

    section: ClassVar[str] = "run"
    recipe: str
    task: str
    model: str


class ReportSettings(Section):
    """Section `report`."""

    section: ClassVar[str] = "report"
    title: str


@stage()
def report(
    run: RunSettings,
    report: ReportSettings,
    stage_run: StageRun,
) -> None:
    """Writes report.html, metrics.json, scores.json and plots/, and prints their tables."""
    iteration = last_iteration(params.load())
    connection = views.connect(until=iteration)
    named = run.model_dump() | {"seed": stage_run.seed, "iteration": iteration}
    measured = metrics.run_metrics(connection, named)
    html, curves = page.render(connection, report.title, measured), plots.texts(connection)
    store.write_text(METRICS, json.dumps(measured, indent=2) + "\n")
    store.write_text(SCORES, json.dumps(metrics.scores(measured), indent=2) + "\n")
    store.write_text(PAGE, html)
    plots.write(curves)
    console = terminal.console()
    for table in summary.tables(connection, measured):
        console.print(table)
    console.print(f"\nThe whole report: {PAGE}")


def last_iteration(values: dict[str, Any]) -> int:
    """The number of iterations in params.yaml. Raises RatchetError if it is not a number."""
    iteration = values.get("iteration")
    if not isinstance(iteration, int) or isinstance(iteration, bool) or iteration < 0:
        raise RatchetError(
            f"params.yaml: iteration is {iteration!r}: set it to a number of at least 1"
        )
    return iteration


if __name__ == "__main__":
    report.main()
