"""Which commit of the hub an id stands for."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

import polars as pl

from schemas.sources import Sources

TIMEOUT_S = 10
COMMIT = re.compile(r"[0-9a-f]{40}")


def is_commit(revision: str | None) -> bool:
    """Whether this names one commit for good, which a branch, a tag or nothing at all does not."""
    return revision is not None and COMMIT.fullmatch(revision) is not None


def id_with_revision(source: str, revision: str | None) -> str:
    """An id with its revision, as a person writes it."""
    return f"{source} at {revision}" if revision else source


def source_row(setting: str, source: str, commit: str | None) -> pl.DataFrame:
    """A row of `sources`."""
    row = {"setting": setting, "source": source, "hub_commit": commit}
    return pl.DataFrame([row], schema=Sources.stored_schema())


@cache  # what is read and what is recorded are one commit
def find_commit(name: str, revision: str | None, kind: Literal["model", "dataset"]) -> str | None:
    """The commit that the hub has now for a model or dataset; None if it can't be asked."""
    if is_commit(revision):
        return revision
    from huggingface_hub import HfApi

    try:
        found = HfApi().repo_info(name, revision=revision, repo_type=kind, timeout=TIMEOUT_S)
    except Exception:  # offline, gated or unknown: the download says so, or reads a cached copy
        return None
    return found.sha
