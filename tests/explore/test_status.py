"""`ratchet status`: what is done, what runs, what is left, and how long it will take."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages.contract.dvc_files import documents
from stages.contract.stage_list import DVC_LOCKS, SCALARS
from stages.pipeline import running_stage
from stages.pipeline.loop import unroll
from stages.pipeline.params import fill_in, value_at
from stages.pipeline.progress_bar import progress_bar
from tests.fakes.command_line import ratchet
from tests.fakes.fake_run import plant

PARAMS: dict[str, Any] = {
    "iteration": 2,
    "seed": 0,
    "max_length": 64,
    "run": {"recipe": "sipf", "task": "toy", "model": "tiny"},
    "align": {"beta": 0.1},
    "select": {"folder": "models", "turns": {}},
    "loop": unroll(2),
}


def locked(entry: dict[str, Any], key: int) -> dict[str, Any]:
    """A stage of dvc.yaml as its lock file would have it after a run of PARAMS."""
    text = json.dumps(entry).replace("${item.prev}", str(key - 1))
    for item in ("${key}", "${item}"):
        text = text.replace(item, str(key))
    filled = json.loads(fill_in(text, PARAMS))
    named = [name for name in filled.get("params", []) if isinstance(name, str)]
    known = {name: PARAMS[name] for name in named if name in PARAMS or name in SCALARS}
    paths = [out if isinstance(out, str) else next(iter(out)) for out in filled["outs"]]
    return {
        "deps": [{"path": path, "md5": "as made"} for path in filled["deps"]],
        "params": {"params.yaml": known},
        "outs": [{"path": path, "md5": "as made"} for path in paths],
    }


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of two iterations of which everything is made, as the current folder."""
    plant(tmp_path)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    for name, document in documents().items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(document))
        entries = {}
        for stage, entry in document["stages"].items():
            if "foreach" not in entry:
                entries[stage] = locked(entry, 0)
                continue
            turns = map(int, value_at(entry["foreach"][2:-1], PARAMS))
            entries |= {f"{stage}@{k}": locked(entry["do"], k) for k in turns}
        file.with_suffix(".lock").write_text(yaml.safe_dump({"stages": entries}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def status() -> dict[str, Any]:
    shown = ratchet("status", "--json")
    assert shown.exit_code == 0, shown.output
    read: dict[str, Any] = json.loads(shown.stdout)
    return read


def names_left() -> list[str]:
    return [stage["stage"] for stage in status()["left"]]


def change(file: Path, **values: Any) -> None:
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | values))


def test_a_run_that_is_done(whole: Path) -> None:
    assert names_left() == []
    assert len(status()["done"]) == 36
    assert "running  nothing: it is done\n" in ratchet("status").stdout


def test_another_parameter_leaves_its_stages_and_what_reads_them(whole: Path) -> None:
    change(whole / "params.yaml", align={"beta": 0.2})
    left = names_left()
    assert left[0] == "align@1"
    assert {"evaluate@1", "sample@2", "align@2", "evaluate@2", "report"} <= {*left}
    assert not {"sft", "evaluate", "sample@1", "pair@1"} & {*left}


def test_one_more_iteration(whole: Path) -> None:
    change(whole / "params.yaml", iteration=3, loop=unroll(3))
    left = names_left()
    assert left[0] == "sample@3" and left[-1] == "report"
    assert all(name.endswith("@3") for name in left[:-1])


def test_another_output_leaves_what_read_the_old_one(whole: Path) -> None:
    file = whole / "data/dvc.lock"
    lock = yaml.safe_load(file.read_text())
    for out in lock["stages"]["pair@2"]["outs"]:
        out["md5"] = "another"
    file.write_text(yaml.safe_dump(lock))
    assert names_left()[0] == "align@2"


def test_a_run_that_has_not_begun(whole: Path) -> None:
    for lock in DVC_LOCKS:
        (whole / lock).unlink()
    assert status()["done"] == []
    assert names_left()[0] == "check"


def test_what_runs_says_how_far_it_is(whole: Path) -> None:
    change(whole / "params.yaml", align={"beta": 0.2})
    with running_stage.running_stage("align", 1):
        running_stage.tell_progress("train", 30, 120, loss=1.25)
        running_stage._state["started"] = time.time() - 60
        running_stage._write()
        read, shown = status(), ratchet("status").stdout
    assert read["running"]["stage"] == "align" and read["running"]["done"] == 30
    assert read["running"]["left_s"] == pytest.approx(180, rel=0.1)
    assert "align@1: train 30 of 120, loss 1.25, for 1 min, about 3 min more" in shown
    assert "align@1" not in names_left()[1:]
    assert status()["running"] is None


def test_times_are_those_of_the_nearest_iteration(whole: Path) -> None:
    change(whole / "params.yaml", iteration=3, loop=unroll(3))
    expected = {stage["stage"]: stage["expected_s"] for stage in status()["left"]}
    assert expected["align@3"] == 32.0  # as align took in iteration 2
    assert expected["label@3"] is None
    assert "without" in ratchet("status").stdout


def test_a_progress_bar_tells_without_a_terminal(whole: Path) -> None:
    with running_stage.running_stage("grade", 1), progress_bar("grade", 5) as advance:
        advance(5)
        state = running_stage.read_running()
    assert state is not None
    assert (state["stage"], state["what"], state["done"], state["total"]) == (
        "grade",
        "grade",
        5,
        5,
    )


@pytest.mark.parametrize("text", ["", "{", '{"pid": "x"}', '{"pid": 4194304}', "[]"])
def test_a_stage_that_died_or_wrote_half_is_none(whole: Path, text: str) -> None:
    running_stage.FILE.write_text(text)
    assert running_stage.read_running() is None


def test_a_folder_without_dvc_is_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with running_stage.running_stage("grade", 1):
        running_stage.tell_progress("grade", 1, 2)
    assert not list(tmp_path.iterdir())


def test_without_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = ratchet("status")
    assert shown.exit_code == 1
    assert "params.yaml is missing" in shown.stderr
