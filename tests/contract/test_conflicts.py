"""Values that are wrong together stop a run before anything loads."""

import pytest

from schemas.errors import RatchetError
from stages.check import check_values
from stages.contract import training_conflicts
from stages.contract.conflicts import CONFLICTS
from stages.contract.dvc_files import parameter_values
from stages.contract.stage_list import sections
from stages.training import trackers

JUDGE = "params.yaml: label.method=judge needs a server: set judge.url and judge.model"
SERVER = "judge.url=http://localhost:8000/v1"
OPENAI = ["engine=openai", "engine.url=http://localhost:8000/v1", "engine.model=some"]
SIMULATED = [
    "model.simulator=server",
    "simulator_server.url=http://localhost:8000/v1",
    "simulator_server.model=some",
]
NOTHING_MADE = ["model=none", "recipe=sipf", "align.objective=none", "pair.feedback=none"]
REFUSED = [
    (["label.method=judge"], JUDGE),
    (["label.method=judge", SERVER], JUDGE),
    (["label.method=judge", "judge.model=some"], JUDGE),
    (["recipe=step_kto", "label.method=none"], "align.objective=step_kto needs step labels"),
    (
        ["recipe=step_kto", "pair.feedback=outcome"],
        "align.objective=step_kto needs rows with step labels",
    ),
    (["recipe=kto", "pair.rows=examples"], "align.objective=kto needs unpaired rows of both kinds"),
    (["recipe=srf", "pair.rows=examples"], "align.objective=dpo needs pairs of whole paths"),
    (["recipe=sipf", "pair.rows=steps"], "align.objective=orpo needs pairs of whole paths"),
    (["recipe=step_dpo", "pair.rows=pairs"], "align.objective=step_dpo needs pairs of steps"),
    (["recipe=rft", "pair.rows=pairs"], "align.objective=sft needs rows to imitate"),
    (["recipe=step_dpo", "correct.method=none"], "pair.rows=steps needs corrected steps"),
    (
        ["recipe=siof", "correct.method=resampling"],
        "correct.method=resampling needs labels to find the first wrong",
    ),
    (["recipe=siof", "pair.feedback=labels"], "pair.feedback=labels needs step labels"),
    (["recipe=sipf", "verifier.kind=none"], "pair.feedback=process needs a verifier"),
    (["recipe=siof", "sample.mode=none"], "pair.feedback=outcome needs samples"),
    (["recipe=sipf", "label.method=none"], "verifier.kind=prm needs step labels"),
    (["recipe=siof", "pair.feedback=none"], "align.objective=orpo needs rows made from samples"),
    (["recipe=rft", "pair.feedback=none"], "pair.feedback=none makes no rows from samples"),
    (["recipe=srf", "pair.with_gold=true"], "align.objective=dpo trains on pairs only"),
    (
        ["recipe=siof", "pair.with_reference=true"],
        "pair.with_reference works only with balanced rows",
    ),
    (
        ["recipe=control", "iteration=2", "align.budgets=[{steps: 3, tokens: 90}]"],
        "align.budgets has fewer entries than iteration=2: set one of each iteration",
    ),
    (
        ["recipe=siof", "iteration=1", "align.budgets=[{steps: 3, tokens: 90}]"],
        "align.budgets works for align.objective=sft in one process",
    ),
    (["recipe=kto", "align.beta=0.0"], "align.beta=0 leaves align.objective=kto nothing to learn"),
    (["recipe=kto", "align.batch_size=1"], "align.objective=kto compares the rows of a batch"),
    (["compute=ray"], "compute.ray needs Ray: run `pip install 'ray[data]'`"),
    (
        ["compute=fsdp", "compute.launch.config=x.yaml"],
        "compute.launch.config=x.yaml is not a file",
    ),
    (
        ["compute=fsdp", "compute.launch.processes=3"],
        "compute.launch.processes=3 must divide the batch_size of sft, align, verifier",
    ),
    (
        ["compute=fsdp", "recipe=kto", "align.batch_size=4"],
        "align.objective=kto compares the rows of a batch",
    ),
    (["recipe=gsi_interactive"], "guide.strategy=interactive needs a teacher"),
    (["review.reviewer=critic"], "review.reviewer=critic and review.duel_with need a critic"),
    (["review.duel_with=sft"], "review.reviewer=critic and review.duel_with need a critic"),
    (
        ["review.reviewer=critic", "critic.provider=simulator"],
        "critic.provider=simulator needs a simulator",
    ),
    (
        ["review.reviewer=verifier", "recipe=rft"],
        "review.reviewer=verifier needs a verifier: set verifier.kind=prm or orm",
    ),
    (
        ["review.reviewer=verifier", "evaluate.greedy=false"],
        "the review needs greedy answers: set evaluate.greedy=true",
    ),
    (
        ["recipe=gsi_interactive", "teacher.provider=simulator"],
        "teacher.provider=simulator needs a simulator",
    ),
    (
        ["recipe=adaptive", "sample.mode=none"],
        "guide.strategy=adaptive needs samples to find the tail",
    ),
    (["recipe=hard_control", "sample.mode=none"], "pair.gold_of=tail needs samples"),
    (["label.delta=4"], "label.delta=4 must be below label.max_rollouts (4)"),
    (["label.early_stop=false", "label.patience=2"], "label.patience and label.evidence need"),
    (["label.early_stop=false", "label.evidence=later"], "label.patience and label.evidence need"),
    (["label.evidence=later", "label.delta=1"], "label.evidence=later proves only that a right"),
    (["label.evidence=both", "label.temperature=0.7"], "label.evidence=both counts samples as"),
    (["label.evidence=outcome", "sample.top_p=0.9"], "label.evidence=outcome counts samples as"),
    (
        ["label.evidence=outcome", "model=tiny_strong_simulator"],
        "label.evidence=outcome counts samples as rollouts",
    ),
    (
        ["label.keep_rollouts=right", "label.method=oracle"],
        "label.keep_rollouts=right needs rollouts",
    ),
    (
        ["select=accuracy", "trainer.checkpoint_every=null"],
        "select.method=accuracy needs checkpoints to choose from",
    ),
    (
        ["select=accuracy", "trainer.dev_share=0.1"],
        "select.method=accuracy and trainer.dev_share both choose the checkpoint",
    ),
    (["trainer.report_to=[trackio]"], "trainer.report_to needs packages that are not installed"),
    (["select=accuracy", "select.n_problems=0"], "select.method=accuracy needs problems"),
    (["select.method=accuracy"], "select.folder and select.turns follow from select.method"),
    (["select=accuracy", "select.folder=models"], "select.folder and select.turns follow from"),
    (
        ["trainer.dev_share=0.1", "trainer.checkpoint_every=null"],
        "trainer.dev_share needs checkpoints to choose from",
    ),
    (["engine=replay", "engine.file=x"], "engine.name=replay cannot draw new completions"),
    (["engine=openai", "engine.url=http://a/v1"], "engine.name=openai needs a server"),
    (
        [*OPENAI, "model.simulator=trained"],
        "engine.name=openai cannot sample from model.simulator=trained",
    ),
    (OPENAI, "engine.name=openai cannot sample from the models trained here"),
    ([*OPENAI, "iteration=1"], "engine.name=openai cannot evaluate the models trained here"),
    (["model.simulator=server"], "model.simulator=server needs its address"),
    (
        [*SIMULATED, "model.verifier=simulator"],
        "model.verifier=simulator needs the simulator's weights",
    ),
    (["recipe=rft", "model=none"], "model.kind=none has no model to train"),
    (["recipe=distill"], "sample.model=simulator needs a simulator"),
    (["model.verifier=simulator"], "model.verifier=simulator needs a simulator"),
    (
        ["model=tiny_pretrained", "base.n_per_level=9"],
        "base.n_per_level=9 pretrains a model made from scratch, and model.kind=pretrained",
    ),
]
ALLOWED = [
    ["label.method=judge", "judge.model=some", SERVER],
    ["label.method=rollouts"],
    ["label.method=oracle"],
    ["label.evidence=both", "label.patience=2", "label.search=bisect", "label.keep_rollouts=right"],
    ["label.evidence=outcome", "model=tiny_strong_simulator", "sample.model=simulator"],
    ["label.evidence=later", "label.temperature=0.7"],
    ["recipe=gsi_interactive", "teacher.provider=policy"],
    [*OPENAI, "iteration=1", "evaluate.greedy=false", "evaluate.n_votes=0"],
    [*OPENAI, *NOTHING_MADE],
    [*OPENAI, *NOTHING_MADE, *SIMULATED],
    SIMULATED,
    [*SIMULATED, "recipe=distill"],
    *([f"engine={name}"] for name in ("auto", "transformers", "vllm")),
    ["compute=one_gpu"],
    ["compute=fsdp"],
    ["compute=deepspeed", "recipe=step_kto", "align.batch_size=8"],
]


@pytest.mark.parametrize(("overrides", "message"), REFUSED)
def test_what_is_refused(
    overrides: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (training_conflicts, trackers):  # as without extras
        monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(RatchetError) as error:
        check_values(parameter_values(*overrides), sections())
    text = str(error.value)
    assert text.startswith(message if message == JUDGE else f"params.yaml: {message}")
    assert "\n" not in text and "set " in text


@pytest.mark.parametrize("overrides", ALLOWED)
def test_what_is_allowed(overrides: list[str]) -> None:
    check_values(parameter_values(*overrides), sections())


def test_every_conflict_is_in_the_table() -> None:
    refused = [m.removeprefix("params.yaml: ") for _, m in REFUSED]
    for _, message in CONFLICTS:
        start = message.split("{")[0]
        assert any(m.startswith(start) or message.startswith(m) for m in refused), message
