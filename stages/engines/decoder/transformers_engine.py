"""The embedded engine: a Hugging Face causal model decoded with a key-value cache.

Each draw has its own random stream: the uniform number at step t is a function of the draw's
seed and t alone, so a draw's text does not depend on which others share its batch, except for
rounding in the model's arithmetic.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from schemas.errors import RatchetError
from stages.engines.decoder.attention import fold_heads
from stages.engines.decoder.batch import Batch, Tokens, longest_extensions
from stages.engines.engine import FULL, Completion, EngineKind, LocalSettings, Request
from stages.models.folders import load_policy
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling
from stages.models.tokens import Encoder

if TYPE_CHECKING:
    import torch
    from transformers import Cache, PreTrainedModel
    from transformers.modeling_outputs import CausalLMOutputWithPast

DECODER = 4  # raised by every change that changes draws: the ledger keeps versions separate


class TransformersSettings(LocalSettings):
    """The embedded engine, on CPU or GPU."""

    batch_size: int = Field(ge=1)


def decoder_version(model: Path, precision: str, max_length: int | None = None) -> str:
    """Everything besides model, request and machine that decides which text is drawn."""
    names = ["transformers", version("transformers"), str(DECODER), precision_of(model, precision)]
    return "-".join([*names, *([f"max{max_length}"] if max_length else [])])


def precision_of(model: Path, wanted: str) -> str:
    """The torch dtype's name that `engine.precision` means here: auto is bfloat16 if native.

    It is native on a GPU. On a processor with AMX or AVX512-BF16 auto takes it only for a model
    that was saved in it, since a float32 model would lose digits.
    """
    import torch

    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "bfloat16"
    config = json.loads((model / "config.json").read_text())
    saved = config.get("dtype") or config.get("torch_dtype")
    native = torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if native and saved == "bfloat16" else "float32"


class TransformersEngine:
    """Holds one model; `complete` decodes in batches of similar prompt length."""

    def __init__(
        self,
        model: Path,
        batch_size: int,
        device: torch.device,
        precision: str = "auto",
        form: PromptForm | None = None,
        max_length: int | None = None,
    ) -> None:
        import torch

        self.version = decoder_version(model, precision, max_length)
        self.folder, self.model = model, load_policy(model)
        self.encoder = Encoder.load(model, form)
        dtype = getattr(torch, precision_of(model, precision))
        self.model.to(device=device, dtype=dtype).eval()
        fold_heads(self.model)
        self.batch_size, self.device = batch_size, device
        config = self.model.config.get_text_config()
        most = int(getattr(config, "max_position_embeddings", None) or 2**31)
        self.max_positions = min(most, max_length or most)
        self.takes_positions = "position_ids" in inspect.signature(self.model.forward).parameters
        self.max_shared_columns = _max_shared_columns(self.model) if self.takes_positions else 0
        self.end_tokens = torch.tensor(self.encoder.end_tokens, device=device)  # (ends,)

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        """One completion per request, in order."""
        import torch

        wanted = {(r.prompt, r.start) for r in requests}
        texts = {w: tuple(self.encoder.encode_prompt(*w)) for w in wanted}
        asked = [texts[r.prompt, r.start] for r in requests]
        fits = {text for text in texts.values() if len(text) < self.max_positions}
        extension = longest_extensions(fits)

        def batch_order(index: int) -> tuple[int, Tokens, int, int]:
            text = asked[index]
            return len(extension[text]), extension[text], len(text), requests[index].draw

        order = sorted((i for i, text in enumerate(asked) if text in fits), key=batch_order)
        done: dict[int, Completion] = {}
        with torch.inference_mode():
            for start in range(0, len(order), self.batch_size):
                chosen = order[start : start + self.batch_size]
                prompts = [asked[i] for i in chosen]
                batch = Batch(self, prompts, [requests[i].seed for i in chosen], sampling)
                done.update(zip(chosen, batch.decode(), strict=True))
        return [done.get(i, FULL) for i in range(len(requests))]

    def overflow(self) -> RatchetError:
        """The error of a model whose weights are finite and whose scores are not."""
        return RatchetError(
            f"{self.folder}: the scores of its next tokens are NaN or infinite, though its weights "
            "are not: set engine.precision=float32, or choose another model"
        )

    def forward(
        self,
        ids: torch.Tensor,
        mask: torch.Tensor,
        positions: torch.Tensor,
        cache: Cache | None = None,
    ) -> CausalLMOutputWithPast:
        """The model's output, with logits (rows, 1, vocabulary) of the last token alone.

        ids, positions: (rows, new tokens); mask: (rows, all tokens), those in the cache included.
        """
        position_ids = {"position_ids": positions} if self.takes_positions else {}
        output: CausalLMOutputWithPast = self.model(
            input_ids=ids,
            attention_mask=mask,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
            **position_ids,
        )
        return output


def _max_shared_columns(model: PreTrainedModel) -> int:
    """How many columns texts with one beginning may share: 0 if a layer does not keep tokens.

    The part of a longer text that a row does not see is masked. A layer that counts columns
    (a sliding window) can't tell masked columns from text.
    """
    from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

    if model._is_stateful:
        return 0
    widths = {DynamicLayer: lambda _: 2**31, DynamicSlidingWindowLayer: lambda s: s.sliding_window}
    layers = DynamicCache(config=model.config).layers
    return min((widths.get(type(s), lambda _: 0)(s) for s in layers), default=0)


ENGINE = EngineKind(
    TransformersSettings,
    version=lambda settings, model: decoder_version(model, settings.precision, settings.max_length),
    open=lambda settings, model, device, form: TransformersEngine(
        model, settings.batch_size, device, settings.precision, form, settings.max_length
    ),
)
