"""The code toy: its programs pass their tests, and its truth finds planted faults and luck."""

import random

import polars as pl
import pytest

from schemas.problems import Problems
from stages.grading.grade import grade_all
from stages.grading.reference import Reference
from stages.models.scratch import train_tokenizer
from stages.models.tokens import Encoder
from stages.prepare import separate_rejects
from stages.tasks.task import TaskSettings
from stages.tasks.toy_code import TASK, ToyCodeSettings
from stages.tasks.unit_test_inputs import near_misses, parse_body, pick_inputs, results

KEEP, DOUBLE = "    a = [x for x in a if x > 3]\n", "    a = [x * 2 for x in a]\n"
SUM, RETURN = "    n = sum(a)\n", "    return n"
GOLD = ["def f(a):\n", KEEP, DOUBLE, SUM, RETURN]
TWO = [
    "def g(a, b):\n",
    "    a = a[::-1]\n",
    "    b = sorted(b)\n",
    "    a = a + b\n",
    "    return a",
]

SETTINGS = {
    "name": "toy_code",
    "levels": 5,
    "n_demonstrated": 6,
    "n_train": 8,
    "n_test": 4,
    "n_asserts": 4,
    "n_shown": 1,
}


def problems(seed: int = 0, **changes: int) -> pl.DataFrame:
    """A few problems of each level as the table holds them."""
    settings = ToyCodeSettings.model_validate(SETTINGS | changes)
    rows, faults = separate_rejects(TASK.problems(settings, seed), "toy_code")
    assert not faults
    return pl.DataFrame(rows, schema=Problems.polars_schema())


def T(*places: int, of: int = 5) -> list[bool]:  # noqa: N802
    """True at these places."""
    return [place in places for place in range(of)]


@pytest.mark.parametrize(
    ("gold", "steps", "truth"),
    [
        (GOLD, GOLD, T(0, 1, 2, 3, 4)),
        # another operand, operation or order: nothing leads on from there
        (GOLD, [GOLD[0], KEEP.replace("3", "4"), *GOLD[2:]], T(0)),
        (GOLD, [*GOLD[:2], DOUBLE.replace("*", "+"), *GOLD[3:]], T(0, 1)),
        (GOLD, [GOLD[0], DOUBLE, KEEP, *GOLD[3:]], T(0)),
        (GOLD, [*GOLD[:3], "    n = len(a)\n", RETURN], T(0, 1, 2)),
        (GOLD, [*GOLD[:3], SUM, "    return a"], T(0, 1, 2, 3)),
        # another way to the same results
        (
            GOLD,
            [GOLD[0], DOUBLE, KEEP.replace("> 3", ">= 8"), SUM, RETURN],
            T(0, 1, 2, 3, 4),
        ),
        # a line that nothing needs
        (GOLD, [*GOLD[:3], "    b = a\n", "    return b"], T(0, 1, 2)),
        (GOLD, [*GOLD[:3], "    return sum(a)"], T(0, 1, 2, 3, of=4)),
        (GOLD, [*GOLD[:2], SUM, "    n = n * 2\n", RETURN], T(0, 1, 2, 3, 4)),
        (GOLD, [line.replace("a", "b") for line in GOLD[:1]] + GOLD[1:], T()),
        (GOLD, [*GOLD[:3], "    a = sorted(a)\n", SUM, RETURN], T(*range(6), of=6)),
        # a step that does no harm in a program that ends wrong
        (GOLD, [*GOLD[:2], "    a = a[::-1]\n", "    n = len(a)\n", RETURN], T(0, 1, 2)),
        # two lists, in either order
        (TWO, [TWO[0], TWO[2], TWO[1], *TWO[3:]], T(0, 1, 2, 3, 4)),
        (TWO, [*TWO[:2], TWO[3], TWO[2], TWO[4]], T(0, 1)),
        # unfinished, beyond the end, or no program
        (GOLD, GOLD[:3], T(0, 1, 2, of=3)),
        (GOLD, [*GOLD, "\n    n = 1\n"], T(0, 1, 2, 3, 4, of=6)),
        (GOLD, [*GOLD[:2], "    a.append(1)\n", *GOLD[3:]], T(0, 1)),
        (GOLD, [*GOLD[:2], DOUBLE[2:], *GOLD[3:]], T(0, 1)),
        (GOLD, ["def h(a):\n", *GOLD[1:]], T()),
        (GOLD, ["def f(a, b):\n", *GOLD[1:]], T()),
        (GOLD, GOLD[1:], T(of=4)),
        (GOLD, ["rubbish"], [False]),
        (GOLD, [], []),
    ],
)
def test_truth(gold: list[str], steps: list[str], truth: list[bool]) -> None:
    assert TASK.truth(gold, steps) == truth


