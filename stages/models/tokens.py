"""Text → tokens and back, in the same way for every objective and every engine.

The whole text is tokenised at once; character offsets in it tell where a prompt, a step or a
completion ends. Pieces tokenised separately differ from the whole by a merged token at each
boundary, which would put labels on the wrong tokens. Text that spells a special token is text.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import RatchetError
from schemas.store import restore_hint
from stages.models.folders import load_tokenizer
from stages.models.literal_tokenizer import RESERVED, LiteralTokenizer
from stages.models.own_template import DATE, own_template
from stages.models.prompt_form import PromptForm

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

CONTEXT = 8  # tokens of the prompt with which a continuation is decoded


@dataclass(frozen=True)
class Encoded:
    """Token ids of prompt + completion + end token, and where the completion starts."""

    ids: list[int]
    n_prompt: int  # tokens of the prompt, with BOS or template
    step_ends: list[int]  # index in ids of each step's last token
    truncated: bool = False
    ends: bool = True  # whether the text ends here, so that the end token belongs to it


class Encoder:
    """A model's tokenizer and the form in which it is asked.

    `end_token` is what training teaches at the end of an answer: the chat template's end of turn,
    else EOS. `end_tokens` stop a draw: it, and those that the model's own configuration names.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        form: PromptForm | None = None,
        end_tokens: Sequence[int] = (),
    ) -> None:
        self.tokenizer, self.form = tokenizer, form or PromptForm()
        self.literal = LiteralTokenizer(tokenizer)
        self._marked_prompt = lru_cache(maxsize=100_000)(self._mark_prompt)
        self._stop_enders: set[int] = set()
        self._no_stop_enders: set[int] = set()
        self.end_token = self._end_of_turn()
        ends = {*end_tokens, self.end_token, tokenizer.eos_token_id}
        self.end_tokens = sorted(end for end in ends if end is not None)

    @classmethod
    def load(cls, folder: Path, form: PromptForm | None = None) -> Encoder:
        """The encoder of a checkpoint folder; `form` in place of the folder's own."""
        own = PromptForm.read(folder) if form is None else form
        return cls(load_tokenizer(folder), own, configured_ends(folder))

    @property
    def pad_token_id(self) -> int:
        """The id that fills the rows of a batch."""
        return int(self.tokenizer.pad_token_id)

    def prompt_text(self, prompt: str) -> str:
        """The text that a model continues, its special tokens spelt out."""
        if self.form.kind != "chat":
            return self.form.text(prompt)
        return self._render(self.form.messages(prompt), True)

    def encode_prompt(self, prompt: str, start: str = "") -> list[int]:
        """Tokens that a model continues: the prompt in the model's form, and an answer's start."""
        ids, _ = self.literal.encode(self._marked_prompt(prompt) + start.translate(RESERVED))
        return [*self._opening, *ids]

    def encode(
        self, prompt: str, steps: Sequence[str], max_length: int, ends: bool = True, start: str = ""
    ) -> Encoded:
        """Tokens of prompt + start + steps; steps are the completion's pieces (one: the whole).

        A token belongs to the piece that has its first character. A text longer than `max_length`
        tokens is cut at its end and marked `truncated`; it then has no end token, and the steps
        that were cut have no end.
        """
        before = self._marked_prompt(prompt) + start.translate(RESERVED)
        ids, starts = self.literal.encode(before + "".join(steps).translate(RESERVED))
        shift = len(self._opening)
        step_ends, position = [], len(before)
        n_prompt = shift + bisect_left(starts, position)
        for step in steps:
            position += len(step)
            step_ends.append(shift + bisect_left(starts, position) - 1)
        taught = [self.end_token] if ends and self.end_token is not None else []
        ids = [*self._opening, *ids, *taught]
        truncated = len(ids) > max_length
        kept = [end for end in step_ends if end < max_length]
        return Encoded(ids[:max_length], n_prompt, kept, truncated, ends)

    def decode(self, prompt: Sequence[int], new: Sequence[int]) -> str:
        """The text of new tokens after a prompt's tokens, special tokens left out.

        Decoders of the Llama-2 family drop the blank before a text's first word, so the end of the
        prompt is decoded too, and cut off. A blank that the tokenizer itself puts before a text
        after a special token is no part of the text.
        """
        special = self._special_ids
        context = [token for token in prompt[-CONTEXT:] if token not in special]
        both, alone = self._text([*context, *new]), self._text(context)
        if not both.startswith(alone):
            return self._text(new)
        text = both[len(alone) :]
        if context and prompt[-1] in special and self.literal.prepends_blank:
            return text.removeprefix(" ")
        return text

    def find_stop(self, text: str) -> int:
        """Where the first stop string begins; -1 if the text has none."""
        found = [at for at in map(text.find, self.form.stop) if at >= 0]
        return min(found, default=-1)

    def cut_at_stop(self, text: str) -> str:
        """The text before the first stop string."""
        at = self.find_stop(text)
        return text if at < 0 else text[:at]

    def may_end_stop(self, token: int) -> bool:
        """Whether a stop string may end with this token: a quick test before `ends_in_stop`."""
        return token in self._stop_enders or self._learn_stop_ender(token)

    def _learn_stop_ender(self, token: int) -> bool:
        """A stop string's last sign, if it is ASCII, is spelt out in the token that writes it."""
        if token in self._no_stop_enders:
            return False
        piece = str(self.tokenizer.convert_ids_to_tokens(token))
        ends = {stop[-1] for stop in self.form.stop}
        may_end = piece.startswith("<0x") or any(
            sign in piece or not ("!" <= sign <= "~") for sign in ends
        )
        (self._stop_enders if may_end else self._no_stop_enders).add(token)
        return may_end

    def ends_in_stop(self, prompt: Sequence[int], new: Sequence[int]) -> bool:
        """Whether the last few new tokens after a prompt's hold a stop string."""
        if not self.form.stop or not new:
            return False
        window = max(len(stop.encode()) for stop in self.form.stop) + CONTEXT
        before = [*prompt[-CONTEXT:], *new[-window - CONTEXT : -window]]
        return self.find_stop(self.decode(before, new[-window:])) >= 0

    def _text(self, ids: Sequence[int]) -> str:
        kept = [token for token in ids if token not in self._special_ids]
        text: str = self.tokenizer.decode(kept, clean_up_tokenization_spaces=False)
        return text

    @cached_property
    def _special_ids(self) -> frozenset[int]:
        return frozenset(self.literal.special.values())

    @cached_property
    def opens_with_bos(self) -> bool:
        """Whether the tokenizer begins a text with BOS; a chat template has its own."""
        bos = self.tokenizer.bos_token_id
        if self.form.kind == "chat" or bos is None:
            return False
        return bool(self.tokenizer("a")["input_ids"][:1] == [bos])

    @cached_property
    def _opening(self) -> list[int]:
        return [self.tokenizer.bos_token_id] if self.opens_with_bos else []

    def _mark_prompt(self, prompt: str) -> str:
        if self.form.kind != "chat":
            return self.form.text(prompt).translate(RESERVED)
        messages = [
            {**message, "content": self.literal.quote(message["content"])}
            for message in self.form.messages(prompt)
        ]
        return self.literal.mark_special(self._render(messages, True))

    def _render(self, messages: list[dict[str, str]], open_answer: bool) -> str:
        """The chat as text. Raises RatchetError if the template can't render it."""
        template = own_template(self.tokenizer.chat_template)
        if not template:
            raise RatchetError(
                "model.prompt=chat, but this tokenizer has no chat template: set model.prompt=plain"
            )
        fixed = {"date_string": DATE} if "date_string" in template else {}
        try:
            text: str = self.tokenizer.apply_chat_template(
                messages,
                chat_template=template,
                tokenize=False,
                add_generation_prompt=open_answer,
                **(fixed | self.form.template),
            )
        except Exception as error:
            reason = str(error).strip().splitlines()[0][:160]
            roles = " and ".join(message["role"] for message in messages)
            raise RatchetError(
                f"the model's chat template refuses a chat of {roles} ({reason}): set "
                "model.system=null, or change model.template"
            ) from error
        return text

    def _end_of_turn(self) -> int | None:
        """The first special token that the template writes after an answer; else EOS."""
        eos: int | None = self.tokenizer.eos_token_id
        if self.form.kind != "chat":
            return eos
        answer = "\ufdd3"
        chat = [*self.form.messages("1 + 1"), {"role": "assistant", "content": answer}]
        after = self.literal.mark_special(self._render(chat, False).rpartition(answer)[2])
        return next(iter(self.literal.special_in(after)), eos)


def configured_ends(folder: Path) -> list[int]:
    """The tokens that end a text, from the generation configuration, else from the model's.

    Raises RatchetError if it names what is no token's number.
    """
    for name in ("generation_config.json", "config.json"):
        file = folder / name
        config = json.loads(file.read_text()) if file.exists() else {}
        eos = config.get("eos_token_id") if isinstance(config, dict) else None
        if eos is None:
            continue
        ends = eos if isinstance(eos, list) else [eos]
        for end in ends:
            if not isinstance(end, int) or isinstance(end, bool) or not 0 <= end < 2**31:
                raise RatchetError(
                    f"{file} says that eos_token_id is {str(end)[:40]!r}, which is no token's "
                    f"number: {restore_hint(folder)}"
                )
        return ends
    return []
