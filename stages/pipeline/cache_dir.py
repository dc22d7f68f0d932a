"""Where a run keeps what outlives a killed stage: folders beside DVC's cache."""

import configparser
from pathlib import Path


def cache_dir(name: str) -> Path:
    """`name` in DVC's cache folder, which all workspaces of a repository share."""
    parser = configparser.ConfigParser()
    parser.read([".dvc/config", ".dvc/config.local"])
    cache = parser.get("cache", "dir", fallback="cache")
    return Path(".dvc", cache.strip("'\"")) / name
