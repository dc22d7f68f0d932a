"""guide: more draws where an iteration needs them, with help (GSI 3). `guide.by: none` adds none.

The tail are the problems whose solve rate on the plain draws is below `guide.tail_below`. Each
round asks once for every problem that is still there, all its samples counted; a strategy says
what. What a hint showed is kept beside the sample and is no part of what a model is trained on,
save for gold steps that begin an answer: the solution starts with them.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from schemas.problems import Problems
from schemas.rejects import Rejects
from schemas.reveals import Reveals
from schemas.samples import Samples
from schemas.verdicts import Verdicts
from stages.compute.compute_settings import ComputeSettings
from stages.engines.engine import EngineSettings
from stages.engines.sampler import Drawer, RemoteDrawer
from stages.grading.grade import GRADER_VERSION
from stages.grading.grade_frame import REFERENCE, GradeSettings, grade_frame, ungraded
from stages.guidance import strategy_list
from stages.guidance.adaptive import reveals
from stages.guidance.attempt import Hard, Strategy
from stages.guidance.gold_supplement import gold_samples
from stages.guidance.round_strategies import Adaptive, Taught, each
from stages.guidance.rounds import Asking, Case, attempts, find_tail
from stages.guidance.tail import GuideSettings
from stages.guidance.teacher import TeacherSettings
from stages.pipeline.stage import now, once, previous, stage
from stages.pipeline.stage_run import Turn

NEED_RATIONALE = ("rationale", "state_reset", "adaptive", "gold")


def helpless(problem: Hard, by: str) -> str | None:
    """Why a strategy has no help for a problem; None if it has."""
    if by in NEED_RATIONALE and not problem.rationale:
        return f"no gold rationale for guide.by={by}"
    if by in ("answer", "rationale") and problem.kind == "code":
        return f"guide.by={by} would show the whole program, which is the answer of code"
    return None


def asking(
    cases: Sequence[Case],
    problems: pl.DataFrame,
    earlier: pl.DataFrame,
    settings: GuideSettings,
    taught: Taught,
) -> Asking:
    """How a round asks."""
    if settings.by == "interactive":
        return taught
    if settings.by == "adaptive":
        return Adaptive(cases, problems, earlier, settings.aim)
    alone: dict[str, Strategy] = {
        "brute_force": strategy_list.brute_force,
        "answer": strategy_list.answer,
        "rationale": strategy_list.rationale,
        "state_reset": strategy_list.state_reset(settings.restart),
    }
    return each(alone[settings.by])


def results(
    made: pl.DataFrame, kept: pl.DataFrame, faults: Sequence[tuple[str, str]]
) -> dict[str, pl.DataFrame]:
    """The stage's tables, given graded samples, rows of `reveals`, and why some had no help."""
    rejects = pl.DataFrame(
        [{"item": item, "reason": reason, "content": ""} for item, reason in faults],
        schema=Rejects.stored_schema(),
    )
    if not made.width:
        none = {"samples": Samples.create_empty(), "verdicts": Verdicts.create_empty()}
        return none | {"reveals": kept, "rejects": rejects}
    graded = made.with_columns(grader=pl.lit(GRADER_VERSION))
    lost = pl.concat([rejects, ungraded(graded).select(rejects.columns)])
    return {"samples": graded, "verdicts": graded, "reveals": kept, "rejects": lost}


@stage(
    reads={
        "problems": once(Problems),
        "samples": now(Samples, by="sample"),
        "verdicts": now(Verdicts, by="grade"),
        "earlier": previous(Reveals),
    },
    models={"policy": "previous", "simulator": "simulator"},
    writes=[now(Samples), now(Verdicts), now(Reveals), now(Rejects)],
    sections=[GuideSettings, TeacherSettings, EngineSettings, GradeSettings, ComputeSettings],
)
def guide(
    problems: pl.DataFrame,
    samples: pl.DataFrame,
    verdicts: pl.DataFrame,
    earlier: pl.DataFrame,
    policy: Path,
    simulator: Path,
    guide: GuideSettings,
    teacher: TeacherSettings,
    engine: EngineSettings,
    grade: GradeSettings,
    compute: ComputeSettings,
    turn: Turn,
) -> dict[str, pl.DataFrame]:
    """Adds guided samples of the tail, and their verdicts, to the iteration."""
    none = Reveals.create_empty()
    if guide.by == "none":
        return results(pl.DataFrame(), none, [])
    tail = find_tail(problems, samples, verdicts, guide.tail_below)
    faults = [(c.problem.problem_id, why) for c in tail if (why := helpless(c.problem, guide.by))]
    cases = [case for case in tail if not helpless(case.problem, guide.by)]
    references = problems.select("problem_id", *REFERENCE)
    if not cases:
        return results(pl.DataFrame(), none, faults)
    if guide.by == "gold":
        gold = gold_samples(cases).join(references, on="problem_id", maintain_order="left")
        return results(grade_frame(gold, grade, compute=compute), none, faults)

    def teaching() -> Drawer:
        if teacher.by == "server":
            return RemoteDrawer(teacher, turn)
        return Drawer(policy if teacher.by == "policy" else simulator, engine, compute, turn)

    taught = Taught(teaching, teacher)
    ask = asking(cases, problems, earlier, guide, taught)
    drawer = Drawer(policy, engine, compute, turn)
    rounds = [*attempts(cases, ask, drawer, references, guide, grade)]
    made = pl.concat(rounds) if rounds else pl.DataFrame()
    kept = reveals(cases, earlier) if guide.by == "adaptive" else none
    return results(made, kept, [*faults, *taught.faults()])


if __name__ == "__main__":
    guide.main()
