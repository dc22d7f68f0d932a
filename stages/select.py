"""select: M_k, the checkpoint of an iteration's training that solves most held-out problems.

Step-KTO §3.3 chooses so. The stage is there with `-S select=accuracy` alone: else M_k is what
training ends with, and align makes it.
"""

import shutil
from pathlib import Path

import polars as pl

from schemas.checkpoint_scores import CheckpointScores
from schemas.errors import RatchetError
from schemas.problems import Problems
from stages.compute.compute_settings import ComputeSettings
from stages.engines.engine import EngineSettings
from stages.engines.graded_answers import sample_answers
from stages.engines.sampler import Sampler
from stages.grading.grade_frame import GradeSettings
from stages.models.sampling import Sampling
from stages.pipeline.inputs import Made, Model, Once, now
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.training.training_settings import SelectSettings, saved_steps


def choose_checkpoint(scores: pl.DataFrame) -> int:
    """The step of the checkpoint with most right answers; the later of equals."""
    return int(scores.sort("n_correct", "step")["step"][-1])


@stage(writes=[now(CheckpointScores)])
def select(
    problems: Once[Problems],
    trained: Model.trained,
    select: SelectSettings,
    engine: EngineSettings,
    grade: GradeSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
    out: Made.now,
) -> pl.DataFrame:
    """Takes the checkpoint that solves most held-out problems."""
    held_out = problems.filter(pl.col("split") == "dev")
    if held_out.is_empty():
        raise RatchetError("no problem is held out: set select.n_problems, or -S select=last")
    greedy = Sampling(0.0, 1.0, select.max_tokens)

    def count_right(folder: Path) -> int:
        sampler = Sampler(folder, engine, compute, stage_run)
        return int(sample_answers(sampler, held_out, 1, greedy, grade, "select")["correct"].sum())

    folders = saved_steps(trained)
    scores = pl.DataFrame(
        {"step": list(folders), "n_correct": [count_right(f) for f in folders.values()]},
        schema_overrides={"step": pl.Int32, "n_correct": pl.Int32},
    )
    best = choose_checkpoint(scores)
    shutil.copytree(folders[best], out, dirs_exist_ok=True)
    return scores.with_columns(
        n_problems=pl.lit(held_out.height, pl.Int32), chosen=pl.col("step") == best
    )


if __name__ == "__main__":
    select.main()
