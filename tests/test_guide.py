"""The guide stage: rounds over the tail, what is kept of them, and a teacher that fails."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas import store
from schemas.errors import RatchetError
from schemas.rejects import Rejects
from schemas.reveals import Reveals
from schemas.samples import Samples
from schemas.verdicts import Verdicts
from stages.compute.compute_settings import ComputeSettings
from stages.engines import sampler
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.engines.engine import Completion, Request
from stages.grading.grade_frame import GradeSettings
from stages.guidance import rounds
from stages.guidance.teacher import TeacherSettings
from stages.guide import guide
from stages.models.sampling import Sampling
from stages.pipeline.stage_run import StageRun
from tests.chat_server import Reply, says, serving
from tests.conftest import guide_settings, toy_problems

GRADE = GradeSettings(workers=1, timeout_s=5.0, memory_mb=512, sandbox="bubblewrap")
PROBLEMS = (
    toy_problems()
    .filter(pl.col("split") == "train", ~pl.col("demonstrated"))
    .filter(pl.col("level") >= 3)
)
ANSWERS: dict[str, str] = dict(PROBLEMS.select("prompt", "answer").rows())
Rows = list[dict[str, Any]]


class Scripted:
    """Right where `solves` says so of a request; keeps what it was asked."""

    version = "scripted"

    def __init__(
        self, solves: Callable[[str, int], bool], right: str = "#### {}", wrong: str = "#### -1"
    ) -> None:
        self.solves, self.right, self.wrong = solves, right, wrong
        self.asked: list[str] = []

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        self.asked += [r.prompt for r in requests]
        return [Completion(self.text(r), 3, -1.0, "stop") for r in requests]

    def text(self, request: Request) -> str:
        if self.solves(request.prompt, request.draw):
            return self.right.format(self.answer(request.prompt))
        return self.wrong

    @staticmethod
    def answer(prompt: str) -> str:
        return next(answer for question, answer in ANSWERS.items() if question in prompt)


def teacher_settings(**changes: object) -> TeacherSettings:
    values = {
        "provider": "server", "url": None, "model": "teacher-1", "key_variable": "TEACHER_KEY",
        "concurrency": 1, "timeout_s": 10.0, "retries": 0, "shard_size": 2,
        "temperature": 0.7, "max_tokens": 50, "max_tries": 2,
    }  # fmt: skip
    return TeacherSettings.model_validate(values | changes)


def plain(right: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Four unguided samples a problem, so many of them right; every other problem has all."""
    rows: Rows = []
    for place, (problem, answer) in enumerate(PROBLEMS.select("problem_id", "answer").rows()):
        for n in range(4):
            good = n < (right if place % 2 else 4)
            rows.append(
                {
                    "sample_id": f"{problem}-{n}", "problem_id": problem, "strategy": "unguided",
                    "draw": n, "attempt": 0, "text": f"#### {answer if good else -1}",
                    "outcome": "correct" if good else "wrong",
                }
            )  # fmt: skip
    frame = pl.DataFrame(rows)
    return frame, frame.select("sample_id", "outcome")


TAIL = PROBLEMS["problem_id"].to_list()[1::2]


@pytest.fixture
def guided(
    run_folder: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, pl.DataFrame]]:
    def run(
        solves: Callable[[str, int], bool] = lambda prompt, draw: False,
        right: int = 0,
        teacher: TeacherSettings | None = None,
        problems: pl.DataFrame = PROBLEMS,
        earlier: pl.DataFrame | None = None,
        writes: tuple[str, str] = ("#### {}", "#### -1"),
        **changes: object,
    ) -> dict[str, pl.DataFrame]:
        engine = Scripted(solves, *writes)
        monkeypatch.setattr(sampler, "open_engine", lambda *_: engine)
        samples, verdicts = plain(right)
        made: dict[str, pl.DataFrame] = guide(
            problems=problems,
            samples=samples,
            verdicts=verdicts,
            earlier=Reveals.create_empty() if earlier is None else earlier,
            policy=checkpoint,
            simulator=checkpoint,
            guide=guide_settings(**changes),
            teacher=teacher or teacher_settings(),
            engine=TransformersSettings(
                name="transformers", precision="auto", batch_size=8, shard_size=100
            ),
            grade=GRADE,
            compute=ComputeSettings(threads=1),
            stage_run=StageRun(1, 0),
        )
        run.asked = engine.asked  # type: ignore[attr-defined]
        frames = {}
        for table in (Samples, Verdicts, Reveals, Rejects):
            named = {"iteration": 1} | ({"stage": "guide"} if "stage" in table.partitions else {})
            whole = made[table.noun].with_columns(pl.lit(v).alias(k) for k, v in named.items())
            frames[table.noun] = store.validate(whole, table, "test")
        return frames

    return run


