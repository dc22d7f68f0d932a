"""Loading a model to train, whole or with low-rank adapters, and saving what it became.

What is saved is always a whole model, so that whoever reads the folder needs nothing else; the
adapter alone lies in its folder `adapter/`.
"""

import json
from pathlib import Path
from typing import Any

from schemas.errors import RatchetError
from stages.models.folders import load_tokenizer, save_tokenizer
from stages.models.model_settings import AdapterSettings

HEADS = r".*\b(score|lm_head)$"
TASK_TYPES = {"AutoModelForCausalLM": "CAUSAL_LM", "AutoModelForTokenClassification": "TOKEN_CLS"}


def load(
    folder: Path, adapter: AdapterSettings | None, kind: str = "AutoModelForCausalLM", **how: Any
) -> tuple[Any, Any]:
    """(model, tokenizer) of a checkpoint folder, ready to train.

    Fully trained weights are float32, whatever they are stored in: steps of a small learning
    rate are lost in bfloat16. Under an adapter they stay as stored, or 4-bit NormalFloat (QLoRA).
    """
    import transformers

    if adapter is None:
        how["dtype"] = "float32"
    elif adapter.bits == 4:
        how["quantization_config"] = four_bit_config()
    model = getattr(transformers, kind).from_pretrained(folder, **how)
    if adapter is not None:
        model = add_adapter(model, adapter, TASK_TYPES[kind])
    return model, load_tokenizer(folder)


def four_bit_config() -> Any:
    """4-bit NormalFloat with double quantisation. Raises RatchetError without bitsandbytes."""
    from importlib.util import find_spec

    import torch
    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None:
        raise RatchetError(
            "model.adapter.bits=4 needs bitsandbytes: `pip install bitsandbytes`, or set it to 16"
        )
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=["score", "lm_head"],
    )


def add_adapter(model: Any, adapter: AdapterSettings, task_type: str) -> Any:
    """The model with adapters on every linear layer but the head."""
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if adapter.bits == 4:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    config = LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules="all-linear",
        exclude_modules=HEADS,  # a classifier's new head is trained whole
        task_type=task_type,
    )
    return get_peft_model(model, config)


def gather_weights(trainer: Any) -> dict[str, Any] | None:
    """The weights, whole, where processes hold parts of them; every process must ask."""
    if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        weights: dict[str, Any] = trainer.accelerator.get_state_dict(trainer.model_wrapped)
        return weights
    return None


def save(
    model: Any,
    tokenizer: Any,
    start: Path,
    adapter: AdapterSettings | None,
    out: Path,
    weights: dict[str, Any] | None = None,
) -> None:
    """Writes the trained model to `out` in the precision that `start` has.

    `weights` stand in for the model's own, which are in parts: see `gathered`.
    """
    import transformers

    stored = transformers.AutoConfig.from_pretrained(start).dtype
    if adapter is not None:
        from peft import PeftModel

        model.save_pretrained(out / "adapter", state_dict=weights)
        make_reproducible(out / "adapter")
        fresh = load_untrained(model.get_base_model(), start)
        model = PeftModel.from_pretrained(fresh, out / "adapter").merge_and_unload()
    elif weights is not None:
        model = load_untrained(model, start)
        model.load_state_dict(weights)
    if stored is not None:
        model = model.to(stored)
    model.save_pretrained(out)
    save_tokenizer(tokenizer, out)


def load_untrained(model: Any, start: Path) -> Any:
    """A model of the same kind, as it was at the start."""
    family: list[Any] = type(model).mro()  # FSDP puts a class of its own before the model's
    kind = next(kind for kind in family if kind.__module__.startswith("transformers."))
    how = {"num_labels": model.config.num_labels} if hasattr(model, "score") else {}
    return kind.from_pretrained(start, **how)


def make_reproducible(folder: Path) -> None:
    """Takes out of a saved adapter what differs between equal runs: set order, paths, a card."""
    file = folder / "adapter_config.json"
    config = json.loads(file.read_text())
    config["target_modules"] = sorted(config["target_modules"])
    if Path(config["base_model_name_or_path"] or "").is_absolute():
        config["base_model_name_or_path"] = None  # models/base stays: the base it is served on
    file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    (folder / "README.md").unlink(missing_ok=True)
