"""base: the model M that everything starts from, as a checkpoint folder.

Either random weights with a tokenizer trained on the task's own training text, or a copy of a
Hugging Face folder or id, so that the run holds all that it depends on.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from schemas.problems import Problems
from schemas.table import RatchetError
from stages.compute import ComputeSettings, set_up
from stages.models import (
    ModelSettings,
    PretrainedSettings,
    ScratchSettings,
    mark_empty,
    save_tokenizer,
)
from stages.stage import Turn, once, stage

SPECIALS = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>"}


def train_tokenizer(texts: Iterator[str], vocabulary: int) -> Any:
    """A byte-level BPE tokenizer that keeps digits apart; lossless on any text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIALS.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    bos = SPECIALS["bos_token"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **SPECIALS)


def make_scratch(settings: ScratchSettings, problems: pl.DataFrame, seed: int, out: Path) -> None:
    """Random weights (Llama, tied embeddings) and a tokenizer of the training problems."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    seen = problems.filter(pl.col("split") == "train")
    gold = seen.filter("demonstrated")["rationale"].list.join("")
    texts = iter([*seen["prompt"].to_list(), *gold.to_list()])
    tokenizer = train_tokenizer(texts, settings.vocabulary)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.width,
        intermediate_size=settings.feed_forward,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.kv_heads,
        max_position_embeddings=settings.max_positions,
        initializer_range=settings.init_std,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(out)
    save_tokenizer(tokenizer, out)


def fetch(source: str, out: Path) -> None:
    """Copies a local folder, or downloads a model id. Raises RatchetError if it is neither."""
    local = Path(source).expanduser()
    if local.exists() or local.is_absolute() or source.startswith("."):
        if not (local / "config.json").exists():
            raise RatchetError(f"model.source: {local} is no model folder (it has no config.json)")
        shutil.copytree(local, out, dirs_exist_ok=True)
        return
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(source, local_dir=out, ignore_patterns=["*.bin", "*.pth", "*.gguf"])
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise RatchetError(
            f"model.source: cannot fetch {source} ({reason}): set model.source to a local folder"
        ) from error
    shutil.rmtree(out / ".cache", ignore_errors=True)


@stage(
    reads={"problems": once(Problems)},
    sections=[ModelSettings, ComputeSettings],
    makes="base",
)
def base(
    problems: pl.DataFrame, model: ModelSettings, compute: ComputeSettings, turn: Turn, out: Path
) -> None:
    """Makes models/base."""
    if isinstance(model, ScratchSettings):
        set_up(compute, turn.seed)
        make_scratch(model, problems, turn.seed, out)
    elif isinstance(model, PretrainedSettings):
        fetch(model.source, out)
    else:
        mark_empty(out)


if __name__ == "__main__":
    base.main()
