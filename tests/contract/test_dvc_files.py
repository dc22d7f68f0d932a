"""The DVC files and params.yaml say what the declarations and conf/ say."""

from typing import Any

import pytest

from stages.check import check_values
from stages.contract import dvc_files, generated_files
from stages.contract.stage_list import sections

FILES = [
    "dvc.yaml", "data/dvc.yaml", "measured/dvc.yaml", "models/dvc.yaml", "params.yaml",
    "schemas/params.schema.json", "schemas/tables.sql",
    "docs/tables.md", "docs/settings.md", "docs/memory.md",
]  # fmt: skip
RECIPES = {
    "sft", "star", "rft", "prft", "srf", "psrf", "rpo", "irpo", "siof", "sipf", "sipf_labels",
    "sipf_without_or", "siof_without_or", "cot",
    "kto", "step_kto", "rft_balanced", "simpo", "ipo", "step_dpo", "ratchet",
    "control", "gold_control", "hard_control", "distill", "replay",
    "si", "brute_force_64", "brute_force_128", "gsi_answer", "gsi_rationale", "gsi_interactive",
    "gsi_state_reset", "gold_supplement", "adaptive",
}  # fmt: skip


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    return dvc_files.documents()


@pytest.fixture(scope="module")
def generated(documents: dict[str, Any]) -> dict[str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated_files, "documents", lambda: documents)
        return generated_files.generated_files()


@pytest.mark.parametrize("name", FILES)
def test_generated_files_say_what_the_code_and_conf_say(
    generated: dict[str, str], name: str
) -> None:
    assert [*generated] == FILES
    assert (dvc_files.ROOT / name).read_text() == generated[name], "run `make contract`"


@pytest.mark.parametrize("recipe", sorted(RECIPES))
@pytest.mark.parametrize("task", ["toy", "toy_code", "gsm8k"])
def test_every_recipe_composes_to_known_parameters(recipe: str, task: str) -> None:
    model = "tiny_strong_simulator" if recipe == "distill" else "tiny"
    server = ["teacher.url=http://localhost:8000/v1", "teacher.model=some"]
    overrides = [f"recipe={recipe}", f"task={task}", f"model={model}", *server]
    values = dvc_files.parameter_values(*overrides)
    assert values["run"]["recipe"] == recipe
    check_values(values, sections())


@pytest.mark.parametrize("task", [path.stem for path in (dvc_files.ROOT / "conf/task").glob("*")])
def test_every_task_composes_to_known_parameters(task: str) -> None:
    values = dvc_files.parameter_values(f"task={task}")
    assert values["run"]["task"] == task
    check_values(values, sections())


def test_recipes_are_the_files() -> None:
    files = {path.stem for path in (dvc_files.ROOT / "conf/recipe").glob("*.yaml")}
    assert files == RECIPES


def test_no_recipe_name_in_a_command(documents: dict[str, Any]) -> None:
    for document in documents.values():
        for entry in document["stages"].values():
            command = entry.get("do", entry)["cmd"]
            assert not any(f" {recipe}" in command for recipe in RECIPES)


def test_the_loop_is_that_of_the_parameters(documents: dict[str, Any]) -> None:
    files = (document for name, document in documents.items() if name != "dvc.yaml")
    loops = {name: loop for file in files for name, loop in file["stages"].items()}
    each = {name: loop["foreach"] for name, loop in loops.items()}
    assert {each.pop(name) for name in ("evaluate", "review")} == {"${loop.models}"}
    assert each.pop("select") == "${select.turns}"
    assert {*each.values()} == {"${loop.turns}"}
    for loop in loops.values():
        number = "${item}" if "models" in loop["foreach"] else "${key}"
        assert loop["do"]["cmd"].endswith(f" --iteration {number}")
