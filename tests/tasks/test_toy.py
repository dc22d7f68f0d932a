"""The toy: every gold step is sound, and planted faults are found."""

import re

import polars as pl
import pytest
from pydantic import ValidationError

from stages.tasks.toy import TASK, parse_step
from tests.fakes.small_settings import toy_settings
from tests.fakes.toy_problems import toy_problems

GOLD = ["Ann: 7+5=12\n", "Ben: 9-2=7\n", "Both: 12+7=19\n", "#### 19"]


@pytest.mark.parametrize(
    ("steps", "truth"),
    [
        (GOLD, [True] * 4),
        ([GOLD[1], GOLD[0], *GOLD[2:]], [True] * 4),
        (["Ann: 5+7=12\n", *GOLD[1:]], [True] * 4),
        (["Ann: 7+5=13\n", *GOLD[1:]], [False, True, False, False]),
        (["Ben: 7+5=12\n", *GOLD[1:]], [False, True, False, False]),
        ([GOLD[0], "Ben: 2-9=7\n", *GOLD[2:]], [True, False, False, False]),
        ([GOLD[0], GOLD[2], GOLD[1], GOLD[3]], [True, False, True, False]),
        ([GOLD[0], GOLD[0]], [True, False]),
        ([*GOLD[:3], "#### 18"], [True, True, True, False]),
        ([*GOLD[:2], "#### 19"], [True, True, False]),
        (["", "rubbish\n", *GOLD], [False, False, True, True, True, True]),
        ([], []),
    ],
)
def test_truth(steps: list[str], truth: list[bool]) -> None:
    assert TASK.truth(GOLD, steps) == truth


def test_a_suite_is_out_of_domain_and_changes_nothing_else() -> None:
    large = {"max_operand": 25, "max_value": 99, "n_test": 2}
    odd = {"modulus": True, "levels": 1, "n_test": 3}
    made = toy_problems(suites={"toy_large": large, "toy_odd": odd})
    own = made.filter(pl.col("source") == "toy")
    assert own.equals(toy_problems())
    counts = made.group_by("source", "split", "domain").len().sort("source", "split").rows()
    assert counts == [
        ("toy", "train", None, 70), ("toy", "test", "in", 20),
        ("toy_large", "test", "out", 10), ("toy_odd", "test", "out", 3),
    ]  # fmt: skip
    assert made["question"].is_unique().all() and made["problem_id"].is_unique().all()
    for source, rationale in made.select("source", "rationale").rows():
        assert ("%" in "".join(rationale)) == (source == "toy_odd")
        assert all(TASK.truth(rationale, rationale))


@pytest.mark.parametrize(
    ("suite", "reason"),
    [
        ({"toy": {"n_test": 1}}, "suite toy has the task's own name"),
        ({"a": {"n_test": 1, "max_operand": 80}}, "suite a: max_value 60 is below max_operand 80"),
        ({"a": {}}, "suites.a.n_test"),
        ({"a": {"n_test": 1, "level": 2}}, "suites.a.level"),
    ],
)
def test_a_suite_that_can_not_be_made(suite: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(reason)):
        toy_settings(suites=suite)


@pytest.mark.parametrize("modulus", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_gold_steps_are_sound_and_their_arithmetic_is_right(modulus: bool, seed: int) -> None:
    problems = toy_problems(seed, modulus=modulus, n_train=40)
    for rationale, answer, level in problems.select("rationale", "answer", "level").rows():
        assert all(TASK.truth(rationale, rationale))
        assert len(rationale) == level + 1 + modulus
        assert rationale[-1] == f"#### {answer}"
        for step in rationale[:-1]:
            parsed = parse_step(step)
            assert parsed
            _, a, sign, b, result = parsed
            if sign in "+*%":
                assert eval(f"{a}{sign}{b}") == int(result)
        for left, right in re.findall(r"(\d+[-/]\d+)=(\d+)", "".join(rationale)):
            assert eval(left) == int(right)


def test_problems_are_distinct_and_the_same_for_the_same_seed() -> None:
    one, two, other = toy_problems(0), toy_problems(0), toy_problems(1)
    assert one["question"].is_unique().all()
    assert one.equals(two)
    assert set(one["question"]) != set(other["question"])


def test_modulus_answers_are_small() -> None:
    problems = toy_problems(modulus=True)
    assert problems.select(pl.col("answer").cast(pl.Int32).max()).item() <= 4
