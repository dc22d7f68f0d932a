"""Memory of a model that only reads or writes: sampling, scoring, perplexities.

Sizes that follow from the code are exact. Factors of temporary tensors count those that PyTorch
holds at once; `python -m tests.bench.memory` compares all of it with what is measured.
"""

import math
from dataclasses import dataclass

from stages.models.model_settings import Shape
from stages.planning.memory_split import GIB, MIB, Memory, highest
from stages.planning.shapes import count_parameters

SPARE = 64  # tokens of room that the decoder's cache has beyond what it holds, at least
LIBRARIES = 400 * MIB  # what a stage imports: 350 to sample, 450 to train, measured
CPU_RUNTIME = 100 * MIB  # buffers and threads of the libraries, measured
FREED = 1.5  # what the allocator holds of freed temporaries, measured: bytes for each byte used
GPU_RUNTIME = 1 * GIB  # the driver's context and kernels; not measured here


@dataclass(frozen=True)
class Device:
    """Where a model runs. `gpu`: buffers count in full, and not only once they are written."""

    gpu: bool

    @property
    def runtime(self) -> float:
        """Bytes that libraries take before any model is there."""
        return GPU_RUNTIME if self.gpu else CPU_RUNTIME + LIBRARIES


def kv_bytes_per_token(shape: Shape, width: int) -> int:
    """Bytes of one token's keys and values in all layers; `width`: bytes of a number."""
    return 2 * shape.layers * shape.kv_heads * shape.head_dim * width


def cache_capacity(n_prompt: int, n_new: int) -> int:
    """Tokens that a row of the decoder's cache has room for at its end (`kv_cache.py`)."""
    capacity = n_prompt + max(SPARE, n_prompt // 2)
    while capacity < n_prompt + n_new:
        capacity += max(SPARE, capacity // 2)
    return capacity


def forward_bytes_per_token(shape: Shape, width: int, device: Device) -> float:
    """Temporary bytes of a token inside one layer of a pass without gradients."""
    attention = 2 * (shape.heads + shape.kv_heads) * shape.head_dim
    held = 1.0 if device.gpu else FREED
    return held * width * (4 * shape.width + attention + 4 * shape.feed_forward)


def sampling_memory(
    shape: Shape,
    rows: int,
    n_prompt: int,
    n_new: int,
    warm: bool,
    width: int,
    device: Device,
    per_text: float = 1,
) -> Memory:
    """Peak of decoding `rows` texts at once with the embedded engine.

    `per_text`: draws that share one beginning, which is read once. `warm`: temperature or top_p
    changes the distribution, which takes further copies.
    """
    weights = count_parameters(shape) * width
    n_tokens, texts = n_prompt + n_new, math.ceil(rows / per_text)
    held = cache_capacity(n_prompt, n_new) if device.gpu else n_tokens
    copies = (4 if warm else 3) * 4 + (width if width < 4 else 0)
    decoding = Memory(
        weights=weights,
        kv_cache=rows * held * kv_bytes_per_token(shape, width) * (1 + 1 / shape.layers),
        activations=rows * forward_bytes_per_token(shape, width, device),
        logits=rows * shape.vocabulary * copies,
        runtime=device.runtime,
    )
    reading = Memory(
        weights=weights,
        kv_cache=texts * n_prompt * kv_bytes_per_token(shape, width),
        activations=texts * n_prompt * forward_bytes_per_token(shape, width, device),
        runtime=device.runtime,
    )
    return highest(decoding, reading)


def reading_memory(
    shape: Shape, rows: int, n_tokens: int, with_logits: bool, width: int, device: Device
) -> Memory:
    """Peak of one pass over whole texts: perplexities (with logits), or a verifier's scores."""
    head = 0 if with_logits else shape.vocabulary * shape.width * (0 if shape.tied else 1)
    tokens = rows * n_tokens
    reading = Memory(
        weights=(count_parameters(shape) - head) * width,
        kv_cache=tokens * kv_bytes_per_token(shape, width),
        activations=tokens * forward_bytes_per_token(shape, width, device),
        runtime=device.runtime,
    )
    end = Memory(
        weights=reading.weights,
        kv_cache=reading.kv_cache,
        activations=tokens * shape.width * width,
        # the logits in float32, and what the sum of their exponentials takes
        logits=tokens * shape.vocabulary * (8 + (width if width < 4 else 0)) * with_logits,
        runtime=device.runtime,
    )
    return highest(reading, end)


def vllm_memory(shape: Shape, share: float, parallel: int, memory: float, width: int) -> Memory:
    """vLLM takes its share of a GPU whole: what weights leave of it is for the cache."""
    weights = count_parameters(shape) * width / parallel
    return Memory(weights=weights, kv_cache=max(share * memory - weights, 0.0))
