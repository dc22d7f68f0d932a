"""docs/extend.md: its blocks, put into a copy of the project, make what they say they make."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract import ROOT
from tests.pages import files
from tests.planted import plant
from tests.training import job, rows_of

BLOCKS = files("docs/extend.md")


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
    for folder in ("tests", "docs"):
        (root / folder).mkdir()
    for name in ("__init__", "contract", "defaults", "reference"):
        shutil.copy(ROOT / f"tests/{name}.py", root / "tests")
    for name, language, text in BLOCKS:
        path = root / name
        assert path.exists() == (language == "diff"), name
        path.write_text(apply(path.read_text(), text) if language == "diff" else text)
    return root


def python(project: Path, cwd: Path, *arguments: str) -> str:
    env = {"PYTHONPATH": str(project), "PATH": "/usr/bin:/bin", "RATCHET_LEDGER": ""}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def checked(project: Path, cwd: Path, *overrides: str) -> dict[str, Any]:
    """Parameters composed in the copy, looked at by its own `check`, and left in params.yaml."""
    code = "import sys; from tests.contract import params; print(params(*sys.argv[1:]))"
    (cwd / "params.yaml").write_text(python(project, cwd, "-c", code, *overrides))
    python(project, cwd, "-m", "stages.check")
    code = "import json; from stages.settings import load; print(json.dumps(load()))"
    return json.loads(python(project, cwd, "-c", code))


def test_a_recipe(project: Path, tmp_path: Path) -> None:
    values = checked(project, tmp_path, "recipe=rft_one")
    assert values["run"]["recipe"] == "rft_one"
    assert (values["pair"]["per_problem"], values["align"]["objective"]) == (1, "sft")


def test_a_task(project: Path, tmp_path: Path) -> None:
    """All its problems are usable, and its gold rationales are right answers."""
    checked(project, tmp_path, "task=clock")
    python(project, tmp_path, "-m", "stages.prepare")
    code = """
import polars as pl
from schemas import store
from schemas.problems import Problems
from schemas.rejects import Rejects
from stages.grading.frame import GradeSettings, grade_frame
problems = store.read(Problems)
texts = problems.with_columns(text=pl.col("rationale").list.join(""))
settings = GradeSettings(workers=1, timeout_s=5.0, memory_mb=512, sandbox="none")
right = (grade_frame(texts, settings)["correct"]).sum()
print(problems["split"].value_counts(sort=True)["count"].to_list(), right, store.read(Rejects).height)
"""
    assert python(project, tmp_path, "-c", code).split("\n")[0] == "[400, 100] 500 0"


def test_an_engine(project: Path, tmp_path: Path) -> None:
    """Through the ledger's door: version, then draws that follow their seeds."""
    checked(project, tmp_path, "task=clock", "engine=guess")
    code = """
from pathlib import Path
from stages.engines.draw import engine_version, open_engine
from stages.engines.engine import EngineSettings, Request, Sampling
from stages.settings import load, parse
settings = parse(EngineSettings, load())
engine = open_engine(settings, Path("none"), None)
drawn = engine.complete([Request("?", 0, n) for n in (1, 2, 1)], Sampling(1.0, 1.0, 8))
print(engine_version(settings, Path("none")), len(drawn), drawn[0] == drawn[2] != drawn[1])
"""
    assert python(project, tmp_path, "-c", code).split() == ["guess-1", "3", "True"]


def test_an_objective_is_known(project: Path, tmp_path: Path) -> None:
    checked(project, tmp_path, "recipe=srf", "align.objective=hinge")
    code = "from stages.objectives.catalog import OBJECTIVES; print(OBJECTIVES['hinge'].needs)"
    assert python(project, tmp_path, "-c", code) == "pairs\n"


def test_an_objective_trains(project: Path, tmp_path: Path, checkpoint: Path) -> None:
    """The first loss is the equation's: one, less beta times how much the chosen is likelier."""
    path = project / "stages/objectives/hinge.py"
    spec = importlib.util.spec_from_file_location("hinge", path)
    assert spec and spec.loader
    hinge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hinge)
    losses = hinge.train_hinge(job("simpo", checkpoint, tmp_path), rows_of("simpo"))
    assert losses["loss"][0] > 0
    assert (tmp_path / "model.safetensors").exists()


def test_a_stage_and_its_table(project: Path, tmp_path: Path) -> None:
    """`make contract` puts it into the loop; it runs on a run; SQL finds its rows."""
    python(project, project, "-m", "tests.contract")
    assert "python -m stages.measure" in (project / "stages/dvc.yaml").read_text()
    assert "## lengths" in (project / "docs/tables.md").read_text()
    plant(tmp_path, iterations=1)
    python(project, tmp_path, "-m", "stages.measure", "--iteration", "1")
    query = "select count(*) = (select count(*) from samples), min(n_lines) > 0 from lengths"
    code = f"from stages.explore import views; print(views.connect().execute({query!r}).fetchall())"
    assert python(project, tmp_path, "-c", code) == "[(True, True)]\n"
