"""What README lists is what there is."""

import re
import shlex

import pytest
import yaml

from stages.check import STAGES, check_values, sections
from tests.contract import ROOT, params

README = (ROOT / "README.md").read_text()
TABLES = [re.findall(r"^\| (\w+) \|", part, re.M) for part in README.split("\n\n")]
JOINED = re.sub(r"\\\n\s*", " ", README)
EXPERIMENTS = re.findall(r"^    (dvc exp run .*)", JOINED, re.M)


def test_stages_recipes_and_tasks_are_those_of_the_project() -> None:
    recipes, tasks = (
        {path.stem for path in (ROOT / "conf" / group).glob("*.yaml")}
        for group in ("recipe", "task")
    )
    assert ["stage", "check", *STAGES] in TABLES
    assert {"recipe", *recipes} in [set(table) for table in TABLES]
    assert {"task", *tasks} in [set(table) for table in TABLES]


@pytest.mark.parametrize("command", EXPERIMENTS)
def test_every_experiment_composes_to_valid_parameters(command: str) -> None:
    words = shlex.split(command, comments=True)
    words = words[: words.index("&&")] if "&&" in words else words
    overrides = [words[i + 1] for i, word in enumerate(words) if word == "-S"]
    assert overrides
    for recipe in overrides[0].removeprefix("recipe=").split(","):
        first = f"recipe={recipe}" if overrides[0].startswith("recipe=") else overrides[0]
        check_values(yaml.safe_load(params(first, *overrides[1:])), sections())


def test_make_targets_and_ratchet_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    cli = (ROOT / "stages/explore/cli.py").read_text()
    for target in re.findall(r"^    make (\w+)", README, re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target
    for command in re.findall(r"^    ratchet (\w+)", README, re.M):
        assert f"def {command}(" in cli, command
