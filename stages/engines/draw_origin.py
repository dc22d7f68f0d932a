"""Which model a folder of the ledger was drawn from, so that pruning can tell what is in use.

The folder's name has a digest that may cover more than the weights (a role's own system message),
and models that are not checked out are known by DVC's hash alone. So `origin.json` keeps the
weights' digest, DVC's hash of the model folder, and every folder that the model was drawn from.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from schemas.store import atomic_path

FILE = "origin.json"


@dataclass(frozen=True)
class Origin:
    """The model of a folder of draws. `folders` are absolute; they may have changed since."""

    weights: str
    dvc_hash: str
    folders: list[str]


def read_origin(draws: Path) -> Origin | None:
    """The origin of a ledger folder's draws; None if it was never recorded, or is damaged."""
    try:
        return Origin(**json.loads((draws / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def record(draws: Path, model: Path, new: Origin) -> None:
    """Adds a model folder to the origin of a ledger folder's draws, `new` if there is none yet.

    The caller holds the ledger folder's lock.
    """
    origin = read_origin(draws) or new
    folders = sorted({*origin.folders, str(model.resolve())})
    with atomic_path(draws / FILE) as partial:
        partial.write_text(json.dumps(asdict(replace(origin, folders=folders)), indent=2) + "\n")
