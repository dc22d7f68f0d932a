"""Checks that there is enough to make training rows from, and that there are enough rows."""

import polars as pl

from schemas.errors import RatchetError
from stages.training_rows.candidates import PairSettings


def require_feedback(
    known: pl.DataFrame,
    path_scores: pl.DataFrame,
    corrections: pl.DataFrame,
    settings: PairSettings,
) -> None:
    """Raises RatchetError if an earlier stage has not written what the rows are made from."""
    if settings.feedback == "none" or settings.rows == "gold":
        return
    if settings.feedback == "labels" and known.height and known["step_labels"].is_null().all():
        raise RatchetError(
            "pair.feedback=labels, but no path is labelled: set label.method=rollouts "
            "or pair.feedback=outcome"
        )
    if settings.rows == "steps":
        if corrections.is_empty():
            raise RatchetError(
                "pair.rows=steps, but no wrong step was resampled: set correct.method=resampling"
            )
        if corrections["correction"].is_null().all():
            raise RatchetError(
                f"pair.rows=steps, but none of {corrections.height} wrong steps was corrected: "
                "raise correct.max_tries or correct.max_paths"
            )
    elif settings.feedback == "process" and known.height and path_scores.is_empty():
        raise RatchetError(
            "pair.feedback=process, but no path is scored: set verifier.kind=prm "
            "or pair.feedback=outcome"
        )


def require_rows(
    pairs: pl.DataFrame, examples: pl.DataFrame, paths: pl.DataFrame, settings: PairSettings
) -> None:
    """Raises RatchetError if there are too few rows to train on."""
    paired = settings.rows in ("pairs", "balanced_pairs", "steps")
    n_rows = pairs.height if paired else examples.height
    if settings.feedback == "none" or n_rows >= settings.min_rows:
        return
    right, kind = paths.filter("correct"), "pairs" if paired else "training rows"
    raise RatchetError(
        f"only {n_rows} {kind}, but pair.min_rows={settings.min_rows} ({right.height} of "
        f"{paths.height} paths are correct, on {right['problem_id'].n_unique()} problems): "
        "raise sample.k or sft.epochs, or lower pair.margin"
    )
