"""What the pages list is what there is, and README stays short."""

import re

from stages import ROOMS
from stages.contract.dvc_files import ROOT
from stages.contract.stage_list import STAGES
from stages.guidance.tail import STRATEGIES
from tests.fakes.docs_pages import PAGES


def tables(page: str) -> list[list[str]]:
    """The first words of the rows of each table, its heading first."""
    return [re.findall(r"^\| (\w+) \|", part, re.M) for part in PAGES[page].split("\n\n")]


def test_stages_recipes_tasks_and_strategies_are_those_of_the_project() -> None:
    listed = tables("docs/methods.md")
    recipes, tasks = (
        {path.stem for path in (ROOT / "conf" / group).glob("*.yaml")}
        for group in ("recipe", "task")
    )
    assert ["stage", *STAGES] in listed
    assert ["strategy", "none", *STRATEGIES] in listed
    assert {"recipe", *recipes} in [set(table) for table in listed]
    assert {"task", *tasks} in [set(table) for table in listed]


def test_rooms_are_those_of_the_project() -> None:
    assert ["room", *ROOMS] in tables("CONTRIBUTING.md")


def test_readme_is_short() -> None:
    assert len(PAGES["README.md"].split()) <= 1500
