"""Folders in DVC's cache, for everything that must survive a killed stage."""

import configparser
from pathlib import Path


def cache_dir(name: str) -> Path:
    """`name` in DVC's cache folder, which all workspaces of a repository share."""
    parser = configparser.ConfigParser()
    parser.read([".dvc/config", ".dvc/config.local"])
    cache = parser.get("cache", "dir", fallback="cache")
    return Path(".dvc", cache.strip("'\"")) / name
