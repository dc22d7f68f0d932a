"""The card of an exported data set: what is in it, how to train on it, where it comes from."""

from pathlib import Path
from typing import Any

from schemas import views
from stages.explore.export.card_facts import RunFacts, tool_version
from stages.explore.export.card_template import render, yaml_header
from stages.explore.export.dataset_folder import Exported

ACCURACY = Path(__file__).with_name("accuracy.sql")
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
# what a column says that its table doesn't name so
MEANINGS = {
    "iteration": "the last iteration that uses the row; its values are of that one",
    "iterations": "all iterations that use the row",
    "prompt": "what the model is asked; for a step, with the steps before it",
    "label": "whether the answer is right, or to be imitated",
    "completion": "the answer",
    "completions": "the steps of the answer; joined with nothing between, they are its text",
    "labels": "whether each step is right",
    "labelers": "who says so of each step",
    "n_samples": "samples that took the path",
    "answer": "the reference answer",
}


def dataset_card(
    connection: Any, exported: Exported, paths: dict[str, str], facts: RunFacts, name: str
) -> str:
    """The README.md of the folder.

    paths: of each split's file. name: what `load_dataset` is given in its example.
    """
    frame = next(iter(exported.splits.values()))
    table = exported.kind.table
    told = {column: str(kind.description or "") for column, kind in table.columns().items()}
    meanings = [(column, MEANINGS.get(column, told.get(column, ""))) for column in frame.columns]
    rows = views.ask(connection, ACCURACY.read_text())
    wanted = [k for k, _ in exported.by_iteration]
    body = render(
        "dataset_card.md",
        title=f"{exported.kind.noun} of {facts.recipe} on {facts.task}",
        description=_first_sentence(table.__doc__ or ""),
        exported=exported,
        columns=frame.columns,
        meanings=meanings,
        is_chat="prompt" in frame.columns and frame.schema["prompt"].base_type().__name__ == "List",
        accuracy=[row for row in rows if row["iteration"] in wanted],
        facts=facts,
        name=name,
        version=tool_version(),
    )
    return yaml_header(header(exported, paths, facts)) + body


def header(exported: Exported, paths: dict[str, str], facts: RunFacts) -> dict[str, Any]:
    """The card's metadata, as the hub reads it."""
    files = [{"split": name, "path": path} for name, path in paths.items()]
    size = next((name for limit, name in SIZES if exported.n_rows < limit), "n>1M")
    return {
        "pretty_name": f"{exported.kind.noun} of {facts.recipe} on {facts.task}",
        "license": facts.licences,
        "task_categories": ["text-generation"],
        "tags": ["ratchet", "trl", "reasoning", facts.recipe],
        "size_categories": [size],
        "configs": [{"config_name": "default", "data_files": files}],
    }


def _first_sentence(text: str) -> str:
    return " ".join(text.split(".")[0].split())
