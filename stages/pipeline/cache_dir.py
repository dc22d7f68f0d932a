"""Folders in DVC's cache, for everything that must survive a killed stage."""

import os
from collections.abc import Iterator
from pathlib import Path

from schemas.errors import RatchetError

DVC = Path(".dvc")


def cache_dir(name: str) -> Path:
    """`name` in DVC's cache folder, which all workspaces of a repository share.

    DVC's configuration says where that is: the repository's, else the user's, else the machine's.
    Raises RatchetError if it can't be read.
    """
    for file in _config_files():
        if folder := _cache_in(file):
            return file.parent / Path(folder).expanduser() / name
    return DVC / "cache" / name


def _config_files() -> Iterator[Path]:
    """DVC's configuration files; the first that names a cache decides."""
    import platformdirs

    yield from (DVC / "config.local", DVC / "config")
    yield Path(
        os.getenv("DVC_GLOBAL_CONFIG_DIR") or platformdirs.user_config_dir("dvc", "iterative"),
        "config",
    )
    yield Path(
        os.getenv("DVC_SYSTEM_CONFIG_DIR") or platformdirs.site_config_dir("dvc", "iterative"),
        "config",
    )


def _cache_in(file: Path) -> str | None:
    from configobj import ConfigObj, ConfigObjError

    if not file.is_file():
        return None
    try:
        # as DVC reads it, where a path may have a %
        config = ConfigObj(str(file), encoding="utf-8", interpolation=False)
        found = config.get("cache", {}).get("dir")
    except (ConfigObjError, OSError, UnicodeDecodeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise RatchetError(f"{file} can't be read ({reason}): fix it, as for DVC") from error
    return str(found) if found else None
