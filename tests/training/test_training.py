"""Training runs: they resume, keep the best, train adapters, pack, and repeat themselves."""

import fcntl
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.errors import RatchetError
from stages.models.folders import load_policy, load_tokenizer
from stages.models.tokens import Encoder
from stages.training import checkpoints
from stages.training.adapter import make_reproducible
from stages.training.job import Job
from stages.training.rows import Rows
from stages.training.training_settings import OBJECTIVES, saved_steps
from tests.fakes.training_jobs import job, trainer_of
from tests.fakes.trajectories import FILE, STEPS, rows_for, train, trajectory


def content(folder: Path) -> dict[str, str]:
    """Digest of each file."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_thirty_steps_go_where_they_went(
    checkpoint: Path, run_folder: Path, objective: str
) -> None:
    found = trajectory(objective, checkpoint, run_folder / "m")
    assert len(found) == STEPS and all(map(math.isfinite, found))
    assert found == pytest.approx(json.loads(FILE.read_text())[objective], rel=1e-3, abs=1e-4)


LORA = {"rank": 4, "alpha": 8, "dropout": 0.1, "bits": 16}


@pytest.mark.parametrize("adapter", [None, LORA], ids=["whole", "adapter"])
@pytest.mark.parametrize("objective", ["sft", "orpo", "dpo", "step_kto"])
def test_a_killed_run_goes_on_from_its_last_checkpoint_to_the_same_weights(
    checkpoint: Path,
    run_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    objective: str,
    adapter: dict[str, Any] | None,
) -> None:
    from transformers import Trainer

    rows, settings = rows_for(objective), {"max_steps": 7, "checkpoint_every": 3}
    whole = job(objective, checkpoint, run_folder / "whole", adapter, **settings)
    undisturbed = train(whole, rows)
    assert not whole.checkpoint_folder(rows).exists()

    killed = job(objective, checkpoint, run_folder / "killed", adapter, **settings)
    step, done = Trainer.training_step, [0]

    def power_cut(self: Any, *given: Any, **how: Any) -> Any:
        done[0] += 1
        if done[0] == 6:
            raise KeyboardInterrupt
        return step(self, *given, **how)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "training_step", power_cut)
        with pytest.raises(KeyboardInterrupt):
            train(killed, rows)
    assert (killed.checkpoint_folder(rows) / "checkpoint-3").is_dir()
    (
        killed.checkpoint_folder(rows) / "checkpoint-6"
    ).mkdir()  # as a kill in the middle of saving leaves
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "training_step", lambda *a, **k: done.append(1) or step(*a, **k))
        resumed = train(killed, rows)
    assert len(done) - 1 == 4  # steps 4 to 7
    assert content(whole.out) == content(killed.out)
    assert resumed["loss"].to_list() == undisturbed["loss"].to_list()


def test_the_checkpoint_that_is_best_on_held_out_problems_is_taken(
    checkpoint: Path, run_folder: Path
) -> None:
    changes = {"dev_share": 0.3, "checkpoint_every": 5, "epochs": 40, "learning_rate": 3e-2}
    run = job("sft", checkpoint, run_folder / "m", **changes)
    rows = rows_for("sft")
    seen, held = rows.split(0.3)
    assert 0 < held.examples.height < rows.examples.height / 2
    assert not set(seen.examples["prompt"]) & set(held.examples["prompt"])
    losses = train(run, rows)
    dev = losses.filter(pl.col("dev_loss").is_not_null())
    best = dev["dev_loss"].min()
    assert best < dev["dev_loss"][-1]
    assert dev_loss(run, held) == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("adapter", [None, LORA], ids=["whole", "adapter"])
def test_the_model_of_each_checkpoint_is_saved(
    checkpoint: Path, run_folder: Path, adapter: dict[str, Any] | None
) -> None:
    rows, settings = rows_for("orpo"), {"max_steps": 7, "checkpoint_every": 3}
    plain = job("orpo", checkpoint, run_folder / "plain", adapter, **settings)
    losses = train(plain, rows)
    saved = job("orpo", checkpoint, run_folder / "m", adapter, saves_steps=True, **settings)
    assert train(saved, rows).equals(losses)
    folders = saved_steps(saved.out)
    assert list(folders) == [3, 6, 7]
    assert not saved.checkpoint_folder(rows).exists()
    assert content(folders[7]) == content(plain.out)
    assert len({content(folder)["model.safetensors"] for folder in folders.values()}) == 3


def dev_loss(run: Job, held: Rows) -> float:
    """The held-out loss of the model that was saved."""
    import torch

    from stages.objectives.sft import token_dataset

    model, encoder = load_policy(run.out), Encoder.load(run.out)
    sums, tokens = 0.0, 0
    for row in token_dataset(encoder, held, 256):
        labels = torch.tensor([row["labels"]])
        with torch.inference_mode():
            loss = model(torch.tensor([row["input_ids"]]), labels=labels).loss.item()
        n = int((labels != -100).sum())
        sums, tokens = sums + loss * n, tokens + n
    return sums / tokens


@pytest.mark.parametrize(
    ("objective", "bits"), [("sft", 16), ("orpo", 16), ("dpo", 16), ("step_kto", 16), ("dpo", 4)]
)
def test_adapters_leave_a_whole_model_and_their_own_folder(
    checkpoint: Path, run_folder: Path, objective: str, bits: int
) -> None:
    from peft import PeftModel

    if bits == 4:
        pytest.importorskip("bitsandbytes", reason="bitsandbytes (extra gpu) is not installed")
    adapter = {"rank": 4, "alpha": 8, "dropout": 0.0, "bits": bits}
    run = job(objective, checkpoint, run_folder / "m", adapter, max_steps=6)
    train(run, rows_for(objective))
    whole, tokenizer = load_policy(run.out), load_tokenizer(run.out)
    merged = PeftModel.from_pretrained(load_policy(checkpoint), run.out / "adapter")
    ids = tokenizer("Ann has 7 pens.\n", return_tensors="pt")["input_ids"]
    assert whole(ids).logits.allclose(merged(ids).logits, atol=1e-4)
    assert not whole(ids).logits.allclose(load_policy(checkpoint)(ids).logits, atol=1e-4)


def test_packed_rows_do_not_see_each_other(
    checkpoint: Path, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows(examples=rows_for("sft").examples.head(6))
    losses = []
    for packing in (False, True):
        run = job("sft", checkpoint, run_folder / f"{packing}", packing=packing, batch_size=6)
        trainer = trainer_of(run, rows, monkeypatch)
        trainer.model.eval()
        data = trainer.train_dataset
        batch = trainer.data_collator([data[i] for i in range(len(data))])
        losses.append(trainer.compute_loss(trainer.model, batch).item())
    assert len(data) < 6
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_held_out_rows_that_leave_too_few_are_one_line(
    checkpoint: Path, run_folder: Path, share: float
) -> None:
    run = job("dpo", checkpoint, run_folder / "m", dev_share=share, checkpoint_every=3)
    with pytest.raises(RatchetError, match=rf"trainer\.dev_share={share} holds \d+ of 24 prompts"):
        train(run, rows_for("dpo"))


def test_a_second_run_of_the_same_waits_for_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints" / "key"
    with checkpoints.lock(folder):
        folder.mkdir()
        with folder.with_suffix(".lock").open("w") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("base", "kept"), [("/tmp/x", None), (None, None), ("models/base", "models/base")]
)
def test_an_adapter_s_file_says_what_it_lies_on_and_nothing_of_how_it_was_made(
    tmp_path: Path, base: str | None, kept: str | None
) -> None:
    config = {"target_modules": ["b", "a"], "base_model_name_or_path": base, "r": 4}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    make_reproducible(tmp_path)
    settled = json.loads((tmp_path / "adapter_config.json").read_text())
    assert settled == {"target_modules": ["a", "b"], "base_model_name_or_path": kept, "r": 4}


def test_four_bits_without_their_library_is_one_line(
    checkpoint: Path, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    adapter = {"rank": 4, "alpha": 8, "dropout": 0.0, "bits": 4}
    with pytest.raises(RatchetError, match=r"model\.adapter\.bits=4 needs bitsandbytes"):
        train(job("sft", checkpoint, run_folder / "m", adapter), rows_for("sft"))


def test_gradient_checkpointing_changes_no_weight(
    checkpoint: Path, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for on in (False, True):
        run = job("dpo", checkpoint, run_folder / f"{on}", gradient_checkpointing=on, max_steps=3)
        trainer = trainer_of(run, rows_for("dpo"), monkeypatch)
        assert trainer.args.gradient_checkpointing is on
        train(run, rows_for("dpo"))
        found.append(load_policy(run.out).lm_head.weight)
    assert found[0].allclose(found[1], atol=1e-6)
    assert load_tokenizer(run.out).eos_token == "</s>"
