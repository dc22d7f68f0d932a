"""The runs that can be looked at: the files here, and what DVC keeps of any revision.

A revision is not checked out: a folder of links leads from the tables' names to DVC's cache, so
DuckDB reads there what it needs of the files and no more.
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
FETCH = "`dvc fetch --all-commits`, or of an experiment `dvc exp pull REMOTE NAME`, brings it"


@dataclass(frozen=True)
class Revision:
    """A run: its tables lie in `root`/data, in the layout of the store."""

    name: str
    root: Path
    params: dict[str, Any]

    @property
    def last(self) -> int | None:
        """The last iteration that the parameters ask for; None where they don't say."""
        value = self.params.get("iteration")
        return value if type(value) is int else None

    def iterations(self) -> list[int]:
        """The iterations of the run that some table is there for."""
        return [k for k in self._on_disk() if self.last is None or k <= self.last]

    def leftovers(self) -> list[int]:
        """Iterations after the run's last one: an earlier run with other parameters made them."""
        return [k for k in self._on_disk() if k not in self.iterations()]

    def _on_disk(self) -> list[int]:
        parts = {part for file in views.files(self.root) for part in file.parts}
        return sorted(int(part[10:]) for part in parts if part.startswith("iteration="))


@contextmanager
def opened(name: str) -> Iterator[Revision]:
    """The files here («workspace»), or those of a git revision or an experiment.

    Raises RatchetError for a revision that is not there, whose tables are not in the cache, or
    that made none.
    """
    if name == WORKSPACE:
        yield _found(name, Path())
        return
    with tempfile.TemporaryDirectory(prefix="ratchet-") as folder:
        _link(name, Path(folder))
        yield _found(name, Path(folder))


def _found(name: str, root: Path) -> Revision:
    file = root / params.FILE
    return Revision(name, root, params.load(file) if file.exists() else {})


def _link(name: str, root: Path) -> None:
    """Fills the folder with params.yaml and links to the tables' files."""
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import SCMError
    from dvc_data.index import DataIndexDirError

    try:
        there = DVCFileSystem(rev=name)
        found = {
            path: info
            for top in views.tops()
            for path, info in there.find(top, detail=True).items()
        }
        if there.exists(str(params.FILE)):
            there.get_file(str(params.FILE), str(root / params.FILE))
    except DataIndexDirError as error:
        raise RatchetError(f"{name}: {error} from the cache: {FETCH}") from error
    except (DvcException, SCMError, OSError) as error:
        raise _unknown(name, error) from error
    cache = there.repo.cache.local
    # A folder comes in place of its files where their list is not in the cache.
    cached = {
        Path(path): Path(cache.oid_to_path(info["md5"]))
        for path, info in found.items()
        if info.get("md5", "").endswith(".dir") or Path(path).name == FILE
    }
    if not cached:
        raise RatchetError(f"{name} has no tables: name a revision whose dvc.lock names them")
    lost = [path for path, file in cached.items() if not file.exists()]
    if lost:
        raise RatchetError(
            f"{name}: {lost[0]} is not in the cache ({len(lost)} of {len(cached)} are not): {FETCH}"
        )
    for path, file in cached.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(file)


def _unknown(name: str, error: Exception) -> RatchetError:
    if name in experiments.queued():
        return RatchetError(f"{name} is in the queue and has not run: `dvc queue start` runs it")
    if name in experiments.failed():
        return RatchetError(f"{name} failed: `dvc queue logs {name}` says why")
    reason = str(error) or type(error).__name__
    known = ", ".join(experiments.names()) or "none"
    return RatchetError(
        f"{name}: {reason}: name a branch, tag, commit or experiment (there are: {known})"
    )
