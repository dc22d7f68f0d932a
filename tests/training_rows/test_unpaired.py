"""Balanced right and wrong rows: how many of each, and what they carry."""

import polars as pl
import pytest

from tests.fakes.scored_paths import DEMONSTRATED, PROBLEMS, ROUND, P, Q, run

R = DEMONSTRATED[2]


@pytest.mark.parametrize(
    ("changes", "expected"),  # problem → sampled right, sampled wrong and gold rows
    [
        ({"feedback": "outcome"}, {P: (2, 2, 0), R: (1, 1, 0)}),
        ({"feedback": "process"}, {P: (2, 2, 0), R: (1, 1, 0)}),
        ({"feedback": "outcome", "max_per_problem": 1}, {P: (1, 1, 0), R: (1, 1, 0)}),
        (
            {"feedback": "outcome", "with_reference": True},
            {P: (2, 2, 0), R: (1, 1, 0), Q: (0, 1, 1)},
        ),
        ({"feedback": "labels"}, {P: (1, 1, 0)}),
        ({"feedback": "labels", "with_reference": True}, {P: (1, 1, 0), Q: (0, 1, 1)}),
        ({"feedback": "none", "with_reference": True}, {}),
    ],
)
def test_balanced_rows(changes: dict[str, object], expected: dict[str, tuple[int, ...]]) -> None:
    made = run(planted=ROUND, rows="balanced", **changes)["examples"]
    found: dict[str, list[int]] = {}
    for problem, origin, correct in made.select("problem_id", "origin", "correct").rows():
        counts = found.setdefault(problem, [0, 0, 0])
        counts[2 if origin == "gold" else 0 if correct else 1] += 1
    assert {problem: tuple(counts) for problem, counts in found.items()} == expected
    assert run(planted=ROUND[::-1], rows="balanced", **changes)["examples"].equals(made)


def test_balanced_rows_carry_what_is_known_of_them() -> None:
    made = run(planted=ROUND, rows="balanced", feedback="outcome", with_reference=True)["examples"]
    rows = {row["path_id"] or row["problem_id"]: row for row in made.to_dicts()}
    for name, _, correct, reward, labels in ROUND:
        if name in rows:
            row = rows[name]
            assert (row["correct"], row["reward"]) == (correct, reward)
            assert row["steps"] == ["text\n", f"to {name}"]
            assert row["step_labels"] == ([sign == "+" for sign in labels] or None)
            assert row["made_in"] == 1
    rationale = dict(PROBLEMS.select("problem_id", "rationale").rows())[Q]
    reference = rows[Q]
    assert reference["steps"] == rationale and reference["correct"]
    assert reference["step_labels"] == [True] * len(rationale)


def test_without_a_limit_all_right_paths_are_rows() -> None:
    right = sum(row[2] for row in ROUND)
    counts = [
        run(planted=ROUND, rows="examples", feedback="outcome", with_gold=False, max_per_problem=n)
        for n in (1, None)
    ]
    assert [made["examples"].height for made in counts] == [
        len({row[1] for row in ROUND if row[2]}),
        right,
    ]


@pytest.mark.parametrize(
    ("most", "rows"),
    [(2, {P: (2, 0), R: (1, 0), Q: (0, 1)}), (1, {P: (1, 0), R: (1, 0), Q: (0, 1)})],
)
def test_other_objectives_train_on_the_same_balanced_rows(
    most: int, rows: dict[str, tuple[int, int]]
) -> None:
    """Step-KTO §3.2: as pairs of a right and a wrong row, or the right rows alone."""
    same = {"feedback": "outcome", "with_reference": True, "max_per_problem": most}
    every = run(planted=ROUND, rows="balanced", **same)["examples"]
    made = run(planted=ROUND, rows="balanced_pairs", **same)
    assert made["examples"].is_empty()
    found = made["pairs"]
    names = every.select(pl.coalesce("path_id", "example_id").alias("id"), "correct")
    for side, correct in (("chosen", True), ("rejected", False)):
        assert sorted(found[f"{side}_id"]) == sorted(names.filter(correct=correct)["id"])
    texts = dict(every.select(pl.coalesce("path_id", "example_id"), "completion").rows())
    for row in found.to_dicts():
        assert (texts[row["chosen_id"]], texts[row["rejected_id"]]) == (
            row["chosen"],
            row["rejected"],
        )
    gold = set(every.filter(pl.col("origin") == "gold")["example_id"])
    counts = {name: [0, 0] for name in rows}
    for problem, chosen in found.select("problem_id", "chosen_id").rows():
        counts[problem][chosen in gold] += 1
    assert {name: tuple(count) for name, count in counts.items()} == rows
    right = run(planted=ROUND, rows="balanced_right", **same)
    assert right["pairs"].is_empty()
    assert right["examples"].equals(every.filter("correct"))
