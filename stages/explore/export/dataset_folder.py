"""A folder that `datasets.load_dataset` reads whole: Parquet files by split, and a card."""

import json
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from schemas import store, views
from schemas.errors import RatchetError
from schemas.table import Table
from stages.explore.export.card_facts import RunFacts, tool_version
from stages.explore.export.export_kinds import Kind
from stages.explore.export.prompt_texts import ask, chat_renderer, form_of
from stages.explore.revisions import WORKSPACE, Revision
from stages.pipeline.digests import digest

CARD = "README.md"
FAMILIES = "select problem_id, coalesce(form_of, problem_id) as family from problems"


@dataclass(frozen=True)
class Exported:
    """The rows of a data set by split, and what its card says of them."""

    kind: Kind
    iteration: int | None
    splits: dict[str, pl.DataFrame]
    n_problems: int
    by_iteration: list[tuple[int, int]]

    @property
    def n_rows(self) -> int:
        """The rows of all splits."""
        return sum(frame.height for frame in self.splits.values())


@dataclass(frozen=True)
class DatasetFolder:
    """A data set's files (path in the folder → content), and the path of each split."""

    files: dict[str, bytes]
    paths: dict[str, str]


def files_of(exported: Exported, facts: RunFacts) -> DatasetFolder:
    """Each split as Parquet, in a file that is named by its content.

    `load_dataset` keeps what it has read under the names in a folder's card: were they the same,
    it would go on to give the rows of an earlier export.
    """
    metadata = file_metadata(exported.kind.table, facts)
    files, paths = {}, {}
    for name, frame in exported.splits.items():
        buffer = BytesIO()
        frame.write_parquet(buffer, **store.PINNED, metadata=metadata)
        content = buffer.getvalue()
        paths[name] = f"data/{name}-{blake2b(content, digest_size=4).hexdigest()}.parquet"
        files[paths[name]] = content
    return DatasetFolder(files, paths)


def read_rows(
    connection: Any, run: Revision, kind: Kind, iteration: int | None, test_share: float
) -> Exported:
    """The rows of an iteration, or the distinct ones of all (None), split by problem.

    Raises RatchetError if there are none.
    """
    rows = _frame(connection, kind.query, iteration=iteration)
    if rows.is_empty():
        of = "" if iteration is None else f" in iteration {iteration}"
        raise RatchetError(
            f'{run.name} has no {kind.noun}{of}: `ratchet sql "select iteration, count(*) from '
            f'{kind.noun} group by all"` counts them'
        )
    families = _frame(connection, FAMILIES)
    shown = ask(rows, kind, form_of(run.params), chat_renderer(run.name == WORKSPACE))
    return Exported(
        kind,
        iteration,
        split(shown, families, test_share),
        rows["problem_id"].n_unique(),
        rows.group_by("iteration").len().sort("iteration").rows(),
    )


def _frame(connection: Any, query: str, **parameters: object) -> pl.DataFrame:
    relation = connection.sql(query.rstrip().removesuffix(";"), params=parameters or None)
    return pl.DataFrame(pl.from_arrow(relation.to_arrow_table()))


def split(rows: pl.DataFrame, families: pl.DataFrame, share: float) -> dict[str, pl.DataFrame]:
    """Split → rows. Of the problems, `share` is for testing, the same ones in every export.

    families: (problem_id, family); the forms of one problem are a family, and stay together.
    """
    family = dict(families.rows())
    held = {p for p in rows["problem_id"].unique() if _fraction(family.get(p, p)) < share}
    is_held = pl.col("problem_id").is_in(sorted(held))
    frames = {"train": rows.filter(~is_held), "test": rows.filter(is_held)}
    return {name: frame for name, frame in frames.items() if not frame.is_empty()}


def _fraction(family: str) -> float:
    """A number in [0, 1) that depends on the family alone."""
    return int(digest("export", family, size=4), 16) / 2**32


def write_dataset(folder: DatasetFolder, card: str, out: Path) -> None:
    """Writes the folder's files, each whole or not at all; those of an earlier export go.

    Raises RatchetError if the folder holds anything else, or can't be written.
    """
    claim(out, {CARD, "data"})
    (out / "data").mkdir(parents=True, exist_ok=True)
    for path, content in folder.files.items():
        with store.atomic_path(out / path) as partial:
            partial.write_bytes(content)
    store.write_text(out / CARD, card)
    for file in (out / "data").glob("*.parquet"):
        if str(file.relative_to(out)) not in folder.files:
            file.unlink()


def claim(out: Path, names: set[str]) -> None:
    """Raises RatchetError if the folder holds anything but these names."""
    if out.exists() and not out.is_dir():
        raise RatchetError(f"--out {out} is a file: name a folder")
    held = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if others := sorted(held - names):
        raise RatchetError(f"--out {out} holds other files ({others[0]}): name an empty folder")


def file_metadata(table: type[Table], facts: RunFacts) -> dict[str, str]:
    """Key-value metadata of a Parquet file: the table, a digest of its schema, and the run."""
    schema = {name: views.sql_type(kind) for name, kind in table.polars_schema().items()}
    return {
        "ratchet.version": tool_version(),
        "ratchet.table": table.noun,
        "ratchet.schema": digest(json.dumps(schema), size=4),
        "ratchet.run": facts.metadata(),
    }
