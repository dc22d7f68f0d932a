"""Whose draws they are: the models of the workspace and of every revision, by their digest.

A revision's models are not checked out; their bytes are read where DVC's cache keeps them.
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
SERVER = ChatEngine.version  # its models are no folders


@dataclass
class ModelLocations:
    """Where each digest's model is, and which models are named but nowhere at hand."""

    locations: dict[str, list[str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def find_models() -> ModelLocations:
    """Every model that the workspace, or a branch, tag or experiment, has."""
    found = ModelLocations()
    for file in sorted(Path("models").rglob("config.json")):
        found.locations.setdefault(folder_digest(file.parent), []).append(str(file.parent))
    seen: dict[str, str | None] = {}  # most revisions share most of their models
    for revision, ref in experiments.revisions().items():
        for path, dvc_hash in _models_at(ref):
            if dvc_hash not in seen:
                seen[dvc_hash] = _cached_digest(dvc_hash)
            digest = seen[dvc_hash]
            if digest is None:
                found.missing.append(f"{revision}:{path}")
            else:
                found.locations.setdefault(digest, []).append(f"{revision}:{path}")
    return found


def _models_at(ref: str) -> Iterator[tuple[str, str]]:
    """(path, DVC's hash) of each model that a revision's lock files name."""
    for lock in LOCKS:
        text = experiments.file_at(ref, lock)
        content: dict[str, Any] = (yaml.safe_load(text) if text else None) or {}
        for stage in content.get("stages", {}).values():
            for out in stage.get("outs", []):
                if "models/" in out["path"] and out.get("md5"):
                    yield out["path"].removeprefix("../"), out["md5"]


def _cached_digest(dvc_hash: str) -> str | None:
    """The digest of a model folder in DVC's cache; None where not all of it is there."""
    try:
        listed = json.loads(_cache_path(dvc_hash).read_bytes())
        return files_digest({Path(f["relpath"]): _cache_path(f["md5"]) for f in listed})
    except (OSError, ValueError):
        return None


def _cache_path(md5: str) -> Path:
    return cache_dir("files") / "md5" / md5[:2] / md5[2:]
