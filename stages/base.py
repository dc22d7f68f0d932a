"""base: the model M that everything starts from, as a checkpoint folder.

Either random weights with a tokenizer trained on the task's own training text, or a copy of a
Hugging Face folder or id, so that the run holds all that it depends on. The folder also says how
the model is asked. Weights from elsewhere that verifiers start from (SIPF §3.2) are fetched here
too, once for all iterations.
"""

import polars as pl

from schemas.problems import Problems
from schemas.sources import Sources
from stages.compute.compute_settings import ComputeSettings, set_up
from stages.models.folders import is_empty, mark_empty
from stages.models.model_settings import (
    OWN_STARTS,
    ModelSettings,
    PretrainedSettings,
    ScratchSettings,
)
from stages.models.model_source import fetch
from stages.models.scratch import make_scratch
from stages.models.tokens import Encoder
from stages.pipeline.inputs import Made, Once, once
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.tasks.worked_examples import worked_examples


def seen_texts(problems: pl.DataFrame) -> list[str]:
    """The texts that the tokenizer is trained on: training prompts and demonstrated rationales."""
    train = problems.filter(pl.col("split") == "train")
    gold = train.filter("demonstrated")["rationale"].list.join("")
    return [*train["prompt"], *gold]


@stage(writes=[once(Sources)], opens=["model.source", "model.verifier", "model.examples"])
def base(
    problems: Once[Problems],
    model: ModelSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
    out: Made.base,
    verifier_start: Made.verifier_start,
) -> pl.DataFrame:
    """Makes or fetches the model M as models/base, and the weights that verifiers start from."""
    read: list[pl.DataFrame] = [Sources.create_empty()]
    if isinstance(model, ScratchSettings):
        set_up(compute, stage_run.seed)
        make_scratch(model, seen_texts(problems), stage_run.seed, out)
    elif isinstance(model, PretrainedSettings):
        read.append(fetch(model.source, "model.source", out, model.revision))
    else:
        mark_empty(out, "model.kind is none: nothing is trained in this run")
    model.form(worked_examples(model, problems)).write(out)
    if not is_empty(out):
        Encoder.load(out)  # raises if the model can't be asked in this form
    if model.verifier in OWN_STARTS:
        mark_empty(verifier_start, f"model.verifier is {model.verifier}, a model of the run")
    else:
        fetched = fetch(model.verifier, "model.verifier", verifier_start, model.verifier_revision)
        read.append(fetched)
    return pl.concat(read)


if __name__ == "__main__":
    base.main()
