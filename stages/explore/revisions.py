"""The runs that can be opened: the files here, and the tables of any revision in DVC's cache.

A revision is not checked out: a temporary folder links the tables' names to files in the cache, so
DuckDB reads only the parts of them that it needs.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas import views
from schemas.errors import RatchetError
from schemas.store import FILE
from stages.explore import experiments
from stages.pipeline import params

WORKSPACE = "workspace"
FETCH = "run `dvc fetch --all-commits`, or for an experiment `dvc exp pull REMOTE NAME`"


@dataclass(frozen=True)
class Revision:
    """A run whose tables are in `root`/data, in the layout of the store."""

    name: str
    root: Path
    params: dict[str, Any]

    @property
    def last_iteration(self) -> int | None:
        """The last iteration that the parameters ask for; None if they don't say."""
        value = self.params.get("iteration")
        return value if type(value) is int else None

    def iterations(self) -> list[int]:
        """The iterations of the run that have a table."""
        return [
            k
            for k in self._iterations_on_disk()
            if self.last_iteration is None or k <= self.last_iteration
        ]

    def leftovers(self) -> list[int]:
        """Iterations after the run's last one, left by an earlier run with other parameters."""
        return [k for k in self._iterations_on_disk() if k not in self.iterations()]

    def _iterations_on_disk(self) -> list[int]:
        folders = {folder for file in views.files(self.root) for folder in file.parts}
        return sorted(int(name[10:]) for name in folders if name.startswith("iteration="))


@contextmanager
def open_revision(name: str) -> Iterator[Revision]:
    """Yields the files here ("workspace"), or those of a git revision or an experiment.

    Raises RatchetError if the revision is unknown, has no tables, or they are not in the cache.
    """
    if name == WORKSPACE:
        yield _load_revision(name, Path())
        return
    with tempfile.TemporaryDirectory(prefix="ratchet-") as folder:
        _link_tables(name, Path(folder))
        yield _load_revision(name, Path(folder))


def _load_revision(name: str, root: Path) -> Revision:
    file = root / params.FILE
    return Revision(name, root, params.load(file) if file.exists() else {})


def _link_tables(name: str, root: Path) -> None:
    """Fills the folder with params.yaml and links to the tables' files."""
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import SCMError
    from dvc_data.index import DataIndexDirError

    try:
        filesystem = DVCFileSystem(rev=name)
        entries = {
            path: info
            for top in views.table_folders()
            for path, info in filesystem.find(top, detail=True).items()
        }
        if filesystem.exists(str(params.FILE)):
            filesystem.get_file(str(params.FILE), str(root / params.FILE))
    except DataIndexDirError as error:
        raise RatchetError(f"{name}: {error} from the cache: {FETCH}") from error
    except (DvcException, SCMError, OSError) as error:
        raise _unknown_revision(name, error) from error
    cache = filesystem.repo.cache.local
    # If the list of a folder's files is not in the cache, the folder itself is an entry.
    cached = {
        Path(path): Path(cache.oid_to_path(info["md5"]))
        for path, info in entries.items()
        if info.get("md5", "").endswith(".dir") or Path(path).name == FILE
    }
    if not cached:
        raise RatchetError(
            f"{name} has no tables, as no run was committed there: name another, or commit "
            "the run that is here (its lock files, params.yaml, metrics.json)"
        )
    missing = [path for path, file in cached.items() if not file.exists()]
    if missing:
        raise RatchetError(
            f"{name}: {missing[0]} is not in the cache "
            f"({len(missing)} of {len(cached)} are not): {FETCH}"
        )
    for path, file in cached.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(file)


def _unknown_revision(name: str, error: Exception) -> RatchetError:
    if name in experiments.queued_names():
        return RatchetError(f"{name} is in the queue and has not run yet: run `dvc queue start`")
    if name in experiments.failed_names():
        return RatchetError(f"{name} failed: `dvc queue logs {name}` shows why")
    reason = str(error) or type(error).__name__
    known = ", ".join(experiments.names()) or "none"
    return RatchetError(
        f"{name}: {reason}: name a branch, tag, commit or experiment (there are: {known})"
    )
