"""`ratchet control`: the command that runs an equal-step control beside a run."""

from __future__ import annotations

import shlex
from typing import Any

import yaml

from schemas import views
from schemas.errors import RatchetError
from stages.explore.plan_command import compose
from stages.explore.revisions import Revision, open_revision

SAME_SECTIONS = (
    "seed", "iteration", "max_length", "task", "model", "engine", "compute", "trainer", "sft",
    "evaluate", "grade",
)  # fmt: skip
SAME_ALIGN = ("start", "rate_scale", "learning_rate", "schedule", "warmup", "weight_decay")
BUDGETS = """
    select iteration, n_optimiser_steps as steps, n_trained_tokens as tokens
    from costs
    where stage = 'align'
    order by iteration
"""


def show_control(rev: str, recipe: str) -> None:
    """Prints the command. Raises RatchetError if the run has no parameters, or trained nothing."""
    with open_revision(rev) as run:
        names = run.params.get("run")
        if not isinstance(names, dict) or run.last_iteration is None:
            raise RatchetError(f"{rev} has no params.yaml of a run: name another revision")
        budgets = [b for b in _budgets(run) if b["steps"] and b["tokens"]]
        if len(budgets) < run.last_iteration:
            raise RatchetError(
                f"{rev} trained in {len(budgets)} of {run.last_iteration} iterations, as its costs "
                "say, so there is nothing to match: name a run whose recipe aligns a model"
            )
        chosen = [f"recipe={recipe}", f"task={names['task']}", f"model={names['model']}"]
        rounds = ", ".join(f"{{steps: {b['steps']}, tokens: {b['tokens']}}}" for b in budgets)
        settings = [*chosen, *overrides(run.params, compose(chosen)), f"align.budgets=[{rounds}]"]
    name = "control" if rev == "workspace" else f"{recipe}-of-{rev}"
    print(" ".join(["dvc exp run -n", name, *(f"-S {shlex.quote(s)}" for s in settings)]))


def _budgets(run: Revision) -> list[dict[str, Any]]:
    connection = views.connect(root=run.root)
    rows = views.ask(connection, BUDGETS)
    return [row for row in rows if 1 <= row["iteration"] <= (run.last_iteration or 0)]


def overrides(wanted: dict[str, Any], composed: dict[str, Any]) -> list[str]:
    """What turns the composed parameters into the wanted ones, in what a control shares."""
    ours, theirs = (_leaves(values) for values in (wanted, composed))
    changed = [
        f"{'' if name in theirs else '+'}{name}={_as_text(value)}"
        for name, value in ours.items()
        if _is_shared(name) and (name not in theirs or theirs[name] != value)
    ]
    gone = {_topmost_missing(name, wanted) for name in theirs.keys() - ours.keys()}
    return changed + [f"~{name}" for name in sorted(gone) if _is_shared(name)]


def _is_shared(name: str) -> bool:
    section, _, key = name.partition(".")
    return section in SAME_SECTIONS or (section == "align" and key in SAME_ALIGN)


def _leaves(values: dict[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value:
            found |= _leaves(value, f"{above}{name}.")
        else:
            found[f"{above}{name}"] = value
    return found


def _topmost_missing(name: str, values: Any) -> str:
    """The shortest part of a dotted name that the values don't have."""
    parts = name.split(".")
    for n, key in enumerate(parts, 1):
        if not isinstance(values, dict) or key not in values:
            return ".".join(parts[:n])
        values = values[key]
    return name


def _as_text(value: Any) -> str:
    """A value as Hydra's command line reads it back."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return value if yaml.safe_load(value or "''") == value and value else f"'{value}'"
    text = str(yaml.safe_dump(value, default_flow_style=True, width=10**6))
    return text.removesuffix("...\n").strip()
