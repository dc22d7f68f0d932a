"""What `ratchet compare` says first: which run answers better, by a paired test, in words."""

import json
from typing import Any

import pytest

from stages.explore.comparison.verdict import sentences
from stages.measures.intervals import mcnemar
from tests.fakes.compared_runs import compare
from tests.fakes.two_runs import Runs

ROW = {
    "revision_a": "main", "revision_b": "exp-7", "suite": "toy", "mode": "greedy",
    "iteration_a": 2, "iteration_b": 2, "n": 200, "accuracy_a": 0.57, "accuracy_b": 0.635,
    "difference": 0.065, "low": 0.012, "high": 0.119, "n_only_a": 12, "n_only_b": 25, "p": 0.047,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "exp-7 is better than main on toy (greedy). 63.5% against 57.0% of 200 problems"),
        (
            {},
            "(iteration 2): +6.5 [+1.2, +11.9] points, p = 0.047; 25 right only in exp-7, 12",
        ),
        ({"difference": -0.065}, "exp-7 is worse than main on toy (greedy). "),
        ({"p": 0.05}, "No difference is shown on toy (greedy) between exp-7 and main. "),
        ({"n_only_a": 0, "n_only_b": 0}, "No difference on toy (greedy): exp-7 and main have the"),
        ({"iteration_a": 1}, "(iterations 2 and 1)"),
        ({"p": 1e-9}, "points, p below 0.0001;"),
    ],
)
def test_a_verdict_in_words(changed: dict[str, Any], words: str) -> None:
    (sentence,) = sentences([{**ROW, **changed}])
    assert words in sentence


def test_the_test_is_paired_by_problem(runs: Runs) -> None:
    """HEAD against itself with three more right answers in iteration 1, which is not the last."""
    found = json.loads(compare("HEAD", "--json").stdout)["verdict"]
    assert {(row["suite"], row["mode"]) for row in found} == {("toy", "greedy"), ("toy", "vote")}
    for row in found:
        sides = [
            {r["problem_id"]: r["correct"] for r in tables["evaluations"]
             if (r["iteration"], r["mode"]) == (2, row["mode"])}
            for tables in runs
        ]  # fmt: skip
        won = sum(b and not a for a, b in zip(*map(dict.values, sides), strict=True))
        lost = sum(a and not b for a, b in zip(*map(dict.values, sides), strict=True))
        assert (row["n"], row["n_only_b"], row["n_only_a"]) == (len(sides[0]), won, lost)
        assert row["p"] == mcnemar(won, lost)
        assert row["low"] <= row["difference"] <= row["high"]


def test_several_revisions_at_once(runs: Runs) -> None:
    done = compare("HEAD", "exp-1", "workspace")
    assert done.exit_code == 0, done.stderr
    assert "toy (greedy), against HEAD" in done.stdout and "label.max_rollouts" in done.stdout
    for name in ("HEAD", "exp-1", "workspace"):
        assert sum(line.split()[:2] == [name, "20"] for line in done.stdout.splitlines()) == 2
    assert "each p is of one comparison" in done.stderr
    found = json.loads(compare("HEAD", "exp-1", "workspace", "--json").stdout)
    assert [row["revision_b"] for row in found["verdict"]] == ["exp-1"] * 2 + ["workspace"] * 2
    (parameter,) = found["parameters"]
    assert parameter["values"] == {"HEAD": None, "workspace": 8}


def test_a_query_over_all_revisions(runs: Runs) -> None:
    query = "select revision, recipe, sum(n)::int as n from flawed group by all order by all"
    done = compare("HEAD", "exp-1", "workspace", "--sql", query, "--json")
    assert done.exit_code == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["revision"] for row in rows] == ["HEAD", "exp-1", "workspace"]
    query = "select (select count(*) from c.pairs) - (select count(*) from a.pairs) as d"
    done = compare("HEAD", "exp-1", "workspace", "--sql", query, "--json")
    assert json.loads(done.stdout) == [{"d": -1}]
