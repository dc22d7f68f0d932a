"""Work whose peak memory is measured in a process of its own, and planned in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from stages.models.model_settings import Shape

OBJECTIVES = ("sft", "dpo", "rpo", "simpo", "orpo", "kto", "step_kto", "verifier")
SHAPES: dict[str, dict[str, int]] = {
    "tiny": {"vocabulary": 512, "width": 96, "layers": 3, "heads": 4, "kv_heads": 1,
             "feed_forward": 256},
    "30m": {"vocabulary": 49152, "width": 384, "layers": 8, "heads": 6, "kv_heads": 2,
            "feed_forward": 1024},
    "130m": {"vocabulary": 49152, "width": 576, "layers": 30, "heads": 9, "kv_heads": 3,
             "feed_forward": 1536},
}  # fmt: skip


@dataclass(frozen=True)
class MemoryCase:
    """One piece of work: an objective, `sample`, `score` or `perplexity`, on full batches."""

    work: str
    model: str  # of SHAPES
    rows: int
    tokens: int
    kind: str = "full"
    adapter: dict[str, Any] | None = None
    checkpointing: bool = False

    @property
    def name(self) -> str:
        """In words, for the output of a bench and the id of a test."""
        saving = "checkpointing" if self.checkpointing else "plain"
        return f"{self.model} {self.work} {self.rows}x{self.tokens} {self.kind} {saving}"


def measure(case: MemoryCase) -> int:
    """Peak bytes of the work in a fresh process, above what its imports take."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", __name__, json.dumps(asdict(case)), folder]
        env = os.environ | {"RATCHET_QUIET": "1", "HF_HUB_OFFLINE": "1", "RATCHET_LEDGER": folder}
        done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return int(done.stdout.split()[-1])


