"""What a trainer's own loss computed on the way, for terms that are added to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def record_forward_outputs(trainer: Any, model: Any) -> Iterator[list[Any]]:
    """The outputs of every forward pass inside the block, policy and reference, in their order.

    With adapters the reference is the same module with the adapter switched off, so its passes
    are heard there; otherwise it is the trainer's `ref_model`.
    """
    outputs: list[Any] = []
    modules = [trainer.accelerator.unwrap_model(model)]
    if getattr(trainer, "ref_model", None) is not None:
        modules.append(trainer.ref_model)
    hooks = [m.register_forward_hook(lambda _, __, out: outputs.append(out)) for m in modules]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()
