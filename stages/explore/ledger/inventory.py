"""`ratchet ledger`: what the generation ledger holds of each model, and a way to be rid of it."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import typer

from schemas.errors import RatchetError
from stages.engines.ledger import ledger_folder
from stages.explore.ledger import model_locations
from stages.results import terminal

MIN_DIGEST_CHARS, SHOWN_DIGEST_CHARS = (
    4,
    12,
)  # characters of a digest that name a model, and that are shown


@dataclass(frozen=True)
class ModelDraws:
    """One engine's draws from one model."""

    engine: str
    model: str
    n_draws: int
    n_tokens: int
    n_bytes: int
    last_used: str
    places: list[str]

    @property
    def name(self) -> str:
        """The folder's name in the ledger."""
        return f"{self.engine}-{self.model}"


def show(as_json: bool) -> None:
    """Prints a row for each model and engine. Raises RatchetError for an empty ledger."""
    found = read_ledger(model_locations.find_models().locations)
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2))
        return
    heads = ["engine", "model", "draws", "tokens", "size", "last used", "is"]
    rows = [
        [h.engine, h.model[:SHOWN_DIGEST_CHARS], f"{h.n_draws:,}", f"{h.n_tokens:,}",
         size(h.n_bytes), h.last_used, _list_few(h.places)]
        for h in found
    ]  # fmt: skip
    console = terminal.console()
    console.print(terminal.table(heads, rows))
    console.print(f"{amount(found)} in {ledger_folder()}", style="dim")


def _list_few(locations: Sequence[str], most: int = 3) -> str:
    more = len(locations) - most
    return ", ".join(locations[:most]) + (f" and {more} more" if more > 0 else "")


def read_ledger(locations: dict[str, list[str]]) -> list[ModelDraws]:
    """What the ledger holds, last used first. Raises RatchetError when that is nothing."""
    folders = [path for path in ledger_folder().glob("*-*") if path.is_dir()]
    if not folders:
        raise RatchetError(f"the ledger {ledger_folder()} is empty: stages that draw fill it")
    found = [_read_model_draws(folder, locations) for folder in folders]
    return sorted(found, key=lambda one: (one.last_used, one.name), reverse=True)


def _read_model_draws(folder: Path, locations: dict[str, list[str]]) -> ModelDraws:
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
            continue  # damaged, or merged since: the next stage that draws sees to it
    used = datetime.fromtimestamp(folder.stat().st_mtime).isoformat(" ", "minutes")
    where = ["a server"] if engine == model_locations.SERVER else locations.get(model, [])
    return ModelDraws(engine, model, n_draws, n_tokens, n_bytes, used, where)


def delete(prefix: str | None, unused: bool, yes: bool) -> None:
    """Deletes what is named, after a question unless `yes`. Raises RatchetError for nothing."""
    if prefix and unused:
        raise RatchetError("--prune and --prune-unused exclude each other: choose one")
    if prefix:
        chosen, note = find_model_draws(read_ledger({}), prefix), ""
    else:
        known = model_locations.find_models()
        chosen = [one for one in read_ledger(known.locations) if not one.places]
        note = "".join(f"\n  not in the cache, so not known: {lost}" for lost in known.missing)
    if not chosen:
        print("every model in the ledger is in use: nothing was deleted")
        return
    print("\n".join(f"  {one.name}: {one.n_draws:,} draws, {size(one.n_bytes)}" for one in chosen))
    if not yes and not _confirm(f"{amount(chosen)}{note}\nDelete them?"):
        raise RatchetError("nothing was deleted: answer y, or give --yes")
    for folder in [ledger_folder() / one.name for one in chosen]:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise RatchetError(f"cannot delete {folder}: {error.strerror or error}") from error
    print(f"deleted: {amount(chosen)}")


def _confirm(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:
        return False


def find_model_draws(found: Sequence[ModelDraws], prefix: str) -> list[ModelDraws]:
    """What is held of the one model whose digest begins so. Raises RatchetError for none, many."""
    if len(prefix) < MIN_DIGEST_CHARS:
        raise RatchetError(
            f"--prune {prefix}: name at least {MIN_DIGEST_CHARS} characters of the model"
        )
    chosen = [one for one in found if one.model.startswith(prefix)]
    models = sorted({one.model for one in chosen})
    if not models:
        raise RatchetError(f"the ledger has no model {prefix}…: `ratchet ledger` lists them")
    if len(models) > 1:
        raise RatchetError(f"{prefix} begins {len(models)} models: {', '.join(models)}")
    return chosen


def amount(found: Sequence[ModelDraws]) -> str:
    """«2 models, 1,200 draws, 3.1 MB»."""
    n = len({one.model for one in found})
    draws, n_bytes = sum(one.n_draws for one in found), sum(one.n_bytes for one in found)
    return f"{n} model{'' if n == 1 else 's'}, {draws:,} draws, {size(n_bytes)}"


def size(n_bytes: int) -> str:
    """Bytes in the unit that suits them."""
    for unit, limit in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n_bytes >= limit:
            return f"{n_bytes / limit:.1f} {unit}"
    return f"{n_bytes} B"
