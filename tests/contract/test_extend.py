"""docs/extend.md: its blocks, put into a copy of the project, make what they say they make."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stages.contract.dvc_files import ROOT
from tests.fakes.docs_pages import files
from tests.fakes.fake_run import plant
from tests.fakes.training_jobs import job, rows_of

BLOCKS = files("docs/extend.md")
QUERY = "select count(*) = (select count(*) from samples), min(n_lines) > 0 from lengths"
SNIPPETS = {  # what runs with the copy in place of the project: parameters, code that prints
    "recipe": (
        ["recipe=rft_one"],
        """
print(values["run"]["recipe"], values["pair"]["max_per_problem"], values["align"]["start"])
""",
    ),
    "task": (
        ["task=clock", "grade.sandbox=none"],
        """
import polars as pl
from schemas import store
from schemas.problems import Problems
from stages.grading.grade_frame import GradeSettings, grade_frame
from stages.prepare import prepare
prepare.run(0)
problems = store.read(Problems)
texts = problems.with_columns(text=pl.col("rationale").list.join(""))
right = grade_frame(texts, parse(GradeSettings, values))["correct"].sum()
print(*problems["split"].value_counts(sort=True)["count"], right)
""",
    ),
    "engine": (
        ["engine=guess"],
        """
from stages.engines.engine import EngineSettings, Request, engine_version, open_engine
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling
settings = parse(EngineSettings, values)
engine = open_engine(settings, Path("none"), None, PromptForm())
drawn = engine.complete([Request("?", 0, seed) for seed in (1, 2, 1)], Sampling(1.0, 1.0, 8))
print(engine_version(settings, Path("none")), len(drawn), drawn[0] == drawn[2] != drawn[1])
""",
    ),
    "strategy": (
        ["recipe=si", "guide.strategy=first_step"],
        """
from stages.guidance.attempt import TailProblem
from stages.guidance.strategy_list import load_strategy
steps = ("2 + 3 = 5\\n", "5 + 4 = 9\\n", "#### 9")
problem = TailProblem("p", "Q\\n", "Q", "9", rationale=steps)
first = load_strategy(values["guide"]["strategy"]).start(None).ask(problem, [])
print(first.shown, first.start.replace(" ", ""))
""",
    ),
    "objective": (
        ["recipe=srf", "align.objective=hinge"],
        """
from stages.objectives.objective_list import load_objective
print(load_objective("hinge").needs.table)
""",
    ),
    "stage": (
        [],
        f"""
import re
from schemas import views
from stages.measure import measure
from stages.contract.generated_files import generated_files
measure.run(1)
print(*views.connect().execute({QUERY!r}).fetchone())
made = generated_files()
print(re.search("stages.measure", made["measured/dvc.yaml"])[0])
print("## lengths" in made["docs/tables.md"])
""",
    ),
}
RUN_ALL = """
import contextlib, io, json, os, sys, traceback
from pathlib import Path
from stages.check import check
from stages.contract.dvc_files import params
from stages.pipeline.params import load, parse
found = {}
for name, (folder, overrides, code) in json.load(sys.stdin).items():
    os.chdir(folder)
    out, error = io.StringIO(), ""
    known = {"Path": Path, "parse": parse}
    try:
        with contextlib.redirect_stdout(out):
            if overrides:
                Path("params.yaml").write_text(params(*overrides))
                check.run(0)
                known["values"] = load()
            exec(code, known)
    except BaseException:
        error = traceback.format_exc()
    found[name] = [out.getvalue().split(), error]
print(json.dumps(found))
"""


def apply(old: str, change: str) -> str:
    """A file after a change whose old lines must be in it, once."""
    lines = change.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    assert ("\n" + old).count("\n" + before) == 1, f"not there once:\n{before}"
    return ("\n" + old).replace("\n" + before, "\n" + after)[1:]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project after all that the page adds."""
    root = tmp_path_factory.mktemp("extended")
    for folder in ("stages", "schemas", "conf"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "docs").mkdir()
    for name, language, text in BLOCKS:
        path = root / name
        assert path.exists() == (language == "diff"), name
        path.write_text(apply(path.read_text(), text) if language == "diff" else text)
    return root


@pytest.fixture(scope="module")
def printed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """(words printed, error) of each snippet, all run by one process, each in its own folder."""
    given = {}
    for name, (overrides, code) in SNIPPETS.items():
        given[name] = (str(tmp_path_factory.mktemp(name)), overrides, code)
    plant(Path(given["stage"][0]), iterations=1)
    env = {"PYTHONPATH": str(project), "PATH": "/usr/bin:/bin", "RATCHET_LEDGER": ""}
    command, text = [sys.executable, "-c", RUN_ALL], json.dumps(given)
    done = subprocess.run(command, cwd=project, env=env, input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_recipe(printed: dict[str, Any]) -> None:
    assert printed["recipe"] == [["rft_one", "1", "sft"], ""]


def test_a_task(printed: dict[str, Any]) -> None:
    """All its problems are usable, and its gold rationales are right answers."""
    assert printed["task"] == [["400", "100", "500"], ""]


def test_an_engine(printed: dict[str, Any]) -> None:
    """By the doors that the ledger uses: its version, then draws that follow their seeds."""
    assert printed["engine"] == [["guess-1", "3", "True"], ""]


def test_a_strategy(printed: dict[str, Any]) -> None:
    """It shows the first gold step, and only that."""
    assert printed["strategy"] == [["1", "2+3=5"], ""]


def test_an_objective_is_known(printed: dict[str, Any]) -> None:
    assert printed["objective"] == [["pairs"], ""]


def test_an_objective_trains(project: Path, tmp_path: Path, checkpoint: Path) -> None:
    """A tiny model learns by it to prefer what it should."""
    path = project / "stages/objectives/hinge.py"
    spec = importlib.util.spec_from_file_location("hinge", path)
    assert spec and spec.loader
    hinge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hinge)
    run = job("simpo", checkpoint, tmp_path, epochs=20, beta=0.1)
    losses = hinge.train_hinge(run, rows_of("simpo"))["loss"].to_list()
    assert 0 <= losses[-1] < losses[0]
    assert (tmp_path / "model.safetensors").exists()


def test_a_stage_and_its_table(printed: dict[str, Any]) -> None:
    """It runs on a run, SQL finds its rows, and `make contract` puts it into the loop."""
    assert printed["stage"] == [["True", "True", "stages.measure", "True"], ""]
