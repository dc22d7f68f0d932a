"""The key-value cache that tokens are written into, in place of one copied for every token.

transformers' own cache concatenates: each new token copies all keys and values so far. Here
they are written into memory with room to spare, and the model sees a view of the part in use.
Layers of other kinds (recurrent states, compressed keys, …) stay as the model made them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from transformers import Cache
    from transformers.cache_utils import DynamicLayer

SPARE = 64  # new memory has room for at least this many more tokens than it starts with


def take(kv_cache: Cache, rows: torch.Tensor) -> None:
    """Replaces the rows of a model's cache by those at the indices `rows` (new rows,).

    An index may occur many times.
    """
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    for index, layer in enumerate(kv_cache.layers):
        if type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) and layer.is_initialized:
            kv_cache.layers[index] = _growing_layer_class(layer.__class__)(layer, rows)
        else:
            layer.reorder_cache(rows)


def drop(kv_cache: Cache, holes: torch.Tensor, order: torch.Tensor) -> None:
    """Keeps the rows `order` (kept rows,), which is 0, 1, 2, … except at the places `holes`."""
    for layer in kv_cache.layers:
        if hasattr(layer, "drop"):
            layer.drop(holes, order)
        else:
            layer.reorder_cache(order)


@cache
def _growing_layer_class(kind: type[DynamicLayer]) -> type[DynamicLayer]:
    """An attention layer of transformers (all tokens, or a sliding window) with room to grow."""

    class GrowingLayer(kind):  # type: ignore[misc]
        """`keys` and `values` (rows, heads, tokens, width) are views into `buffers`.

        The views show the first `n_rows` rows and the tokens from `first` to `end`.
        """

        keys: torch.Tensor
        values: torch.Tensor
        buffers: list[torch.Tensor]  # of keys and of values: (rows, heads, tokens and room, width)
        n_rows: int
        first: int
        end: int

        def __init__(self, layer: DynamicLayer, rows: torch.Tensor) -> None:
            self.__dict__.update(vars(layer))
            self._allocate(layer.keys[rows], layer.values[rows])  # (new rows, heads, tokens, width)

        def update(
            self, keys: torch.Tensor, values: torch.Tensor, *_: object, **__: object
        ) -> tuple[torch.Tensor, torch.Tensor]:
            """Writes the new tokens; returns all keys and values that they may look at."""
            n_new = keys.shape[-2]
            if self.end + n_new > self.buffers[0].shape[-2]:
                self._allocate(self.keys, self.values)
            for buffer, new in zip(self.buffers, (keys, values), strict=True):
                buffer[: self.n_rows, :, self.end : self.end + n_new] = new
            self.end += n_new
            self._set_views()
            seen = self.keys, self.values
            if self.is_sliding:  # keep what the next token's window holds besides itself
                self.cumulative_length += n_new
                self.first = max(self.first, self.end - self.sliding_window + 1)
                self._set_views()
            return seen

        def drop(self, holes: torch.Tensor, order: torch.Tensor) -> None:
            """Copies only the rows that fill a hole."""
            for used in (self.keys, self.values):
                used[holes] = used[order[holes]]  # (holes, heads, tokens, width)
            self.n_rows = len(order)
            self._set_views()

        def _allocate(self, *contents: torch.Tensor) -> None:
            """Allocates new buffers, half as large again as what moves in."""
            self.n_rows, heads, self.end, _ = contents[0].shape
            self.first, n_tokens = 0, self.end + max(SPARE, self.end // 2)
            self.buffers = [
                c.new_empty(self.n_rows, heads, n_tokens, c.shape[-1]) for c in contents
            ]
            for buffer, content in zip(self.buffers, contents, strict=True):
                buffer[:, :, : self.end] = content
            self._set_views()

        def _set_views(self) -> None:
            view = slice(None, self.n_rows), slice(None), slice(self.first, self.end)
            self.keys, self.values = self.buffers[0][view], self.buffers[1][view]

    return GrowingLayer
