"""Model folders with odd configurations, tokenizers and tensors: drawn from, or refused."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import torch

from schemas.errors import RatchetError
from stages.base import seen_texts
from stages.engines.decoder.transformers_engine import TransformersEngine
from stages.engines.engine import Request
from stages.models.folders import load_tokenizer
from stages.models.model_source import fetch
from stages.models.sampling import Sampling
from stages.models.scratch import make_scratch
from tests.fakes.small_settings import scratch_settings
from tests.fakes.toy_problems import toy_problems
from tests.fuzz.mutation import mutated, mutated_text

# of sizes only small ones: a model of a thousand layers takes its time, and rightly
VALUES = (
    None,
    True,
    False,
    0,
    1,
    -1,
    3,
    32,
    0.5,
    "",
    "text",
    "llama",
    "float16",
    [],
    {},
    [1],
    {"a": 1},
)
TOKENS = (None, "", "<s>", "</s>", "<pad>", "7", "new token", {"content": "<x>"}, 3)
ROLES = ("bos_token", "eos_token", "pad_token", "unk_token", "chat_template", "tokenizer_class")


def case(chance: Random, folder: Path) -> str:
    """One folder with one to three changes, through `fetch` and then two tokens of a draw."""
    shutil.copytree(_checkpoint(), folder / "given")
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        chance.choice(CHANGES)(folder / "given", chance)
    try:
        fetch(str(folder / "given"), "model.source", folder / "out")
        tokenizer = load_tokenizer(folder / "out")
        engine = TransformersEngine(folder / "out", 2, torch.device("cpu"))
        drawn = engine.complete([Request("2+2=", 0, 2)], Sampling(1.0, 1.0, 2))
    except RatchetError as error:
        assert "\n" not in str(error), f"an error of several lines: {error}"
        return "refused"
    assert len(drawn) == 1 and tokenizer is not None
    return "drawn"


@cache
def _checkpoint() -> Path:
    out = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, out)
    make_scratch(scratch_settings(), seen_texts(toy_problems()), 0, out)
    return out


def _change_json(name: str) -> Callable[[Path, Random], None]:
    def change(folder: Path, chance: Random) -> None:
        file = folder / name
        with suppress(OSError, ValueError):  # an earlier change has spoilt the file
            value = mutated(json.loads(file.read_text()), chance, 1, VALUES)
            text = json.dumps(value)
            file.write_text(
                mutated_text(text, chance) if chance.random() < 0.1 else text, errors="replace"
            )

    return change


def _change_role(folder: Path, chance: Random) -> None:
    file = folder / "tokenizer_config.json"
    changed: dict[str, Any] = {chance.choice(ROLES): chance.choice(TOKENS)}
    with suppress(OSError, ValueError, TypeError):  # an earlier change has spoilt the file
        file.write_text(json.dumps(json.loads(file.read_text()) | changed))


def _change_tensor(folder: Path, chance: Random) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    try:
        tensors = load_file(file)
    except (OSError, SafetensorError):  # an earlier change has spoilt the file
        return
    name = chance.choice([*tensors])
    tensor = tensors.pop(name)
    action = chance.randrange(6)
    if action == 0:
        tensors[f"{name}{chance.choice(['x', '.bias', ''])}"] = tensor
    elif action == 1:
        tensors[name] = tensor.flatten()[: chance.randint(0, tensor.numel())].clone()
    elif action == 2:
        tensors[name] = tensor.fill_(chance.choice([0.0, 1e30, float("nan"), float("inf")]))
    elif action == 3:
        tensors[name] = getattr(tensor, chance.choice(["half", "double", "int", "bfloat16"]))()
    elif action == 4:
        tensors[name] = tensor.unsqueeze(0)
    save_file(tensors, file, metadata={"format": "pt"})


def _lose_file(folder: Path, chance: Random) -> None:
    file = chance.choice(sorted(folder.iterdir()))
    if chance.random() < 0.5:
        file.unlink()
    else:  # as a copy that was cut off
        file.write_bytes(file.read_bytes()[: chance.randint(0, file.stat().st_size)])


CHANGES: list[Callable[[Path, Random], None]] = [
    *[_change_json("config.json")] * 3,
    _change_json("generation_config.json"),
    _change_json("tokenizer_config.json"),
    _change_role,
    *[_change_tensor] * 2,
    _lose_file,
]
