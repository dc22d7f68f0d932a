"""A copy of a tokenizer that reads special tokens only where they were put on purpose.

In the copy each special token has another spelling, made of noncharacters, which Unicode keeps out
of all texts. So a question that spells `<|im_end|>` has the tokens of these ten characters, while
the token itself can still be written into a text, and the text around it is split as ever.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from schemas.errors import RatchetError
from stages.models.own_template import own_template

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

QUESTION, ANSWER = "\ufdd4", "\ufdd5"  # stand for messages
OPEN, CLOSE, QUOTE = "\ufdd0", "\ufdd1", "\ufdd2"
RESERVED = str.maketrans(dict.fromkeys((OPEN, CLOSE, QUOTE), "\ufffd"))


class LiteralTokenizer:
    """Splits text into (ids, start of each token in characters)."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        if getattr(tokenizer, "backend_tokenizer", None) is None:
            raise RatchetError(
                f"the tokenizer {type(tokenizer).__name__} can't tell where a token starts in the "
                "text: add its tokenizer.json to the model's folder"
            )
        self.backend = tokenizer.backend_tokenizer
        added = sorted(self.backend.get_added_tokens_decoder().items())
        marks = turn_marks(tokenizer, [token.content for _, token in added if not token.special])
        self.special = {
            token.content: index
            for index, token in added
            if token.special or token.content in marks
        }
        self._strips = [
            (f"{OPEN}{index}{CLOSE}", token.lstrip, token.rstrip)
            for index, token in added
            if token.content in self.special and (token.lstrip or token.rstrip)
        ]

    @cached_property
    def _copy(self) -> Tokenizer:
        from tokenizers import Tokenizer

        spec = json.loads(self.backend.to_str())
        # a post-processor may take blanks out of the offsets (ByteLevel's trim_offsets)
        spec["truncation"] = spec["padding"] = spec["post_processor"] = None
        for token in spec["added_tokens"]:
            if token["content"] in self.special:
                token |= {"content": self._respell(token["content"])}
                token |= {"lstrip": False, "rstrip": False}  # `mark_special` takes the blanks
        model = spec["model"]
        if "merges" in model:  # characters that would merge into a special token stay characters
            model["merges"] = [m for m in model["merges"] if self._can_merge(m)]
        model["vocab"] = self._respelled_vocabulary(model["vocab"])
        if model.get("unk_token"):
            model["unk_token"] = self._respell(model["unk_token"])
        copy = Tokenizer.from_str(json.dumps(spec))
        lost = [
            t for t, index in self.special.items() if copy.token_to_id(self._respell(t)) != index
        ]
        if lost:
            raise RatchetError(f"the tokenizer's special token {lost[0]!r} has no place of its own")
        return copy

    def _can_merge(self, merge: str | list[str]) -> bool:
        first, second = merge.split(" ") if isinstance(merge, str) else merge
        return not {first, second, first + second} & self.special.keys()

    def _respelled_vocabulary(self, vocabulary: Any) -> Any:
        if isinstance(vocabulary, dict):
            return {self._respell(token): index for token, index in vocabulary.items()}
        return [[self._respell(token), *rest] for token, *rest in vocabulary]

    def _respell(self, token: str) -> str:
        return f"{OPEN}{self.special[token]}{CLOSE}" if token in self.special else token

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        longest_first = sorted(filter(None, self.special), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def quote(self, text: str) -> str:
        """The text with every special token's spelling marked as text, for `mark_special`."""
        text = text.translate(RESERVED)
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda m: f"{QUOTE}{self.special[m[0]]}{CLOSE}", text)

    def mark_special(self, text: str) -> str:
        """A text for `encode`: special tokens become tokens, except in parts that were quoted.

        A token that takes the blanks beside it does so here, and not from what follows the text:
        an answer keeps the blanks that it begins with.
        """
        if self._pattern is None:
            return text
        marked = self._pattern.sub(lambda m: self._respell(m[0]), text)
        for token, left, right in self._strips:
            before, after = r"\s*" * left, r"\s*" * right
            marked = re.sub(f"{before}{token}{after}", token, marked)
        spelling = {index: token for token, index in self.special.items()}
        return re.sub(f"{QUOTE}([0-9]+){CLOSE}", lambda m: spelling[int(m[1])], marked)

    def special_in(self, marked: str) -> list[int]:
        """The special tokens of a marked text, in order."""
        return [int(index) for index in re.findall(f"{OPEN}([0-9]+){CLOSE}", marked)]

    @cached_property
    def prepends_blank(self) -> bool:
        """Whether a blank is put before any text after a special token, even one that has its own.

        So `</s>a` has the tokens that " a" has inside a text, and `</s> a` has one blank more.
        """
        if not self.special:
            return False
        token = self._respell(next(iter(self.special)))
        bare, blank = (self.encode(token + text)[0][1:] for text in ("a", " a"))
        inside = self.encode(f"{token}a a")[0][1:]
        return bare != blank and inside == [*bare, *bare]

    def encode(self, marked: str) -> tuple[list[int], list[int]]:
        """(ids, starts): each token's id and the index in `marked` of its first character."""
        coded = self._copy.encode(marked, add_special_tokens=False)
        return coded.ids, [start for start, _ in coded.offsets]


def turn_marks(tokenizer: PreTrainedTokenizerBase, names: Sequence[str]) -> set[str]:
    """Those of the names that a chat template writes right before and right after a question.

    Some tokenizers do not call them special (DeepSeek's `<｜User｜>`), and yet a question that
    spells one must not begin a turn.
    """
    template = own_template(tokenizer.chat_template) or ""
    written = [name for name in names if name in template]
    if not written:
        return set()
    chat = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}]
    try:
        text = str(tokenizer.apply_chat_template(chat, chat_template=template, tokenize=False))
    except Exception:  # a template may raise anything; `Encoder` says what it refuses
        return set()
    before, _, after = text.partition(QUESTION)
    between = after.partition(ANSWER)[0].strip()
    return {name for name in written if before.rstrip().endswith(name) or between.startswith(name)}
