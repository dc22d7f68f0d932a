"""Each kind of export, from a revision to a folder on disk; each prints what it has written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from schemas import views
from schemas.errors import RatchetError
from stages.explore.export.card_facts import facts_of
from stages.explore.export.dataset_card import dataset_card
from stages.explore.export.dataset_folder import files_of, read_rows, write_dataset
from stages.explore.export.export_kinds import KINDS
from stages.explore.export.lm_eval_tasks import write_tasks
from stages.explore.export.model_folder import TASKS, model_folder, write_model
from stages.explore.export.push import push
from stages.explore.revisions import WORKSPACE, Revision, open_revision
from stages.explore.sql.one_select import temporary_connection
from stages.results import terminal

FOLDER = Path("exports")


@contextmanager
def open_run(rev: str) -> Iterator[tuple[Revision, Any]]:
    """(revision, connection with its views), of the iterations that its parameters ask for."""
    with open_revision(rev) as run, temporary_connection() as connection:
        views.create_views(connection, run.last_iteration, run.root)
        yield run, connection


def export_rows(
    noun: str, iteration: int | None, out: Path | None, rev: str, test_share: float
) -> Path:
    """Writes the rows of a table as a data set; returns its folder."""
    folder = out or FOLDER / noun
    with open_run(rev) as (run, connection):
        exported = read_rows(connection, run, KINDS[noun], iteration, test_share)
        facts = facts_of(run)
        files = files_of(exported, facts)
        card = dataset_card(connection, exported, files.paths, facts, str(folder))
        write_dataset(files, card, folder)
    counts = ", ".join(f"{frame.height:,} {name}" for name, frame in exported.splits.items())
    terminal.note(f"{folder}: {exported.n_rows:,} {noun} ({counts})")
    return folder


def push_folder(folder: Path, repo: str, kind: Literal["dataset", "model"], private: bool) -> None:
    """Pushes an exported folder and says where it is."""
    terminal.note(f"pushed to {push(folder, repo, kind, private)}")


def export_model(what: str, iteration: int | None, out: Path | None, rev: str) -> Path:
    """Writes an iteration's model or verifier with its card; returns its folder."""
    if rev != WORKSPACE:
        raise RatchetError(f"a {what} is exported from the workspace: `dvc exp apply {rev}` first")
    with open_run(rev) as (run, connection):
        facts = facts_of(run)
        source = model_folder(what, iteration, facts)
        folder = out or FOLDER / f"{what}-{source.name.removeprefix('iteration=')}"
        write_model(connection, source, facts, folder)
    terminal.note(f"{folder}: {source} with its card")
    return folder


def export_tasks(out: Path | None, rev: str, model: Path | None) -> Path:
    """Writes the run's suites as tasks of lm-evaluation-harness, beside the model if any."""
    folder = model / TASKS if model else out or FOLDER / TASKS
    with open_run(rev) as (run, connection):
        named = str(model or FOLDER / f"model-{run.last_iteration}")
        tasks = write_tasks(connection, facts_of(run), folder, named)
    terminal.note(f"{folder}: {', '.join(tasks)}; its README.md has the command")
    return folder
