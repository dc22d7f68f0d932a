"""guide: more draws where an iteration needs them (GSI). With `guide.by: none` it adds nothing."""

import polars as pl

from schemas.problems import Problems
from schemas.samples import Samples
from schemas.verdicts import Verdicts
from stages.stage import now, once, stage
from stages.tail import GuideSettings


@stage(
    reads={
        "problems": once(Problems),
        "samples": now(Samples, by="sample"),
        "verdicts": now(Verdicts, by="grade"),
    },
    writes=[now(Samples), now(Verdicts)],
    sections=[GuideSettings],
)
def guide(
    problems: pl.DataFrame, samples: pl.DataFrame, verdicts: pl.DataFrame, guide: GuideSettings
) -> dict[str, pl.DataFrame]:
    """Adds the guided samples and their verdicts to the iteration."""
    return {"samples": Samples.create_empty(), "verdicts": Verdicts.create_empty()}


if __name__ == "__main__":
    guide.main()