def planned_bytes(case: MemoryCase) -> float:
    """Peak bytes of the same work by the plan, above what its imports take."""
    from stages.planning.model_memory import (
        LIBRARIES,
        Device,
        reading_memory,
        sampling_memory,
    )
    from stages.planning.training_memory import Training, training_memory

    sizes = SHAPES[case.model]
    shape = Shape(**sizes, head_dim=sizes["width"] // sizes["heads"], tied=True, max_positions=2048)
    device, n_prompt = Device(gpu=False), case.tokens // 4
    if case.work == "sample":
        n_new = case.tokens - n_prompt
        plan = sampling_memory(shape, case.rows, n_prompt, n_new, False, 4, device)
        return plan.total - LIBRARIES
    if case.work in ("score", "perplexity"):
        with_logits = case.work == "perplexity"
        plan = reading_memory(shape, case.rows, case.tokens, with_logits, 4, device)
        return plan.total - LIBRARIES
    adapter = case.adapter or {}
    run = Training(
        case.work,
        case.rows,
        case.tokens,
        rank=adapter.get("rank"),
        dropout=adapter.get("dropout", 0.0),
        checkpointing=case.checkpointing,
    )
    return training_memory(shape, run, device).total - LIBRARIES


def _status(field: str) -> int:
    """Bytes of a field of this process's memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(f"{field}:")]
    return int(line.split()[1]) * 1024


def make_model(case: MemoryCase, folder: Path) -> None:
    """A Llama with random weights, whose tokens are the words w0, w1, …"""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    shape = SHAPES[case.model]
    words = {name: i for i, name in enumerate(["<pad>", "<s>", "</s>"])}
    words |= {f"w{i}": i for i in range(3, shape["vocabulary"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="w3"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=shape["vocabulary"],
        hidden_size=shape["width"],
        intermediate_size=shape["feed_forward"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["kv_heads"],
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


def texts(case: MemoryCase, n_rows: int) -> list[tuple[str, str]]:
    """(prompt, completion) of rows with exactly `tokens` tokens, BOS and EOS included."""
    size, n_prompt = SHAPES[case.model]["vocabulary"], case.tokens // 4
    words = [f"w{3 + (7919 * i) % (size - 3)}" for i in range(n_rows * case.tokens)]
    rows = [words[i * case.tokens : (i + 1) * case.tokens - 2] for i in range(n_rows)]
    return [(" ".join(row[:n_prompt]) + " ", " ".join(row[n_prompt:])) for row in rows]


def halves(text: str) -> list[str]:
    """Two steps."""
    return [text[: len(text) // 2], text[len(text) // 2 :]]


def run_case(case: MemoryCase, start: Path, out: Path) -> None:
    """Does the work once: two optimiser steps, or one batch."""
    import polars as pl
    import torch

    from stages.compute.compute_settings import ComputeSettings

    compute = ComputeSettings(threads=2)
    if case.work == "sample":
        from stages.engines.decoder.transformers_engine import TransformersEngine
        from stages.engines.engine import Request
        from stages.models.sampling import Sampling

        engine = TransformersEngine(start, case.rows, torch.device("cpu"), "float32")
        engine.end_tokens = torch.tensor([-1])  # every draw takes all its tokens
        n_prompt = case.tokens // 4
        prompts = [prompt for prompt, _ in texts(case, case.rows)]
        requests = [Request(prompt, 0, i) for i, prompt in enumerate(prompts)]
        engine.complete(requests, Sampling(1.0, 1.0, case.tokens - n_prompt))
        return
    if case.work == "perplexity":
        from stages.models.likelihood import negative_log_likelihoods

        rows = texts(case, case.rows)
        frame = pl.DataFrame(rows, schema=["prompt", "text"], orient="row")
        negative_log_likelihoods(start, frame, case.rows, case.tokens, torch.device("cpu"))
        return
    rows = texts(case, 4 * case.rows)
    if case.work == "score":
        from stages.models.step_scorer import score_steps

        frame = pl.DataFrame(
            [(prompt, [text]) for prompt, text in rows[: case.rows]],
            schema=["prompt", "steps"],
            orient="row",
        )
        score_steps(start, frame, case.rows, case.tokens, compute, 0)
        return
    from stages.objectives.objective_list import train
    from stages.objectives.reward_model import train_verifier
    from stages.training.launch import run_training
    from stages.training.rows import Rows
    from tests.fakes.training_jobs import examples, job, pairs

    sizes = {"batch_size": case.rows, "max_length": case.tokens, "max_steps": 2}
    saving = {"gradient_checkpointing": case.checkpointing}
    if case.work == "verifier":
        run = job("sft", start, out, case.adapter, **sizes, **saving)
        frame = pl.DataFrame(
            [(str(i), p, [t], [1.0]) for i, (p, t) in enumerate(rows)],
            schema=["path_id", "prompt", "steps", "labels"],
            orient="row",
        )
        run_training(train_verifier, run, frame, compute)
        return
    run = job(case.work, start, out, case.adapter, **sizes, **saving)
    if case.work in ("sft", "kto", "step_kto"):
        given = Rows(
            examples=examples(
                [(p, halves(t), i % 2 == 0, [True, True]) for i, (p, t) in enumerate(rows)]
            )
        )
    else:
        others = [*rows[1:], rows[0]]
        sides = zip(rows, others, strict=True)
        given = Rows(pairs=pairs([(p, "", t, u, True, True) for (p, t), (_, u) in sides]))
    run_training(partial(train, case.work), run, given, compute)


def main(case: MemoryCase, folder: Path) -> None:
    """Prints the bytes that the work takes at its peak."""
    os.chdir(folder)
    make_model_apart(case, folder / "start")
    import datasets  # noqa: F401
    import peft  # noqa: F401
    import torch
    from transformers import LlamaForCausalLM, LlamaForTokenClassification  # noqa: F401
    from trl import DPOTrainer, KTOTrainer, SFTTrainer  # noqa: F401

    torch.ones(64, 64, requires_grad=True).matmul(torch.ones(64, 64)).sum().backward()
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    run_case(case, folder / "start", folder / "out")
    print(_status("VmHWM") - before)


def make_model_apart(case: MemoryCase, folder: Path) -> None:
    """`make_model` in another process, which keeps its memory."""
    if os.fork() == 0:
        make_model(case, folder)
        os._exit(0)
    os.wait()


if __name__ == "__main__":
    main(MemoryCase(**json.loads(sys.argv[1])), Path(sys.argv[2]))
