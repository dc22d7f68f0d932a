"""Special tokens where they were put on purpose, in tokenizers of every build."""

from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.processors import ByteLevel
from transformers import PreTrainedTokenizerFast

from stages.models.literal_tokenizer import LiteralTokenizer
from stages.models.prompt_form import PromptForm
from stages.models.tokens import Encoder

LETTERS = sorted(pre_tokenizers.ByteLevel.alphabet())
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
END = "<e>"


def bytes_bpe(merges: list[tuple[str, str]], **added: Any) -> PreTrainedTokenizerFast:
    """Byte-level BPE whose special token <e> is in the vocabulary, after what merges make."""
    tokens = [*LETTERS, *(first + second for first, second in merges), END]
    vocab = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    made = Tokenizer(models.BPE(vocab, merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.post_processor = ByteLevel(trim_offsets=True)
    made.decoder = decoders.ByteLevel()
    return finish(made, **added)


def unigram() -> PreTrainedTokenizerFast:
    """Unigram with an unknown token, as in T5's family."""
    pieces = [(END, 0.0), ("<u>", 0.0), *((letter, -5.0) for letter in "▁abe<>"), ("▁a", -2.0)]
    made = Tokenizer(models.Unigram(pieces, unk_id=1))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    made.decoder = decoders.Metaspace(prepend_scheme="first")
    return finish(made)


def sentencepiece() -> PreTrainedTokenizerFast:
    """A blank before each text, after special tokens too, as GGUF files of Llama 2 ask for."""
    tokens = ["<u>", END, *BYTES, *"▁abe<>", "▁a", "<e", "▁▁"]
    merges = [("▁", "a"), ("<", "e"), ("▁", "▁")]
    vocab = {token: index for index, token in enumerate(tokens)}
    made = Tokenizer(models.BPE(vocab, merges, unk_token="<u>", byte_fallback=True))
    spell = normalizers.Replace(" ", "▁")
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), spell])
    read = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    made.decoder = decoders.Sequence([*read, decoders.Strip(" ", 1, 0)])
    return finish(made)


def finish(made: Tokenizer, **added: Any) -> PreTrainedTokenizerFast:
    """With <e> as end, and <q> as a special token of the given kind outside the vocabulary."""
    made.add_special_tokens([AddedToken(END, normalized=False)])
    made.add_special_tokens([AddedToken("<q>", normalized=added.pop("normalized", False), **added)])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, eos_token=END, pad_token=END)
    tokenizer.chat_template = "{{ messages[0].content }}<q>\n"
    return tokenizer


BUILDS = {
    "an end that letters could merge to": lambda: bytes_bpe([("<", "e"), ("<e", ">")]),
    "a token that takes blanks": lambda: bytes_bpe([("Ġ", "a")], lstrip=True, rstrip=True),
    "a token that is normalised": lambda: bytes_bpe([("Ġ", "Ġ")], normalized=True),
    "unigram": unigram,
    "sentencepiece": sentencepiece,
}


@pytest.mark.parametrize("build", BUILDS)
def test_a_marked_token_is_a_token_and_a_spelled_one_is_text(build: str) -> None:
    literal = LiteralTokenizer(BUILDS[build]())
    for name, index in literal.special.items():
        marked = literal.mark_special(f"a{name}b" + literal.quote(name))
        ids, _ = literal.encode(marked)
        assert ids.count(index) == 1 and literal.special_in(marked) == [index]
        assert index not in literal.encode(f"a {name} b")[0]


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("answer", ["a", " a", "  a b", "\n a", "a <e> b", "<q>"])
def test_an_answer_after_a_special_token_keeps_its_blanks(build: str, answer: str) -> None:
    tokenizer = BUILDS[build]()
    if build == "unigram" and ("\n" in answer or "q" in answer):
        pytest.skip("its vocabulary has no such letter")
    tokenizer.chat_template = "{{ messages[0].content }}<q>"
    encoder = Encoder(tokenizer, PromptForm(kind="chat"))
    prompt = encoder.encode_prompt("b a ")
    chat = [{"role": "user", "content": "b a "}]
    assert prompt == tokenizer.apply_chat_template(chat, return_dict=False)
    row = encoder.encode("b a ", [answer], 999, ends=False)
    assert row.ids[: row.n_prompt] == prompt
    text = encoder.decode(prompt, row.ids[row.n_prompt :])
    assert text == answer or (build == "unigram" and text == answer.replace("  ", " "))
    assert encoder.encode_prompt("b a ", answer) == row.ids


def test_blanks_that_the_template_writes_go_to_the_token_that_takes_them() -> None:
    tokenizer = bytes_bpe([], rstrip=True)
    encoder = Encoder(tokenizer, PromptForm(kind="chat"))
    chat = [{"role": "user", "content": "b"}]
    assert encoder.encode_prompt("b") == tokenizer.apply_chat_template(chat, return_dict=False)
    row = encoder.encode("b", [" a"], 999)
    assert encoder.decode(row.ids[: row.n_prompt], row.ids[row.n_prompt :]) == " a"


def test_a_token_of_blanks_belongs_to_the_step_that_it_begins_in() -> None:
    encoder = Encoder(bytes_bpe([("Ġ", "Ġ")]))
    assert encoder.encode("b", ["a ", "  b"], 999).step_ends == [2, 4]


@pytest.mark.parametrize(("stop", "new"), [(" a", " a"), ("b a", "b a"), ("\nb", "aa\nb")])
@pytest.mark.parametrize("build", ["sentencepiece", "a token that takes blanks"])
def test_a_stop_string_is_found_when_it_is_written(build: str, stop: str, new: str) -> None:
    encoder = Encoder(BUILDS[build](), PromptForm(stop=(stop, "never")))
    prompt = encoder.encode_prompt("a b")
    row = encoder.encode("a b", [new], 999, ends=False)
    drawn = row.ids[row.n_prompt :]
    found = [encoder.ends_in_stop(prompt, drawn[:n]) for n in range(len(drawn) + 1)]
    assert found == [False] * len(drawn) + [True]
    assert encoder.may_end_stop(drawn[-1])
    text = encoder.decode(prompt, drawn)
    assert encoder.cut_at_stop(text) == new.removesuffix(stop)
    assert encoder.cut_at_stop("none") == "none" and encoder.find_stop("none") == -1


def test_a_stop_string_is_found_far_into_an_answer() -> None:
    encoder = Encoder(sentencepiece(), PromptForm(stop=(" ab",)))
    row = encoder.encode("a", ["b" * 99 + " ab"], 999, ends=False)
    assert encoder.ends_in_stop(row.ids[: row.n_prompt], row.ids[row.n_prompt :])
    assert not encoder.ends_in_stop(row.ids[: row.n_prompt], row.ids[row.n_prompt : -1])
    assert not encoder.ends_in_stop(row.ids[: row.n_prompt], [])
