"""review: what others say of the greedy answers.

A verifier or a critic looks for wrong steps in right answers (flawed but correct, Step-KTO §3.8),
and a judge compares the answers with another model's on six aspects (SIPF Appendix B). The verifier
is that of iteration 1 for every model, M0 too, so that all iterations are measured alike.
"""

from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from schemas.duels import Duels
from schemas.evaluations import Evaluations
from schemas.flaws import Flaws
from schemas.problems import Problems
from schemas.rejects import Rejects
from stages.compute.compute_settings import ComputeSettings
from stages.engines.engine import EngineSettings
from stages.engines.sampler import Sampler
from stages.feedback import head_to_head
from stages.feedback.critic import CriticSettings, Finding, critic_sampler
from stages.feedback.first_flaw import find_flaws, flaws_from_scores, right_solutions
from stages.feedback.reply_form import ReplyForm
from stages.feedback.verifier_scores import ScoreSettings, step_probabilities
from stages.pipeline.digests import digest
from stages.pipeline.inputs import Model, Now, Once, now
from stages.pipeline.params import Section
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.tasks.task import TaskSettings


class ReviewSettings(Section):
    """Section `review`."""

    section: ClassVar[str] = "review"
    reviewer: Literal["oracle", "verifier", "critic"]
    wrong_below: float = Field(gt=0, lt=1)
    duel_with: str = Field(min_length=1)
    max_problems: int | None = Field(ge=1)


def choose_answers(answers: pl.DataFrame, limit: int | None) -> pl.DataFrame:
    """The greedy answers to the first `limit` problems of each suite, the same for every model."""
    greedy = answers.filter(pl.col("mode") == "greedy")
    order = pl.col("problem_id").map_elements(lambda name: digest("review", name), pl.String)
    greedy = greedy.sort(order)
    return greedy if limit is None else greedy.group_by("suite", maintain_order=True).head(limit)


@stage(writes=[now(Flaws), now(Duels), now(Rejects)])
def review(
    problems: Once[Problems],
    answers: Now[Evaluations],
    first: Once[Evaluations],
    verifier: Model.first_verifier,
    policy: Model.now,
    simulator: Model.simulator,
    review: ReviewSettings,
    critic: CriticSettings,
    score: ScoreSettings,
    task: TaskSettings,
    engine: EngineSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
) -> dict[str, pl.DataFrame]:
    """Looks for wrong steps in right answers, and compares answers with another model's."""
    flaws: pl.DataFrame = Flaws.create_empty()
    duels: pl.DataFrame = Duels.create_empty()
    rejects: list[dict[str, str]] = []
    greedy = choose_answers(answers, review.max_problems)

    def make_critic(form: type[ReplyForm]) -> Sampler:
        models = {"policy": policy, "simulator": simulator}
        return critic_sampler(critic, models, engine, compute, stage_run, form)

    if review.reviewer != "oracle" and greedy["correct"].any():
        right = right_solutions(greedy, problems, task)
        if review.reviewer == "critic":
            flaws, rejects = find_flaws(make_critic(Finding), right, critic)
        else:
            scores = step_probabilities(verifier, right, score, compute, stage_run.seed)
            flaws = flaws_from_scores(right, scores, review.wrong_below)
    itself = review.duel_with == "first" and stage_run.iteration == 0
    if review.duel_with != "none" and not itself:
        pairs = head_to_head.answer_pairs(
            greedy, head_to_head.rival_answers(review.duel_with, first), problems
        )
        if not pairs.is_empty():
            judge = make_critic(head_to_head.Comparison)
            duels, unusable = head_to_head.run_duels(judge, pairs, review.duel_with, critic)
            rejects += unusable
    return {
        "flaws": flaws,
        "duels": duels,
        "rejects": pl.DataFrame(rejects, schema=Rejects.stored_schema()),
    }


if __name__ == "__main__":
    review.main()
