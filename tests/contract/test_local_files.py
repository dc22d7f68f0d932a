"""What a run needs of this machine and of the hub: found, linked or named before it begins."""

import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

from schemas.errors import RatchetError
from stages.check import check, check_values
from stages.contract import dvc_files
from stages.contract.local_files import find_local_files
from stages.contract.stage_list import load_stages, sections
from stages.models.hub_revision import is_commit
from stages.pipeline.params import load

PLAIN = ["task=plain", "task.train.plain=train.jsonl", "task.test.plain=test.jsonl"]
PRETRAINED = ["model=pretrained", "model.source=my model"]


@pytest.fixture
def folder(run_folder: Path, checkpoint: Path) -> Path:
    """A project with files of its own."""
    for name in ("train.jsonl", "test.jsonl", "recorded.jsonl", "shown.jsonl", "judged.jsonl"):
        Path(name).write_text('{"question": "1 + 1?", "answer": "2"}\n')
    shutil.copytree(checkpoint, "my model")
    Path("my model/pytorch_model.bin").write_text("never loaded")
    shutil.copytree(dvc_files.ROOT / "conf/accelerate", "conf/accelerate")
    return run_folder


def links(*overrides: str) -> dict[str, set[str]]:
    """Stage → the links that `check` makes for it."""
    Path("params.yaml").write_text(dvc_files.params(*overrides))
    shutil.rmtree("inputs", ignore_errors=True)
    Path("inputs").mkdir()
    check(Path("inputs"))
    assert all(path.resolve().is_file() for path in Path("inputs").rglob("*") if path.is_symlink())
    return {
        stage.name: {str(path.relative_to(stage)) for path in stage.rglob("*") if path.is_symlink()}
        for stage in Path("inputs").iterdir()
    }


EVERY = {stage.name for stage in load_stages() if stage.name != "check"}
CASES: list[tuple[list[str], dict[str, set[str]]]] = [
    ([], {}),
    (["task=gsm8k", "model=gemma-2b"], {}),  # of the hub
    (PLAIN, {"prepare": {"task.train.plain", "task.test.plain"}}),
    (
        ["task=plain", "task.train.plain={source: train.jsonl}", "task.test.plain=http://a/b.json"],
        {"prepare": {"task.train.plain"}},
    ),
    (
        ["recipe=replay", "engine=replay", "model=none", "engine.file=recorded.jsonl"],
        {"sample": {"engine.file"}},
    ),
    (
        ["+score.annotated={one: judged.jsonl, two: test.jsonl}"],
        {"score": {"score.annotated.one", "score.annotated.two"}},
    ),
    (
        ["model.prompt=few_shot", "model.examples=shown.jsonl", "simulator.examples=none.jsonl"],
        {"base": {"model.examples"}},
    ),
    (["simulator.prompt=few_shot", "simulator.examples=shown.jsonl"],
     {"simulator": {"simulator.examples"}}),
    (
        ["compute=one_gpu"],
        {
            name: {"compute.launch.config"}
            for name in ("base", "sft", "align", "verifier", "simulator")
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "expected"), CASES, ids=[str(c[0]) for c in CASES])
def test_each_stage_has_links_to_what_it_opens(
    folder: Path, overrides: list[str], expected: dict[str, set[str]]
) -> None:
    assert links(*overrides) == {stage: set() for stage in EVERY} | expected
    for name in EVERY:
        listed = (folder / "inputs" / name / "settings.txt").exists()
        assert listed == (name in expected)


def test_a_model_folder_is_linked_file_by_file(folder: Path, checkpoint: Path) -> None:
    kept = {file.name for file in checkpoint.iterdir()}
    helpers = ["model.simulator=my model", f"model.verifier={folder / 'my model'}"]
    found = links(*PRETRAINED, *helpers)
    assert found["base"] == {
        f"{name}/{file}" for name in ("model.source", "model.verifier") for file in kept
    }
    assert found["simulator"] == {f"model.simulator/{file}" for file in kept}
    assert Path("inputs/base/model.source/config.json").readlink() == Path(
        "../../../my model/config.json"
    )
    assert Path("inputs/base/settings.txt").read_text() == (
        f"model.source: my model\nmodel.verifier: {folder}/my model\n"
    )


MISSING = [
    (["task=plain", "task.train.plain=a.jsonl"],
     "task.train.plain: there is no file a.jsonl: set a local file or dataset id"),
    (["task=plain", "task.train.plain=conf"], "task.train.plain: there is no file conf: set"),
    (["task=plain", "task.train.plain=/a.txt"], "task.train.plain: there is no file /a.txt: set"),
    (["task=plain", "task.train.plain=conf/accelerate/fsdp.yaml"],
     "task.train.plain: fsdp.yaml is not a .jsonl, .jsonl.gz, .json"),
    (["recipe=replay", "engine=replay", "model=none", "engine.file=a.jsonl"],
     "engine.file: there is no file a.jsonl: set"),
    (["+score.annotated.one=a.json"], "score.annotated.one: there is no file a.json: set"),
    (["model=pretrained", "model.source=./a"],
     "model.source: a is not a model folder (it has no config.json): set it to one, or to a model"),
    (["model=pretrained", 'model.source="~/a.gguf"'], "model.source: there is no file /"),
    (["model=pretrained", 'model.source="package:no-such-thing==1.0/a.gguf"'],
     "model.source: the package no-such-thing is not installed: run `pip install"),
    (["model=pretrained", "model.source=path/to/model"],
     "model.source: there is no folder path/to/model, and an id of the hub is owner/name: set it"),
    (["model=pretrained", "model.source=my modle"], "model.source: there is no folder my modle"),
    (["model.simulator=/a"], "model.simulator: /a is not a model folder"),
    (["model.verifier=./weightless"], "model.verifier: weightless has only .bin weights"),
    (["model.prompt=few_shot", "model.examples=a.jsonl"],
     "model.examples: there is no file a.jsonl: name one, or set it to train"),
    (["model=pretrained", 'model.source="models/iteration=0"'],
     "model.source: models/iteration=0 is made by the run itself: copy it to a place of its own"),
    (["model=pretrained", 'model.source="models/trained/iteration=1/step=5"'],
     "model.source: models/trained/iteration=1/step=5 is made by the run itself: copy it"),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "line"), MISSING, ids=[m[1][:60] for m in MISSING])
