"""Conflicts over rows: what is drawn and labelled, and what an objective needs."""

from stages.contract.parsed_parameters import Conflict, Parameters


def _no_labels(p: Parameters) -> bool:
    return bool(p.label.method == "none")


def _has_samples(p: Parameters) -> bool:
    return bool(p.sample.mode != "none")


ROW_CONFLICTS: list[Conflict] = [
    (
        lambda p: p.guide.strategy != "none" and not _has_samples(p),
        "guide.strategy={guide.strategy} needs samples to find the tail: set sample.mode=sampling",
    ),
    (
        lambda p: p.pair.gold_of != "demonstrated" and not _has_samples(p),
        "pair.gold_of={pair.gold_of} needs samples: set sample.mode=sampling",
    ),
    (
        lambda p: p.objective and p.objective.needs_step_labels and _no_labels(p),
        "align.objective={align.objective} needs step labels: "
        "set label.method=rollouts, judge or oracle",
    ),
    (
        lambda p: p.objective and p.objective.needs_step_labels and p.pair.feedback != "labels",
        "align.objective={align.objective} needs rows with step labels: set pair.feedback=labels",
    ),
    (
        lambda p: p.objective and p.pair.rows not in p.objective.needs.pair_rows,
        "align.objective={align.objective} needs {objective.needs.description}: "
        "set pair.rows={objective.needs.choices}",
    ),
    (
        lambda p: p.pair.rows == "steps" and p.correct.method == "none",
        "pair.rows=steps needs corrected steps: set correct.method=resampling",
    ),
    (
        lambda p: p.correct.method != "none" and _no_labels(p),
        "correct.method={correct.method} needs labels to find the first wrong step: "
        "set label.method=rollouts",
    ),
    (
        lambda p: p.pair.feedback == "labels" and _no_labels(p),
        "pair.feedback=labels needs step labels: set label.method=rollouts, judge or oracle",
    ),
    (
        lambda p: p.pair.feedback == "process" and p.verifier.kind == "none",
        "pair.feedback=process needs a verifier: set verifier.kind=prm or orm, "
        "or pair.feedback=labels",
    ),
    (
        lambda p: p.pair.feedback in ("process", "labels", "outcome") and not _has_samples(p),
        "pair.feedback={pair.feedback} needs samples: set sample.mode=sampling",
    ),
    (
        lambda p: p.verifier.kind == "prm" and _no_labels(p),
        "verifier.kind=prm needs step labels: set label.method=rollouts, or verifier.kind=orm",
    ),
    (
        lambda p: p.pair.feedback == "none" and p.align.objective not in ("sft", "none"),
        "align.objective={align.objective} needs rows made from samples: set pair.feedback=outcome",
    ),
    (
        lambda p: (
            p.pair.feedback == "none" and p.align.objective == "sft" and p.pair.rows != "gold"
        ),
        "pair.feedback=none makes no rows from samples: set pair.rows=gold, or "
        "pair.feedback=outcome",
    ),
    (
        lambda p: (
            p.objective
            and p.objective.needs.table == "pairs"
            and not p.objective.reads_examples
            and (p.pair.keep_unpaired or p.pair.with_gold)
        ),
        "align.objective={align.objective} trains on pairs only: "
        "set pair.keep_unpaired=false and pair.with_gold=false",
    ),
    (
        lambda p: p.pair.with_reference and not p.pair.is_balanced,
        "pair.with_reference works only with balanced rows: set pair.rows=balanced, or "
        "pair.with_reference=false",
    ),
]
