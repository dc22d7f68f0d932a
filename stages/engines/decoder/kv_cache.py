"""The key-value cache that tokens are written into, in place of one copied for every token.

transformers' own cache concatenates: each new token copies all keys and values so far. Here
they are written into memory with room to spare, and the model sees a view of the part in use.
Layers of other kinds (recurrent states, compressed keys, …) stay as the model made them.
"""

from functools import cache
from typing import Any

SPARE = 64  # tokens that new memory has room for beyond those it begins with, at least


def take(kv_cache: Any, rows: Any) -> None:
    """Replaces the rows of a model's cache by a choice of them; one may be taken many times."""
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    for index, layer in enumerate(kv_cache.layers):
        if type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) and layer.is_initialized:
            kv_cache.layers[index] = _growing_layer_class(layer.__class__)(layer, rows)
        else:
            layer.reorder_cache(rows)


def drop(kv_cache: Any, holes: Any, order: Any) -> None:
    """Keeps the rows `order`: it is 0, 1, 2, … but in the places `holes`."""
    for layer in kv_cache.layers:
        if hasattr(layer, "buffers"):
            layer.drop(holes, order)
        else:
            layer.reorder_cache(order)


@cache
def _growing_layer_class(kind: Any) -> Any:
    """An attention layer of transformers (all tokens, or a sliding window) with room to grow."""

    class GrowingLayer(kind):  # type: ignore[misc]
        """`keys` and `values` (rows, heads, tokens, width) are views into `buffers`."""

        keys: Any
        values: Any
        n_rows: int
        first: int
        end: int

        def __init__(self, layer: Any, rows: Any) -> None:
            self.__dict__.update(vars(layer))
            self._allocate(layer.keys[rows], layer.values[rows])

        def update(self, keys: Any, values: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
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

        def drop(self, holes: Any, order: Any) -> None:
            """Only rows that fill a hole are copied."""
            for used in (self.keys, self.values):
                used[holes] = used[order[holes]]
            self.n_rows = len(order)
            self._set_views()

        def _allocate(self, *contents: Any) -> None:
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
