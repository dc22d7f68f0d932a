"""`ratchet compare`: planted differences, found again by plain Python."""

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest

from schemas.catalog import TABLES
from stages.measures.intervals import Interval, rate_intervals, wilson
from tests.fakes.compared_runs import both, by, compare
from tests.fakes.two_runs import Rows, Runs


@pytest.fixture(scope="module")
def found(runs: Runs) -> dict[str, Any]:
    """What the command says to a program."""
    done = compare("HEAD", "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def listed(query: str) -> Rows:
    """Rows of a query on both sides."""
    done = compare("HEAD", "--sql", query, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_the_parameter_that_differs(found: dict[str, Any]) -> None:
    assert found["parameters"] == [{"name": "label.max_rollouts", "b": 8}]
    assert found["remarks"] == []


def test_rows_added_and_removed(runs: Runs, found: dict[str, Any]) -> None:
    wanted = []
    for table in TABLES:
        key = table.primary_key()
        if not key or table.noun not in runs[0]:
            continue
        a, b = (by(side[table.noun], *key).keys() for side in runs)
        wanted.append((table.noun, len(a), len(b), len(b - a), len(a - b)))
    assert [tuple(row.values()) for row in found["tables"]] == wanted
    moved = {noun: (added, removed) for noun, _, _, added, removed in wanted if added or removed}
    assert moved == {"verdicts": (0, 1), "step_labels": (0, 1), "pairs": (2, 3)}


def test_problems_gained_and_lost(runs: Runs, found: dict[str, Any]) -> None:
    moves = Counter(
        (key[0], a["level"], key[1], "gained" if b["n_correct"] else "lost")
        for key, a, b in both(runs, "coverage")
        if (a["n_correct"] > 0) != (b["n_correct"] > 0)
    )
    names = ("iteration", "level", "problem_id", "move")
    assert Counter(by(listed("from problem_moves"), *names).keys()) == moves
    assert {move for *_, move in moves} == {"gained", "lost"}
    for row in found["problems"]:
        of_level = [move for (_, level, _, move) in moves if level == row["level"]]
        counts = (of_level.count("gained"), of_level.count("lost"))
        assert (row["iteration"], row["n_gained"], row["n_lost"]) == (1, *counts)


def test_the_tail_entered_and_left(runs: Runs, found: dict[str, Any]) -> None:
    wanted = {
        (key[0], moment, key[1], "entered" if b[f"tail_{moment}"] else "left")
        for key, a, b in both(runs, "coverage")
        for moment in ("before", "after")
        if a[f"tail_{moment}"] != b[f"tail_{moment}"]
    }
    names = ("iteration", "moment", "problem_id", "move")
    assert by(listed("from tail_moves"), *names).keys() == wanted
    entered = sum(move == "entered" for *_, move in wanted)
    assert sum(row["n_entered"] for row in found["tail"]) == entered > 0
    assert sum(row["n_left"] for row in found["tail"]) == len(wanted) - entered > 0


def test_verdict_flips_with_their_graders(runs: Runs, found: dict[str, Any]) -> None:
    texts = [by(side["samples"], "iteration", "sample_id") for side in runs]
    wanted = Counter(
        (
            a["outcome"], b["outcome"], a["grader"], b["grader"],
            texts[0][a["iteration"], a["sample_id"]]["text"]
            == texts[1][a["iteration"], a["sample_id"]]["text"],
        )
        for _, a, b in both(runs, "verdicts") if a["outcome"] != b["outcome"]
    )  # fmt: skip
    assert sum(wanted.values()) == 4 and {key[2:4] for key in wanted} == {("planted 1", "math-9")}
    assert sum(n for key, n in wanted.items() if not key[-1]) == 1
    assert {tuple(row.values())[:5]: row["n"] for row in found["verdicts"]} == wanted
    assert all(row["reference"] for row in found["verdict_flips"])


def test_step_label_flips(runs: Runs, found: dict[str, Any]) -> None:
    rows = list(both(runs, "step_labels"))
    flips = {key: (a["label"], b["label"]) for key, a, b in rows if a["label"] != b["label"]}
    seen = listed("from label_flips")
    assert {
        key: (row["label_a"], row["label_b"])
        for key, row in by(seen, "iteration", "path_id", "step").items()
    } == flips
    assert all(row["problem_id"] for row in seen)
    for row in found["step_labels"]:
        here = [labels for key, labels in flips.items() if key[0] == row["iteration"]]
        n_both = sum(key[0] == row["iteration"] for key, _, _ in rows)
        counts = (n_both, here.count((False, True)), here.count((True, False)))
        assert (row["n_both"], row["n_to_right"], row["n_to_wrong"]) == counts
    assert (True, False) in flips.values() and (False, True) in flips.values()


def test_reward_shift(runs: Runs, found: dict[str, Any]) -> None:
    for row in found["rewards"]:
        pairs = [
            (a["reward"], b["reward"])
            for key, a, b in both(runs, "path_scores")
            if key[0] == row["iteration"]
        ]
        shifts = sorted(b - a for a, b in pairs)
        assert row["n_both"] == len(pairs)
        assert row["n_shifted"] == sum(a != b for a, b in pairs)
        assert row["reward_mean_b"] == pytest.approx(sum(b for _, b in pairs) / len(pairs))
        assert row["shift_abs_mean"] == pytest.approx(sum(map(abs, shifts)) / len(pairs))
        at = 0.05 * (len(shifts) - 1)
        low, high = shifts[int(at)], shifts[int(at) + 1]
        assert row["shift_q05"] == pytest.approx(low + (at - int(at)) * (high - low))
    assert [row["n_shifted"] > 0 for row in found["rewards"]] == [True, False]


def test_pair_churn(runs: Runs, found: dict[str, Any]) -> None:
    for row in found["pairs"]:
        noun = f"{row['kind']}s"
        a, b = (
            {r[f"{row['kind']}_id"]: r for r in side[noun] if r["iteration"] == row["iteration"]}
            for side in runs
        )
        assert (row["n_a"], row["n_b"], row["n_both"]) == (len(a), len(b), len(a.keys() & b.keys()))
        assert row["jaccard"] == pytest.approx(len(a.keys() & b.keys()) / len(a.keys() | b.keys()))
        if noun == "pairs":
            turned = {(r["rejected_id"], r["chosen_id"]) for r in a.values()}
            n_reversed = sum((r["chosen_id"], r["rejected_id"]) in turned for r in b.values())
            assert row["n_reversed"] == n_reversed == (row["iteration"] == 1)
    moves = Counter((row["move"], row["reversed"]) for row in listed("from pair_moves"))
    assert moves == {
        ("added", True): 1, ("added", False): 1, ("removed", True): 1, ("removed", False): 2
    }  # fmt: skip


@pytest.mark.parametrize(
    ("section", "noun", "groups", "right"),
    [
        ("coverage", "coverage", ["iteration"], lambda row: row["n_correct"] > 0),
        ("accuracy", "evaluations", ["iteration", "suite", "mode"], lambda row: row["correct"]),
    ],
)
def test_shares_by_level_with_intervals(
    runs: Runs, found: dict[str, Any], section: str, noun: str, groups: list[str], right: Any
) -> None:
    seen = 0
    for row in found[section]:
        names = groups if row["all_levels"] else [*groups, "level"]
        for side, tables in zip("ab", runs, strict=True):
            own = [r for r in tables[noun] if all(r[name] == row[name] for name in names)]
            n_correct = sum(right(r) for r in own)
            assert (row[f"n_{side}"], row[f"n_correct_{side}"]) == (len(own), n_correct)
            assert row[f"interval_{side}"] == pytest.approx(interval(own, [right(r) for r in own]))
        seen += row["n_correct_a"] != row["n_correct_b"]
    assert seen > 0


def interval(rows: Rows, right: list[bool]) -> Interval:
    """Wilson's; where problems have several forms, the bootstrap over families of forms."""
    if not any(row.get("form_of") for row in rows):
        return wilson(sum(right), len(rows))
    ordered = sorted(zip(rows, right, strict=True), key=lambda pair: pair[0]["problem_id"])
    families = [row["form_of"] or row["problem_id"] for row, _ in ordered]
    return rate_intervals(np.array([[float(is_right)] for _, is_right in ordered]), families)[0]


def test_cost(runs: Runs, found: dict[str, Any]) -> None:
    for row in found["costs"]:
        for side, tables in zip("ab", runs, strict=True):
            own = [r for r in tables["costs"] if r["stage"] == row["stage"]]
            assert row[f"elapsed_s_{side}"] == pytest.approx(sum(r["elapsed_s"] for r in own))
            assert row[f"n_draws_{side}"] == sum(r["n_draws"] for r in own)
    dearer = {row["stage"] for row in found["costs"] if row["elapsed_s_a"] != row["elapsed_s_b"]}
    assert dearer == {"sample"}


def test_the_text_says_what_differs_and_nothing_else(runs: Runs) -> None:
    shown = compare("HEAD").stdout
    for text in (
        "a  HEAD  (sipf, toy, tiny, seed 0, iterations 0, 1, 2)", "label.max_rollouts",
        "parameters",
        "rows, by primary key", "problems gained and lost", "tail", "verdicts on the same samples",
        "planted 1 → math-9", "labels of the same steps", "rewards of the same paths",
        "training rows", "coverage", "accuracy", "cost, as measured", "a [95%]",
    ):  # fmt: skip
        assert text in shown, text
    assert "path_scores" not in shown and "align" not in shown
    shown = compare("HEAD", "HEAD").stdout
    assert shown.splitlines()[-1] == "HEAD and HEAD do not differ"
    assert shown.startswith("No difference on toy (greedy): HEAD and HEAD have the same problems")


def test_both_sides_are_schemas(runs: Runs) -> None:
    query = "select (select count(*) from a.verdicts) as a, (select count(*) from b.verdicts) as b"
    assert listed(query) == [{"a": len(runs[0]["verdicts"]), "b": len(runs[1]["verdicts"])}]
    query = "select a.n_correct - b.n_correct as d from a.accuracy as a join b.accuracy as b "
    query += "using (iteration, suite, mode, level)"
    assert sum(row["d"] for row in listed(query)) == -3


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nowhere"], "nowhere: unknown Git revision 'nowhere': name a branch, tag, commit or"),
        (["HEAD", "--table", "accuracy"], "--table accuracy: name a table with a primary key"),
        (["HEAD", "--csv"], "--csv, --long and --parquet need --sql"),
        (["HEAD", "exp-1", "workspace", "--table", "pairs"], "--table compares two revisions"),
        (["HEAD", "--sql", "from verdict_flip"], "did you mean"),
        (["HEAD", "--sql", "copy a.samples to 'x.csv'"], "takes one select"),
        (["HEAD", "--sql", "from read_text('params.yaml')"], "disabled by configuration"),
    ],
)
def test_errors_are_one_line(runs: Runs, words: list[str], reason: str) -> None:
    done = compare(*words)
    assert done.exit_code == 1
    assert done.stderr.startswith("ratchet: ") and done.stderr.count("\n") == 1
    assert reason in done.stderr
