"""metrics.json of the workspace, the commit and every DVC experiment; nothing is checked out."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

METRICS, PARAMS = "metrics.json", "params.yaml"
NOT_RUNS = {"exec", "stash", "apply", "celery", "temp"}  # DVC's own, below refs/exps/


def read_runs() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """(where, its metrics, its parameters by dotted name) for each run.

    Metrics are None where the file is not JSON; there are no parameters where there is no file.
    """
    here, params = Path(METRICS), Path(PARAMS)
    if here.exists():
        given = params.read_text(errors="replace") if params.exists() else None
        yield METRICS, _parse_json(here.read_text(errors="replace")), _parameters(given)
    for ref in ["HEAD", *experiment_refs()]:
        text = file_at(ref, METRICS)
        if text is not None:
            yield f"{ref}:{METRICS}", _parse_json(text), _parameters(file_at(ref, PARAMS))


def experiment_refs() -> list[str]:
    """Full names of the refs that hold experiments, by name."""
    listed = _git("for-each-ref", "--format=%(refname)", "refs/exps/") or ""
    return [ref for ref in listed.split() if ref.split("/")[2] not in NOT_RUNS]


def names() -> list[str]:
    """Names of the experiments that ran."""
    return [ref.split("/")[-1] for ref in experiment_refs()]


def queued_names() -> list[str]:
    """Names of the experiments that wait."""
    return _stash_names("stash")


def failed_names() -> list[str]:
    """Names of the experiments that a queue could not finish."""
    return _stash_names("failed")


def revisions() -> dict[str, str]:
    """Name → full ref of every branch, tag and experiment."""
    listed = _git("for-each-ref", "--format=%(refname)", "refs/heads/", "refs/tags/") or ""
    return {ref.split("/", 2 if "/exps/" not in ref else 4)[-1]: ref
            for ref in [*listed.split(), *experiment_refs()]}  # fmt: skip


def file_at(ref: str, path: str) -> str | None:
    """A file's text in a revision; None where it is not there."""
    return _git("show", f"{ref}:./{path}")


def _stash_names(kind: str) -> list[str]:
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


def _parameters(text: str | None) -> dict[str, Any]:
    try:
        values = yaml.safe_load(text or "")
    except yaml.YAMLError:
        return {}
    return dict(_flatten(values, "")) if isinstance(values, dict) else {}


def _flatten(values: dict[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
