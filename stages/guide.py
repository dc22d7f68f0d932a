"""guide: more samples where an iteration needs them, with help (GSI §5). `guide.strategy: none`
adds none.

The tail are the problems whose solve rate on the plain draws is below `guide.tail_below`. Each
round asks once for every problem that is still there, all its samples counted; a strategy says
what. What a hint showed is kept beside the sample and is no part of what a model is trained on,
save for gold steps that begin an answer: the solution starts with them.
"""

from collections.abc import Sequence
from typing import Annotated

import polars as pl

from schemas.problems import Problems
from schemas.rejects import Rejects
from schemas.reveals import Reveals
from schemas.samples import Samples
from schemas.verdicts import Verdicts
from stages.compute.compute_settings import ComputeSettings
from stages.engines.engine import EngineSettings
from stages.engines.sampler import ChatSampler, Sampler
from stages.grading.grade import GRADER_VERSION
from stages.grading.grade_frame import (
    REFERENCE_COLUMNS,
    GradeSettings,
    grade_frame,
    grading_rejects,
)
from stages.guidance import strategy_list
from stages.guidance.adaptive import reveal_rows
from stages.guidance.attempt import Strategy, TailProblem
from stages.guidance.gold_supplement import gold_samples
from stages.guidance.round_strategies import AdaptiveReset, TeacherGuided, per_problem_strategy
from stages.guidance.rounds import Case, RoundStrategy, find_tail, run_rounds
from stages.guidance.tail import GuideSettings
from stages.guidance.teacher import TeacherSettings
from stages.pipeline.inputs import From, Model, Now, Once, Previous, now
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun

NEED_RATIONALE = ("rationale", "state_reset", "adaptive", "gold")


def no_help_reason(problem: TailProblem, strategy: str) -> str | None:
    """Why a strategy has no help for a problem; None if it has."""
    if strategy in NEED_RATIONALE and not problem.rationale:
        return f"no gold rationale for guide.strategy={strategy}"
    if strategy in ("answer", "rationale") and problem.kind == "code":
        return (
            f"guide.strategy={strategy} would show the whole program, which is the answer of code"
        )
    return None


def round_strategy(
    cases: Sequence[Case],
    problems: pl.DataFrame,
    earlier: pl.DataFrame,
    settings: GuideSettings,
    teacher_guided: TeacherGuided,
) -> RoundStrategy:
    """How a round asks."""
    if settings.strategy == "interactive":
        return teacher_guided
    if settings.strategy == "adaptive":
        return AdaptiveReset(cases, problems, earlier, settings.aim)
    per_problem: dict[str, Strategy] = {
        "brute_force": strategy_list.brute_force,
        "answer": strategy_list.show_answer,
        "rationale": strategy_list.show_rationale,
        "state_reset": strategy_list.state_reset(settings.restart),
    }
    return per_problem_strategy(per_problem[settings.strategy])


def output_tables(
    samples: pl.DataFrame, new_reveals: pl.DataFrame, faults: Sequence[tuple[str, str]]
) -> dict[str, pl.DataFrame]:
    """The stage's tables, given graded samples, rows of `reveals`, and why some had no help."""
    rejects = pl.DataFrame(
        [{"item": item, "reason": reason, "content": ""} for item, reason in faults],
        schema=Rejects.stored_schema(),
    )
    if not samples.width:
        none = {"samples": Samples.create_empty(), "verdicts": Verdicts.create_empty()}
        return none | {"reveals": new_reveals, "rejects": rejects}
    graded = samples.with_columns(grader=pl.lit(GRADER_VERSION))
    lost = pl.concat([rejects, grading_rejects(graded).select(rejects.columns)])
    return {"samples": graded, "verdicts": graded, "reveals": new_reveals, "rejects": lost}


@stage(writes=[now(Samples), now(Verdicts), now(Reveals), now(Rejects)])
def guide(
    problems: Once[Problems],
    samples: Annotated[Now[Samples], From("sample")],
    verdicts: Annotated[Now[Verdicts], From("grade")],
    earlier: Previous[Reveals],
    policy: Model.previous,
    simulator: Model.simulator,
    guide: GuideSettings,
    teacher: TeacherSettings,
    engine: EngineSettings,
    grade: GradeSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
) -> dict[str, pl.DataFrame]:
    """Adds guided samples of the tail, and their verdicts, to the iteration."""
    none = Reveals.create_empty()
    if guide.strategy == "none":
        return output_tables(pl.DataFrame(), none, [])
    tail = find_tail(problems, samples, verdicts, guide.tail_below)
    faults = [
        (c.problem.problem_id, why)
        for c in tail
        if (why := no_help_reason(c.problem, guide.strategy))
    ]
    cases = [case for case in tail if not no_help_reason(case.problem, guide.strategy)]
    references = problems.select("problem_id", *REFERENCE_COLUMNS)
    if not cases:
        return output_tables(pl.DataFrame(), none, faults)
    if guide.strategy == "gold":
        gold = gold_samples(cases).join(references, on="problem_id", maintain_order="left")
        return output_tables(grade_frame(gold, grade, compute=compute), none, faults)

    def make_teacher() -> Sampler:
        if teacher.provider == "server":
            return ChatSampler(teacher, stage_run)
        return Sampler(
            policy if teacher.provider == "policy" else simulator, engine, compute, stage_run
        )

    teacher_guided = TeacherGuided(make_teacher, teacher)
    strategy = round_strategy(cases, problems, earlier, guide, teacher_guided)
    sampler = Sampler(policy, engine, compute, stage_run)
    rounds = [*run_rounds(cases, strategy, sampler, references, guide, grade)]
    guided_samples = pl.concat(rounds) if rounds else pl.DataFrame()
    new_reveals = reveal_rows(cases, earlier) if guide.strategy == "adaptive" else none
    return output_tables(guided_samples, new_reveals, [*faults, *teacher_guided.faults()])


if __name__ == "__main__":
    guide.main()
