"""Does a model's tokenizer fit the model? Asked once, when the model is fetched."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import RatchetError
from schemas.store import restore_hint
from stages.models.weights import first_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

NO_EOS = "the tokenizer has no EOS token, so nothing could say where a text ends"
BY_FILE = "PreTrainedTokenizerFast"
PROBE = "Ann has 12 pens.\n    3 + 4  = 7\n"
TURN = [{"role": "user", "content": "What is 1 + 1?"}]


def check_tokenizer(folder: Path, parameter: str) -> None:
    """Raises RatchetError at the first fault that no run survives; prints a line for each other."""
    from transformers import AutoConfig, AutoTokenizer

    loaded = []
    for what, loader in (("config.json", AutoConfig), ("tokenizer", AutoTokenizer)):
        try:
            loaded.append(loader.from_pretrained(folder, trust_remote_code=False))
        except Exception as error:
            if "trust_remote_code" in str(error):
                raise RatchetError(
                    f"{parameter}: the model's {what} needs code of its own, which is never run: "
                    f"set {parameter} to a model that transformers knows"
                ) from error
            raise RatchetError(
                f"{parameter}: the model's {what} can't be loaded ({first_line(error)}): "
                f"save it with transformers' save_pretrained, or set {parameter} to another"
            ) from error
    config, tokenizer = loaded[0].get_text_config(), loaded[1]
    for fault in faults(tokenizer, config.vocab_size):
        raise RatchetError(f"{parameter}: {fault}: mend its tokenizer, or set another model")
    try:
        differs = reads_otherwise(tokenizer, folder)
    except Exception as error:
        raise RatchetError(
            f"{parameter}: the model's tokenizer can't split a text ({first_line(error)}): mend "
            "its tokenizer_config.json, or set another model"
        ) from error
    if differs:
        tokenizer = _read_by_file(tokenizer, folder, parameter)
    for doubt in doubts(tokenizer, config):
        print(f"{parameter}: {doubt}", file=sys.stderr)


def require_fitting_tokenizer(
    tokenizer: PreTrainedTokenizerBase, folder: Path, must_end: bool
) -> None:
    """Raises RatchetError if the tokenizer of a folder has tokens that the model has no row for.

    `must_end`: texts need EOS.
    """
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False).get_text_config()
    for fault in faults(tokenizer, config.vocab_size):
        if must_end or fault != NO_EOS:
            raise RatchetError(f"{folder}: {fault}: {restore_hint(folder)}")


def _read_by_file(
    tokenizer: PreTrainedTokenizerBase, folder: Path, parameter: str
) -> PreTrainedTokenizerBase:
    """The tokenizer of a class that goes by tokenizer.json, which its folder names from now on.

    Raises RatchetError if that reads otherwise too.
    """
    from transformers import AutoTokenizer

    was, file = type(tokenizer).__name__, folder / "tokenizer_config.json"
    config = json.loads(file.read_text()) if file.exists() else {}
    config["tokenizer_class"] = BY_FILE
    file.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")
    mended: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    if reads_otherwise(mended, folder):
        raise RatchetError(
            f"{parameter}: transformers' {was} splits text otherwise than the model's "
            "tokenizer.json does: mend its tokenizer, or set another model"
        )
    print(
        f"{parameter}: transformers' {was} splits text otherwise than the model's tokenizer.json "
        f"does, so the copy's tokenizer_class is {BY_FILE}",
        file=sys.stderr,
    )
    return mended


def reads_otherwise(tokenizer: PreTrainedTokenizerBase, folder: Path) -> bool:
    """Whether a text has other tokens than tokenizer.json says.

    transformers builds some classes from the vocabulary alone: a byte-level tokenizer of class
    LlamaTokenizerFast loses its blanks (findings/llama_tokenizer_class.sh).
    """
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    if not file.exists():
        return False
    told = Tokenizer.from_file(str(file))
    told.no_truncation()
    seen: list[int] = tokenizer(PROBE, add_special_tokens=False)["input_ids"]
    return bool(seen != told.encode(PROBE, add_special_tokens=False).ids)


def faults(tokenizer: PreTrainedTokenizerBase, n_rows: int) -> Iterator[str]:
    """What makes training or sampling fail; `n_rows` is how many tokens the embedding has."""
    if tokenizer.eos_token_id is None:
        yield NO_EOS
    for name in ("bos", "eos", "pad"):
        token = getattr(tokenizer, f"{name}_token_id")
        if token is not None and token >= n_rows:
            yield f"the {name} token has id {token}, but the embedding has {n_rows} tokens"
    n_plain = 1 + max(_plain_ids(tokenizer), default=-1)
    if n_plain > n_rows:
        yield f"the tokenizer has {n_plain} tokens, but the embedding has {n_rows}"


def doubts(tokenizer: PreTrainedTokenizerBase, config: Any) -> Iterator[str]:
    """What a run survives, but may learn from wrongly."""
    beyond = [id_ for id_ in tokenizer.added_tokens_decoder if id_ >= config.vocab_size]
    if beyond:  # such as an image token in a model of text
        token = tokenizer.added_tokens_decoder[min(beyond)].content
        yield (
            f"the embedding has no row for {len(beyond)} added tokens of the tokenizer (the "
            f"first: {token}): a text that has one fails"
        )
    for name in ("bos", "eos"):
        stated = getattr(config, f"{name}_token_id", None)
        stated = [] if stated is None else stated if isinstance(stated, list) else [stated]
        own = getattr(tokenizer, f"{name}_token_id")
        if stated and own not in stated:
            spelled = ", ".join(_spelling(tokenizer, token) for token in stated)
            yield (
                f"config.json says that the {name} token is {spelled}, but the tokenizer says "
                f"{getattr(tokenizer, f'{name}_token')}: the tokenizer's is used"
            )
    if tokenizer.chat_template:
        try:
            tokenizer.apply_chat_template(TURN, tokenize=False, add_generation_prompt=True)
        except Exception as error:
            yield f"the tokenizer's chat template can't be rendered ({first_line(error)})"


def _spelling(tokenizer: PreTrainedTokenizerBase, token: object) -> str:
    """A token of config.json as the tokenizer spells it; what is no token's number as it is."""
    is_number = isinstance(token, int) and 0 <= token < len(tokenizer)
    return str(tokenizer.convert_ids_to_tokens(token) if is_number else token)


def _plain_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Ids of tokens that any text may become; an added token needs its own spelling in the text."""
    return [*({*tokenizer.get_vocab().values()} - {*tokenizer.added_tokens_decoder})]
