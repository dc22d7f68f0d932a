"""Conflicts between settings: values that are valid alone but not together."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from schemas.errors import RatchetError
from stages.compute.compute_settings import LaunchSettings
from stages.contract.stage_list import SCALARS, sections
from stages.objectives.objective_list import load_objective
from stages.pipeline.params import parse
from stages.training.objective import Objective

TRAINING_SECTIONS = ("sft", "align", "verifier", "simulator")


class Parameters(SimpleNamespace):
    """Every section of params.yaml, parsed, under its name; `iteration` and `seed` too."""

    def __getattr__(self, section: str) -> Any:
        raise AttributeError(f"no section {section}")

    @property
    def objective(self) -> Objective | None:
        """The objective that `align` minimises; None if it trains nothing."""
        name = self.align.objective
        return None if name == "none" else load_objective(name)


def parse_parameters(values: dict[str, Any]) -> Parameters:
    """Every section, checked alone. Raises RatchetError on the first value that is wrong."""
    known = {name: parse(section, values) for name, section in sections().items()}
    return Parameters(**known, **{name: values.get(name) for name in SCALARS})


# (whether the values are in conflict; what is wrong and what to set)
Conflict = tuple[Callable[[Parameters], Any], str]


def evaluates(p: Parameters) -> bool:
    """Whether the models that the run makes are evaluated."""
    has_mode = p.evaluate.greedy or p.evaluate.n_votes
    return bool(p.model.kind != "none" and has_mode)


def reviews(p: Parameters) -> bool:
    """Whether greedy answers are reviewed by anything but the task's truth."""
    return bool(p.review.reviewer != "oracle" or p.review.duel_with != "none")


def _asks_critic(p: Parameters) -> bool:
    return bool(p.review.reviewer == "critic" or p.review.duel_with != "none")


def _lacks_address(p: Parameters, section: str) -> bool:
    server = getattr(p, section)
    return None in (server.url, server.model)


def _uses_server(p: Parameters) -> bool:
    return bool(p.engine.name == "openai")


def _no_labels(p: Parameters) -> bool:
    return bool(p.label.method == "none")


def _has_samples(p: Parameters) -> bool:
    return bool(p.sample.mode != "none")


def _needs_new_draws(p: Parameters) -> bool:
    others = [p.correct.method != "none", p.guide.strategy not in ("none", "gold")]
    return bool(p.label.method == "rollouts" or any(others) or evaluates(p))


def _samples_differ_from_rollouts(p: Parameters) -> bool:
    """Whether samples are used as rollouts but drawn in another way."""
    same_settings = p.sample.sampling == p.label.sampling
    simulator = "policy" if p.model.simulator == "policy" else "simulator"
    from_simulator = p.sample.mode == "sampling" and p.sample.model == simulator
    return p.label.evidence in ("outcome", "both") and not (same_settings and from_simulator)


def _n_processes(p: Parameters) -> int:
    launch: LaunchSettings | None = p.compute.launch
    return launch.processes if launch else 1


def _no_launch_file(p: Parameters) -> bool:
    return p.compute.launch is not None and not Path(p.compute.launch.config).is_file()


