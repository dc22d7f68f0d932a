"""GGUF files small enough for a test: a real Llama of one layer with a vocabulary of its own."""

from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFWriter, TokenType
from tokenizers import pre_tokenizers

WIDTH, HEADS, KV_HEADS, FEED_FORWARD = 8, 2, 1, 12
SPECIALS = ["<|endoftext|>", "<|start|>", "<|end|>"]  # ids 0 (unknown), 1 (BOS), 2 (EOS)
MERGES = ["Ġ Ġ", "ĠĠ Ġ", "Ġ 1", "1 2"]
TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
BYTES = sorted(pre_tokenizers.ByteLevel.alphabet())
BYTE_LEVEL = [*SPECIALS, *BYTES, *(merge.replace(" ", "") for merge in MERGES)]
SENTENCES = [*SPECIALS, *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "a", "b", "▁a"]


def write_gguf(
    path: Path,
    kind: str = "gpt2",
    architecture: str = "llama",
    without: str = "",
    more: dict[str, np.ndarray] | None = None,
    half: bool = False,
    tokens: list[str] | None = None,
    **fields: Any,
) -> Path:
    """Writes a model to `path`; `fields` are of tokenizer.ggml, and `None` leaves one out.

    `without`: a tensor to leave out; `more`: tensors to add; `half`: matrices in bfloat16.
    """
    tokens = tokens or {"gpt2": BYTE_LEVEL, "llama": SENTENCES}[kind]
    writer = GGUFWriter(path, architecture)
    writer.add_context_length(64)
    writer.add_block_count(1)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model(kind)
    writer.add_token_list(tokens)
    control = TokenType.CONTROL
    writer.add_token_types([control if t in SPECIALS else TokenType.NORMAL for t in tokens])
    if kind == "gpt2":
        writer.add_token_merges(MERGES)
    else:
        writer.add_token_scores([-float(i) for i in range(len(tokens))])
    ids = {"bos_token_id": 1, "eos_token_id": 2, "unknown_token_id": 0}
    for name, value in ({"pre": "smollm"} | ids | fields).items():
        if isinstance(value, bool):
            writer.add_bool(f"tokenizer.ggml.{name}", value)
        elif isinstance(value, int):
            writer.add_uint32(f"tokenizer.ggml.{name}", value)
        elif value is not None:
            writer.add_string(f"tokenizer.ggml.{name}", value)
    writer.add_chat_template(TEMPLATE)
    for name, tensor in (tensors(len(tokens)) | (more or {})).items():
        if name != without:
            _add(writer, name, tensor, half and tensor.ndim == 2)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def tensors(n_tokens: int) -> dict[str, np.ndarray]:
    """Weights of the model, (rows, columns); the output is the embedding."""
    draw = np.random.default_rng(3)
    side = WIDTH // HEADS * KV_HEADS
    shapes = {
        "token_embd": (n_tokens, WIDTH),
        "output_norm": (WIDTH,),
        "blk.0.attn_norm": (WIDTH,),
        "blk.0.attn_q": (WIDTH, WIDTH),
        "blk.0.attn_k": (side, WIDTH),
        "blk.0.attn_v": (side, WIDTH),
        "blk.0.attn_output": (WIDTH, WIDTH),
        "blk.0.ffn_norm": (WIDTH,),
        "blk.0.ffn_gate": (FEED_FORWARD, WIDTH),
        "blk.0.ffn_up": (FEED_FORWARD, WIDTH),
        "blk.0.ffn_down": (WIDTH, FEED_FORWARD),
    }
    made = {f"{k}.weight": draw.normal(size=shape) for k, shape in shapes.items()}
    return {name: values.astype(np.float32) for name, values in made.items()}


def _add(writer: GGUFWriter, name: str, tensor: np.ndarray, half: bool) -> None:
    from gguf import GGMLQuantizationType, quantize

    if half:
        kind = GGMLQuantizationType.BF16
        writer.add_tensor(name, quantize(tensor, kind), raw_dtype=kind)
    else:
        writer.add_tensor(name, tensor)
