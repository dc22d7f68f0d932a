"""A chat template that asks a model as its training did, so that every tool asks it so.

`transformers.pipeline`, TRL and servers ask a model through its tokenizer's template. One that was
trained on bare text has none, or one that asks in another way, and a prompt that lacks so much as
its last line end is answered with nonsense. The tokenizer's own template is kept inside, and is
what this project itself goes by: `own_template`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from stages.models.own_template import ASKED, DATE, END, OWN, UNUSED, own_template
from stages.models.prompt_form import CUES, LABEL, PromptForm

if TYPE_CHECKING:
    from stages.models.tokens import Encoder

LAST_LINES = ", ".join(f"'{line}'" for line in sorted({cue.strip() for cue in CUES.values()}))

BARE = """{{- %(before)s -}}
{%%- for message in messages -%%}
{%%- set text = message.content | trim -%%}
{%%- if message.role == 'user' and text.endswith((%(last_lines)s)) -%%}
{{- text + '\\n' -}}
{%%- elif message.role == 'user' -%%}
{{- %(opening)s + text + %(closing)s -}}
{%%- elif message.role == 'assistant' -%%}
{{- message.content + %(end)s -}}
{%%- else -%%}
{{- text + '\\n\\n' -}}
{%%- endif -%%}
{%%- endfor -%%}
"""
SYSTEM = """{%%- if messages[0].role != 'system' -%%}
{%%- set messages = [{'role': 'system', 'content': %s}] + messages -%%}
{%%- endif -%%}
"""
INSTRUCTION = """{%%- set asked = namespace(messages=[]) -%%}
{%%- for message in messages -%%}
{%%- if message.role == 'user' and not message.content.endswith(%(text)s) -%%}
{%%- set content = message.content + '\\n\\n' + %(text)s -%%}
{%%- set asked.messages = asked.messages + [{'role': 'user', 'content': content}] -%%}
{%%- else -%%}
{%%- set asked.messages = asked.messages + [message] -%%}
{%%- endif -%%}
{%%- endfor -%%}
{%%- set messages = asked.messages -%%}
"""
SWITCH = "{%%- if %(name)s is not defined -%%}{%%- set %(name)s = %(value)s -%%}{%%- endif -%%}\n"


@dataclass(frozen=True)
class Frame:
    """What a prompt writes before and after its question."""

    opening: str
    closing: str


def frame_of(prompts: Iterable[str]) -> Frame:
    """What most of these prompts write around their questions: a label, and whole lines after it.

    Without prompts, that of a worked solution.
    """
    by_cue: dict[str, list[str]] = {}
    for prompt in prompts:
        cue = next((cue for cue in CUES.values() if prompt.endswith(f"\n{cue}")), "")
        by_cue.setdefault(cue, []).append(prompt)
    if not by_cue:
        return Frame("Question: ", f"\n{CUES['math']}")
    cue, alike = max(by_cue.items(), key=lambda item: len(item[1]))
    labels = {found[0] if (found := LABEL.match(prompt)) else "" for prompt in alike}
    opening = labels.pop() if len(labels) == 1 else ""
    if len(set(alike)) == 1:  # what others would share isn't known
        last = f"\n{cue}" if cue else "\n" if alike[0].endswith("\n") else ""
        return Frame(opening, last)
    columns = zip(*(reversed(prompt) for prompt in alike), strict=False)
    shared = list(takewhile(lambda signs: len(set(signs)) == 1, columns))
    ending = alike[0][len(alike[0]) - len(shared) :]
    return Frame(opening, ending[ending.find("\n") :] if "\n" in ending else "")


def asking_template(encoder: Encoder, frame: Frame) -> str | None:
    """The template with which a model is asked in the encoder's form.

    A message is a question alone, or a whole prompt, which ends in its cue ("Answer:").
    """
    own = own_template(encoder.tokenizer.chat_template)
    if encoder.form.kind == "chat":
        opening = _chat_opening(encoder.form, own or "")
        return f"{ASKED}\n{opening}{OWN}{own}" if opening else own
    kept = f"{ASKED}{UNUSED}{OWN}{own}{END}" if own else ""
    return f"{kept}{ASKED}\n{_bare(encoder, frame)}"


def _bare(encoder: Encoder, frame: Frame) -> str:
    begin = encoder.tokenizer.bos_token if encoder.opens_with_bos else ""
    closing = frame.closing
    before = encoder.form.text(f"{frame.opening}{closing}").removesuffix(frame.opening + closing)
    end = encoder.tokenizer.convert_ids_to_tokens(encoder.end_token) if encoder.end_token else ""
    return BARE % {
        "before": _literal(begin + before),
        "opening": _literal(frame.opening),
        "closing": _literal(closing),
        "end": _literal(end),
        "last_lines": LAST_LINES,
    }


def _chat_opening(form: PromptForm, own: str) -> str:
    """What puts the form's system message, instruction and switches in place, if it has any."""
    fixed = {"date_string": DATE} if "date_string" in own else {}
    switches = fixed | form.template
    opening = "".join(SWITCH % {"name": n, "value": _literal(v)} for n, v in switches.items())
    if form.system:
        opening += SYSTEM % _literal(form.system)
    if form.instruction:
        opening += INSTRUCTION % {"text": _literal(form.instruction)}
    return opening


def _literal(value: object) -> str:
    """A value as Jinja reads it."""
    return "none" if value is None else json.dumps(value, ensure_ascii=False)
