"""metrics.json of the workspace and of every DVC experiment, without checking anything out."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

METRICS = "metrics.json"
NOT_RUNS = {"exec", "stash", "apply", "celery", "temp"}  # DVC's own, below refs/exps/


def found() -> Iterator[tuple[str, Any]]:
    """(where, its metrics) for each run; metrics are None where the file is not JSON."""
    here = Path(METRICS)
    if here.exists():
        yield METRICS, _parse(here.read_text(errors="replace"))
    for ref in experiment_refs():
        text = _git("show", f"{ref}:./{METRICS}")
        if text is not None:
            yield f"{ref}:{METRICS}", _parse(text)


def experiment_refs() -> list[str]:
    """Full names of the refs that hold experiments, by name."""
    listed = _git("for-each-ref", "--format=%(refname)", "refs/exps/") or ""
    return [ref for ref in listed.split() if ref.split("/")[2] not in NOT_RUNS]


def names() -> list[str]:
    """Names of the experiments that ran."""
    return [ref.split("/")[-1] for ref in experiment_refs()]


def queued() -> list[str]:
    """Names of the experiments that wait."""
    return _stashed("stash")


def failed() -> list[str]:
    """Names of the experiments that a queue could not finish."""
    return _stashed("failed")


def revisions() -> dict[str, str]:
    """Name → full ref of every branch, tag and experiment."""
    listed = _git("for-each-ref", "--format=%(refname)", "refs/heads/", "refs/tags/") or ""
    return {ref.split("/", 2 if "/exps/" not in ref else 4)[-1]: ref
            for ref in [*listed.split(), *experiment_refs()]}  # fmt: skip


def file_at(ref: str, path: str) -> str | None:
    """A file's text in a revision; None where it is not there."""
    return _git("show", f"{ref}:./{path}")


def _stashed(kind: str) -> list[str]:
    """DVC keeps them in a stash, a message `dvc-exp:REVISION:BASELINE:NAME` for each."""
    listed = _git("log", "--walk-reflogs", "--format=%gs", f"refs/exps/celery/{kind}") or ""
    return [line.split(":")[-1] for line in listed.splitlines()]


def _git(*command: str) -> str | None:
    """What git prints; None when it fails, as it does without a repository or the file."""
    try:
        done = subprocess.run(["git", *command], capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