Guided = Callable[..., dict[str, pl.DataFrame]]


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


def taught(url: str, **changes: object) -> dict[str, Any]:
    return {
        "strategy": "interactive",
        "max_attempts": 1,
        "teacher": teacher_settings(url=url, **changes),
    }


def test_a_teacher_explains_and_the_model_revises(guided: Guided) -> None:
    with serving(lambda prompt, n: says("Look at the second step.")) as chat:
        made = guided(lambda prompt, draw: "second step" in prompt, **taught(chat.url))
    rows = made["samples"]
    assert rows.height == len(chat.asked) == len(TAIL)
    assert set(rows["hint"]) == {"Look at the second step."}
    assert set(made["verdicts"]["outcome"]) == {"correct"}
    assert all(parent.rpartition("-")[0] in TAIL for parent in rows["parent"])
    for asked in chat.asked:
        text = asked["messages"][0]["content"]
        assert "Reference answer" in text and "#### -1" in text


USELESS = [
    ("", "the explanation is empty"),
    ("You are wrong: the answer is {answer}.", "the explanation gives the answer away"),
]


@pytest.mark.parametrize("attempts", [1, 2])
@pytest.mark.parametrize(("said", "why"), USELESS)
def test_a_useless_explanation_is_asked_for_again_then_passed_over(
    guided: Guided, said: str, why: str, attempts: int
) -> None:
    victim = PROBLEMS.filter(pl.col("problem_id") == TAIL[0])
    question, answer = victim.select("question", "answer").row(0)

    def reply(prompt: str, n: int) -> Reply:
        return says(said.format(answer=answer) if question in prompt else "Look again.")

    with serving(reply) as chat:
        made = guided(**taught(chat.url) | {"max_attempts": attempts})
    assert len(chat.asked) == attempts * (len(TAIL) + 1)
    assert made["samples"].height == attempts * (len(TAIL) - 1)
    rounds = ", ".join(str(n + 1) for n in range(attempts))
    assert made["rejects"].select("item", "reason").rows() == [
        (TAIL[0], f"no explanation in round {rounds}: {why}")
    ]


def test_a_refused_explanation_is_not_asked_for_again(guided: Guided) -> None:
    victim = PROBLEMS.filter(pl.col("problem_id") == TAIL[-1])["question"][0]

    def reply(prompt: str, n: int) -> Reply:
        return (400, {"error": "too long"}) if victim in prompt else says("Look again.")

    with serving(reply) as chat:
        made = guided(**taught(chat.url))
    assert len(chat.asked) == len(TAIL)
    assert "refuses" in made["rejects"]["reason"][0]


def test_a_guided_answer_that_was_not_compared_is_a_reject(
    guided: Guided, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(frame: pl.DataFrame, settings: GradeSettings, **_: object) -> pl.DataFrame:
        verdict = {"outcome": "timeout", "extracted": None, "detail": "slow", "correct": False}
        return frame.with_columns(pl.lit(value).alias(name) for name, value in verdict.items())

    monkeypatch.setattr(rounds, "grade_frame", lost)
    made = guided(strategy="brute_force", max_attempts=1)
    assert set(made["rejects"]["item"]) == set(made["samples"]["sample_id"])
    assert set(made["rejects"]["reason"]) == {"grading ended in timeout: slow"}


@pytest.mark.parametrize(
    ("broken", "message"),
    [((500, {"error": "down"}), "teacher.url: .* failed"), ((200, "<html>"), "teacher.url: .*")],
)
def test_a_teacher_that_fails_loses_nothing(guided: Guided, broken: Reply, message: str) -> None:
    half = len(TAIL) // 2

    def fails(prompt: str, n: int) -> Reply:
        return says("Look again.") if n < half else broken

    with serving(fails) as chat:
        with pytest.raises(RatchetError, match=message):
            guided(**taught(chat.url))
        chat.reply = lambda prompt, n: says("Look again.")
        before = len(chat.asked)
        made = guided(**taught(chat.url))
        assert len(chat.asked) - before == len(TAIL) - half
    assert made["samples"].height == len(TAIL)


def test_a_teacher_that_is_too_slow_says_which_limit(guided: Guided) -> None:
    import threading

    release = threading.Event()

    def waits(prompt: str, n: int) -> Reply:
        release.wait(20)
        return says("Too late.")

    with serving(waits) as chat:
        with pytest.raises(RatchetError, match=r"took longer than teacher\.timeout_s"):
            guided(**taught(chat.url, timeout_s=0.2))
        release.set()


def test_the_policy_can_teach_itself(guided: Guided) -> None:
    made = guided(
        strategy="interactive", max_attempts=1, teacher=teacher_settings(provider="policy")
    )
    assert made["samples"].height == len(TAIL)
    assert set(made["samples"]["hint"]) == {"#### -1"}
