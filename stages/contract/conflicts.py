"""What no section can see alone: values that are right by themselves and wrong together."""

import re
from collections.abc import Callable, Mapping
from functools import reduce
from importlib.util import find_spec
from operator import getitem
from pathlib import Path
from typing import Any

from schemas.errors import RatchetError

Values = Mapping[str, Any]
# (does the run have it, given every section's values; what it is and how to mend it)
Conflict = tuple[Callable[[Values], bool], str]

UNREAD = ("dpo", "ipo", "simpo", "step_dpo")  # objectives that examples don't enter
TRAINED = ("sft", "align", "verifier", "simulator")
PAIRED = ("dpo", "rpo", "ipo", "simpo", "orpo")


def evaluates(p: Values) -> bool:
    """Are models that the run makes evaluated."""
    asked = p["evaluate"]["greedy"] or p["evaluate"]["votes"]
    return bool(p["model"]["kind"] != "none" and asked)


def reviews(p: Values) -> bool:
    """Are greedy answers looked at again, by anything but the task's truth."""
    return bool(p["review"]["flawed_by"] != "oracle" or p["review"]["duel_with"] != "none")


def _asks_critic(p: Values) -> bool:
    return bool(p["review"]["flawed_by"] == "critic" or p["review"]["duel_with"] != "none")


def _nowhere(p: Values, section: str) -> bool:
    return None in (p[section]["url"], p[section]["model"])


def _served(p: Values) -> bool:
    return bool(p["engine"]["name"] == "openai")


def _no_labels(p: Values) -> bool:
    return bool(p["label"]["by"] == "none")


def _draws(p: Values) -> bool:
    return bool(p["sample"]["by"] != "none")


def _draws_more(p: Values) -> bool:
    others = [p["correct"]["by"] != "none", p["guide"]["by"] not in ("none", "gold")]
    return bool(p["label"]["by"] == "rollouts" or any(others) or evaluates(p))


def _other_draws(p: Values) -> bool:
    """Are the samples drawn otherwise than rollouts are."""
    sample, label = p["sample"], p["label"]
    same = all(sample[name] == label[name] for name in ("temperature", "top_p", "max_tokens"))
    simulator = "policy" if p["model"]["simulator"] == "policy" else "simulator"
    drawn = sample["by"] == "sampling" and sample["model"] == simulator
    return bool(label["evidence"] in ("outcome", "both") and not (same and drawn))


def _launched(p: Values) -> Mapping[str, Any]:
    return p["compute"].get("launch") or {"config": None, "processes": 1}


def _no_launch_file(p: Values) -> bool:
    config = _launched(p)["config"]
    return config is not None and not Path(config).is_file()


