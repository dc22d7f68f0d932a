"""The card (README.md) of a model that a stage trains: what it is, and how it is asked.

A stage knows its own settings and rows, so its card has no accuracy, no date and no commit: equal
training gives equal bytes. `ratchet export model` writes the whole card.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stages.models.chat_template import Frame
from stages.models.prompt_form import PromptForm

if TYPE_CHECKING:
    from stages.models.tokens import Encoder

CARD = "README.md"
RIGHT = "right"  # the only label of a verifier
QUESTION = "Ann has 7 pens and buys 5. How many pens has she?"
HEAD = """---
library_name: transformers
pipeline_tag: {task}
tags: [ratchet, {stage}]
---

# {title}

Trained by stage `{stage}` of Ratchet{iteration}{start}.
"""
SETTINGS = """
## Training

{rows}; {counts}.

| setting | value |
|---|---|
{settings}

Its accuracy was not known yet when this was written: `ratchet export model` adds it.
"""
ASK = """
## How to ask it

```python
from transformers import pipeline

ask = pipeline("text-generation", model="{name}")
chat = [{{"role": "user", "content": "{question}"}}]
print(ask(chat, return_full_text=False)[0]["generated_text"])
```

Its chat template writes the prompt as training did, {bos}:

{prompt}

A prompt of your own must end so too, its last line end included. Answers are greedy unless you ask
for others (`do_sample=True`).{stop}
"""
VERIFIER = """
## How to read it

One logit at each token (`num_labels` is 1, the label is `{label}`). Those at the last token of each
step mean something: their sigmoid is the probability that the step is right. No pipeline does this
(one label alone always has the softmax 1).

```python
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

model = AutoModelForTokenClassification.from_pretrained("{name}")
tokenizer = AutoTokenizer.from_pretrained("{name}")
prompt, steps = {prompt}, ["Ann: 7+5=12\\n", "#### 12"]
text = tokenizer(prompt + "".join(steps), return_offsets_mapping=True, {special}return_tensors="pt")
starts = text.pop("offset_mapping")[0, :, 0]
ends = torch.tensor([len(prompt + "".join(steps[: n + 1])) for n in range(len(steps))])
tokens = torch.searchsorted(starts, ends) - 1  # a token belongs to the step that it begins in
with torch.no_grad():
    print(torch.sigmoid(model(**text).logits[0, tokens, 0]))
```
"""


@dataclass(frozen=True)
class Training:
    """How a model was trained.

    start: the folder it began from, if it has a name in every run. rows, counts: how many of what.
    """

    stage: str
    iteration: int
    start: str | None
    settings: Mapping[str, object]
    rows: Mapping[str, int]
    counts: Mapping[str, int]


def training_card(training: Training, encoder: Encoder, frame: Frame, is_verifier: bool) -> str:
    """The card of a model that was just trained."""
    number = training.iteration
    head = HEAD.format(
        task="token-classification" if is_verifier else "text-generation",
        stage=training.stage,
        title=f"{'Verifier' if is_verifier else 'Model'} of iteration {number}",
        iteration=f" in iteration {number}",
        start=f" from {training.start}" if training.start else "",
    )
    settings = SETTINGS.format(
        rows=_counts(training.rows).capitalize() or "No rows",
        counts=_counts(training.counts) or "no steps",
        settings="\n".join(
            f"| {name} | {json.dumps(value, ensure_ascii=False)} |"
            for name, value in training.settings.items()
            if value is not None
        ),
    )
    name = "path/to/this/folder"
    asking = (verifier_text if is_verifier else asking_text)(encoder, frame, name)
    return head + asking + settings


def asking_text(encoder: Encoder, frame: Frame, name: str) -> str:
    """How a policy is asked through transformers; `name`: its folder or id."""
    prompt = encoder.prompt_text(f"{frame.opening}{QUESTION}{frame.closing}")
    bos = encoder.tokenizer.bos_token
    return ASK.format(
        name=name,
        question=QUESTION,
        bos=f"after the token `{bos}`" if encoder.opens_with_bos else "special tokens included",
        prompt=f"```text\n{prompt}\n```" if not prompt.endswith("\n") else f"```text\n{prompt}```",
        stop=_stop_text(encoder.form),
    )


def verifier_text(encoder: Encoder, frame: Frame, name: str) -> str:
    """How a verifier's output is read."""
    prompt = encoder.prompt_text(f"{frame.opening}{QUESTION}{frame.closing}")
    has_template = encoder.form.kind == "chat"
    return VERIFIER.format(
        name=name,
        label=RIGHT,
        prompt=json.dumps(prompt, ensure_ascii=False),
        special="add_special_tokens=False, " if has_template else "",
    )


def _stop_text(form: PromptForm) -> str:
    if not form.stop:
        return ""
    named = ", ".join(f"`{json.dumps(stop)}`" for stop in form.stop)
    return f" Text from one of {named} on is cut off where the run draws from it."


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
