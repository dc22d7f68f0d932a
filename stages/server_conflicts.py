"""Servers that can't be meant: without an address, or in the place of models that are made here."""

from collections.abc import Callable, Mapping
from typing import Any

Values = Mapping[str, Any]
# (does the run have it, given every section's values; what it is and how to mend it)
Conflict = tuple[Callable[[Values], bool], str]


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


SERVER_CONFLICTS: list[Conflict] = [
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
]