def test_what_is_not_there_is_one_line(folder: Path, overrides: list[str], line: str) -> None:
    for name in ("weightless", "models/iteration=0", "models/trained/iteration=1/step=5"):
        shutil.copytree("my model", name)
    Path("weightless/model.safetensors").unlink()
    values = check_values(dvc_files.parameter_values(*overrides), sections())
    with pytest.raises(RatchetError) as error:
        find_local_files([getattr(values, name) for name in sections()], load_stages())
    assert line in str(error.value) and "\n" not in str(error.value)


def test_a_file_that_cannot_be_read_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *_: str) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    values = check_values(dvc_files.parameter_values(*PLAIN), sections())
    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(
        RatchetError, match=r"^task\.train\.plain: train\.jsonl can't be read \(Perm"
    ):
        find_local_files([values.task], load_stages())


def test_every_setting_that_names_a_file_is_opened_by_a_stage(folder: Path) -> None:
    few_shot = ["model.prompt=few_shot", "model.examples=shown.jsonl", "model.simulator=my model"]
    few_shot += ["simulator.prompt=few_shot", "simulator.examples=shown.jsonl"]
    found = links(*PLAIN, *PRETRAINED, *few_shot, "+score.annotated.a=judged.jsonl",
                  "compute=fsdp", f"model.verifier={folder / 'my model'}")  # fmt: skip
    named = {link.partition("/")[0] for stage in found.values() for link in stage}
    values = check_values(load(), sections())
    files = find_local_files([getattr(values, name) for name in sections()], load_stages())
    assert named == {*files}


ASKED = [
    (["task=toy_code"], True),
    (["task=mbpp"], True),
    (["task=gsi_pot"], True),
    (["task=plain", "task.train.plain={source: train.jsonl, program: true}"], True),
    ([*PLAIN, "+task.test.two={source: test.jsonl, format: humaneval}"], True),
    (["task=toy_code", "grade.sandbox=none"], False),
    (["task=gsi_cot"], False),
    (PLAIN, False),
    ([], False),
]


@pytest.mark.parametrize(("overrides", "is_needed"), ASKED, ids=[str(case[0]) for case in ASKED])
def test_bubblewrap_is_missed_where_programs_are_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, overrides: list[str], is_needed: bool
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    needed = pytest.raises(RatchetError, match=r"^grade\.sandbox=bubblewrap needs bwrap, which is")
    with needed if is_needed else nullcontext():
        links(*overrides)


COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOOSE: list[tuple[list[str], list[str]]] = [
    ([], []),
    (PLAIN, []),
    (["task=gsm8k", "model=qwen2.5-0.5b"], []),
    (["task=gsm8k", "task.train.gsm8k=openai/gsm8k:main"], ["task.train.gsm8k=openai/gsm8k"]),
    (["task=gsm8k", f"task.train.gsm8k=openai/gsm8k:main@train@{COMMIT}"], []),
    (["model=pretrained", "model.source=some/model", "model.verifier=my model"],
     ["model.source=some/model"]),
    (["model=pretrained", "model.source=some/model", "model.revision=v1.0"],
     ["model.source=some/model"]),
    (["model=pretrained", "model.source=some/model", f"model.revision={COMMIT}"], []),
    (["model.simulator=a/b", "model.verifier=c/d", f"model.verifier_revision={COMMIT}"],
     ["model.simulator=a/b"]),
    (["model=smollm2", "model.source=my model"], []),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "loose"), LOOSE, ids=[str(case[0]) for case in LOOSE])
def test_what_no_commit_pins_is_said_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], overrides: list[str], loose: list[str]
) -> None:
    links(*overrides)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == bool(loose)
    assert all(f"something else: {', '.join(loose)}. `ratchet sql" in line for line in said)


@pytest.mark.parametrize(
    "path", [*(dvc_files.ROOT / "conf").glob("task/*.yaml")], ids=lambda p: p.stem
)
def test_tasks_of_conf_are_pinned(path: Path) -> None:
    task = check_values(dvc_files.parameter_values(f"task={path.stem}"), sections()).task
    loose = {name for name, (_, revision) in task.hub_ids().items() if not is_commit(revision)}
    assert loose <= {"task.test.amc23"}
