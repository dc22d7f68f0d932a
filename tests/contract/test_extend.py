"""docs/extend.md: its blocks, put into a copy of the project, make what they say they make."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stages.contract.dvc_files import ROOT
from tests.fakes.docs_pages import files
from tests.fakes.fake_run import plant
from tests.fakes.training_jobs import job, rows_of

BLOCKS = files("docs/extend.md")
CHECKED = """
import sys
from pathlib import Path
from stages.check import check
from stages.pipeline.params import load, parse
from stages.contract.dvc_files import params
Path("params.yaml").write_text(params(*sys.argv[1:]))
check.run(0)
values = load()
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


def python(project: Path, cwd: Path, code: str, *arguments: str) -> list[str]:
    """The words that a script prints, run with the copy in place of the project."""
    env = {"PYTHONPATH": str(project), "PATH": "/usr/bin:/bin", "RATCHET_LEDGER": ""}
    command = [sys.executable, "-c", CHECKED + code if arguments else code, *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_recipe(project: Path, tmp_path: Path) -> None:
    pair = "values['pair']['max_per_problem']"
    code = f"print(values['run']['recipe'], {pair}, values['align']['start'])"
    assert python(project, tmp_path, code, "recipe=rft_one") == ["rft_one", "1", "base"]


def test_a_task(project: Path, tmp_path: Path) -> None:
    """All its problems are usable, and its gold rationales are right answers."""
    code = """
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
"""
    found = python(project, tmp_path, code, "task=clock", "grade.sandbox=none")
    assert found == ["400", "100", "500"]


def test_an_engine(project: Path, tmp_path: Path) -> None:
    """By the doors that the ledger uses: its version, then draws that follow their seeds."""
    code = """
from stages.engines.sampler import engine_version, open_engine
from stages.engines.engine import EngineSettings, Request, Sampling
settings = parse(EngineSettings, values)
engine = open_engine(settings, Path("none"), None)
drawn = engine.complete([Request("?", 0, seed) for seed in (1, 2, 1)], Sampling(1.0, 1.0, 8))
print(engine_version(settings, Path("none")), len(drawn), drawn[0] == drawn[2] != drawn[1])
"""
    assert python(project, tmp_path, code, "engine=guess") == ["guess-1", "3", "True"]


def test_a_strategy(project: Path, tmp_path: Path) -> None:
    """It shows the first gold step, and only that."""
    code = """
from stages.guidance.attempt import TailProblem
from stages.guidance.strategy_list import load_strategy
steps = ("2 + 3 = 5\\n", "5 + 4 = 9\\n", "#### 9")
problem = TailProblem("p", "Q\\n", "Q", "9", rationale=steps)
first = load_strategy(values["guide"]["strategy"]).start(None).ask(problem, [])
print(first.shown, first.start.replace(" ", ""))
"""
    found = python(project, tmp_path, code, "recipe=si", "guide.strategy=first_step")
    assert found == ["1", "2+3=5"]


def test_an_objective_is_known(project: Path, tmp_path: Path) -> None:
    code = (
        "from stages.objectives.objective_list import load_objective;"
        "print(load_objective('hinge').needs.table)"
    )
    found = python(project, tmp_path, code, "recipe=srf", "align.objective=hinge")
    assert found == ["pairs"]


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


def test_a_stage_and_its_table(project: Path, tmp_path: Path) -> None:
    """It runs on a run, SQL finds its rows, and `make contract` puts it into the loop."""
    plant(tmp_path, iterations=1)
    query = "select count(*) = (select count(*) from samples), min(n_lines) > 0 from lengths"
    code = f"""
import re
from schemas import views
from stages.measure import measure
from stages.contract.generated_files import generated_files
measure.run(1)
print(*views.connect().execute({query!r}).fetchone())
made = generated_files()
print(re.search("stages.measure", made["stages/dvc.yaml"])[0])
print("## lengths" in made["docs/tables.md"])
"""
    assert python(project, tmp_path, code) == ["True", "True", "stages.measure", "True"]
