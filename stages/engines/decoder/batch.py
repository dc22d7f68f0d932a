"""One batch of draws: shared beginnings are computed once, and rows leave it as they end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from schemas.errors import RatchetError
from stages.engines.decoder.kv_cache import drop, take
from stages.engines.decoder.next_token import choose, uniforms
from stages.engines.engine import Completion
from stages.models.sampling import Sampling
from stages.models.tokens import Encoder

if TYPE_CHECKING:
    import torch
    from transformers import Cache
    from transformers.modeling_outputs import CausalLMOutputWithPast

ENDED_SHARE = 1 / 16  # share of the rows that may have ended before they are dropped

Tokens = tuple[int, ...]


def longest_extensions(texts: Iterable[Tokens]) -> dict[Tokens, Tokens]:
    """For each text the longest that extends it, or itself: rollouts start at each step of a path.

    In sorted order, all texts between a text and one that extends it extend it too.
    """
    longest: dict[Tokens, Tokens] = {}
    following: Tokens = ()
    for text in sorted(set(texts), reverse=True):
        is_extended = longest and following[: len(text)] == text
        longest[text] = longest[following] if is_extended else text
        following = text
    return longest


class CachedModel(Protocol):
    """What a batch needs of the engine that decodes it."""

    encoder: Encoder
    device: torch.device
    max_positions: int  # tokens that the model can hold
    max_shared_columns: int  # columns that texts with one beginning may share
    end_tokens: torch.Tensor  # (ends,), tokens that end a text

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
        ...

    def overflow(self) -> RatchetError:
        """The error for probabilities that are not finite."""
        ...


class Batch:
    """Rows decoded together. The model's row i is the draw `alive[i]`.

    The last token of a prompt is not part of what is shared: it is the first to be decoded.
    Arrays have an entry for each draw of the batch, except `alive`: it has one for each row of the
    model, as the tensors do.
    """

    cache: Cache
    positions: torch.Tensor  # (rows, 1), position of the prompt's last token
    mask: torch.Tensor  # (rows, prompt columns + new tokens), True where a row sees a column

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
        self.n_tokens = np.zeros(len(prompts), dtype=np.int64)  # EOS not counted
        self.logprobs = np.zeros(len(prompts))  # nats, EOS included
        self.stopped = np.zeros(len(prompts), dtype=bool)
        self.alive = np.arange(len(prompts))

    def decode(self) -> list[Completion]:
        """Writes until every row has ended."""
        import torch

        self._prefill()
        tokens = self._tensor([prompt[-1] for prompt in self.prompts])  # (rows,)
        ended = np.zeros(len(self.alive), dtype=bool)
        for step in range(self.tokens.shape[1]):
            uniform = uniforms(self.seeds[self.alive], step)
            tokens, logprobs = choose(self._advance(tokens, step), uniform, self.sampling)
            stops = torch.isin(tokens, self.engine.end_tokens).cpu().numpy()
            found = logprobs.cpu().numpy()
            if not np.isfinite(found[~ended]).all():
                raise self.engine.overflow()
            self._write(step, tokens.cpu().numpy(), found, stops, ~ended)
            ended |= stops | (step + 1 >= self.limits[self.alive]) | self._at_stop_string(step)
            if ended.all():
                break
            if ended.sum() >= ENDED_SHARE * len(ended):
                tokens, ended = self._drop(tokens, ended)
        return self._completions()

    def _tensor(self, values: ArrayLike) -> torch.Tensor:
        import torch

        return torch.as_tensor(values, device=self.engine.device)

    def _prefill(self) -> None:
        """Runs each distinct text once, left-padded; each row sees its own part of its text."""
        import torch

        bodies = [prompt[:-1] for prompt in self.prompts]
        longest = max(len(body) for body in bodies)
        shared = longest + self.tokens.shape[1] <= self.engine.max_shared_columns
        extension = longest_extensions(bodies) if shared else {body: body for body in bodies}
        row_of = {text: index for index, text in enumerate(dict.fromkeys(extension.values()))}
        width, pad = max(longest, 1), self.engine.encoder.pad_token_id
        padding = self._tensor([width - len(text) for text in row_of])[:, None]  # (texts, 1)
        positions = torch.arange(width, device=self.engine.device) - padding  # (texts, width)
        # (texts, width)
        ids = self._tensor([[pad] * (width - len(text)) + list(text) for text in row_of])
        output = self.engine.forward(ids, positions >= 0, positions.clamp(min=0))
        self.cache = output.past_key_values
        rows = self._tensor([row_of[extension[body]] for body in bodies])  # (rows,) of texts
        take(self.cache, rows)
        self.positions = self._tensor(self.lengths)[:, None] - 1  # (rows, 1)
        seen = (positions[rows] >= 0) & (positions[rows] < self.positions)  # (rows, width)
        n_new = self.tokens.shape[1]
        self.mask = torch.nn.functional.pad(seen, (0, n_new), value=True)  # (rows, width + n_new)
        self.width = width

    def _advance(self, tokens: torch.Tensor, step: int) -> torch.Tensor:
        """Runs the model on one more token (rows,) of each row.

        Returns the next one's logits (rows, vocabulary).
        """
        mask = self.mask[:, : self.width + step + 1]
        output = self.engine.forward(tokens[:, None], mask, self.positions + step, self.cache)
        logits: torch.Tensor = output.logits[:, -1]  # (rows, vocabulary)
        return logits

    def _write(
        self,
        step: int,
        tokens: NDArray[np.int64],
        logprobs: NDArray[np.float64],
        stops: NDArray[np.bool_],
        living: NDArray[np.bool_],
    ) -> None:
        """Adds one token to each living row; all arrays are (rows,)."""
        rows = self.alive[living]
        self.tokens[rows, step] = tokens[living]
        self.n_tokens[rows] += ~stops[living]
        self.logprobs[rows] += logprobs[living]
        self.stopped[rows] = stops[living]

    def _at_stop_string(self, step: int) -> NDArray[np.bool_]:
        """Rows (rows,) whose text so far holds a stop string."""
        encoder = self.engine.encoder
        if not encoder.form.stop:
            return np.zeros(len(self.alive), dtype=bool)
        written = [self.tokens[row, : self.n_tokens[row]].tolist() for row in self.alive]
        found = np.array(
            [
                bool(tokens)
                and encoder.may_end_stop(tokens[-1])
                and encoder.ends_in_stop(self.prompts[row], tokens)
                for row, tokens in zip(self.alive, written, strict=True)
            ]
        )
        self.stopped[self.alive[found]] = True
        return found

    def _drop(
        self, tokens: torch.Tensor, ended: NDArray[np.bool_]
    ) -> tuple[torch.Tensor, NDArray[np.bool_]]:
        """Moves living rows from the end of the batch to where rows have ended.

        Returns the kept rows' tokens (kept rows,), and that none of them has ended.
        """
        order = np.arange(len(ended) - ended.sum())  # (kept rows,), of the rows so far
        holes = np.flatnonzero(ended[: len(order)])
        order[holes] = len(order) + np.flatnonzero(~ended[len(order) :])
        self.alive = self.alive[order]
        kept_rows = self._tensor(order)
        drop(self.cache, self._tensor(holes), kept_rows)
        self.mask, self.positions = self.mask[kept_rows], self.positions[kept_rows]
        return tokens[kept_rows], np.zeros(len(order), dtype=bool)

    def _completions(self) -> list[Completion]:
        """Texts with token counts (without EOS) and log-probabilities in nats (EOS included).

        A text ends before a stop string; its tokens and those of the stop string are all counted.
        """
        encoder = self.engine.encoder
        written = [row[:n].tolist() for row, n in zip(self.tokens, self.n_tokens, strict=True)]
        texts = [
            encoder.cut_at_stop(encoder.decode(prompt, tokens))
            for prompt, tokens in zip(self.prompts, written, strict=True)
        ]
        return [
            Completion(text, len(tokens), float(logprob), "stop" if stopped else "length")
            for text, tokens, logprob, stopped in zip(
                texts, written, self.logprobs, self.stopped, strict=True
            )
        ]
