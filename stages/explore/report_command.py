"""`ratchet report`: the page of any revision, alone or with a second run beside it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemas import store, views
from schemas.errors import RatchetError
from stages.explore.revisions import WORKSPACE, Revision, open_revision
from stages.results import metrics, page
from stages.results.run_facts import Run

NAMES = ("recipe", "task", "model")


def write_report(rev: str, against: str | None, out: Path | None) -> None:
    """Writes the page and prints its name.

    Raises RatchetError if a revision is unknown or is no run, or the page can't be written.
    """
    file = out or Path(file_name(rev, against))
    if not file.absolute().parent.is_dir():
        raise RatchetError(f"--out {file}: there is no folder {file.parent}: create it first")
    with open_revision(rev) as ours:
        title = (ours.params.get("report") or {}).get("title", "Ratchet run")
        with open_run(ours) as run:
            if against is None:
                text = page.render(run.connection, title, run.measured, name=run.name)
            else:
                with open_revision(against) as theirs, open_run(theirs) as other:
                    text = page.render(run.connection, title, run.measured, other, run.name)
    store.write_text(file, text)
    print(f"The report: {file}")


def file_name(rev: str, against: str | None) -> str:
    """report.html, report-exp-7.html, report-against-main.html, report-exp-7-against-main.html."""
    names = ["report"] if rev == WORKSPACE else ["report", rev]
    names += [] if against is None else ["against", against]
    return "-".join(re.sub(r"[^\w.]+", "-", name) for name in names) + ".html"


@contextmanager
def open_run(revision: Revision) -> Iterator[Run]:
    """A revision's views and metrics. Raises RatchetError if it has no parameters of a run."""
    iteration = revision.last_iteration
    named = run_names(revision.params)
    if named is None or iteration is None:
        raise RatchetError(f"{revision.name} has no params.yaml of a run: name another revision")
    with views.connect(iteration, revision.root) as connection:
        measured = metrics.run_metrics(connection, named | {"iteration": iteration})
        yield Run("this run" if revision.name == WORKSPACE else revision.name, connection, measured)


def run_names(params: dict[str, Any]) -> dict[str, Any] | None:
    """The names of recipe, task and model, and the seed; None if the parameters lack them."""
    found = params.get("run")
    if not isinstance(found, dict) or not all(name in found for name in NAMES):
        return None
    return {name: found[name] for name in NAMES} | {"seed": params.get("seed", 0)}
