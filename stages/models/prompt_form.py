"""How a model is asked: bare text, its own chat template, or worked examples before the question.

The form lies in the model's folder (prompt.json), so whoever opens the folder asks the model as it
was trained, and the folder's digest, under which draws are kept, covers it. A folder without the
file is asked by bare text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from schemas.errors import RatchetError
from stages.pipeline.params import Section

FORM_FILE = "prompt.json"
TRAIN = "train"  # worked examples of the training set
CUES = {"math": "Answer:\n", "choice": "Answer:\n", "program": "Program:\n", "code": "Python:\n"}
LABEL = re.compile(r"\A(?:Question|Task): ")
# what a model that continues text may write after its answer; servers take four strings at most
NEXT_QUESTION = ("\n\nQuestion:", "\n\nTask:", "\n\nProblem:", "\n\nHuman:")


class PromptSettings(Section):
    """What a section that describes a model says about how it is asked."""

    prompt: Literal["plain", "chat", "few_shot"]
    system: str | None = Field(min_length=1)
    instruction: str | None = Field(min_length=1)
    template: dict[str, Any]
    examples: str = Field(min_length=1)
    n_examples: int = Field(ge=1)
    stop: list[str] | None

    def examples_file(self) -> Path | None:
        """The file of worked examples that the model is shown; None without one."""
        if self.prompt != "few_shot" or self.examples == TRAIN:
            return None
        return Path(self.examples).expanduser()

    def local_files(self) -> dict[str, Path]:
        file, name = self.examples_file(), f"{self.section}.examples"
        if file and not file.is_file():
            raise RatchetError(f"{name}: there is no file {file}: name one, or set it to {TRAIN}")
        return {name: file} if file else {}

    def form(self, examples: list[WorkedExample]) -> PromptForm:
        """The form, with the worked examples that it may show.

        Without a chat template, whose turns have an end of their own, a next question ends a text.
        """
        is_few_shot = self.prompt == "few_shot"
        default_stop = () if self.prompt == "chat" else NEXT_QUESTION
        stop = default_stop if self.stop is None else tuple(self.stop)
        return PromptForm(
            kind=self.prompt,
            system=self.system,
            instruction=self.instruction,
            template=self.template,
            examples=tuple(examples) if is_few_shot else (),
            n_examples=self.n_examples if is_few_shot else 0,
            stop=stop,
        )


class WorkedExample(BaseModel):
    """A problem's prompt and its solution."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    prompt: str
    solution: str


class PromptForm(BaseModel):
    """How one model is asked. `stop`: strings before which a completion ends.

    With few_shot, `examples` of the prompt's kind come first, `n_examples` at most; one more of
    each kind is kept, so that a problem is never shown its own solution.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["plain", "chat", "few_shot"] = "plain"
    system: str | None = None
    instruction: str | None = None
    template: dict[str, Any] = {}
    examples: tuple[WorkedExample, ...] = ()
    n_examples: int = 0
    stop: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The form of a model folder; bare text if it names none."""
        file = folder / FORM_FILE
        return cls.model_validate_json(file.read_text()) if file.exists() else cls()

    def write(self, folder: Path) -> None:
        """Writes the form into a model folder; bare text needs no file."""
        file = folder / FORM_FILE
        file.unlink(missing_ok=True)
        if self != PromptForm():
            file.write_text(self.model_dump_json(indent=2) + "\n")

    def after_training(self) -> PromptForm:
        """The form of a model that is trained from this one: it has learnt from its examples."""
        if self.kind != "few_shot":
            return self
        return self.model_copy(update={"kind": "plain", "examples": (), "n_examples": 0})

    def for_role(self, system: str | None, stop: Sequence[str]) -> PromptForm:
        """The form for requests that are no problems: a teacher's or a critic's."""
        changes = {"system": system, "stop": tuple(stop), "instruction": None}
        return self.after_training().model_copy(update=changes)

    def text(self, prompt: str) -> str:
        """The text that a model continues, unless it has a chat template."""
        examples = [e.prompt + e.solution.strip() for e in self._examples_for(prompt)]
        before = [self.system, *examples, self.instruction]
        return "\n\n".join([*filter(None, before), prompt])

    def messages(self, prompt: str) -> list[dict[str, str]]:
        """The chat that asks for a solution: a system message if there is one, and the user's.

        The label and the cue of a bare prompt ("Question: ", "Answer:") say nothing in a chat.
        """
        cue = self._cue(prompt)
        content = LABEL.sub("", prompt.removesuffix(cue).rstrip()) if cue else prompt
        if self.instruction:
            content = f"{content}\n\n{self.instruction}"
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, {"role": "user", "content": content}]

    def _examples_for(self, prompt: str) -> list[WorkedExample]:
        cue = self._cue(prompt)
        fitting = [e for e in self.examples if cue and e.prompt.endswith(cue)]
        return [e for e in fitting if not prompt.endswith(e.prompt)][: self.n_examples]

    @staticmethod
    def _cue(prompt: str) -> str:
        return next((cue for cue in CUES.values() if prompt.endswith(f"\n{cue}")), "")
