"""Which stages of two runs are the same, what that saves, and what it saved as measured."""

from pathlib import Path

import pytest

from stages.contract.dvc_files import parameter_values
from stages.explore.reproduce.measured_sharing import measure_sharing
from stages.explore.reproduce.missing_cost import plan_missing
from stages.explore.reproduce.needed_runs import NeededRun
from stages.explore.reproduce.shared_stages import SharedStages

TOY = ("task=toy", "model=tiny")
SETTINGS = {
    "sipf": ["recipe=sipf"],
    "rft": ["recipe=rft"],
    "prft": ["recipe=prft"],
    "si": ["recipe=si"],
    "another k": ["recipe=sipf", "sample.k=2"],
    "another seed": ["recipe=sipf", "seed=1"],
    "margin": ["recipe=sipf", "pair.margin=0.2"],
}


@pytest.fixture(scope="module")
def shared() -> dict[str, SharedStages]:
    return {
        name: SharedStages(parameter_values(*TOY, "iteration=2", *settings))
        for name, settings in SETTINGS.items()
    }


@pytest.mark.parametrize(
    ("other", "stage", "iteration", "same"),
    [
        ("rft", "sft", 0, True),
        ("rft", "sample", 1, True),
        ("rft", "evaluate", 0, True),
        ("rft", "label", 1, False),
        ("rft", "align", 1, False),
        ("rft", "sample", 2, False),
        ("prft", "label", 1, True),
        ("prft", "verifier", 1, True),
        ("prft", "pair", 1, False),
        ("si", "sample", 1, False),
        ("another k", "sample", 1, False),
        ("another k", "sft", 0, True),
        ("another seed", "sft", 0, False),
        ("margin", "score", 1, True),
        ("margin", "pair", 1, False),
    ],
)
def test_stages_with_equal_parameters_and_inputs_are_one(
    shared: dict[str, SharedStages], other: str, stage: str, iteration: int, same: bool
) -> None:
    keys = {shared[name].key(stage, iteration) for name in ("sipf", other)}
    assert (len(keys) == 1) == same


def test_the_ledger_shares_the_first_draws_of_one_model(shared: dict[str, SharedStages]) -> None:
    own, other = shared["sipf"], shared["another k"]
    assert own.draws_key("sample", 1) == other.draws_key("sample", 1)
    assert own.draws_key("sample", 2) != other.draws_key("sample", 2)  # of other models


def run(*settings: str) -> NeededRun:
    return NeededRun((*TOY, "seed=0", "evaluate.n_votes=0", *settings), 1)


def test_the_plan_counts_shared_draws_once(run_folder: Path) -> None:
    """3,200 problems, k = 4; 1,100 test problems for each of two models."""
    one = plan_missing([run("recipe=rft")], [], False)
    assert one.n_draws == one.n_alone == 4 * 3200 + 2 * 1100
    both = plan_missing([run("recipe=rft"), run("recipe=srf")], [], False)
    assert both.n_alone == 2 * one.n_alone
    assert both.n_draws == 4 * 3200 + 3 * 1100  # M0 is evaluated once
    wider = plan_missing([run("recipe=rft"), run("recipe=rft", "sample.k=6")], [], False)
    assert wider.n_draws == 6 * 3200 + 3 * 1100
    beside = plan_missing([run("recipe=srf")], [run("recipe=rft")], False)
    assert (beside.n_draws, beside.n_alone) == (1100, one.n_alone)
    more = plan_missing([run("recipe=rft", "sample.k=6")], [run("recipe=rft")], False)
    assert more.n_draws == 2 * 3200 + 1100


def test_a_run_that_can_not_be_planned_says_why(run_folder: Path) -> None:
    asked = run("recipe=step_kto", "review.reviewer=critic")
    cost = plan_missing([asked], [], False)
    assert cost.n_draws == 0
    assert "set critic.url" in cost.refused[asked]


def test_restored_stages_are_counted_once() -> None:
    sample = {"stage": "sample", "elapsed_s": 60.5, "n_draws": 100, "n_draws_reused": 0}
    again = {"stage": "sample", "elapsed_s": 2.5, "n_draws": 20, "n_draws_reused": 100}
    align = {"stage": "align", "elapsed_s": 30.0, "n_draws": 0, "n_draws_reused": 0}
    other = align | {"elapsed_s": 27.0}
    sharing = measure_sharing({"a": [sample, align], "b": [sample, other], "c": [again]})
    assert sharing.text == ("3 runs: 2.0 min of stages, 120 draws; sharing saved 200 of 320 (62%)")
