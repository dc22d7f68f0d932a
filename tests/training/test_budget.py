"""A control takes as many optimiser steps and tokens as the run that it stands beside."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RatchetError
from stages.models.tokens import Encoder
from stages.training.budget import Budget, batches
from stages.training.rows import Rows
from tests.fakes.trajectories import job, many, rows_for, train


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(5, 60), min_size=2, max_size=40),
    st.integers(1, 30),
    st.floats(1.5, 12),
    st.integers(0, 5),
)
def test_each_step_has_its_share_of_the_tokens(
    lengths: list[int], steps: int, rows_a_step: float, seed: int
) -> None:
    tokens = max(int(steps * rows_a_step * max(lengths)), 1)
    found = batches(lengths, Budget(steps=steps, tokens=tokens), seed)
    assert len(found) == steps and all(found)
    so_far = 0
    for step, batch in enumerate(found, 1):
        so_far += sum(lengths[n] for n in batch)
        assert abs(so_far - tokens * step / steps) <= max(lengths) / 2
    rows = [n for batch in found for n in batch]
    passes = [rows[n : n + len(lengths)] for n in range(0, len(rows), len(lengths))]
    assert all(sorted(one) == list(range(len(lengths))) for one in passes[:-1])
    assert found == batches(lengths, Budget(steps=steps, tokens=tokens), seed)


def test_a_budget_of_less_than_a_row_a_step_is_one_line() -> None:
    with pytest.raises(RatchetError, match="50 tokens in 10 steps are less than a row a step"):
        batches([40, 41, 42], Budget(steps=10, tokens=50), 0)


@pytest.mark.parametrize("objective", ["orpo", "kto", "step_kto", "simpo", "dpo", "sft"])
def test_a_control_reads_as_many_tokens_in_as_many_steps(
    checkpoint: Path, run_folder: Path, objective: str
) -> None:
    run = job(objective, checkpoint, run_folder / "run", max_steps=5, batch_size=6)
    train(run, rows_for(objective))
    took = run.stage_run.counts
    budget = Budget(steps=took["optimiser_steps"], tokens=took["trained_tokens"])
    gold = Rows(examples=many().examples.filter("correct"))
    control = job("sft", checkpoint, run_folder / "control", budget=budget)
    train(control, gold)
    assert control.stage_run.counts["optimiser_steps"] == 5
    encoder = Encoder.load(checkpoint)
    longest = max(
        len(encoder.encode(prompt, [text], 512).ids)
        for prompt, text in gold.examples.select("prompt", "completion").rows()
    )
    assert abs(control.stage_run.counts["trained_tokens"] - budget.tokens) <= longest / 2


@pytest.mark.parametrize("adapter", [None, {"rank": 4, "alpha": 8, "dropout": 0.0, "bits": 16}])
def test_tokens_are_those_of_both_sides_without_padding(
    checkpoint: Path, run_folder: Path, adapter: dict[str, object] | None
) -> None:
    """A reference model's pass counts nothing, be it a copy or the policy without its adapter."""
    rows = rows_for("dpo")
    run = job("dpo", checkpoint, run_folder / "run", adapter, epochs=1, batch_size=8)
    train(run, rows)
    encoder = Encoder.load(checkpoint)
    sides = rows.pairs.select("prompt", "chosen", "rejected").rows()
    tokens = sum(
        len(encoder.encode(prompt, [text], 512).ids) for prompt, *texts in sides for text in texts
    )
    assert run.stage_run.counts["trained_tokens"] == tokens
