"""The process reward model: Eq. 4 in float64, and labels read where they were trained."""

import math
from pathlib import Path

import polars as pl
import pytest

from stages.compute.compute_settings import ComputeSettings
from stages.models.collate import MASKED, collate
from stages.models.model_settings import AdapterSettings
from stages.models.step_scorer import score_steps
from stages.models.tokens import Encoder
from stages.objectives.reward_model import step_cross_entropy, token_labels
from stages.score import rewards
from stages.verifier import verifier_rows
from tests.fakes.step_rows import learn, step_rows


def test_loss_is_the_equation() -> None:
    import torch

    torch.manual_seed(0)
    logits = torch.randn(3, 7, dtype=torch.float64)
    labels = torch.full((3, 7), MASKED, dtype=torch.float64)
    expected, marked = 0.0, [(0, 2, 1.0), (0, 6, 0.0), (1, 0, 0.25), (2, 5, 1.0)]
    for row, place, c in marked:
        labels[row, place] = c
        p = 1 / (1 + math.exp(-logits[row, place].item()))
        expected -= (c * math.log(p) + (1 - c) * math.log(1 - p)) / len(marked)
    assert step_cross_entropy(logits, labels).item() == pytest.approx(expected, rel=1e-12)


def test_labels_sit_on_the_last_token_of_each_step(checkpoint: Path) -> None:
    encoder = Encoder.load(checkpoint)
    steps = ["Ann: 7+5=12\n", "Ben: 9-2=7\n", "#### 19"]
    row = encoder.encode("How many?\n", steps, 128, ends=False)
    labels = token_labels(row, [1, 0, 1])
    assert [labels[end] for end in row.step_ends] == [1.0, 0.0, 1.0]
    assert labels.count(MASKED) == len(row.ids) - 3
    cut = encoder.encode("How many?\n", steps, row.step_ends[1] + 1, ends=False)
    assert [v for v in token_labels(cut, [1, 0, 1]) if v != MASKED] == [1.0, 0.0]


def test_padding_masks() -> None:
    batch = collate([{"input_ids": [5, 6, 7]}, {"input_ids": [8]}], 0)
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]


def test_it_learns_which_steps_are_right_and_scores_them_anywhere(
    checkpoint: Path, tmp_path: Path
) -> None:

    rows = step_rows()
    losses = learn(checkpoint, tmp_path, rows)
    assert losses["loss"][-1] < 0.2
    scores = score_steps(tmp_path, rows, 5, 128, ComputeSettings(threads=1), 0)
    for found, wanted in zip(scores, rows["labels"].to_list(), strict=True):
        assert [round(p) for p in found] == wanted


def test_accumulated_batches_are_a_mean(checkpoint: Path, run_folder: Path) -> None:
    rows, still = step_rows(), {"epochs": 10, "learning_rate": 1e-9}
    (run_folder / "a").mkdir()
    (run_folder / "b").mkdir()
    whole = learn(checkpoint, run_folder / "a", rows, batch_size=32, **still)
    parts = learn(checkpoint, run_folder / "b", rows, batch_size=8, accumulate=4, **still)
    assert parts["grad_norm"][0] == pytest.approx(whole["grad_norm"][0], rel=0.05)
    assert parts["loss"][0] == pytest.approx(whole["loss"][0], rel=0.05)


@pytest.mark.parametrize("bits", [16, 4])
def test_it_learns_by_adapters_too(checkpoint: Path, run_folder: Path, bits: int) -> None:

    if bits == 4:
        pytest.importorskip("bitsandbytes", reason="bitsandbytes (extra gpu) is not installed")
    adapter = AdapterSettings(rank=8, alpha=16, dropout=0.0, bits=bits)  # type: ignore[arg-type]
    out = run_folder / "m"
    out.mkdir()
    losses = learn(checkpoint, out, step_rows(), adapter, learning_rate=2e-2)
    assert losses["loss"][-1] < losses["loss"][0] / 2
    scores = score_steps(out, step_rows().head(4), 5, 128, ComputeSettings(threads=1), 0)
    assert [round(p) for p in scores[0]] == [1, 0]


def test_reward_is_the_mean_step_probability() -> None:
    steps = pl.DataFrame({"path_id": ["a", "a", "b"], "probability": [0.5, 1.0, 0.25]})
    assert rewards(steps).sort("path_id").rows() == [("a", 0.75, 0.5, 2), ("b", 0.25, 0.25, 1)]


PATHS = pl.DataFrame(
    {
        "path_id": ["a", "b", "c", "d"],
        "problem_id": ["p"] * 4,
        "steps": [["x", "y", "z"], ["x", "w"], ["v"], []],
        "correct": [True, False, True, False],
        "kept": [True, True, False, True],
    }
)
LABELS = pl.DataFrame(
    {
        "path_id": ["a"] * 3 + ["b"] * 2,
        "step": [2, 0, 1, 0, 1],
        "label": [False, True, True, True, False],
    }
)


@pytest.mark.parametrize(
    ("by", "labels", "expected"),
    [
        ("prm", LABELS, {"a": [1.0, 1.0, 0.0], "b": [1.0, 0.0]}),
        ("orm", LABELS, {"a": [1.0, 1.0, 1.0], "b": [0.0, 0.0]}),
        ("prm", LABELS.clear(), {}),
        ("orm", LABELS.clear(), {"a": [1.0, 1.0, 1.0], "b": [0.0, 0.0]}),
    ],
)
def test_what_a_verifier_learns_from(
    by: str, labels: pl.DataFrame, expected: dict[str, list[float]]
) -> None:
    problems = pl.DataFrame({"problem_id": ["p"], "prompt": ["?"]})
    rows = verifier_rows(PATHS, labels, problems, by)
    assert dict(rows.select("path_id", "labels").rows()) == expected
