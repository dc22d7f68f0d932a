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
from stages.engines.ledger import location
from stages.explore.ledger import model_locations
from stages.results import terminal

SHORT, SHOWN = 4, 12  # characters of a digest that name a model, and that are shown


@dataclass(frozen=True)
class Held:
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
    found = held(model_locations.models().places)
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2))
        return
    heads = ["engine", "model", "draws", "tokens", "size", "last used", "is"]
    rows = [
        [h.engine, h.model[:SHOWN], f"{h.n_draws:,}", f"{h.n_tokens:,}", size(h.n_bytes),
         h.last_used, _few(h.places)]
        for h in found
    ]  # fmt: skip
    console = terminal.console()
    console.print(terminal.table(heads, rows))
    console.print(f"{amount(found)} in {location()}", style="dim")


def _few(places: Sequence[str], most: int = 3) -> str:
    more = len(places) - most
    return ", ".join(places[:most]) + (f" and {more} more" if more > 0 else "")


def held(places: dict[str, list[str]]) -> list[Held]:
    """What the ledger holds, last used first. Raises RatchetError when that is nothing."""
    folders = [path for path in location().glob("*-*") if path.is_dir()]
    if not folders:
        raise RatchetError(f"the ledger {location()} is empty: stages that draw fill it")
    found = [_held(folder, places) for folder in folders]
    return sorted(found, key=lambda one: (one.last_used, one.name), reverse=True)


def _held(folder: Path, places: dict[str, list[str]]) -> Held:
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
    where = ["a server"] if engine == model_locations.SERVER else places.get(model, [])
    return Held(engine, model, n_draws, n_tokens, n_bytes, used, where)


def delete(prefix: str | None, unused: bool, yes: bool) -> None:
    """Deletes what is named, after a question unless `yes`. Raises RatchetError for nothing."""
    if prefix and unused:
        raise RatchetError("--prune and --prune-unused exclude each other: choose one")
    if prefix:
        chosen, note = named(held({}), prefix), ""
    else:
        known = model_locations.models()
        chosen = [one for one in held(known.places) if not one.places]
        note = "".join(f"\n  not in the cache, so not known: {lost}" for lost in known.lost)
    if not chosen:
        print("every model in the ledger is in use: nothing was deleted")
        return
    print("\n".join(f"  {one.name}: {one.n_draws:,} draws, {size(one.n_bytes)}" for one in chosen))
    if not yes and not _agreed(f"{amount(chosen)}{note}\nDelete them?"):
        raise RatchetError("nothing was deleted: answer y, or give --yes")
    for folder in [location() / one.name for one in chosen]:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise RatchetError(f"cannot delete {folder}: {error.strerror or error}") from error
    print(f"deleted: {amount(chosen)}")


def _agreed(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:
        return False


def named(found: Sequence[Held], prefix: str) -> list[Held]:
    """What is held of the one model whose digest begins so. Raises RatchetError for none, many."""
    if len(prefix) < SHORT:
        raise RatchetError(f"--prune {prefix}: name at least {SHORT} characters of the model")
    chosen = [one for one in found if one.model.startswith(prefix)]
    models = sorted({one.model for one in chosen})
    if not models:
        raise RatchetError(f"the ledger has no model {prefix}…: `ratchet ledger` lists them")
    if len(models) > 1:
        raise RatchetError(f"{prefix} begins {len(models)} models: {', '.join(models)}")
    return chosen


def amount(found: Sequence[Held]) -> str:
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