def test_truth_takes_other_names_of_variables() -> None:
    renamed = ["def f(b):\n", *(line.replace(" a", " b").replace("(a", "(b") for line in GOLD[1:])]
    assert all(TASK.truth(GOLD, renamed))


def test_truth_finds_a_program_that_passes_by_luck() -> None:
    lucky = [*GOLD[:1], KEEP.replace("3", "4"), *GOLD[2:]]
    tests = ("assert f([1, 9]) == 18", "assert f([]) == 0", "assert f([5]) == 10")
    [verdict] = grade_all([("code", Reference("".join(GOLD), tests=tests), "".join(lucky))])
    assert verdict.outcome == "correct"
    assert not all(TASK.truth(GOLD, lucky))


@pytest.mark.parametrize("seed", [0, 1])
def test_reference_programs_are_sound_and_a_line_an_operation(seed: int) -> None:
    columns = ["rationale", "answer", "prompt", "question", "level", "tests"]
    for steps, answer, prompt, question, level, tests in problems(seed).select(columns).rows():
        assert all(TASK.truth(steps, steps))
        assert "".join(steps) == answer
        assert TaskSettings(name="toy_code").split(answer, "code") == steps
        assert len(steps) == level + 2
        assert prompt == f"{question}\n{tests[0]}\n" and len(set(tests)) == 4


def test_reference_programs_pass_their_tests_and_near_misses_do_not() -> None:
    rows = problems(n_train=4, n_demonstrated=1, n_test=1)
    items, planted = [], []
    for steps, answer, tests in rows.select("rationale", "answer", "tests").rows():
        reference = Reference(answer, tests=tuple(tests))
        items.append(("code", reference, answer))
        for place in range(1, len(steps) - 1):
            without = "".join([*steps[:place], *steps[place + 1 :]])
            planted.append(("code", reference, without))
    assert {verdict.outcome for verdict in grade_all(items)} == {"correct"}
    assert "correct" not in {verdict.outcome for verdict in grade_all(planted)}


def test_problems_are_distinct_and_the_same_for_the_same_seed() -> None:
    one, two, other = problems(0), problems(0), problems(1)
    assert one["question"].is_unique().all()
    assert one.equals(two)
    assert set(one["question"]) != set(other["question"])


def test_a_prompt_shows_as_many_asserts_as_it_should() -> None:
    for prompt, tests in problems(n_shown=2).select("prompt", "tests").rows():
        assert prompt.endswith(f"\n{tests[0]}\n{tests[1]}\n") and tests[2] not in prompt


def test_more_problems_are_others() -> None:
    settings = ToyCodeSettings.model_validate(SETTINGS)
    more = list(TASK.more_problems(settings, 4, 0))
    assert [p.level for p in more[:5]] == [1, 2, 3, 4, 5] and len(more) == 20
    assert not {p.question for p in more} <= set(problems(0)["question"])


@pytest.mark.parametrize(
    ("work", "misses"),
    [
        (["a = a[2:]"], [[], ["a = a[3:]"], ["a = a[1:]"]]),
        (
            ["n = max(a, default=0)"],
            [[], ["n = max(a, default=1)"], ["n = max(a, default=-1)"], ["n = max(a)"]],
        ),
        (["a = a + b", "n = sum(a)"], [["n = sum(a)"], ["a = a + b"], ["n = sum(a)", "a = a + b"]]),
    ],
)
def test_near_misses(work: list[str], misses: list[list[str]]) -> None:
    assert near_misses(work) == misses


def test_tests_are_inputs_on_which_near_misses_go_wrong() -> None:
    rng = random.Random(0)
    inputs = pick_inputs(GOLD[1:], ["a"], 5, rng)
    assert inputs and inputs[0]["a"] and len({repr(one) for one in inputs}) == 5
    wanted = results(parse_body(GOLD[1:]), inputs)
    for miss in near_misses(GOLD[1:-1]):
        assert results(parse_body([*miss, RETURN]), inputs) != wanted


def test_an_operation_that_makes_no_difference_is_no_problem() -> None:
    idle = ["    a = a[::-1]\n", SUM, RETURN]
    assert pick_inputs(idle, ["a"], 5, random.Random(0)) is None


def test_a_program_cut_after_a_line_keeps_its_tokens() -> None:
    frame = problems()
    encoder = Encoder(train_tokenizer([*frame["prompt"], *frame["answer"]], 512))
    for prompt, steps in frame.select("prompt", "rationale").head(10).rows():
        whole = encoder.encode(prompt, steps, 512)
        for place, end in enumerate(whole.step_ends[:-1]):
            begun = prompt + "".join(steps[: place + 1])
            assert encoder.encode_prompt(begun) == whole.ids[: end + 1]
