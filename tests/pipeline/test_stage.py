"""The stages as commands: quick to start, one line for a mistake."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from schemas import store
from schemas.errors import RatchetError
from schemas.problems import Problems
from schemas.settings import Settings
from stages.align import align
from stages.check import check
from stages.contract.dvc_files import ROOT, parameter_values, params
from stages.contract.stage_list import STAGES, load_stages
from stages.models.folders import require_model
from stages.pipeline.inputs import Once
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.prepare import prepare
from tests.fakes.fake_run import plant


def python(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True
    )


TRAINS = {"torch", "transformers", "trl", "datasets", "sympy", "openai"}
SHOWS = {"duckdb", "jinja2", "rich"}
SELDOM = {"asyncio", "dvc", "hydra", "json_repair", "multiprocessing", "omegaconf"}


@pytest.mark.parametrize(
    ("stages", "late"),
    [(STAGES, TRAINS | SELDOM), (set(STAGES) - {"stats", "report"}, TRAINS | SELDOM | SHOWS)],
    ids=["all", "without SQL"],
)
def test_no_stage_imports_what_it_may_not_need(
    tmp_path: Path, stages: list[str], late: set[str]
) -> None:
    modules = ", ".join(f"stages.{name}" for name in stages)
    done = python(
        "-c", f"import sys, {modules}; print(sorted({late} & {{*sys.modules}}))", cwd=tmp_path
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_a_stage_with_nothing_to_do_imports_no_more(tmp_path: Path) -> None:
    plant(tmp_path)  # of its own, as the stage writes
    (tmp_path / "params.yaml").write_text(params("recipe=sft"))
    late = TRAINS | SHOWS | SELDOM
    code = f"import sys, stages.pair; stages.pair.pair.run(1); print({late} & {{*sys.modules}})"
    done = python("-c", code, cwd=tmp_path)
    assert done.stdout.strip() == "set()", done.stderr


def test_every_stage_has_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["stage", "--help"])
    for each in load_stages():
        with pytest.raises(SystemExit) as done:
            each.main()
        printed = capsys.readouterr().out
        assert done.value.code == 0
        assert f"stages.{each.name}" in printed and "--iteration" in printed
        assert (each.function.__doc__ or "").split(".")[0].split("\n")[0][:30] in printed


def test_help_says_what_a_stage_reads_loads_writes_makes_and_takes() -> None:
    made = {one.name: one.declaration().splitlines() for one in load_stages()}
    assert made["prepare"][0] == "waits for   rejects"
    assert made["dedup"] == [
        "reads       problems, samples, verdicts, paths of K-1",
        "writes      paths",
        "parameters  task: name, …",
        "            dedup: keep, cumulative, similarity",
        "            seed",
    ]
    assert "makes       models/base, models/verifier/start" in made["base"]
    assert "reads       problems, samples, verdicts, reveals of K-1" in made["guide"]
    assert "loads       models/iteration=K-1, models/simulator" in made["sample"]
    assert made["sample"][-1].strip() == "seed"


def test_a_parameter_that_says_nothing_is_refused() -> None:
    def strange(problems: Once[Problems], policy: Path) -> None:
        """No type says which folder."""

    with pytest.raises(TypeError, match="stage strange: policy is not an input"):
        stage()(strange)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("grade", "grade: data/problems is missing: run `dvc repro` to make it"),
        ("sample", "sample: models/iteration=0 is missing: run `dvc repro` to make it"),
        ("align", "align: models/base is missing: run `dvc repro` to make it"),
    ],
)
def test_a_stage_without_its_input_says_what_is_missing(
    tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "params.yaml").write_text(params())
    done = python("-m", f"stages.{name}", "--iteration", "1", cwd=tmp_path)
    assert (done.returncode, done.stderr.strip()) == (1, message)


def test_a_stage_without_parameters_says_so(tmp_path: Path) -> None:
    done = python("-m", "stages.check", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("check: params.yaml is missing")


def test_a_folder_without_a_model_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match="holds no model"):
        require_model(tmp_path)


def test_what_is_set_aside_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [*({"question": f"{n} + 1?", "answer": n + 1} for n in range(3)), {"question": "why?"}]
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "test.jsonl").write_text(json.dumps({"question": "9 + 1?", "answer": 10}))
    sets = [f"task.{split}.plain={split}.jsonl" for split in ("train", "test")]
    (tmp_path / "params.yaml").write_text(params("task=plain", *sets))
    monkeypatch.chdir(tmp_path)
    check.run(0)
    prepare.run(0)
    said = "prepare: 1 set aside, with reasons: `ratchet sql 'from rejects'`\n"
    assert capsys.readouterr().err == said
    settings = {*store.read(Settings)["section"]}
    assert settings == {*parameter_values()} - {"loop"}  # which follows from another


@pytest.mark.parametrize(
    ("objective", "message"),
    [("orpo", "needs pairs"), ("sft", "needs rows to imitate")],
)
def test_nothing_to_train_on_is_one_line(checkpoint: Path, objective: str, message: str) -> None:

    from schemas.examples import Examples
    from schemas.pairs import Pairs
    from stages.compute.compute_settings import ComputeSettings
    from stages.training.training_settings import AlignSettings, TrainerSettings
    from tests.fakes.small_settings import SELECT_LAST, scratch_settings

    values = parameter_values()
    with pytest.raises(RatchetError, match=message):
        align(
            pairs=Pairs.create_empty(),
            examples=Examples.create_empty(),
            base=checkpoint,
            first=checkpoint,
            previous=checkpoint,
            align=AlignSettings.model_validate(values["align"] | {"objective": objective}),
            model=scratch_settings(),
            trainer=TrainerSettings.model_validate(values["trainer"]),
            compute=ComputeSettings(threads=1),
            select=SELECT_LAST,
            stage_run=StageRun(1, 0),
            out=checkpoint,
        )