CONFLICTS: list[Conflict] = [
    (
        lambda p: p.label.method == "judge" and _lacks_address(p, "judge"),
        "label.method=judge needs a server: set judge.url and judge.model",
    ),
    (
        lambda p: (
            p.guide.strategy == "interactive"
            and p.teacher.provider == "server"
            and _lacks_address(p, "teacher")
        ),
        "guide.strategy=interactive needs a teacher: set teacher.url and teacher.model, or "
        "teacher.provider=simulator or policy",
    ),
    (
        lambda p: _asks_critic(p) and p.critic.provider == "server" and _lacks_address(p, "critic"),
        "review.reviewer=critic and review.duel_with need a critic: set critic.url and "
        "critic.model, or critic.provider=simulator or policy",
    ),
    (
        lambda p: (
            _asks_critic(p) and p.critic.provider == "simulator" and p.model.simulator == "policy"
        ),
        "critic.provider=simulator needs a simulator: set model.simulator, or "
        "critic.provider=policy",
    ),
    (
        lambda p: p.model.simulator == "server" and _lacks_address(p, "simulator_server"),
        "model.simulator=server needs its address: set simulator_server.url and "
        "simulator_server.model",
    ),
    (
        lambda p: p.model.verifier == "simulator" and p.model.simulator == "server",
        "model.verifier=simulator needs the simulator's weights, which a server does not give: set "
        "model.verifier to policy, a folder or an id",
    ),
    (
        lambda p: _uses_server(p) and _lacks_address(p, "engine"),
        "engine.name=openai needs a server: set engine.url and engine.model",
    ),
    (
        lambda p: _uses_server(p) and p.model.simulator not in ("policy", "server"),
        "engine.name=openai cannot sample from model.simulator={model.simulator}: set "
        "model.simulator to policy or server, or -S engine=auto",
    ),
    (
        lambda p: _uses_server(p) and p.align.objective != "none" and p.iteration > 1,
        "engine.name=openai cannot sample from the models trained here: set iteration=1 or "
        "align.objective=none; if the server is the simulator, -S engine=auto "
        "-S model.simulator=server",
    ),
    (
        lambda p: _uses_server(p) and evaluates(p),
        "engine.name=openai cannot evaluate the models trained here: set evaluate.greedy=false and "
        "evaluate.n_votes=0, or -S model=none",
    ),
    (
        lambda p: (
            p.guide.strategy == "interactive"
            and p.teacher.provider == "simulator"
            and p.model.simulator == "policy"
        ),
        "teacher.provider=simulator needs a simulator: set model.simulator, or "
        "teacher.provider=policy",
    ),
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
        lambda p: p.align.budgets and len(p.align.budgets) < p.iteration,
        "align.budgets has fewer entries than iteration={iteration}: set one of each iteration",
    ),
    (
        lambda p: (
            p.align.budgets
            and (p.align.objective != "sft" or p.compute.launch is not None or p.trainer.dev_share)
        ),
        "align.budgets works for align.objective=sft in one process, without rows held out: set "
        "recipe=control, compute=local and trainer.dev_share=0.0, or align.budgets=null",
    ),
    (
        lambda p: p.align.beta == 0 and p.align.objective not in ("orpo", "sft", "none"),
        "align.beta=0 leaves align.objective={align.objective} nothing to learn: set it above 0",
    ),
    (
        lambda p: p.pair.with_reference and not p.pair.is_balanced,
        "pair.with_reference works only with balanced rows: set pair.rows=balanced, or "
        "pair.with_reference=false",
    ),
    (
        lambda p: p.compute.ray is not None and find_spec("ray") is None,
        "compute.ray needs Ray: run `pip install 'ray[data]'`, or set -S compute=local",
    ),
    (
        _no_launch_file,
        "compute.launch.config={compute.launch.config} is not a file: set it to a file such as "
        "conf/accelerate/fsdp.yaml",
    ),
    (
        lambda p: any(getattr(p, name).batch_size % _n_processes(p) for name in TRAINING_SECTIONS),
        "compute.launch.processes={compute.launch.processes} must divide the batch_size of sft, "
        "align, verifier and simulator: set other values",
    ),
    (
        lambda p: (
            p.objective and p.objective.compares_rows and p.align.batch_size // _n_processes(p) < 2
        ),
        "align.objective={align.objective} compares the rows of a batch: set align.batch_size to "
        "at least two rows per process",
    ),
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
    (
        lambda p: p.review.reviewer == "verifier" and p.verifier.kind == "none",
        "review.reviewer=verifier needs a verifier: set verifier.kind=prm or orm",
    ),
    (
        lambda p: reviews(p) and not p.evaluate.greedy,
        "the review needs greedy answers: set evaluate.greedy=true",
    ),
    (
        lambda p: p.trainer.dev_share > 0 and p.trainer.checkpoint_every is None,
        "trainer.dev_share needs checkpoints to choose from: set trainer.checkpoint_every",
    ),
    (
        lambda p: p.trainer.missing_packages,
        "trainer.report_to needs packages that are not installed: `pip install "
        "{trainer.missing_packages}`, or set trainer.report_to=[]",
    ),
    (
        lambda p: p.engine.name == "replay" and _needs_new_draws(p),
        "engine.name=replay cannot draw new completions: set -S recipe=replay, or -S engine=auto",
    ),
    (
        lambda p: p.model.kind == "none" and p.align.objective != "none",
        "model.kind=none has no model to train: set -S model=tiny, or -S recipe=replay",
    ),
    (
        lambda p: p.sample.model == "simulator" and p.model.simulator == "policy",
        "sample.model=simulator needs a simulator: set model.simulator, or "
        "-S model=tiny_strong_simulator",
    ),
    (
        lambda p: p.model.verifier == "simulator" and p.model.simulator == "policy",
        "model.verifier=simulator needs a simulator: set model.simulator, or model.verifier=policy",
    ),
]


def refuse_conflicts(parameters: Parameters) -> None:
    """Raises RatchetError for the first conflict, with the values that are in conflict."""
    for applies, message in CONFLICTS:
        if applies(parameters):
            values = vars(parameters) | {"objective": parameters.objective}
            raise RatchetError(f"params.yaml: {message.format(**values)}")
