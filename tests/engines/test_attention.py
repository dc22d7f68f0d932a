"""Greedy text is generate()'s for whatever kinds of attention and cache a model has."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from stages.engines.decoder.attention import NAME
from stages.engines.decoder.transformers_engine import TransformersEngine
from stages.engines.engine import Request
from stages.models.folders import load_tokenizer, save_tokenizer
from stages.models.sampling import Sampling

NEW = 24
SMALL = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,
    "tie_word_embeddings": False,
}
OLD = {"n_embd": 32, "n_layer": 2, "n_head": 4, "initializer_range": 0.3}

CASES = [
    ("Llama", SMALL, True),
    ("Qwen2", SMALL, True),
    ("Gemma", SMALL, True),
    ("GPT2", {**OLD, "n_positions": 256}, True),
    ("Gemma3Text", {**SMALL, "sliding_window": 200}, True),  # as wide as all that is written
    ("Gemma3Text", {**SMALL, "sliding_window": 16}, False),
    ("Gemma2", {**SMALL, "sliding_window": 16}, False),
    ("Mistral", {**SMALL, "sliding_window": 16}, False),
    ("Bloom", {**OLD, "hidden_size": 32}, False),  # takes no positions
    ("Lfm2", {**SMALL, "layer_types": ["conv", "full_attention"]}, False),
]


@pytest.mark.parametrize(
    ("family", "config", "shares"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)]
)
def test_greedy_is_what_generate_gives(
    family: str,
    config: dict[str, Any],
    shares: bool,
    checkpoint: Path,
    problems: pl.DataFrame,
    tmp_path: Path,
) -> None:
    import torch
    import transformers

    tokenizer = load_tokenizer(checkpoint)
    tokens = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in TOKENS}
    torch.manual_seed(1)
    settings = getattr(transformers, f"{family}Config")(
        vocab_size=len(tokenizer), **tokens, **config
    )
    transformers.AutoModelForCausalLM.from_config(settings).save_pretrained(tmp_path)
    save_tokenizer(tokenizer, tmp_path)
    engine = TransformersEngine(tmp_path, 64, torch.device("cpu"))
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    begun = ["", "1 + 2 = 3\n", "1 + 2 = 3\n3 * 4 = 12\n"]
    prompts = [prompt + steps for prompt in problems["prompt"].head(4) for steps in begun]
    ours = engine.complete([Request(p, 0, 1) for p in prompts], Sampling(0.0, 1.0, NEW))
    for prompt, completion in zip(prompts, ours, strict=True):
        ids = torch.tensor([engine.encoder.encode_prompt(prompt)])
        out = model.generate(ids, do_sample=False, max_new_tokens=NEW)
        theirs = tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
        assert completion.text == theirs
    longest = max(len(engine.encoder.encode_prompt(prompt)) for prompt in prompts)
    assert (engine.max_shared_columns >= longest + NEW) == shares
    assert model.config._attn_implementation != "sdpa" or (
        engine.model.config._attn_implementation == NAME
    )


TOKENS = ("pad", "bos", "eos")
