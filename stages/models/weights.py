"""Loads models only if their weights are exactly those that their configuration asks for.

transformers fills a missing tensor with random numbers, passes over an unexpected one, and loads
NaN: each would be another model under the same name, or another one at each load. No code of a
model's folder ever runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import RatchetError
from schemas.store import restore_hint
from stages.pipeline.progress_bar import progress_bar

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

CAUSAL = "AutoModelForCausalLM"


def load_model(
    folder: Path,
    kind: str | type[PreTrainedModel] = CAUSAL,
    new_head: bool = False,
    **options: object,
) -> PreTrainedModel:
    """The model of a checkpoint folder, as a class of transformers; `options` go to its loader.

    `new_head`: the class may have another head than the weights, which starts at random.
    Raises RatchetError if tensors are missing, unexpected, misshapen or not finite.
    """
    hint = restore_hint(folder)
    model = _load(folder, str(folder), kind, new_head, hint, options)
    if _is_wrongly_tied(model):
        raise RatchetError(
            f"{folder}: config.json says that embedding and head are one tensor, but the weights "
            f"have two that differ: {hint}"
        )
    for name, parameter in model.named_parameters():
        _check_finite(str(folder), name, parameter.detach(), hint)
    return model


def check_weights(folder: Path, where: str, hint: str) -> None:
    """Checks a folder's weights, one tensor in memory at a time. Raises as `load_model` does.

    `where` names the model in an error, `hint` says how to mend it. A quantised model's names are
    its own library's: they are checked when it is loaded.
    """
    from safetensors import safe_open
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    if not hasattr(config, "quantization_config"):
        _load(folder, where, CAUSAL, False, hint, {"device_map": "meta"})
    files = sorted(folder.glob("*.safetensors"))
    with progress_bar("check weights", len(files)) as advance:
        for file in files:
            with safe_open(file, framework="pt") as tensors:
                for name in tensors.keys():  # noqa: SIM118 - not a dict
                    _check_finite(where, name, tensors.get_tensor(name), hint)
            advance(1)


def first_line(error: Exception) -> str:
    """What an error of a library says, short enough for one of ours."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]


def _load(
    folder: Path,
    where: str,
    kind: str | type[PreTrainedModel],
    new_head: bool,
    hint: str,
    options: dict[str, object],
) -> PreTrainedModel:
    import torch
    import transformers
    from safetensors import SafetensorError

    loader: Any = getattr(transformers, kind) if isinstance(kind, str) else kind
    try:
        with _quietly(bars="device_map" not in options):
            model, info = loader.from_pretrained(
                folder,
                trust_remote_code=False,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are reported, and refused below
                **options,
            )
    except SafetensorError as error:
        raise RatchetError(f"{where}: its weights can't be read ({error}): {hint}") from error
    except (OSError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # whatever a configuration that makes no sense leads to
        raise RatchetError(
            f"{where}: its config.json makes no model ({first_line(error)}): {hint}"
        ) from error
    body = f"{model.base_model_prefix}."
    faults = {
        "lack {}, which its config.json asks for": sorted(info["missing_keys"]),
        "have {}, which its config.json does not ask for": sorted(info["unexpected_keys"]),
        "have {}": [_shapes(*key) for key in sorted(info["mismatched_keys"])],
    }
    for words, names in faults.items():
        wrong = [name for name in names if not new_head or name.startswith(body)]
        if wrong:
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            raise RatchetError(f"{where}: its weights {words.format(wrong[0] + more)}: {hint}")
    return model


def _shapes(name: str, stored: object, asked: object) -> str:
    """Says that a tensor has another shape than the configuration gives it."""
    stored, asked = (" × ".join(map(str, shape)) for shape in (stored, asked))  # type: ignore[call-overload]
    return f"{name} of shape {stored}, where its config.json asks for {asked}"


def _is_wrongly_tied(model: PreTrainedModel) -> bool:
    """Whether embedding and head should be one tensor and are two."""
    tied = getattr(model.config.get_text_config(), "tie_word_embeddings", False)
    ends = (model.get_input_embeddings(), model.get_output_embeddings())
    embedding, head = (getattr(end, "weight", None) for end in ends)
    return bool(tied and head is not None and head is not embedding)


def _check_finite(where: str, name: str, tensor: torch.Tensor, hint: str) -> None:
    """Raises RatchetError if a tensor of floats, in memory, has NaN or an infinity."""
    if not tensor.is_floating_point() or tensor.is_meta or not tensor.numel():
        return
    values = tensor.float() if tensor.element_size() == 1 else tensor
    if not all(bound.isfinite() for bound in values.aminmax()):
        raise RatchetError(f"{where}: its weights have NaN or infinity in {name}: {hint}")


@contextmanager
def _quietly(bars: bool) -> Iterator[None]:
    """Without transformers' table of missing and unexpected tensors: an error names them."""
    from transformers.utils import logging

    verbosity, has_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    if not bars:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if has_bars and not bars:
            logging.enable_progress_bar()
