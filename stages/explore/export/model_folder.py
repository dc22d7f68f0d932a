"""A model of a run as a folder for others: asked as it was trained, with the whole card."""

import json
import shutil
from pathlib import Path
from typing import Any

from schemas import views
from schemas.errors import RatchetError
from stages.explore.export.card_facts import RunFacts, tool_version
from stages.explore.export.card_template import render, yaml_header
from stages.explore.export.dataset_folder import claim
from stages.models.chat_template import Frame, asking_template, frame_of
from stages.models.folders import require_model
from stages.models.model_card import CARD, asking_text, verifier_text
from stages.models.tokens import Encoder
from stages.results.metrics import run_metrics

TEMPLATE, TASKS = "chat_template.jinja", "lm_eval"
FACTS = """
    select n_pairs, n_examples, n_undesired from training_rows where iteration = $iteration
"""
COSTS = """
    select n_optimiser_steps, n_trained_tokens, elapsed_s
    from costs
    where iteration = $iteration and stage = $stage
"""
VERIFIER = """
    select level, n, precision, recall, accuracy
    from verifier_truth
    where iteration = $iteration
"""
PROMPTS = "select prompt from problems order by problem_id limit 1000"


def model_folder(what: str, iteration: int | None, facts: RunFacts) -> Path:
    """The folder of an iteration's model or verifier; None: of the last.

    Raises RatchetError if it is not there, or holds no model.
    """
    top = Path("models/verifier" if what == "verifier" else "models")
    last = facts.iteration if facts.iteration is not None else 0
    folder = top / f"iteration={last if iteration is None else iteration}"
    if not folder.is_dir():
        there = ", ".join(sorted(p.name for p in top.glob("iteration=*"))) or "none"
        made_by = "iteration=K" if iteration is None else f"iteration={iteration}"
        raise RatchetError(
            f"{folder} is missing (there are: {there}): name one, or make it with "
            f"`dvc exp run -S {made_by}`"
        )
    return require_model(folder)


def write_model(connection: Any, folder: Path, facts: RunFacts, out: Path) -> None:
    """Copies a model and writes its chat template, how it answers, and its card.

    Raises RatchetError if `out` holds anything but an earlier export.
    """
    names = {path.name for path in folder.iterdir()}
    claim(out, {*names, CARD, TEMPLATE, "generation_config.json", TASKS})
    shutil.copytree(folder, out, dirs_exist_ok=True)
    encoder = Encoder.load(folder)
    frame = frame_of(row["prompt"] for row in views.ask(connection, PROMPTS))
    is_verifier = folder.parent.name == "verifier"
    if not is_verifier:
        _write_template(encoder, frame, out)
        _write_generation(encoder, facts, out)
    _name_adapter_base(facts, out)
    card = _card(connection, folder, facts, str(out), encoder, frame, is_verifier)
    (out / CARD).write_text(card, encoding="utf-8")


def _write_template(encoder: Encoder, frame: Frame, out: Path) -> None:
    template = asking_template(encoder, frame)
    if template is not None:
        (out / TEMPLATE).write_text(template, encoding="utf-8")
    _change(out / "tokenizer_config.json", lambda values: values.pop("chat_template", None))


def _write_generation(encoder: Encoder, facts: RunFacts, out: Path) -> None:
    """Greedy answers of as many tokens as the run's evaluation allows."""
    max_tokens = facts.params.get("evaluate", {}).get("max_tokens", 512)
    own = {"do_sample": False, "max_new_tokens": max_tokens, "eos_token_id": encoder.end_tokens}

    def change(values: dict[str, Any]) -> None:
        for name in ("temperature", "top_p", "top_k"):
            values.pop(name, None)
        values.update(own)

    _change(out / "generation_config.json", change)


def _name_adapter_base(facts: RunFacts, out: Path) -> None:
    """The hub's id for models/base, which nobody else has."""
    file = out / "adapter/adapter_config.json"
    if file.exists() and (base := facts.hub_model):

        def change(values: dict[str, Any]) -> None:
            if values.get("base_model_name_or_path") == "models/base":
                values["base_model_name_or_path"] = base

        _change(file, change)


def _change(file: Path, change: Any) -> None:
    """Changes the values of a JSON file, which need not be there yet."""
    values = json.loads(file.read_text()) if file.exists() else {}
    change(values)
    file.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n")


def _card(
    connection: Any,
    folder: Path,
    facts: RunFacts,
    name: str,
    encoder: Encoder,
    frame: Frame,
    is_verifier: bool,
) -> str:
    number = int(folder.name.removeprefix("iteration="))
    title = f"{facts.recipe} on {facts.task}: {'verifier' if is_verifier else 'model'} {number}"
    stage = "verifier" if is_verifier else "align" if number else "sft"
    results = run_metrics(connection, {})["iterations"] if not is_verifier else {}
    suites = results.get(str(number), {}).get("suites", {})
    rows = views.ask(connection, FACTS, iteration=number)
    costs = views.ask(connection, COSTS, iteration=number, stage=stage)
    checked = views.ask(connection, VERIFIER, iteration=number) if is_verifier else []
    asking = (verifier_text if is_verifier else asking_text)(encoder, frame, name)
    body = render(
        "model_card.md",
        title=title,
        is_verifier=is_verifier,
        number=number,
        stage=stage,
        asking=asking,
        suites=suites,
        rows=rows[0] if rows else None,
        costs=costs[0] if costs else None,
        checked=checked,
        settings=facts.params.get(stage, {}),
        facts=facts,
        version=tool_version(),
    )
    return yaml_header(_header(title, facts, is_verifier, suites)) + body


def _header(
    title: str, facts: RunFacts, is_verifier: bool, suites: dict[str, Any]
) -> dict[str, Any]:
    """The card's metadata, as the hub reads it."""
    metadata: dict[str, Any] = {
        "library_name": "transformers",
        "pipeline_tag": "token-classification" if is_verifier else "text-generation",
        "license": facts.licences[0] if len(facts.licences) == 1 else "other",
        "tags": ["ratchet", facts.recipe],
        "base_model": facts.hub_model,
        "datasets": facts.hub_datasets,
        "model-index": [{"name": title, "results": _results(suites)}] if suites else None,
    }
    return {name: value for name, value in metadata.items() if value}


def _results(suites: dict[str, Any]) -> list[dict[str, Any]]:
    """Accuracies as the hub's model index has them."""
    return [
        {
            "task": {"type": "text-generation"},
            "dataset": {"name": suite, "type": suite},
            "metrics": [
                {"type": "accuracy", "name": f"accuracy, {mode}", "value": values["accuracy"]}
                for mode, values in modes.items()
            ],
        }
        for suite, modes in suites.items()
    ]
