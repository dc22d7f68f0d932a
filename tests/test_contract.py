"""The DVC files and params.yaml say what the declarations and conf/ say."""

from pathlib import Path

import pytest
import yaml

from stages.check import MAX_ITERATION, STAGES, check_values, declared, sections
from tests import contract

RECIPES = {
    "sft", "star", "rft", "prft", "srf", "psrf", "rpo", "irpo", "siof", "sipf", "sipf_labels",
    "kto", "step_kto", "simpo", "ipo", "step_dpo", "ratchet",
    "control", "gold_control", "hard_control", "distill", "replay",
    "si", "brute_force_64", "brute_force_128", "gsi_answer", "gsi_rationale", "gsi_interactive",
    "gsi_state_reset", "gold_supplement", "adaptive",
}  # fmt: skip


@pytest.mark.parametrize("name", ["dvc.yaml", "stages/dvc.yaml"])
def test_dvc_files_match_the_declarations(name: str) -> None:
    written = yaml.safe_load((contract.ROOT / name).read_text())
    assert written == contract.documents()[name], "run `make contract`"


def test_params_are_the_composed_defaults() -> None:
    written = yaml.safe_load((contract.ROOT / "params.yaml").read_text())
    assert written == yaml.safe_load(contract.params()), "run `make contract`"


@pytest.mark.parametrize("recipe", sorted(RECIPES))
@pytest.mark.parametrize("task", ["toy", "toy_code", "gsm8k"])
def test_every_recipe_composes_to_known_parameters(recipe: str, task: str) -> None:
    model = "tiny_strong_simulator" if recipe == "distill" else "tiny"
    server = ["teacher.url=http://localhost:8000/v1", "teacher.model=some"]
    overrides = [f"recipe={recipe}", f"task={task}", f"model={model}", *server]
    values = yaml.safe_load(contract.params(*overrides))
    assert values["run"]["recipe"] == recipe
    check_values(values, sections())


@pytest.mark.parametrize("task", [path.stem for path in (contract.ROOT / "conf/task").glob("*")])
def test_every_task_composes_to_known_parameters(task: str) -> None:
    values = yaml.safe_load(contract.params(f"task={task}"))
    assert values["run"]["task"] == task
    check_values(values, sections())


def test_recipes_are_the_files() -> None:
    files = {path.stem for path in (contract.ROOT / "conf/recipe").glob("*.yaml")}
    assert files == RECIPES


def test_no_recipe_name_in_a_command() -> None:
    for document in contract.documents().values():
        for entry in document["stages"].values():
            command = entry.get("do", entry)["cmd"]
            assert not any(f" {recipe}" in command for recipe in RECIPES)


def test_every_stage_reads_what_it_declares_and_takes_what_it_reads() -> None:
    import inspect

    for stage in declared():
        given = {*stage.reads, *stage.models, *(s.section for s in stage.sections), "turn", "out"}
        taken = set(inspect.signature(stage.function).parameters)
        assert taken <= given, stage.name
        waits = {"checked"}  # for the parameters to be looked at
        assert {*stage.reads} - waits <= taken, stage.name


def test_the_loop_is_unrolled_to_the_limit() -> None:
    turns = contract.documents()["stages/dvc.yaml"]["vars"][1]["turns"]
    assert [turn["prev"] for turn in turns.values()] == list(range(MAX_ITERATION))


def test_imports_run_one_way() -> None:
    modules = {f"stages/{name}.py" for name in STAGES}
    for name in STAGES:
        others = contract.closure(Path("stages", f"{name}.py")) & modules
        assert others == {f"stages/{name}.py"}, f"{name} imports another stage"
    for path in (contract.ROOT / "stages").glob("*/*.py"):
        found = contract.closure(path.relative_to(contract.ROOT))
        assert not found & modules, f"{path} imports a stage"
    for path in (contract.ROOT / "schemas").glob("*.py"):
        found = contract.closure(path.relative_to(contract.ROOT))
        assert not [name for name in found if name.startswith("stages")], path
