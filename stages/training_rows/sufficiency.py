"""Is there enough to make training rows of, and are there enough rows?"""

import polars as pl

from schemas.errors import RatchetError
from stages.training_rows.candidates import PairSettings


def need_feedback(
    known: pl.DataFrame,
    path_scores: pl.DataFrame,
    corrections: pl.DataFrame,
    settings: PairSettings,
) -> None:
    """Raises RatchetError when an earlier stage left out what the rows are made of."""
    if settings.by == "none" or settings.rows == "gold":
        return
    if settings.by == "labels" and known.height and known["step_labels"].is_null().all():
        raise RatchetError(
            "pair.by=labels, but no path is labelled: set label.by=rollouts or pair.by=outcome"
        )
    if settings.rows == "steps":
        if corrections.is_empty():
            raise RatchetError(
                "pair.rows=steps, but no wrong step was resampled: set correct.by=resampling"
            )
        if corrections["correction"].is_null().all():
            raise RatchetError(
                f"pair.rows=steps, but none of {corrections.height} wrong steps was corrected: "
                "raise correct.tries or correct.paths"
            )
    elif settings.by == "process" and known.height and path_scores.is_empty():
        raise RatchetError(
            "pair.by=process, but no path is scored: set verifier.by=prm or pair.by=outcome"
        )


def enough_rows(
    pairs: pl.DataFrame, examples: pl.DataFrame, paths: pl.DataFrame, settings: PairSettings
) -> None:
    """Raises RatchetError when there is too little to train on."""
    paired = settings.rows in ("pairs", "steps")
    rows = pairs.height if paired else examples.height
    if settings.by == "none" or rows >= settings.at_least:
        return
    right, kind = paths.filter("correct"), "pairs" if paired else "training rows"
    raise RatchetError(
        f"{rows} {kind}, fewer than pair.at_least={settings.at_least}: of {paths.height} "
        f"paths {right.height} are right, on {right['problem_id'].n_unique()} problems; "
        f"draw more (sample.k), train M0 better (sft.epochs), or lower pair.margin"
    )
