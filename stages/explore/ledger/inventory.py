"""`ratchet ledger`: lists what the generation ledger holds of each model, and deletes it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import typer

from schemas.errors import RatchetError
from stages.engines.draw_origin import Origin, read_origin
from stages.engines.ledger import Ledger, ledger_folder
from stages.explore.ledger.model_locations import ModelLocations, find_models
from stages.results import terminal

MIN_DIGEST_CHARS = 4  # of a digest that names a model
SHOWN_DIGEST_CHARS = 12


@dataclass(frozen=True)
class ModelDraws:
    """What the ledger holds of one model, drawn by one engine.

    `places` can ask for it again. `has_origin`: whether the ledger says whose model it is, without
    which no places may only mean that they were not found.
    """

    engine: str
    model: str
    n_draws: int
    n_tokens: int
    n_bytes: int
    last_used: str
    places: list[str]
    has_origin: bool

    @property
    def name(self) -> str:
        """The folder's name in the ledger."""
        return f"{self.engine}-{self.model}"


def show(as_json: bool) -> None:
    """Prints a row for each model and engine. Raises RatchetError for an empty ledger."""
    entries = read_ledger()
    if as_json:
        print(json.dumps([asdict(entry) for entry in entries], indent=2))
        return
    heads = ["engine", "model", "draws", "tokens", "size", "last used", "is"]
    rows = [
        [e.engine, e.model[:SHOWN_DIGEST_CHARS], f"{e.n_draws:,}", f"{e.n_tokens:,}",
         size(e.n_bytes), e.last_used, _list_few(e.places)]
        for e in entries
    ]  # fmt: skip
    console = terminal.console()
    console.print(terminal.table(heads, rows))
    console.print(f"{amount(entries)} in {ledger_folder()}", style="dim")


def _list_few(locations: Sequence[str], most: int = 3) -> str:
    n_more = len(locations) - most
    return ", ".join(locations[:most]) + (f" and {n_more} more" if n_more > 0 else "")


def read_ledger() -> list[ModelDraws]:
    """What the ledger holds, most recently used first. Raises RatchetError if it is empty."""
    folders = [path for path in ledger_folder().glob("*-*") if path.is_dir()]
    if not folders:
        raise RatchetError(f"the ledger {ledger_folder()} is empty: stages that draw fill it")
    origins = [read_origin(folder) for folder in folders]
    models = find_models(origins)
    entries = [_read_model_draws(f, o, models) for f, o in zip(folders, origins, strict=True)]
    return sorted(entries, key=lambda entry: (entry.last_used, entry.name), reverse=True)


def _read_model_draws(folder: Path, origin: Origin | None, models: ModelLocations) -> ModelDraws:
    engine, _, model = folder.name.rpartition("-")
    n_draws = n_tokens = n_bytes = 0
    for file in folder.iterdir():
        try:
            n_bytes += file.stat().st_size
            if file.suffix == ".parquet":
                tokens = pl.read_parquet(file, columns=["n_tokens"], hive_partitioning=False)
                n_draws += tokens.height
                n_tokens += int(tokens["n_tokens"].sum())
        except (pl.exceptions.PolarsError, OSError):
            continue  # damaged, or merged meanwhile: the next stage that draws handles it
    used = datetime.fromtimestamp(folder.stat().st_mtime).isoformat(" ", "minutes")
    places = models.places(engine, model, origin)
    return ModelDraws(engine, model, n_draws, n_tokens, n_bytes, used, places, origin is not None)


def delete(prefix: str | None, unused: bool, dry_run: bool, yes: bool) -> None:
    """Deletes the named draws, after a question unless `yes`. Raises RatchetError if none match."""
    if prefix and unused:
        raise RatchetError("--prune and --prune-unused exclude each other: choose one")
    if not (prefix or unused):
        raise RatchetError("--dry-run shows what --prune or --prune-unused deletes: give one too")
    entries = read_ledger()
    chosen = find_model_draws(entries, prefix) if prefix else find_unused(entries)
    if not chosen:
        print("every model in the ledger is in use: nothing was deleted")
        return
    print("\n".join(_describe(entry) for entry in chosen))
    if dry_run:
        print(f"would delete: {amount(chosen)}")
        return
    if not yes and not _confirm(f"{amount(chosen)}\nDelete them?"):
        raise RatchetError("nothing was deleted: answer y, or give --yes")
    for entry in chosen:
        ledger = Ledger(entry.name)
        try:
            ledger.delete()
        except OSError as error:
            reason = error.strerror or error
            raise RatchetError(f"cannot delete {ledger.folder}: {reason}") from error
    print(f"deleted: {amount(chosen)}")


def find_unused(entries: Sequence[ModelDraws]) -> list[ModelDraws]:
    """The draws that nothing can ask for again; those that may be in use are named on stderr."""
    homeless = [entry for entry in entries if not entry.places]
    for entry in homeless:
        if not entry.has_origin:
            print(
                f"kept, as the ledger does not say whose model it is: {entry.name} "
                f"(delete it with --prune {entry.model[:SHOWN_DIGEST_CHARS]})",
                file=sys.stderr,
            )
    return [entry for entry in homeless if entry.has_origin]


def _describe(entry: ModelDraws) -> str:
    of = f", of {_list_few(entry.places)}" if entry.places else ""
    return f"  {entry.name}: {entry.n_draws:,} draws, {size(entry.n_bytes)}{of}"


def _confirm(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:
        return False


def find_model_draws(entries: Sequence[ModelDraws], prefix: str) -> list[ModelDraws]:
    """The entries of the one model with this prefix. Raises RatchetError for none or several."""
    if len(prefix) < MIN_DIGEST_CHARS:
        raise RatchetError(
            f"--prune {prefix}: give at least {MIN_DIGEST_CHARS} characters of the model's digest"
        )
    chosen = [entry for entry in entries if entry.model.startswith(prefix)]
    models = sorted({entry.model for entry in chosen})
    if not models:
        raise RatchetError(f"the ledger has no model {prefix}…: `ratchet ledger` lists them")
    if len(models) > 1:
        raise RatchetError(
            f"--prune {prefix} matches {len(models)} models ({', '.join(models)}): "
            "give more characters"
        )
    return chosen


def amount(entries: Sequence[ModelDraws]) -> str:
    """The totals as in "2 models, 1,200 draws, 3.1 MB"."""
    n = len({entry.model for entry in entries})
    draws, n_bytes = sum(e.n_draws for e in entries), sum(e.n_bytes for e in entries)
    return f"{n} model{'' if n == 1 else 's'}, {draws:,} draws, {size(n_bytes)}"


def size(n_bytes: int) -> str:
    """A number of bytes in B, kB, MB or GB."""
    for unit, limit in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n_bytes >= limit:
            return f"{n_bytes / limit:.1f} {unit}"
    return f"{n_bytes} B"
