"""Conflicts over who writes: models, engines, servers and the roles they have."""

from stages.contract.parsed_parameters import Conflict, Parameters


def _evaluates(p: Parameters) -> bool:
    """Whether the models that the run makes are evaluated."""
    has_mode = p.evaluate.greedy or p.evaluate.n_votes
    return bool(p.model.kind != "none" and has_mode)


def _reviews(p: Parameters) -> bool:
    """Whether greedy answers are reviewed by anything but the task's truth."""
    return bool(p.review.reviewer != "oracle" or p.review.duel_with != "none")


def _asks_critic(p: Parameters) -> bool:
    return bool(p.review.reviewer == "critic" or p.review.duel_with != "none")


def _lacks_address(p: Parameters, section: str) -> bool:
    server = getattr(p, section)
    return None in (server.url, server.model)


def _uses_server(p: Parameters) -> bool:
    return bool(p.engine.name == "openai")


def _needs_new_draws(p: Parameters) -> bool:
    others = [p.correct.method != "none", p.guide.strategy not in ("none", "gold")]
    return bool(p.label.method == "rollouts" or any(others) or _evaluates(p))


MODEL_CONFLICTS: list[Conflict] = [
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
        lambda p: p.base.n_per_level and p.model.kind != "scratch",
        "base.n_per_level={base.n_per_level} pretrains a model made from scratch, and "
        "model.kind={model.kind}: set it to 0",
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
        lambda p: _uses_server(p) and _evaluates(p),
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
        lambda p: p.review.reviewer == "verifier" and p.verifier.kind == "none",
        "review.reviewer=verifier needs a verifier: set verifier.kind=prm or orm",
    ),
    (
        lambda p: _reviews(p) and not p.evaluate.greedy,
        "the review needs greedy answers: set evaluate.greedy=true",
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
