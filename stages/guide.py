"""guide: more samples where an iteration needs them, with help (GSI §5). `guide.strategy: none`
adds none.

The tail is the problems whose solve rate over the unguided samples is below `guide.tail_below`
(GSI §6.1). Each round samples once for every problem that is still in the tail, counting all its
samples; a strategy decides the prompt. A hint is recorded beside the sample and is not trained on,
except for gold steps that begin an answer: the solution starts with them.
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
from stages.engines.chat_sampler import ChatSampler
from stages.engines.engine import EngineSettings
from stages.engines.sampler import Sampler
from stages.grading.grade import GRADER_VERSION
from stages.grading.grade_frame import (
    REFERENCE_COLUMNS,
    GradeSettings,
    grade_frame,
    grading_rejects,
)
from stages.guidance.rounds import find_tail, run_rounds
from stages.guidance.strategy import GuideContext
from stages.guidance.strategy_list import load_strategy
from stages.guidance.tail import GuideSettings
from stages.guidance.teacher import TeacherSettings
from stages.pipeline.inputs import From, Model, Now, Once, Previous, now
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun


def output_tables(
    samples: pl.DataFrame, new_reveals: pl.DataFrame, faults: Sequence[tuple[str, str]]
) -> dict[str, pl.DataFrame]:
    """The stage's tables, from graded samples, rows of `reveals`, and why some had no help."""
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
    strategy = load_strategy(guide.strategy)
    tail = find_tail(problems, samples, verdicts, guide.tail_below)
    reasons = [strategy.no_help_reason(case.problem, guide.strategy) for case in tail]
    faults = [(c.problem.problem_id, why) for c, why in zip(tail, reasons, strict=True) if why]
    cases = [case for case, why in zip(tail, reasons, strict=True) if not why]
    references = problems.select("problem_id", *REFERENCE_COLUMNS)
    if not cases:
        return output_tables(pl.DataFrame(), none, faults)
    if strategy.own_samples:
        own = strategy.own_samples(cases).join(references, on="problem_id", maintain_order="left")
        return output_tables(grade_frame(own, grade, compute=compute), none, faults)

    def make_teacher() -> Sampler:
        if teacher.provider == "server":
            return ChatSampler(teacher, stage_run)
        folder = policy if teacher.provider == "policy" else simulator
        return Sampler(folder, engine, compute, stage_run, teacher)

    rounds = strategy.start(GuideContext(cases, problems, earlier, guide, teacher, make_teacher))
    sampler = Sampler(policy, engine, compute, stage_run)
    graded = [*run_rounds(cases, rounds.next_prompts, sampler, references, guide, grade)]
    guided_samples = pl.concat(graded) if graded else pl.DataFrame()
    return output_tables(guided_samples, rounds.reveals(), [*faults, *rounds.faults()])


if __name__ == "__main__":
    guide.main()
