"""The plan of a run: counts by hand, memory by size, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.errors import RatchetError
from stages.contract.dvc_files import ROOT, params
from stages.contract.parsed_parameters import Parameters, parse_parameters
from stages.planning.disk_space import disk_space
from stages.planning.machines import Machine, find_machine, named_machine
from stages.planning.measured import Measured, measure_work
from stages.planning.memory_split import GIB
from stages.planning.model_memory import Device, cache_capacity, sampling_memory
from stages.planning.plan import make_plan, new_run, peak
from stages.planning.plan_text import duration
from stages.planning.planned_run import Run, StagePlan
from stages.planning.shapes import scratch_shape
from stages.planning.shortage import refuse_shortage
from stages.planning.training_memory import Training, training_memory
from tests.fakes.command_line import ratchet

GEMMA = ("recipe=sipf", "task=gsm8k", "model=gemma-2b", "engine=transformers")
SHAPE = scratch_shape(parse_parameters(yaml.safe_load(params())).model)


def parsed(*overrides: str) -> Parameters:
    return parse_parameters(yaml.safe_load(params(*overrides)))


def plans_of(*overrides: str, gpu: str = "h100-80gb") -> tuple[Run, dict[Any, StagePlan]]:
    values = yaml.safe_load(params(*overrides))
    p = parse_parameters(values)
    run = new_run(p, named_machine(gpu, 1), measure_work(p, values))
    return run, {(plan.stage, plan.iteration): plan for plan in make_plan(run)}


@pytest.fixture(autouse=True)
def no_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("stage", "iteration", "draws"),
    [
        ("sample", 1, 640 * 5 * 4),  # levels × problems × k: 12,800 in README
        ("sample", 2, 640 * 5 * 4),
        ("label", 1, 300 * 5 * 4),  # paths × steps but the last × rollouts
        ("evaluate", 0, (200 * 5 + 20 * 5) * 5),  # both suites × (greedy and four votes)
    ],
)
def test_draws_of_the_toy(stage: str, iteration: int, draws: int) -> None:
    _, plans = plans_of()
    assert plans[stage, iteration].work.draws == draws
    assert plans[stage, iteration].work.tokens == draws * 96


def test_models_that_are_kept_are_not_trained_and_those_made_anew_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)  # where models/kept is
    kept, anew = (plans_of(f"model={m}")[1] for m in ("tiny_pretrained", "tiny_pretrained_anew"))
    trained = {("base", 0), ("simulator", 0)}
    assert not trained & set(kept) and trained <= set(anew)
    assert anew["base", 0].memory == anew["simulator", 0].memory


def test_stages_without_work_are_left_out() -> None:
    _, plans = plans_of("recipe=rft")
    stages = {stage for stage, _ in plans}
    assert stages.isdisjoint({"label", "verifier", "score", "guide", "correct"})


@pytest.mark.parametrize(
    ("change", "less"),
    [
        ("sft.batch_size=4", "sft"),
        ("sft.max_length=256", "sft"),
        ("align.batch_size=4", "align"),
        ("engine.batch_size=64", "sample"),
        ("sample.max_tokens=64", "sample"),
        ("perplexity.batch_size=2", "perplexity"),
        ("score.batch_size=8", "score"),
    ],
)
def test_remedies_lower_memory(change: str, less: str) -> None:
    k = 0 if less == "sft" else 1
    before, after = plans_of(*GEMMA)[1][less, k], plans_of(*GEMMA, change)[1][less, k]
    assert before.memory and after.memory
    assert after.memory.total < before.memory.total
    assert any(change.split("=")[0] in remedy for remedy in before.remedies)


@pytest.mark.parametrize(
    "changes",
    [{"checkpointing": True}, {"rank": 4}, {"half": True}, {"share": "all", "processes": 4},
     {"share": "moments", "processes": 4}],
    ids=str,
)  # fmt: skip
def test_training_takes_less(changes: dict[str, Any]) -> None:
    run, gpu = Training("dpo", 4, 64), Device(gpu=True)
    less = training_memory(SHAPE, replace(run, **changes), gpu)
    assert less.total < training_memory(SHAPE, run, gpu).total


@pytest.mark.parametrize(
    ("objective", "has_copy"), [("orpo", False), ("simpo", False), ("dpo", True), ("kto", True)]
)
def test_only_losses_with_a_reference_hold_a_copy(objective: str, has_copy: bool) -> None:
    memory = training_memory(SHAPE, Training(objective, 4, 64), Device(gpu=True))
    assert (memory.reference == memory.weights) == has_copy
    adapted = training_memory(SHAPE, Training(objective, 4, 64, rank=4), Device(gpu=True))
    assert adapted.reference == 0


@pytest.mark.parametrize(("prompt", "new", "room"), [(32, 60, 96), (32, 65, 160), (200, 50, 300)])
def test_the_cache_grows_by_half(prompt: int, new: int, room: int) -> None:
    assert cache_capacity(prompt, new) == room
    memory = sampling_memory(SHAPE, 8, prompt, new, False, 2, Device(gpu=True))
    assert memory.kv_cache > 0


def test_disk_counts_every_model() -> None:
    run, plans = plans_of()
    disk = disk_space(run, list(plans.values()))
    assert disk["models/iteration=0 to 2"] == 3 * disk["models/base"]


REFUSED: list[tuple[tuple[str, ...], Machine, str | None]] = [
    ((), find_machine(), None),
    (GEMMA, named_machine("h100-80gb", 1), None),
    ((*GEMMA, "model.adapter=null"), named_machine("h100-80gb", 1), None),
    (
        (*GEMMA, "model.adapter=null"),
        named_machine("rtx-4090", 1),
        "stage sft takes at least 37 GiB, more than 1 × rtx-4090, 24 GiB each: set model.adapter",
    ),
    (
        ("recipe=step_kto", "task=numina", "model=llama-3.1-8b-instruct"),
        named_machine("h100-80gb", 1),
        "compute=fsdp",
    ),
    (
        ("recipe=step_kto", "task=numina", "model=llama-3.1-8b-instruct", "compute=fsdp"),
        named_machine("h100-80gb", 4),
        None,
    ),
    (
        ("recipe=rft", "model=pretrained", "model.source=no/shape"),
        named_machine("l4-24gb", 1),
        None,
    ),
]


@pytest.mark.parametrize(("overrides", "machine", "message"), REFUSED)
def test_only_what_is_sure_to_fail_is_refused(
    overrides: tuple[str, ...], machine: Machine, message: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    p = parsed(*overrides)
    monkeypatch.chdir(Path(__file__).parents[2])  # where conf/accelerate is
    if message is None:
        refuse_shortage(p, machine)
        return
    with pytest.raises(RatchetError) as refusal:
        refuse_shortage(p, machine)
    assert message in str(refusal.value) and "\n" not in str(refusal.value)


def test_the_certain_part_is_below_the_plan() -> None:
    p = parsed(*GEMMA)
    run = new_run(p, named_machine("h100-80gb", 1), Measured(10, 10, 10))
    worst = peak(make_plan(run))
    assert worst.memory and 0 < worst.memory.certain < worst.memory.total < 300 * GIB


def test_the_command_prints_rows_as_json() -> None:
    shown = ratchet("plan", "recipe=rft", "iteration=1", "--gpu", "l4-24gb", "--json")
    rows = json.loads(shown.stdout)
    stages = ["sft", "evaluate", "sample", "perplexity", "align", "evaluate"]
    assert [row["stage"] for row in rows] == stages


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--gpu", "h100"], "did you mean --gpu h100-80gb?"),
        (["recipe=sipff"], "recipe=sipff can't be composed"),
        (["sample.k=none"], "sample.k"),
        (["model=none", "recipe=replay", "engine.name=auto"], "no model"),
        (["model=pretrained", "model.source=a/b"], "give model.shape="),
        (["--probe", "recipe=rft", "--gpu", "l4-24gb"], "--probe measures this machine"),
        ([], "params.yaml is missing"),
    ],
)
def test_errors_are_one_line(words: list[str], reason: str) -> None:
    shown = ratchet("plan", *words)
    assert shown.exit_code == 1 and shown.stdout == ""
    assert reason in shown.stderr and shown.stderr.count("\n") == 1


def test_the_command_prints_tables() -> None:
    shown = ratchet("plan", "recipe=sipf", "--gpu", "l4-24gb")
    assert shown.exit_code == 0
    for word in ("peak memory", "kv cache", "12,800", "models/base", "fits"):
        assert word in shown.stdout


def test_a_probe_measures_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until lengths are measured, its estimate is a limit, and says so."""
    monkeypatch.setattr("stages.planning.probe.SECONDS", 0.0)
    shown = ratchet("plan", "--probe", "model.width=16", "model.layers=1", "model.heads=2")
    assert shown.exit_code == 0 and "tokens/s written" in shown.stdout
    assert "at most about" in shown.stdout


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""), (0.2, "0 s"), (59, "59 s"), (60, "1 min"), (3540, "59 min"),
        (3900, "1 h 05 min"), (4e6, "1,111 h 07 min"),
    ],
)  # fmt: skip
def test_durations(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words
