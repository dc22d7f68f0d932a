"""What run this is: when, where, and the parameters that differ from the defaults."""

import json
from typing import Any

import duckdb
import pytest

from stages.contract.dvc_files import parameter_values
from stages.results.run_facts import Run, differences, flat_values

NAMES = {"recipe": "sipf", "task": "toy", "model": "tiny", "seed": 0, "iteration": 2}
COLUMNS = 'stage varchar, ended_at varchar, "commit" varchar, machine varchar, versions varchar'
FIRST = ("sft", "2026-11-27T09:00:00Z", "aaaaaaaaaa", "CPU, 2 cores, 8 GiB", "python 3.11")
LATER = ("align", "2026-11-28T13:46:24Z", "bbbbbbbbbb+", "CPU, 2 cores, 8 GiB", "python 3.11")
OLD = ("sample", None, None, None, None)


def run_of(values: dict[str, Any], costs: list[tuple[Any, ...]] | None = None, **names: str) -> Run:
    """A run with these parameters and rows of costs."""
    connection = duckdb.connect()
    connection.execute("create table settings (section varchar, name varchar, value varchar)")
    for section, entries in values.items():
        for name, value in (entries if isinstance(entries, dict) else {"": entries}).items():
            row = [section, name, json.dumps(value)]
            connection.execute("insert into settings values (?, ?, ?)", row)
    connection.execute(f"create table costs ({COLUMNS})")
    for cost in costs or []:
        connection.execute("insert into costs values (?, ?, ?, ?, ?)", cost)
    return Run("this run", connection, {"run": NAMES | names, "iterations": {}})


@pytest.mark.parametrize(
    ("costs", "summary", "facts"),
    [
        ([], "date, commit and machine not recorded", ["not recorded"] * 4),
        ([OLD], "date, commit and machine not recorded", ["not recorded"] * 4),
        (
            [FIRST],
            "2026-11-27, aaaaaaaaaa, CPU, 2 cores, 8 GiB",
            ["2026-11-27, 09:00 UTC", *FIRST[2:]],
        ),
        (
            [FIRST, LATER, OLD],
            "2026-11-28, bbbbbbbbbb+, CPU, 2 cores, 8 GiB",
            ["2026-11-28, 13:46 UTC", "bbbbbbbbbb+; aaaaaaaaaa", *LATER[3:]],
        ),
    ],
)
def test_facts_are_of_the_stages_newest_first(
    costs: list[tuple[Any, ...]], summary: str, facts: list[str]
) -> None:
    run = run_of({}, costs)
    assert run.summary == summary
    names = ["finished", "commit", "machine", "versions"]
    assert run.facts() == list(zip(names, facts, strict=True))


@pytest.mark.parametrize(
    ("overrides", "changed"),
    [
        ([], []),
        (["seed=3", "iteration=1"], [("iteration", "1", "2"), ("seed", "3", "0")]),
        (["align.beta=0.3"], [("align.beta", "0.3", "0.1")]),
        (["+task.suites.odd={n_test: 3}"], [("task.suites.odd.n_test", "3", "–")]),
        (["report.title=Mine"], []),
    ],
)
def test_parameters_are_compared_with_the_defaults_of_the_recipe(
    overrides: list[str], changed: list[tuple[str, str, str]]
) -> None:
    found = run_of(parameter_values(*overrides)).changed_settings()
    assert found is not None
    assert [(one.name, one.value, one.other) for one in found] == changed


def test_another_recipe_has_its_own_defaults() -> None:
    values = parameter_values("recipe=rft", "task=toy_mod")
    assert run_of(values, recipe="rft", task="toy_mod").changed_settings() == []
    assert run_of(values, recipe="rft", task="toy_mood").changed_settings() is None


def test_differences_are_of_values_and_of_what_one_side_lacks() -> None:
    one = flat_values({"a": {"b": 1, "c": {}}, "run": {"recipe": "x"}, "same": [1]})
    other = flat_values({"a": {"b": 2, "d": None}, "run": {"recipe": "y"}, "same": [1]})
    found = [(row.name, row.value, row.other) for row in differences(one, other)]
    assert found == [("a.b", "1", "2"), ("a.c", "{}", "–"), ("a.d", "–", "null")]
