"""The embedded engine: a Hugging Face causal model decoded with a key-value cache.

Each draw has its own random stream: the uniform number at step t is a function of the draw's
seed and t alone, so what a draw becomes does not depend on which others share its batch, but
for rounding in the model's arithmetic.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stages.encode import encode_prompt
from stages.engines.engine import Completion, Request, Sampling
from stages.models import load_policy


class TransformersEngine:
    """Holds one model; `complete` decodes in batches of similar prompt length."""

    def __init__(self, model: Path, batch_size: int, device: Any) -> None:
        import torch
        import transformers

        self.version = f"transformers-{transformers.__version__}"
        self.model, self.tokenizer = load_policy(model)
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        self.model.to(device=device, dtype=dtype).eval()
        self.batch_size = batch_size
        self.device = device

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        """One completion per request, in order."""
        import torch

        prompts = {p: encode_prompt(self.tokenizer, p) for p in {r.prompt for r in requests}}
        order = sorted(
            range(len(requests)),
            key=lambda i: (len(prompts[requests[i].prompt]), requests[i].prompt, requests[i].draw),
        )
        done: dict[int, Completion] = {}
        with torch.inference_mode():
            for start in range(0, len(order), self.batch_size):
                batch = order[start : start + self.batch_size]
                rows = [prompts[requests[i].prompt] for i in batch]
                seeds = [requests[i].seed for i in batch]
                done.update(zip(batch, self._decode(rows, seeds, sampling), strict=True))
        return [done[i] for i in range(len(requests))]

    def _decode(
        self, prompts: list[list[int]], seeds: list[int], sampling: Sampling
    ) -> list[Completion]:
        """Decodes one batch; rows leave it as they end."""
        import torch

        state = _State(self, prompts, sampling.max_tokens)
        logits, ended = state.prefill(prompts), torch.zeros(len(prompts), dtype=torch.bool)
        seed_array = np.array(seeds, dtype=np.uint64)
        limit = min(sampling.max_tokens, self._room(prompts))
        eos = self.model.generation_config.eos_token_id
        eos_ids = torch.tensor(eos if isinstance(eos, list) else [eos], device=self.device)
        for step in range(limit):
            uniform = uniforms(seed_array[state.alive], step)
            tokens, logprobs = choose(logits, uniform, sampling)
            ended = torch.isin(tokens, eos_ids)
            state.append(tokens, logprobs, ended)
            if bool(ended.all()):
                break
            if step + 1 < limit:
                logits = state.advance(tokens, ended)
        return state.completions()

    def _room(self, prompts: list[list[int]]) -> int:
        """New tokens that fit the model's positions."""
        longest = max(len(prompt) for prompt in prompts)
        return max(1, int(self.model.config.max_position_embeddings) - longest)


class _State:
    """The rows of one batch: cache, mask, and what each has written so far."""

    def __init__(self, engine: TransformersEngine, prompts: list[list[int]], room: int) -> None:
        self.engine = engine
        self.alive = np.arange(len(prompts))
        self.tokens: list[list[int]] = [[] for _ in prompts]
        self.logprobs = np.zeros(len(prompts))
        self.stopped = np.zeros(len(prompts), dtype=bool)
        self.cache: Any = None
        self.mask: Any = None

    def prefill(self, prompts: list[list[int]]) -> Any:
        """Runs each distinct prompt once (left-padded); returns next-token logits, row by row."""
        import torch

        distinct = list(dict.fromkeys(tuple(prompt) for prompt in prompts))
        where = {prompt: index for index, prompt in enumerate(distinct)}
        width = max(len(prompt) for prompt in distinct)
        pad = self.engine.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(p)) + list(p) for p in distinct])
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in distinct])
        ids, mask = ids.to(self.engine.device), mask.to(self.engine.device)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        output = self.engine.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            use_cache=True,
            logits_to_keep=1,
        )
        rows = torch.tensor([where[tuple(p)] for p in prompts], device=self.engine.device)
        self.cache = output.past_key_values
        self.cache.batch_select_indices(rows)
        self.mask = mask[rows]
        self.positions = positions[rows, -1]
        return output.logits[rows, -1]

    def append(self, tokens: Any, logprobs: Any, ended: Any) -> None:
        """Adds one token to each living row."""
        self.logprobs[self.alive] += logprobs.double().cpu().numpy()
        self.stopped[self.alive] = ended.cpu().numpy()
        for row, token, end in zip(self.alive, tokens.tolist(), ended.tolist(), strict=True):
            if not end:
                self.tokens[row].append(token)

    def advance(self, tokens: Any, ended: Any) -> Any:
        """Drops ended rows when enough have, runs the model, returns logits of living rows."""
        import torch

        if bool(ended.any()):
            keep = torch.nonzero(~ended).squeeze(-1)
            self.cache.batch_select_indices(keep)
            self.mask, tokens = self.mask[keep], tokens[keep]
            self.positions = self.positions[keep]
            self.alive = self.alive[keep.cpu().numpy()]
        self.mask = torch.cat([self.mask, self.mask.new_ones(len(self.mask), 1)], dim=1)
        self.positions = self.positions + 1
        output = self.engine.model(
            input_ids=tokens[:, None],
            attention_mask=self.mask,
            position_ids=self.positions[:, None],
            past_key_values=self.cache,
            use_cache=True,
        )
        return output.logits[:, -1]

    def completions(self) -> list[Completion]:
        """Texts with their token counts (EOS not counted) and log-probabilities (EOS in)."""
        texts = self.engine.tokenizer.batch_decode(self.tokens, skip_special_tokens=True)
        return [
            Completion(text, len(tokens), float(logprob), "stop" if stopped else "length")
            for text, tokens, logprob, stopped in zip(
                texts, self.tokens, self.logprobs, self.stopped, strict=True
            )
        ]


def uniforms(seeds: np.ndarray, step: int) -> np.ndarray:
    """A number in [0, 1) for each seed (uint64) at a step: SplitMix64 at position `step`."""
    with np.errstate(over="ignore"):
        z = seeds + np.uint64(0x9E3779B97F4A7C15) * np.uint64(step + 1)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def choose(logits: Any, uniform: np.ndarray, sampling: Sampling) -> tuple[Any, Any]:
    """Next tokens (rows,) by inverting the cumulative distribution, and their log-probabilities.

    The log-probability is the model's own, at temperature 1 and over the whole vocabulary.
    """
    import torch

    logits = logits.float()
    own = torch.log_softmax(logits, dim=-1)
    if sampling.temperature == 0:
        tokens = logits.argmax(dim=-1)
        return tokens, own.gather(-1, tokens[:, None]).squeeze(-1)
    probabilities = torch.softmax(logits.double() / sampling.temperature, dim=-1)
    if sampling.top_p < 1:
        probabilities = nucleus(probabilities, sampling.top_p)
    cumulative = probabilities.cumsum(dim=-1)
    drawn = torch.as_tensor(uniform, device=logits.device)[:, None] * cumulative[:, -1:]
    tokens = torch.searchsorted(cumulative, drawn, right=True).squeeze(-1)
    tokens = tokens.clamp(max=logits.shape[-1] - 1)
    return tokens, own.gather(-1, tokens[:, None]).squeeze(-1)


def nucleus(probabilities: Any, top_p: float) -> Any:
    """Zeroes all but the smallest set of tokens whose probability reaches top_p."""
    ordered, index = probabilities.sort(dim=-1, descending=True)
    before = ordered.cumsum(dim=-1) - ordered
    kept = ordered.masked_fill(before >= top_p, 0.0)
    return probabilities.new_zeros(probabilities.shape).scatter(-1, index, kept)
