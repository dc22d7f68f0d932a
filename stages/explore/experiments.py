"""Reads metrics.json of the workspace, HEAD and every DVC experiment; checks nothing out."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from stages.pipeline import params
from stages.pipeline.loop import SECTION

METRICS, PARAMS = "metrics.json", "params.yaml"
NOT_RUNS = {"exec", "stash", "apply", "celery", "temp"}  # DVC's own, below refs/exps/


def read_runs() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yields (location, metrics, parameters by dotted name) of each run.

    Metrics are None if the file is not JSON; parameters are empty if there is no params.yaml.
    """
    here, params = Path(METRICS), Path(PARAMS)
    if here.exists():
        text = params.read_text(errors="replace") if params.exists() else None
        yield METRICS, _parse_json(here.read_text(errors="replace")), read_parameters(text)
    for ref in ["HEAD", *experiment_refs()]:
        metrics = file_at(ref, METRICS)
        if metrics is not None:
            yield f"{ref}:{METRICS}", _parse_json(metrics), read_parameters(file_at(ref, PARAMS))


def experiment_refs() -> list[str]:
    """Full names of the refs that hold experiments, in order of name."""
    listed = _git("for-each-ref", "--format=%(refname)", "refs/exps/") or ""
    return [ref for ref in listed.split() if ref.split("/")[2] not in NOT_RUNS]


def names() -> list[str]:
    """Names of the experiments that ran."""
    return [ref.split("/")[-1] for ref in experiment_refs()]


def queued_names() -> list[str]:
    """Names of the queued experiments."""
    return _stash_names("stash")


def failed_names() -> list[str]:
    """Names of the queued experiments that failed."""
    return _stash_names("failed")


def revisions() -> dict[str, str]:
    """Name → full ref of every branch, tag and experiment."""
    listed = _git("for-each-ref", "--format=%(refname)", "refs/heads/", "refs/tags/") or ""
    return {ref.split("/", 2 if "/exps/" not in ref else 4)[-1]: ref
            for ref in [*listed.split(), *experiment_refs()]}  # fmt: skip


def file_at(ref: str, path: str) -> str | None:
    """A file's text in a revision; None if the revision has no such file."""
    return _git("show", f"{ref}:./{path}")


def file_versions(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields (commit, text) of every version of these files, newest first.

    In any commit that a ref or a reflog names, so in queued experiments too.
    """
    commits = (_git("rev-list", "--all", "--reflog") or "").split()
    asked = [(commit, f"{commit}:./{path}") for commit in commits for path in paths]
    found = _git("cat-file", "--batch-check", asked="\n".join(name for _, name in asked)) or ""
    seen: set[str] = set()
    for (commit, _), line in zip(asked, found.splitlines(), strict=False):
        blob = line.split()[0]
        if not line.endswith("missing") and blob not in seen:
            seen.add(blob)
            yield commit, _git("cat-file", "blob", blob) or ""


def _stash_names(kind: str) -> list[str]:
    """Names in one of DVC's stashes, whose messages are `dvc-exp:REVISION:BASELINE:NAME`."""
    listed = _git("log", "--walk-reflogs", "--format=%gs", f"refs/exps/celery/{kind}") or ""
    return [line.split(":")[-1] for line in listed.splitlines()]


def _git(*command: str, asked: str = "") -> str | None:
    """What git prints, given what it is asked on standard input.

    None if it fails, for example without a repository or the file.
    """
    given = asked.encode()
    try:
        process = subprocess.run(["git", *command], input=given, capture_output=True, check=False)
    except OSError:
        return None
    return process.stdout.decode(errors="replace") if process.returncode == 0 else None


def read_parameters(text: str | None) -> dict[str, Any]:
    """Dotted name → value of params.yaml; empty without one, or if it is not YAML."""
    try:
        values = params.read_yaml(text or "")
    except (YAMLError, ValueError, RecursionError):
        return {}
    return flatten_parameters(values) if isinstance(values, dict) else {}


def flatten_parameters(values: dict[str, Any]) -> dict[str, Any]:
    """Dotted name → value of params.yaml; an empty mapping is a value.

    Without section `loop`, which follows from `iteration`.
    """
    return _flatten({name: value for name, value in values.items() if name != SECTION})


def _flatten(values: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value:
            flat |= {f"{name}.{key}": inner for key, inner in _flatten(value).items()}
        else:
            flat[str(name)] = value
    return flat


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
