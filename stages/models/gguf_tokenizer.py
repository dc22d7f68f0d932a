"""The tokenizer of a GGUF file, as the file asks for it.

transformers builds one from the file's tokens and merges, but reads neither whether BOS and EOS
belong to a text nor most names of pre-tokenizers. What those mean is llama.cpp's
(src/llama-vocab.cpp); a field that the file leaves out has the value that llama.cpp gives it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from stages.models.gguf_file import GgufFile

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

BYTE_LEVEL, SENTENCEPIECE, UNIGRAM = "gpt2", "llama", "t5"  # values of tokenizer.ggml.model
LIKE_GPT2 = {"gpt-2", "phi-2", "mpt", "olmo", "jais", "gigachat", "roberta-bpe", "trillion"}
LIKE_GPT2 |= {"jina-es", "jina-de", "jina-v1-en", "jina-v2-es", "jina-v2-de", "jina-v2-code"}
SINGLE_DIGITS = {"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"}
WHOLE_WORDS = {"llama3", "llama-v3", "llama-bpe", "falcon3", "tekken"}  # a known word is one token
BOS_UNLESS_DENIED = WHOLE_WORDS | {"chameleon"}


def gguf_tokenizer(file: GgufFile, folder: Path, name: str) -> tuple[PreTrainedTokenizerBase, str]:
    """(the tokenizer of `folder`/`name`, the file; what could not be followed, or nothing)."""
    from transformers import PreTrainedTokenizerFast

    # Not AutoTokenizer, which reads the whole file once more to name a class of an architecture
    # that would build its own post-processor. Here tokenizer.json alone decides.
    read = PreTrainedTokenizerFast.from_pretrained(folder, gguf_file=name)
    backend = _without_strangers(read.backend_tokenizer, file)
    unknown = _set_pre_tokenizer(backend, file)
    _set_space_prefix(backend, file)
    bos, eos = ends_added(file)
    if bos and read.bos_token is None:
        bos, unknown = False, unknown or "it asks for BOS before a text but names no BOS token"
    made = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=read.bos_token,
        eos_token=read.eos_token,
        unk_token=read.unk_token,
        pad_token=read.pad_token,
        add_bos_token=bos,
        add_eos_token=eos and read.eos_token is not None,
        clean_up_tokenization_spaces=False,
    )
    made.chat_template = read.chat_template
    return made, unknown


def ends_added(file: GgufFile) -> tuple[bool, bool]:
    """(whether BOS comes before each text, whether EOS comes after it)."""
    kind, pre = file.fields["tokenizer.ggml.model"], file.fields.get("tokenizer.ggml.pre")
    bos, eos = file.flag("add_bos_token"), file.flag("add_eos_token")
    if bos is None:
        bos = kind == SENTENCEPIECE or (kind == BYTE_LEVEL and pre in BOS_UNLESS_DENIED)
    return bos, kind == UNIGRAM if eos is None else eos


def _set_pre_tokenizer(backend: Tokenizer, file: GgufFile) -> str:
    """Splits text as the file's pre-tokenizer does; says so if nobody here knows how."""
    from tokenizers import pre_tokenizers

    if file.fields["tokenizer.ggml.model"] != BYTE_LEVEL:
        return ""  # the others have none
    pre = file.fields.get("tokenizer.ggml.pre")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if pre in WHOLE_WORDS:
        backend.model.ignore_merges = True
    if pre in SINGLE_DIGITS:
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), byte_level]
        )
    elif pre in LIKE_GPT2:
        backend.pre_tokenizer = byte_level
    elif json.loads(backend.to_str())["pre_tokenizer"]["type"] == "ByteLevel":  # nobody set it
        named = f"its pre-tokenizer {pre} is not known" if pre else "it names no pre-tokenizer"
        return f"{named}, so text is split like GPT-2's, which training may not have done"
    return ""


def _set_space_prefix(backend: Tokenizer, file: GgufFile) -> None:
    """A space before each text, or none, where transformers has Llama's Metaspace.

    That puts one before any text but those that start with a space already; SentencePiece puts
    one there too.
    """
    from tokenizers import decoders, normalizers

    made = json.loads(backend.to_str())["pre_tokenizer"]
    if made is None or made["type"] != "Metaspace":
        return
    prefix = file.flag("add_space_prefix") is not False
    spell = normalizers.Replace(" ", "▁")
    first = normalizers.Prepend("▁")
    backend.normalizer = normalizers.Sequence([first, spell]) if prefix else spell
    backend.pre_tokenizer = None
    read = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    backend.decoder = decoders.Sequence([*read, *([decoders.Strip(" ", 1, 0)] if prefix else [])])


def _without_strangers(backend: Tokenizer, file: GgufFile) -> Tokenizer:
    """Drops tokens that are not the file's, such as Llama's <s> where BOS has another name."""
    from tokenizers import Tokenizer

    n_tokens = file.fields["tokenizer.ggml.tokens"]
    if max(backend.get_added_tokens_decoder(), default=-1) < n_tokens:
        return backend
    made = json.loads(backend.to_str())
    made["added_tokens"] = [token for token in made["added_tokens"] if token["id"] < n_tokens]
    return Tokenizer.from_str(json.dumps(made))
