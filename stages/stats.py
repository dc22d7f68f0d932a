"""stats: coverage, solve rates, budget and narrowing of an iteration, and its data sizes.

SIPF Tables 6-7 (data sizes) and the measures of GSI §4, §6.2 and §7.3: coverage, budget, narrowing
of self-generated against gold data, short-cutting and spurious correctness. The SQL files of
stages/measures read the tables from disk, so tables may be larger than memory.
"""

from typing import ClassVar

import polars as pl
from pydantic import Field

from schemas.corrections import Corrections
from schemas.coverage import Coverage
from schemas.evaluations import Evaluations
from schemas.examples import Examples
from schemas.flaws import Flaws
from schemas.narrowing import Narrowing
from schemas.pairs import Pairs
from schemas.paths import Paths
from schemas.perplexities import Perplexities
from schemas.problems import Problems
from schemas.progress import Progress
from schemas.samples import Samples
from schemas.solve_rates import SolveRates
from schemas.step_labels import StepLabels
from schemas.strategies import Strategies
from schemas.verdicts import Verdicts
from stages.guidance.tail import GuideSettings
from stages.measures.database import open_statistics
from stages.pipeline.digests import digest, file_digest
from stages.pipeline.inputs import NowFiles, OnceFiles, Previous, PreviousFiles, now
from stages.pipeline.params import Section
from stages.pipeline.stage import stage


class StatsSettings(Section):
    """Section `stats`."""

    section: ClassVar[str] = "stats"
    memory_gb: float = Field(ge=0.1)


@stage(writes=[now(Coverage), now(Progress), now(SolveRates), now(Strategies), now(Narrowing)])
def stats(
    problems: OnceFiles[Problems],
    samples: NowFiles[Samples],
    verdicts: NowFiles[Verdicts],
    paths: NowFiles[Paths],
    perplexities: NowFiles[Perplexities],
    step_labels: NowFiles[StepLabels],
    corrections: NowFiles[Corrections],
    pairs: NowFiles[Pairs],
    examples: NowFiles[Examples],
    old_coverage: PreviousFiles[Coverage],
    old_evaluations: PreviousFiles[Evaluations],
    old_flaws: PreviousFiles[Flaws],
    old_progress: Previous[Progress],
    guide: GuideSettings,
    stats: StatsSettings,
) -> dict[str, pl.DataFrame]:
    """Coverage, progress, solve rates, strategies and narrowing of the iteration."""
    tables = {
        "problems": problems,
        "samples": samples,
        "verdicts": verdicts,
        "paths": paths,
        "perplexities": perplexities,
        "step_labels": step_labels,
        "corrections": corrections,
        "pairs": pairs,
        "examples": examples,
        "old_coverage": old_coverage,
    }
    with open_statistics(tables, stats.memory_gb) as statistics:
        statistics.materialise("counts")
        statistics.materialise("drawn")
        statistics.materialise("coverage", tail_below=guide.tail_below)
        outputs = {"coverage": statistics.table("coverage")}
        for name in ("progress", "solve_rates", "strategies", "narrowing"):
            outputs[name] = statistics.ask(name)
    before = (*tables.values(), old_evaluations, old_flaws)
    seen = [file_digest(file) for files in before for file in files]
    counts = outputs["progress"].row(0)
    lineage = digest(old_progress["lineage"][0], *counts, guide.tail_below, *seen)
    outputs["progress"] = outputs["progress"].with_columns(lineage=pl.lit(lineage))
    return outputs


if __name__ == "__main__":
    stats.main()
