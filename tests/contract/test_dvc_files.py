"""The DVC files and params.yaml say what the declarations and conf/ say."""

import pytest
import yaml

from stages.check import check_values
from stages.contract import dvc_files
from stages.contract.generated_files import generated_files
from stages.contract.stage_list import MAX_ITERATION, sections

GENERATED = generated_files()
RECIPES = {
    "sft", "star", "rft", "prft", "srf", "psrf", "rpo", "irpo", "siof", "sipf", "sipf_labels",
    "kto", "step_kto", "simpo", "ipo", "step_dpo", "ratchet",
    "control", "gold_control", "hard_control", "distill", "replay",
    "si", "brute_force_64", "brute_force_128", "gsi_answer", "gsi_rationale", "gsi_interactive",
    "gsi_state_reset", "gold_supplement", "adaptive",
}  # fmt: skip


@pytest.mark.parametrize("name", GENERATED)
def test_generated_files_say_what_the_code_and_conf_say(name: str) -> None:
    assert (dvc_files.ROOT / name).read_text() == GENERATED[name], "run `make contract`"


@pytest.mark.parametrize("recipe", sorted(RECIPES))
@pytest.mark.parametrize("task", ["toy", "toy_code", "gsm8k"])
def test_every_recipe_composes_to_known_parameters(recipe: str, task: str) -> None:
    model = "tiny_strong_simulator" if recipe == "distill" else "tiny"
    server = ["teacher.url=http://localhost:8000/v1", "teacher.model=some"]
    overrides = [f"recipe={recipe}", f"task={task}", f"model={model}", *server]
    values = yaml.safe_load(dvc_files.params(*overrides))
    assert values["run"]["recipe"] == recipe
    check_values(values, sections())


@pytest.mark.parametrize("task", [path.stem for path in (dvc_files.ROOT / "conf/task").glob("*")])
def test_every_task_composes_to_known_parameters(task: str) -> None:
    values = yaml.safe_load(dvc_files.params(f"task={task}"))
    assert values["run"]["task"] == task
    check_values(values, sections())


def test_recipes_are_the_files() -> None:
    files = {path.stem for path in (dvc_files.ROOT / "conf/recipe").glob("*.yaml")}
    assert files == RECIPES


def test_no_recipe_name_in_a_command() -> None:
    for document in dvc_files.documents().values():
        for entry in document["stages"].values():
            command = entry.get("do", entry)["cmd"]
            assert not any(f" {recipe}" in command for recipe in RECIPES)


def test_the_loop_is_unrolled_to_the_limit() -> None:
    turns = dvc_files.documents()["stages/dvc.yaml"]["vars"][1]["turns"]
    assert [turn["prev"] for turn in turns.values()] == list(range(MAX_ITERATION))
