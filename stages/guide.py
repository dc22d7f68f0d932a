"""guide: more draws where an iteration needs them (GSI). With `guide.by: none` it adds nothing."""

from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from schemas.problems import Problems
from schemas.samples import Samples
from schemas.verdicts import Verdicts
from stages.settings import Section
from stages.stage import now, once, stage


class GuideSettings(Section):
    """Section `guide`."""

    section: ClassVar[str] = "guide"
    by: Literal["none"]
    tail_below: float = Field(gt=0, le=1)


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
