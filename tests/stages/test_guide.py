"""The guide stage: rounds over the tail, and what is kept of them."""

from itertools import pairwise

import polars as pl
import pytest

from stages.grading.grade_frame import GradeSettings
from stages.guidance import rounds
from tests.fakes.scripted_guidance import PROBLEMS, TAIL, Guided


def test_nothing_is_asked_without_guidance(guided: Guided) -> None:
    made = guided(strategy="none")
    assert all(frame.is_empty() for frame in made.values())


def test_a_problem_is_asked_until_it_leaves_the_tail(guided: Guided) -> None:
    """1 of 4 right; from the sixth draw on every one is: 2 of 6 is tail, 3 of 6 would not be."""
    made = guided(lambda prompt, draw: draw >= 5, right=1, strategy="brute_force", max_attempts=8)
    samples = made["samples"]
    assert set(samples["problem_id"]) == set(TAIL)
    per_problem = samples.group_by("problem_id").agg("attempt", "draw")
    for _, attempts, draws in per_problem.rows():
        assert sorted(attempts) == [1, 2, 3, 4]  # 1/5, 2/6, 3/7, then 4/8 is half
        assert sorted(draws) == [4, 5, 6, 7]
    assert set(samples["strategy"]) == {"brute_force"}
    assert samples["hint"].is_null().all() and (samples["revealed"] == 0).all()


def test_attempts_end(guided: Guided) -> None:
    made = guided(strategy="brute_force", max_attempts=3)
    assert made["samples"].height == 3 * len(TAIL)
    assert set(made["verdicts"]["outcome"]) == {"wrong"}


def test_a_tail_is_what_it_is_said_to_be(guided: Guided) -> None:
    assert guided(right=1, strategy="brute_force", tail_below=0.25)["samples"].is_empty()
    assert guided(right=2, strategy="brute_force")["samples"].is_empty()
    assert not guided(right=2, strategy="brute_force", tail_below=0.6, max_attempts=1)[
        "samples"
    ].is_empty()


def test_state_reset_begins_the_text_and_says_so(guided: Guided) -> None:
    made = guided(strategy="state_reset", max_attempts=3)
    gold = {
        name: "".join(steps) for name, steps in PROBLEMS.select("problem_id", "rationale").rows()
    }
    rows = made["samples"].sort("problem_id", "attempt")
    assert (rows["revealed"] > 0).any()
    for problem, hint, text, revealed in rows.select(
        "problem_id", "hint", "text", "revealed"
    ).rows():
        if hint is None:
            assert revealed == 0
            continue
        assert text.startswith(hint) and gold[problem].startswith(hint)
        assert revealed == pytest.approx(len(hint) / len(gold[problem]))
    for _, group in rows.filter(pl.col("hint").is_not_null()).group_by("problem_id"):
        shown = group["hint"].to_list()
        assert all(a != b for a, b in pairwise(shown))


PROGRAM = ["less = 1000\n", "base = {}\n", "total = base - less\n", "print(total)\n"]
AS_PROGRAMS = PROBLEMS.with_columns(
    kind=pl.lit("program"),
    rationale=pl.concat_list(
        pl.lit(line) if "{}" not in line else pl.format(line, pl.col("answer").cast(int) + 1000)
        for line in PROGRAM
    ),
)


def test_a_program_goes_on_from_its_first_lines_and_runs(guided: Guided) -> None:
    """Program of thought: right only as one program, the lines shown and the line written."""
    made = guided(
        lambda prompt, draw: "total =" in prompt,
        problems=AS_PROGRAMS,
        writes=("print(total)\n", "print(-1)\n"),
        strategy="state_reset",
        max_attempts=3,
    )
    graded = made["samples"].join(made["verdicts"].select("sample_id", "outcome"), on="sample_id")
    lines = {n: "".join(PROGRAM[:n]) for n in range(4)}
    for attempt, outcome in ((1, "wrong"), (2, "wrong"), (3, "correct")):
        rows = graded.filter(pl.col("attempt") == attempt)
        assert rows.height == len(TAIL) and set(rows["outcome"]) == {outcome}
        assert rows["text"].str.count_matches("\n").unique().to_list() == [attempt + 1]
        assert set(rows["hint"].str.slice(0, 12)) == {lines[attempt][:12]}


