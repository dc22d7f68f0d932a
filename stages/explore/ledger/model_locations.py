"""Where models are: in workspaces, in every revision, and in DVC's cache of runs.

Whatever names a model can ask for its draws again. A revision's models are not checked out: its
lock files name them by DVC's hash, and their bytes are read from DVC's cache if they are there.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import RatchetError
from stages.contract.stage_list import DVC_LOCKS
from stages.engines.chat import ChatEngine
from stages.engines.completions import CompletionsEngine
from stages.engines.draw_origin import Origin
from stages.explore import experiments
from stages.pipeline.cache_dir import cache_dir
from stages.pipeline.digests import files_digest, folder_digest

SERVERS = (ChatEngine.version, CompletionsEngine.version)  # engines whose models are not folders
QUEUED = Path(".dvc/tmp/exps")  # where DVC runs the experiments of the queue
RUN_CACHE = "the run cache"


@dataclass
class ModelLocations:
    """Where the models are, by digest of the weights, and by DVC's hash if a lock file names it."""

    by_digest: dict[str, list[str]] = field(default_factory=dict)
    by_hash: dict[str, list[str]] = field(default_factory=dict)
    _seen: set[Path] = field(default_factory=set)

    def places(self, engine: str, model: str, origin: Origin | None) -> list[str]:
        """Everything that can ask for the draws of a ledger folder again."""
        if engine in SERVERS:
            return ["a server"]
        found = list(self.by_digest.get(model, []))
        if origin:
            found += self.by_digest.get(origin.weights, [])
            found += self.by_hash.get(origin.dvc_hash, [])
        return list(dict.fromkeys(found))

    def add_folder(self, folder: Path) -> None:
        """Adds a folder, if a model is in it that is not there yet."""
        if folder.resolve() not in self._seen:
            self._seen.add(folder.resolve())
            with suppress(RatchetError, OSError):  # no longer a model folder
                self.by_digest.setdefault(folder_digest(folder), []).append(str(folder))


def find_models(origins: Iterable[Origin | None] = ()) -> ModelLocations:
    """Finds every model of the workspaces, of all revisions, and of the run cache.

    `origins` of draws name folders of further workspaces that share the ledger.
    """
    models = ModelLocations()
    checked_out = [Path("models"), *sorted(QUEUED.glob("**/models"))]
    for file in [file for top in checked_out for file in sorted(top.rglob("config.json"))]:
        models.add_folder(file.parent)
    for folder in [folder for origin in origins if origin for folder in origin.folders]:
        models.add_folder(Path(folder))
    digest_of: dict[str, str | None] = {}  # most revisions share most of their models
    for location, dvc_hash in _locked_models():
        if dvc_hash not in digest_of:
            digest_of[dvc_hash] = _cached_digest(dvc_hash)
        models.by_hash.setdefault(dvc_hash, []).append(location)
        if digest := digest_of[dvc_hash]:
            models.by_digest.setdefault(digest, []).append(location)
    for dvc_hash in _models_of_runs():
        if dvc_hash not in digest_of and (digest := _cached_digest(dvc_hash)):
            models.by_digest.setdefault(digest, []).append(RUN_CACHE)
            models.by_hash.setdefault(dvc_hash, []).append(RUN_CACHE)
    return models


def _locked_models() -> Iterator[tuple[str, str]]:
    """Yields (revision:path, DVC's hash) of each model in a lock file of any revision.

    Branches, tags and experiments have all of theirs; other commits those that none before has.
    """
    named: set[str] = set()
    for revision, ref in experiments.revisions().items():
        for lock in DVC_LOCKS:
            for path, dvc_hash in _models_in(experiments.file_at(ref, lock)):
                named.add(dvc_hash)
                yield f"{revision}:{path}", dvc_hash
    for commit, text in experiments.file_versions(DVC_LOCKS):
        for path, dvc_hash in _models_in(text):
            if dvc_hash not in named:
                named.add(dvc_hash)
                yield f"{commit[:7]}:{path}", dvc_hash


def _models_of_runs() -> set[str]:
    """DVC's hash of each model that a stage can be given back without running again."""
    hashes: set[str] = set()
    for file in cache_dir("runs").glob("*/*/*"):
        try:
            run = yaml.safe_load(file.read_text())
        except (OSError, ValueError, yaml.YAMLError):
            continue
        hashes |= {dvc_hash for _, dvc_hash in _models_of([run])}
    return hashes


def _models_in(lock: str | None) -> list[tuple[str, str]]:
    """(path, DVC's hash) of each model that a lock file's text names."""
    try:
        content: Any = yaml.safe_load(lock or "")
        return _models_of(content["stages"].values())
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):
        return []  # no lock file there, or one with conflicts


def _models_of(stages: Iterable[Any]) -> list[tuple[str, str]]:
    """(path, DVC's hash) of each model that one of these stages made."""
    outs = [out for stage in stages for out in (stage or {}).get("outs", [])]
    made = [(out["path"].removeprefix("../"), out.get("md5")) for out in outs]
    return [(path, md5) for path, md5 in made if path.startswith("models/") and md5]


def _cached_digest(dvc_hash: str) -> str | None:
    """The digest of a model folder in DVC's cache; None if part of it is missing."""
    try:
        listed = json.loads(_cache_path(dvc_hash).read_bytes())
        return files_digest({Path(f["relpath"]): _cache_path(f["md5"]) for f in listed})
    except (OSError, ValueError):
        return None


def _cache_path(md5: str) -> Path:
    return cache_dir("files") / "md5" / md5[:2] / md5[2:]
