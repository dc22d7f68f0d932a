"""A GGUF file → a plain Hugging Face folder, which is what every stage loads.

Weights become float32: that holds what the file's blocks and float16 mean exactly, and training
updates are not rounded away when a model is saved. Only a file of bfloat16 stays as it is.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext, redirect_stderr
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from schemas.errors import RatchetError
from stages.models.folders import save_tokenizer
from stages.models.gguf_file import GgufFile, read_gguf
from stages.models.gguf_tokenizer import gguf_tokenizer
from stages.pipeline.progress_bar import is_quiet

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NAME = "model.gguf"


def convert_gguf(path: Path, parameter: str, out: Path) -> None:
    """Writes config, weights, tokenizer, chat template and generation config of `path` to `out`.

    Raises RatchetError if the file is damaged, or holds a model that transformers can't read.
    """
    file = read_gguf(path, parameter)
    with TemporaryDirectory() as folder, _no_bars():
        # Alone in a folder, under one name: neighbours of the file and its name change nothing.
        Path(folder, NAME).symlink_to(path.resolve())
        try:
            model, missing = _load(file, folder)
            tokenizer, unknown = gguf_tokenizer(file, Path(folder), NAME)
        except Exception as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
            raise RatchetError(
                f"{parameter}: transformers can't read {path}, a GGUF file of architecture "
                f"{file.fields['general.architecture']} ({reason}): set another model, or a "
                "Hugging Face folder of this one"
            ) from error
    if missing:
        raise RatchetError(
            f"{parameter}: {path} has no weights for {len(missing)} of the model's tensors "
            f"(the first: {missing[0]}): set another file"
        )
    for warning in filter(None, [unknown, _left_out(file, model)]):
        print(f"{parameter}: {path.name}: {warning}", file=sys.stderr)
    for name in ("bos", "eos", "pad"):  # a config fills in what its class thinks usual
        setattr(model.config, f"{name}_token_id", getattr(tokenizer, f"{name}_token_id"))
    with _no_bars():
        model.save_pretrained(out)
    save_tokenizer(tokenizer, out)


def _load(file: GgufFile, folder: str) -> tuple[PreTrainedModel, list[str]]:
    """(the model, free of all that ties it to the file; names of tensors that got no weights)."""
    from transformers import AutoModelForCausalLM

    plain = {"BF16"} <= file.tensor_types <= {"BF16", "F32"}
    loaded: tuple[Any, dict[str, Any]] = AutoModelForCausalLM.from_pretrained(
        folder,
        gguf_file=NAME,
        trust_remote_code=False,
        dtype="bfloat16" if plain else "float32",
        output_loading_info=True,
    )
    model, info = loaded
    # save_pretrained refuses a model that still says it is quantised; the weights no longer are.
    model.hf_quantizer = None
    for left in ("quantization_config", "_model_name_or_path"):
        model.config.__dict__.pop(left, None)
    ends = [token for name in ("eos", "eot") if (token := file.token(name)) is not None]
    if len({*ends}) > 1:  # a chat model ends its turn with another token than a text
        model.generation_config.eos_token_id = sorted({*ends})
    return model, sorted(info["missing_keys"])


def _left_out(file: GgufFile, model: PreTrainedModel) -> str | None:
    """What the file holds and the model has no place for: transformers drops it in silence."""
    left = sum(file.n_values.values()) - sum(p.numel() for p in model.parameters())
    if left <= 0:
        return None
    if "rope_freqs.weight" in file.n_values:
        return "transformers ignores its rope_freqs.weight, so attention over long texts differs"
    return f"{left} of its values have no place in the model as transformers builds it"


def _no_bars() -> AbstractContextManager[object]:
    """In a log, swallows the progress bars, which transformers writes to stderr in any case."""
    return redirect_stderr(StringIO()) if is_quiet() else nullcontext()
