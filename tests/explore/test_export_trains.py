"""Exported folders train in TRL's trainers as they are: no column is renamed, no row changed."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.command_line import ratchet

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}{{ eos_token }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}[assistant] {% endif %}"
)


def _sft() -> tuple[Any, Any]:
    from trl import SFTConfig, SFTTrainer

    return SFTTrainer, SFTConfig


def _dpo() -> tuple[Any, Any]:
    from trl import DPOConfig, DPOTrainer

    return DPOTrainer, DPOConfig


def _kto() -> tuple[Any, Any]:
    from trl import KTOConfig, KTOTrainer

    return KTOTrainer, KTOConfig


def _orpo() -> tuple[Any, Any]:
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    return ORPOTrainer, ORPOConfig


CASES = [
    (_sft, "examples"),
    (_sft, "paths"),
    (_sft, "samples"),
    (_dpo, "pairs"),
    (_kto, "examples"),
    (_kto, "paths"),
    (_orpo, "pairs"),
]


@pytest.fixture(scope="module", params=["plain", "chat"])
def run_with_model(
    request: pytest.FixtureRequest,
    planted: Path,
    checkpoint: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """A planted run whose models/base is the tiny checkpoint, asked by text or in a chat."""
    folder = tmp_path_factory.mktemp("run") / request.param
    shutil.copytree(planted, folder)
    shutil.copytree(checkpoint, folder / "models/base")
    if request.param == "chat":
        (folder / "models/base/chat_template.jinja").write_text(TEMPLATE)
        (folder / "models/base/prompt.json").write_text('{"kind": "chat"}')
    params = yaml.safe_load((folder / "params.yaml").read_text())
    params["model"] = {"prompt": request.param}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.mark.parametrize(("trainer", "kind"), CASES, ids=lambda c: getattr(c, "__name__", c))
def test_two_steps(
    run_with_model: Path, tmp_path: Path, trainer: Callable[[], tuple[Any, Any]], kind: str
) -> None:
    from datasets import load_dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer

    assert ratchet("export", kind, "--out", str(tmp_path / kind)).exit_code == 0
    data = load_dataset(str(tmp_path / kind), split="train", cache_dir=str(tmp_path / "cache"))
    model = AutoModelForCausalLM.from_pretrained("models/base")
    trainer_class, config = trainer()
    args = config(
        output_dir=str(tmp_path / "out"),
        max_steps=2,
        per_device_train_batch_size=4,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        disable_tqdm=True,
    )
    tokenizer = AutoTokenizer.from_pretrained("models/base")
    trained = trainer_class(model, args=args, train_dataset=data, processing_class=tokenizer)
    result = trained.train()
    assert result.global_step == 2
    assert 0 < result.training_loss < 20
