"""One batch of draws: what all begin with is computed once, and rows leave it as they end."""

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np

from stages.engines.decoder.kv_cache import drop, take
from stages.engines.decoder.next_token import choose, uniforms
from stages.engines.engine import Completion
from stages.models.sampling import Sampling

ENDED_SHARE = 1 / 16  # share of the rows that may have ended before they are dropped

Tokens = tuple[int, ...]


def longest_extensions(texts: Iterable[Tokens]) -> dict[Tokens, Tokens]:
    """For each text the one that extends it, or itself: rollouts begin at every step of a path.

    In order, whatever stands between a text and one that extends it extends it too.
    """
    found: dict[Tokens, Tokens] = {}
    following: Tokens = ()
    for text in sorted(set(texts), reverse=True):
        extended = found and following[: len(text)] == text
        found[text] = found[following] if extended else text
        following = text
    return found


class CachedModel(Protocol):
    """What a batch needs of the engine that decodes it."""

    tokenizer: Any
    device: Any
    max_positions: int  # tokens that the model can hold
    max_shared_columns: int  # columns that texts which begin alike may share
    end_tokens: Any  # (ends,) tokens that end a text

    def forward(self, ids: Any, mask: Any, positions: Any, cache: Any = None) -> Any:
        """The model's output for tokens (rows, new); the mask (rows, all) covers the cache too."""
        ...


class Batch:
    """Rows decoded together. The model's row i is the draw `alive[i]`.

    The last token of a prompt is not part of what is shared: it is the first to be decoded.
    """

    def __init__(
        self,
        engine: CachedModel,
        prompts: list[Tokens],
        seeds: list[int],
        sampling: Sampling,
    ) -> None:
        self.engine, self.prompts, self.sampling = engine, prompts, sampling
        self.seeds = np.array(seeds, dtype=np.uint64)
        self.lengths = np.array([len(prompt) for prompt in prompts])
        self.limits = np.minimum(engine.max_positions - self.lengths, sampling.max_tokens)
        self.tokens = np.zeros((len(prompts), self.limits.max()), dtype=np.int64)
        self.n_tokens = np.zeros(len(prompts), dtype=np.int64)
        self.logprobs = np.zeros(len(prompts))
        self.stopped = np.zeros(len(prompts), dtype=bool)
        self.alive = np.arange(len(prompts))

    def decode(self) -> list[Completion]:
        """Writes until every row has ended."""
        import torch

        self._prefill()
        tokens = self._tensor([prompt[-1] for prompt in self.prompts])
        ended = np.zeros(len(self.alive), dtype=bool)
        for step in range(self.tokens.shape[1]):
            uniform = uniforms(self.seeds[self.alive], step)
            tokens, logprobs = choose(self._advance(tokens, step), uniform, self.sampling)
            stops = torch.isin(tokens, self.engine.end_tokens).cpu().numpy()
            self._write(step, tokens.cpu().numpy(), logprobs.cpu().numpy(), stops, ~ended)
            ended |= stops | (step + 1 >= self.limits[self.alive])
            if ended.all():
                break
            if ended.sum() >= ENDED_SHARE * len(ended):
                tokens, ended = self._drop(tokens, ended)
        return self._completions()

    def _tensor(self, values: Any) -> Any:
        import torch

        return torch.as_tensor(values, device=self.engine.device)

    def _prefill(self) -> None:
        """Runs each distinct text once, left-padded; a row sees its own part of it."""
        import torch

        bodies = [prompt[:-1] for prompt in self.prompts]
        longest = max(len(body) for body in bodies)
        shared = longest + self.tokens.shape[1] <= self.engine.max_shared_columns
        extension = longest_extensions(bodies) if shared else {body: body for body in bodies}
        row_of = {text: index for index, text in enumerate(dict.fromkeys(extension.values()))}
        width, pad = max(longest, 1), self.engine.tokenizer.pad_token_id
        padding = self._tensor([width - len(text) for text in row_of])[:, None]
        positions = torch.arange(width, device=self.engine.device) - padding
        ids = self._tensor([[pad] * (width - len(text)) + list(text) for text in row_of])
        self.cache = self.engine.forward(
            ids, positions >= 0, positions.clamp(min=0)
        ).past_key_values
        rows = self._tensor([row_of[extension[body]] for body in bodies])
        take(self.cache, rows)
        self.positions = self._tensor(self.lengths)[:, None] - 1
        seen = (positions[rows] >= 0) & (positions[rows] < self.positions)
        self.mask = torch.nn.functional.pad(seen, (0, self.tokens.shape[1]), value=True)
        self.width = width

    def _advance(self, tokens: Any, step: int) -> Any:
        """Runs the model on one more token of each row; returns the logits of the next."""
        mask = self.mask[:, : self.width + step + 1]
        output = self.engine.forward(tokens[:, None], mask, self.positions + step, self.cache)
        return output.logits[:, -1]

    def _write(
        self,
        step: int,
        tokens: np.ndarray,
        logprobs: np.ndarray,
        stops: np.ndarray,
        living: np.ndarray,
    ) -> None:
        """Adds one token to each living row."""
        rows = self.alive[living]
        self.tokens[rows, step] = tokens[living]
        self.n_tokens[rows] += ~stops[living]
        self.logprobs[rows] += logprobs[living]
        self.stopped[rows] = stops[living]

    def _drop(self, tokens: Any, ended: np.ndarray) -> tuple[Any, np.ndarray]:
        """Living rows from the end of the batch move to where rows have ended."""
        order = np.arange(len(ended) - ended.sum())
        holes = np.flatnonzero(ended[: len(order)])
        order[holes] = len(order) + np.flatnonzero(~ended[len(order) :])
        self.alive = self.alive[order]
        kept_rows = self._tensor(order)
        drop(self.cache, self._tensor(holes), kept_rows)
        self.mask, self.positions = self.mask[kept_rows], self.positions[kept_rows]
        return tokens[kept_rows], np.zeros(len(order), dtype=bool)

    def _completions(self) -> list[Completion]:
        """Texts with their token counts (EOS not counted) and log-probabilities (EOS in)."""
        written = [row[:n].tolist() for row, n in zip(self.tokens, self.n_tokens, strict=True)]
        texts = self.engine.tokenizer.batch_decode(written, skip_special_tokens=True)
        return [
            Completion(text, len(tokens), float(logprob), "stop" if stopped else "length")
            for text, tokens, logprob, stopped in zip(
                texts, written, self.logprobs, self.stopped, strict=True
            )
        ]
