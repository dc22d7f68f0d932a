"""Where a model digest occurs: the models of the workspace and of every revision.

A revision's models are not checked out; their bytes are read from DVC's cache.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from stages.engines.chat import ChatEngine
from stages.explore import experiments
from stages.pipeline.cache_dir import cache_dir
from stages.pipeline.digests import files_digest, folder_digest

LOCKS = ("dvc.lock", "stages/dvc.lock")
SERVER = ChatEngine.version  # an engine whose models are not folders


@dataclass
class ModelLocations:
    """Where the model of each digest is, and the models whose files are not in the cache."""

    locations: dict[str, list[str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def find_models() -> ModelLocations:
    """Finds every model of the workspace, branches, tags and experiments."""
    models = ModelLocations()
    for file in sorted(Path("models").rglob("config.json")):
        models.locations.setdefault(folder_digest(file.parent), []).append(str(file.parent))
    digest_of: dict[str, str | None] = {}  # most revisions share most of their models
    for revision, ref in experiments.revisions().items():
        for path, dvc_hash in _models_at(ref):
            if dvc_hash not in digest_of:
                digest_of[dvc_hash] = _cached_digest(dvc_hash)
            digest = digest_of[dvc_hash]
            if digest is None:
                models.missing.append(f"{revision}:{path}")
            else:
                models.locations.setdefault(digest, []).append(f"{revision}:{path}")
    return models


def _models_at(ref: str) -> Iterator[tuple[str, str]]:
    """Yields (path, DVC's hash) of each model in a revision's lock files."""
    for lock in LOCKS:
        text = experiments.file_at(ref, lock)
        content: dict[str, Any] = (yaml.safe_load(text) if text else None) or {}
        for stage in content.get("stages", {}).values():
            for out in stage.get("outs", []):
                if "models/" in out["path"] and out.get("md5"):
                    yield out["path"].removeprefix("../"), out["md5"]


def _cached_digest(dvc_hash: str) -> str | None:
    """The digest of a model folder in DVC's cache; None if part of it is missing."""
    try:
        listed = json.loads(_cache_path(dvc_hash).read_bytes())
        return files_digest({Path(f["relpath"]): _cache_path(f["md5"]) for f in listed})
    except (OSError, ValueError):
        return None


def _cache_path(md5: str) -> Path:
    return cache_dir("files") / "md5" / md5[:2] / md5[2:]