def test_only_what_was_drawn_counts_as_tokens(guided: Guided) -> None:
    assert set(guided(strategy="state_reset", max_attempts=1)["samples"]["n_tokens"]) == {3}


def test_hints_are_no_part_of_the_text(guided: Guided) -> None:
    for strategy in ("answer", "rationale"):
        made = guided(lambda prompt, draw: True, strategy=strategy, max_attempts=1)
        rows = made["samples"].join(PROBLEMS.select("problem_id", "answer"), on="problem_id")
        assert (rows["text"] == "#### " + rows["answer"]).all()
        assert rows["hint"].is_not_null().all()


def test_a_second_run_draws_nothing(guided: Guided) -> None:
    first = guided(strategy="state_reset", max_attempts=2)
    assert guided.asked  # type: ignore[attr-defined]
    second = guided(strategy="state_reset", max_attempts=2)
    assert not guided.asked  # type: ignore[attr-defined]
    assert first["samples"].equals(second["samples"])


def test_more_attempts_draw_only_the_rest(guided: Guided) -> None:
    guided(strategy="brute_force", max_attempts=2)
    guided(strategy="brute_force", max_attempts=4)
    assert len(guided.asked) == 2 * len(TAIL)  # type: ignore[attr-defined]


def test_gold_stands_in_for_what_nothing_solved(guided: Guided) -> None:
    made = guided(strategy="gold")
    assert set(made["samples"]["problem_id"]) == set(TAIL)
    assert set(made["verdicts"]["outcome"]) == {"correct"}
    assert (made["samples"]["text"] == made["samples"]["hint"]).all()
    assert guided(right=1, strategy="gold")["samples"].is_empty()


def test_adaptive_keeps_what_problems_needed(guided: Guided) -> None:
    made = guided(strategy="adaptive", max_attempts=2)
    reveals = made["reveals"]
    assert set(reveals["problem_id"]) == set(TAIL)
    assert reveals.filter(pl.col("shown") == 0)["tried"].min() >= 4  # type: ignore[operator]
    assert reveals["tried"].sum() == 6 * len(TAIL) and reveals["solved"].sum() == 0
    earlier = reveals.drop("iteration")
    again = guided(strategy="adaptive", max_attempts=2, earlier=earlier)["reveals"]
    assert again["tried"].sum() == 9 * len(TAIL)


@pytest.mark.parametrize("strategy", ["rationale", "state_reset", "adaptive", "gold"])
def test_a_problem_without_a_rationale_is_a_reject(guided: Guided, strategy: str) -> None:
    bare = PROBLEMS.with_columns(
        rationale=pl.when(pl.col("problem_id") == TAIL[0])
        .then(pl.lit([], pl.List(pl.String)))
        .otherwise("rationale")
    )
    made = guided(problems=bare, strategy=strategy, max_attempts=1)
    assert made["rejects"].select("item", "reason").rows() == [
        (TAIL[0], f"no gold rationale for guide.strategy={strategy}")
    ]
    assert TAIL[0] not in made["samples"]["problem_id"]


def test_a_guided_answer_that_was_not_compared_is_a_reject(
    guided: Guided, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(frame: pl.DataFrame, settings: GradeSettings, **_: object) -> pl.DataFrame:
        verdict = {"outcome": "timeout", "extracted": None, "detail": "slow", "correct": False}
        verdict |= {"outcome_stated": "timeout", "outcome_flexible": "timeout"}
        verdict |= {"extracted_flexible": None}
        return frame.with_columns(pl.lit(value).alias(name) for name, value in verdict.items())

    monkeypatch.setattr(rounds, "grade_frame", lost)
    made = guided(strategy="brute_force", max_attempts=1)
    assert set(made["rejects"]["item"]) == set(made["samples"]["sample_id"])
    assert set(made["rejects"]["reason"]) == {"grading ended in timeout: slow"}
