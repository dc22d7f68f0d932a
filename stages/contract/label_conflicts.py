"""Conflicts between the settings of section `label`."""

from stages.contract.parsed_parameters import Conflict, Parameters


def _samples_differ_from_rollouts(p: Parameters) -> bool:
    """Whether samples are used as rollouts but drawn in another way."""
    same_settings = p.sample.sampling == p.label.sampling
    simulator = "policy" if p.model.simulator == "policy" else "simulator"
    from_simulator = p.sample.mode == "sampling" and p.sample.model == simulator
    return p.label.evidence in ("outcome", "both") and not (same_settings and from_simulator)


LABEL_CONFLICTS: list[Conflict] = [
    (
        lambda p: p.label.method == "rollouts" and p.label.delta >= p.label.max_rollouts,
        "label.delta={label.delta} must be below label.max_rollouts ({label.max_rollouts}): "
        "set a lower value",
    ),
    (
        lambda p: (
            not p.label.early_stop and (p.label.patience is not None or p.label.evidence != "own")
        ),
        "label.patience and label.evidence need label.early_stop=true: set it, or "
        "label.patience=null and label.evidence=own",
    ),
    (
        lambda p: p.label.evidence != "own" and p.label.delta > 0,
        "label.evidence={label.evidence} proves only that a right answer can be reached: "
        "set label.delta=0, or label.evidence=own",
    ),
    (
        _samples_differ_from_rollouts,
        "label.evidence={label.evidence} counts samples as rollouts: sample from the simulator "
        "with label's temperature, top_p and max_tokens, or set label.evidence=later",
    ),
    (
        lambda p: p.label.keep_rollouts != "none" and p.label.method != "rollouts",
        "label.keep_rollouts={label.keep_rollouts} needs rollouts: set label.method=rollouts, "
        "or label.keep_rollouts=none",
    ),
]