CONFLICTS: list[Conflict] = [
    (
        lambda p: p["label"]["by"] == "judge" and _nowhere(p, "judge"),
        "label.by=judge needs a server to ask: set judge.url and judge.model",
    ),
    (
        lambda p: (
            p["guide"]["by"] == "interactive"
            and p["teacher"]["by"] == "server"
            and _nowhere(p, "teacher")
        ),
        "guide.by=interactive needs a teacher: set teacher.url and teacher.model, or "
        "teacher.by=simulator or policy",
    ),
    (
        lambda p: _asks_critic(p) and p["critic"]["by"] == "server" and _nowhere(p, "critic"),
        "review.flawed_by=critic and review.duel_with need a critic: set critic.url and "
        "critic.model, or critic.by=simulator or policy",
    ),
    (
        lambda p: (
            _asks_critic(p)
            and p["critic"]["by"] == "simulator"
            and p["model"]["simulator"] == "policy"
        ),
        "critic.by=simulator needs one: set model.simulator, or critic.by=policy",
    ),
    (
        lambda p: p["model"]["simulator"] == "server" and _nowhere(p, "simulator_server"),
        "model.simulator=server needs its address: set simulator_server.url and "
        "simulator_server.model",
    ),
    (
        lambda p: p["model"]["verifier"] == "simulator" and p["model"]["simulator"] == "server",
        "model.verifier=simulator needs the simulator's weights, which a server keeps: set "
        "model.verifier=policy, or to a folder or id",
    ),
    (
        lambda p: _served(p) and _nowhere(p, "engine"),
        "engine.name=openai needs a server to ask: set engine.url and engine.model",
    ),
    (
        lambda p: _served(p) and p["model"]["simulator"] not in ("policy", "server"),
        "engine.name=openai can't draw from model.simulator={model.simulator}: set it to policy or "
        "server, or -S engine=auto",
    ),
    (
        lambda p: _served(p) and p["align"]["objective"] != "none" and p["iteration"] > 1,
        "engine.name=openai never draws from what align makes: set iteration=1, or "
        "-S align.objective=none, or for a simulator -S engine=auto -S model.simulator=server",
    ),
    (
        lambda p: _served(p) and evaluates(p),
        "engine.name=openai can't evaluate the models that are made here: set "
        "evaluate.greedy=false and evaluate.votes=0, or -S model=none",
    ),
    (
        lambda p: (
            p["guide"]["by"] == "interactive"
            and p["teacher"]["by"] == "simulator"
            and p["model"]["simulator"] == "policy"
        ),
        "teacher.by=simulator needs one: set model.simulator, or teacher.by=policy",
    ),
    (
        lambda p: p["guide"]["by"] != "none" and not _draws(p),
        "guide.by={guide.by} needs samples to find the tail in: set sample.by=sampling",
    ),
    (
        lambda p: p["pair"]["gold_of"] != "demonstrated" and not _draws(p),
        "pair.gold_of={pair.gold_of} needs samples: set sample.by=sampling",
    ),
    (
        lambda p: p["align"]["objective"] == "step_kto" and _no_labels(p),
        "align.objective=step_kto needs step labels: set label.by=rollouts, judge or oracle",
    ),
    (
        lambda p: p["align"]["objective"] == "step_kto" and p["pair"]["by"] != "labels",
        "align.objective=step_kto needs rows whose steps are labelled: set pair.by=labels",
    ),
    (
        lambda p: (
            p["align"]["objective"] in ("kto", "step_kto") and p["pair"]["rows"] != "balanced"
        ),
        "align.objective=kto and step_kto need unpaired rows of both kinds: set pair.rows=balanced",
    ),
    (
        lambda p: p["align"]["objective"] in PAIRED and p["pair"]["rows"] != "pairs",
        "align.objective={align.objective} needs pairs of whole paths: set pair.rows=pairs",
    ),
    (
        lambda p: p["align"]["objective"] == "step_dpo" and p["pair"]["rows"] != "steps",
        "align.objective=step_dpo needs pairs of steps: set pair.rows=steps",
    ),
    (
        lambda p: (
            p["align"]["objective"] == "sft" and p["pair"]["rows"] not in ("examples", "gold")
        ),
        "align.objective=sft needs rows to imitate: set pair.rows=examples or gold",
    ),
    (
        lambda p: p["pair"]["rows"] == "steps" and p["correct"]["by"] == "none",
        "pair.rows=steps needs corrected steps: set correct.by=resampling",
    ),
    (
        lambda p: p["correct"]["by"] != "none" and _no_labels(p),
        "correct.by={correct.by} needs to know the first wrong step: set label.by=rollouts",
    ),
    (
        lambda p: p["pair"]["by"] == "labels" and _no_labels(p),
        "pair.by=labels needs step labels: set label.by=rollouts, judge or oracle",
    ),
    (
        lambda p: p["pair"]["by"] == "process" and p["verifier"]["by"] == "none",
        "pair.by=process needs a verifier: set verifier.by=prm or orm, or pair.by=labels",
    ),
    (
        lambda p: p["pair"]["by"] in ("process", "labels", "outcome") and not _draws(p),
        "pair.by={pair.by} needs samples: set sample.by=sampling",
    ),
    (
        lambda p: p["verifier"]["by"] == "prm" and _no_labels(p),
        "verifier.by=prm needs step labels: set label.by=rollouts, or verifier.by=orm",
    ),
    (
        lambda p: p["pair"]["by"] == "none" and p["align"]["objective"] not in ("sft", "none"),
        "align.objective={align.objective} needs rows of samples: set pair.by=outcome",
    ),
    (
        lambda p: (
            p["pair"]["by"] == "none"
            and p["align"]["objective"] == "sft"
            and p["pair"]["rows"] != "gold"
        ),
        "pair.by=none makes no rows of samples: set pair.rows=gold, or pair.by=outcome",
    ),
    (
        lambda p: (
            p["align"]["objective"] in UNREAD
            and (p["pair"]["keep_unpaired"] or p["pair"]["with_gold"])
        ),
        "align.objective={align.objective} reads pairs only: "
        "set pair.keep_unpaired=false and pair.with_gold=false",
    ),
    (
        lambda p: p["pair"]["with_reference"] and p["pair"]["rows"] != "balanced",
        "pair.with_reference is of balanced rows: set it to false, or pair.rows=balanced",
    ),
    (
        lambda p: p["compute"].get("ray") is not None and find_spec("ray") is None,
        "compute.ray needs Ray: `pip install 'ray[data]'`, or set it to null",
    ),
    (_no_launch_file, "compute.launch.config={compute.launch.config} is no file: set it to one"),
    (
        lambda p: any(p[name]["batch_size"] % _launched(p)["processes"] for name in TRAINED),
        "compute.launch.processes={compute.launch.processes} must divide the batch_size of sft, "
        "align, verifier and simulator: set it so",
    ),
    (
        lambda p: (
            p["align"]["objective"] in ("kto", "step_kto")
            and p["align"]["batch_size"] // _launched(p)["processes"] < 2
        ),
        "align.objective={align.objective} compares rows of a batch: set align.batch_size to two "
        "rows for each process",
    ),
    (
        lambda p: p["label"]["by"] == "rollouts" and p["label"]["delta"] >= p["label"]["rollouts"],
        "label.delta={label.delta} of {label.rollouts} rollouts can't be passed: set it lower",
    ),
    (
        lambda p: (
            not p["label"]["early_stop"]
            and (p["label"]["patience"] is not None or p["label"]["evidence"] != "own")
        ),
        "label.patience and label.evidence end rollouts early: set label.early_stop=true, "
        "or label.patience=null and label.evidence=own",
    ),
    (
        lambda p: p["label"]["evidence"] != "own" and p["label"]["delta"] > 0,
        "label.evidence={label.evidence} proves that a right answer can be reached, no more: "
        "set label.delta=0, or label.evidence=own",
    ),
    (
        _other_draws,
        "label.evidence={label.evidence} takes samples for rollouts: sample them by the simulator, "
        "with label's temperature, top_p and max_tokens, or set label.evidence=later",
    ),
    (
        lambda p: p["label"]["keep_rollouts"] != "none" and p["label"]["by"] != "rollouts",
        "label.keep_rollouts={label.keep_rollouts} needs rollouts: set label.by=rollouts, "
        "or label.keep_rollouts=none",
    ),
    (
        lambda p: p["review"]["flawed_by"] == "verifier" and p["verifier"]["by"] == "none",
        "review.flawed_by=verifier needs a verifier: set verifier.by=prm or orm",
    ),
    (
        lambda p: reviews(p) and not p["evaluate"]["greedy"],
        "the review is of greedy answers: set evaluate.greedy=true",
    ),
    (
        lambda p: p["trainer"]["dev_share"] > 0 and p["trainer"]["checkpoint_every"] is None,
        "trainer.dev_share needs checkpoints to choose from: set trainer.checkpoint_every",
    ),
    (
        lambda p: p["engine"]["name"] == "replay" and _draws_more(p),
        "engine.name=replay draws nothing new: set recipe=replay, or -S engine=auto",
    ),
    (
        lambda p: p["model"]["kind"] == "none" and p["align"]["objective"] != "none",
        "model.kind=none trains nothing: set -S model=tiny, or -S recipe=replay",
    ),
    (
        lambda p: p["sample"]["model"] == "simulator" and p["model"]["simulator"] == "policy",
        "sample.model=simulator needs one: set -S model=tiny_strong_simulator or model.simulator",
    ),
    (
        lambda p: p["model"]["verifier"] == "simulator" and p["model"]["simulator"] == "policy",
        "model.verifier=simulator needs one: set model.simulator, or model.verifier=policy",
    ),
]


def refuse_conflicts(values: Values) -> None:
    """Raises RatchetError on the first conflict; each section was parsed before."""
    for found, message in CONFLICTS:
        if found(values):
            raise RatchetError(f"params.yaml: {_filled(message, values)}")


def _filled(message: str, values: Values) -> str:
    """The message with the values that it names, as in {pair.by}."""
    return re.sub(r"\{([\w.]+)\}", lambda m: str(reduce(getitem, m[1].split("."), values)), message)
