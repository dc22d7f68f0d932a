"""What README lists is what there is."""

import re

from stages.contract.dvc_files import ROOT
from stages.contract.stage_list import STAGES
from tests.fakes.docs_pages import PAGES

TABLES = [re.findall(r"^\| (\w+) \|", part, re.M) for part in PAGES["README.md"].split("\n\n")]


def test_stages_recipes_and_tasks_are_those_of_the_project() -> None:
    recipes, tasks = (
        {path.stem for path in (ROOT / "conf" / group).glob("*.yaml")}
        for group in ("recipe", "task")
    )
    assert ["stage", *STAGES] in TABLES
    assert {"recipe", *recipes} in [set(table) for table in TABLES]
    assert {"task", *tasks} in [set(table) for table in TABLES]
