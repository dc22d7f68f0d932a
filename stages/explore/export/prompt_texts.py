"""A row's question and answers as its model is asked: bare text, or the messages of a chat."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from schemas.errors import RatchetError
from stages.explore.export.export_kinds import Kind
from stages.models.folders import is_empty
from stages.models.prompt_form import PromptForm

BASE = Path("models/base")
MESSAGE = pl.Struct({"role": pl.String, "content": pl.String})
Render = Callable[[str], str]


def form_of(params: dict[str, Any]) -> PromptForm:
    """How the model that a run trains is asked, by its params.yaml."""
    asked = params.get("model", {})
    form = PromptForm(
        kind=asked.get("prompt", "plain"),
        system=asked.get("system"),
        instruction=asked.get("instruction"),
        template=asked.get("template") or {},
    )
    return form.after_training()


def ask(rows: pl.DataFrame, kind: Kind, form: PromptForm, render: Render) -> pl.DataFrame:
    """The rows as they train: `prompt` and the kind's answers in TRL's form of a chat, or as text.

    A prompt of text holds the first steps that an answer continues (`prefix`). The parts of an
    answer are text in a chat too, as `render` writes its beginning: a message can't be continued.
    """
    has_prefix = "prefix" in rows.columns and bool((rows["prefix"] != "").any())
    if form.kind == "chat" and kind.answers and not has_prefix:
        chats = {p: form.messages(p) for p in rows["prompt"].unique()}
        rows = rows.with_columns(
            _replace(rows["prompt"], chats, pl.List(MESSAGE)),
            *(_as_answer(answer) for answer in kind.answers),
        )
    else:
        text = form.text if form.kind != "chat" else render
        prompts = {p: text(p) for p in rows["prompt"].unique()}
        rows = rows.with_columns(_replace(rows["prompt"], prompts, pl.String))
        if has_prefix:
            rows = rows.with_columns(prompt=pl.col("prompt") + pl.col("prefix"))
    return rows.drop("prefix", strict=False)


def chat_renderer(rendered_here: bool) -> Render:
    """Writes a question as the chat template of models/base does, up to where the answer begins."""

    def render(prompt: str) -> str:
        from stages.models.tokens import Encoder

        if not rendered_here or not BASE.is_dir() or is_empty(BASE):
            raise RatchetError(
                "steps of a chat model's answers are written as its template writes them, and "
                f"{BASE} is not here: `dvc checkout {BASE}`, and export the workspace"
            )
        encoder = loaded[0] if loaded else Encoder.load(BASE)
        loaded[:] = [encoder]
        return encoder.prompt_text(prompt)

    loaded: list[Any] = []
    return render


def _replace(column: pl.Series, values: dict[str, Any], kind: Any) -> pl.Series:
    return pl.Series(column.name, [values[text] for text in column], kind)


def _as_answer(column: str) -> pl.Expr:
    message = pl.struct(role=pl.lit("assistant"), content=pl.col(column))
    return pl.concat_list(message).alias(column)
