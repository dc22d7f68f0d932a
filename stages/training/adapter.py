"""Loads a model to train, whole or with low-rank adapters, and saves the trained model.

The saved model is always whole, so reading its folder needs nothing else; the adapter alone is in
its subfolder `adapter/`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import RatchetError
from stages.models.chat_template import Frame, asking_template
from stages.models.folders import save_tokenizer
from stages.models.model_card import RIGHT
from stages.models.model_settings import AdapterSettings
from stages.models.prompt_form import PromptForm
from stages.models.tokenizer_checks import require_fitting_tokenizer
from stages.models.tokens import Encoder
from stages.models.weights import CAUSAL, load_model

if TYPE_CHECKING:
    import torch
    from peft import PeftModel
    from transformers import (
        BitsAndBytesConfig,
        PreTrainedModel,
        Trainer,
    )

HEADS = r".*\b(score|lm_head)$"
TASK_TYPES = {"AutoModelForCausalLM": "CAUSAL_LM", "AutoModelForTokenClassification": "TOKEN_CLS"}


def load(
    folder: Path,
    adapter: AdapterSettings | None,
    kind: str = CAUSAL,
    **options: object,
) -> tuple[PreTrainedModel | PeftModel, Encoder]:
    """(model, encoder) of a checkpoint folder, ready to train.

    Without an adapter all weights are trained, in float32 whatever their stored precision:
    steps of a small learning rate are lost in bfloat16. Under an adapter the weights stay as
    stored, or become 4-bit NormalFloat (QLoRA). `options` go to `load_model`.
    """
    encoder = Encoder.load(folder, PromptForm.read(folder).after_training())
    # a verifier's texts have no end token, and a chat's ends with the end of its turn
    must_end = kind == CAUSAL and encoder.end_token is None
    require_fitting_tokenizer(encoder.tokenizer, folder, must_end)
    if adapter is None:
        options["dtype"] = "float32"
    elif adapter.bits == 4:
        options["quantization_config"] = four_bit_config()
    model = load_model(folder, kind, new_head=kind != CAUSAL, **options)
    if adapter is not None:
        model = add_adapter(model, adapter, TASK_TYPES[kind])
    return model, encoder


def four_bit_config() -> BitsAndBytesConfig:
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


def add_adapter(model: PreTrainedModel, adapter: AdapterSettings, task_type: str) -> PeftModel:
    """The model with adapters on every linear layer except the head (SIPF Table 5)."""
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


def gather_weights(trainer: Trainer) -> dict[str, torch.Tensor] | None:
    """The whole weights if processes hold parts of them, else None; every process must call it."""
    if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        weights: dict[str, torch.Tensor] = trainer.accelerator.get_state_dict(trainer.model_wrapped)
        return weights
    return None


def save(
    model: PreTrainedModel | PeftModel,
    encoder: Encoder,
    start: Path,
    adapter: AdapterSettings | None,
    out: Path,
    weights: dict[str, torch.Tensor] | None = None,
    frame: Frame | None = None,
) -> None:
    """Writes the trained model to `out` in the precision that `start` has.

    `weights` replace the model's own if those are split between processes: see `gather_weights`.
    `frame`: of the prompts that it was trained on, for the chat template of a model that answers.
    """
    from transformers import AutoConfig

    stored = AutoConfig.from_pretrained(start, trust_remote_code=False).dtype
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
    if is_verifier(model):
        model.config.id2label, model.config.label2id = {0: RIGHT}, {RIGHT: 0}
    else:
        _answer_as_trained(model, encoder, frame)
    model.save_pretrained(out)
    save_tokenizer(encoder.tokenizer, out)
    encoder.form.write(out)


def is_verifier(model: PreTrainedModel | PeftModel) -> bool:
    """Whether the model has a logit for each token in place of a vocabulary."""
    return hasattr(model, "score")


def _answer_as_trained(model: PreTrainedModel, encoder: Encoder, frame: Frame | None) -> None:
    """Other tools ask in the form of the training, stop where it ended, and answer greedily."""
    if frame is not None:
        encoder.tokenizer.chat_template = asking_template(encoder, frame)
    generation = model.generation_config
    generation.eos_token_id = encoder.end_tokens
    generation.do_sample = False
    generation.temperature = generation.top_p = generation.top_k = None


def load_untrained(model: PreTrainedModel, start: Path) -> PreTrainedModel:
    """A model of the same class with the weights that it started from."""
    # FSDP puts a class of its own before the model's
    family: list[type[PreTrainedModel]] = type(model).mro()
    kind = next(kind for kind in family if kind.__module__.startswith("transformers."))
    options = {"num_labels": model.config.num_labels} if is_verifier(model) else {}
    return load_model(start, kind, new_head=bool(options), **options)


def make_reproducible(folder: Path) -> None:
    """Removes what differs between equal runs from a saved adapter: set order, paths, a card."""
    file = folder / "adapter_config.json"
    config = json.loads(file.read_text())
    config["target_modules"] = sorted(config["target_modules"])
    if Path(config["base_model_name_or_path"] or "").is_absolute():
        config["base_model_name_or_path"] = None  # models/base stays: it is served on that base
    file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    (folder / "README.md").unlink(missing_ok=True)
