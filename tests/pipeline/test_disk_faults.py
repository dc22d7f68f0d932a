"""Full disks and damaged models: one line each, and nothing half written under its name."""

import errno
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from schemas import store
from schemas.errors import RatchetError
from schemas.verdicts import Verdicts
from stages.contract.dvc_files import ROOT, params
from stages.engines.engine import Completion
from stages.engines.ledger import Ledger
from stages.models.folders import load_tokenizer, require_model
from stages.models.model_source import fetch
from stages.pipeline.disk_faults import explain_disk_error
from tests.fakes.full_disk import full_disk
from tests.fakes.verdict_rows import PLACE, ROWS


def cut(name: str, length: int):  # type: ignore[no-untyped-def]
    """Damage: the file ends early."""

    def damage(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:length])

    return damage


def longer(folder: Path) -> None:
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"\0")


def part_of_two(folder: Path) -> None:
    names = {"a": "model.safetensors", "b": "model-2.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))


DAMAGE = [
    (cut("model.safetensors", -1), "model.safetensors is damaged"),
    (cut("model.safetensors", 3000), "model.safetensors is damaged"),
    (cut("model.safetensors", 5), "model.safetensors is damaged"),
    (cut("model.safetensors", 0), "model.safetensors is damaged"),
    (longer, "model.safetensors is damaged"),
    (lambda folder: (folder / "model.safetensors").unlink(), "has no weights"),
    (part_of_two, "model-2.safetensors is missing"),
    (cut("config.json", 40), "config.json is damaged (not valid JSON)"),
    (cut("config.json", 0), "config.json is damaged (not valid JSON)"),
    (lambda folder: (folder / "config.json").unlink(), "holds no model (no config.json)"),
    (cut("tokenizer.json", 400), "tokenizer.json is damaged (not valid JSON)"),
    (lambda folder: (folder / "tokenizer.json").unlink(), "holds no tokenizer that can be loaded"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGE)
def test_a_damaged_model_is_named(checkpoint: Path, tmp_path: Path, damage, message: str) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "model"
    shutil.copytree(checkpoint, folder)
    assert require_model(folder) == folder
    damage(folder)
    with pytest.raises(RatchetError) as error:
        load_tokenizer(require_model(folder))
    assert message in str(error.value) and "`dvc repro`" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_damaged_source_is_not_taken(checkpoint: Path, tmp_path: Path) -> None:
    shutil.copytree(checkpoint, tmp_path / "given")
    cut("model.safetensors", -7)(tmp_path / "given")
    with pytest.raises(RatchetError, match=r"given/model\.safetensors is damaged.*model\.source"):
        fetch(str(tmp_path / "given"), "model.source", tmp_path / "out")
    assert not (tmp_path / "out").exists()


MANY_ROWS = pl.DataFrame({"number": range(9000)}).select(
    sample_id=pl.col("number").hash().cast(pl.String),
    problem_id=pl.lit("p"),
    outcome=pl.lit("wrong"),
    extracted=pl.col("number").cast(pl.String),
    detail=pl.lit(None, pl.String),
    grader=pl.lit("g"),
    outcome_stated=pl.lit("wrong"),
    outcome_flexible=pl.lit("wrong"),
    extracted_flexible=pl.lit(None, pl.String),
)


def test_a_table_that_does_not_fit_leaves_the_old_one(run_folder: Path) -> None:
    store.write(ROWS, Verdicts, **PLACE)
    with pytest.raises(RatchetError) as error, full_disk(2000):
        store.write(MANY_ROWS, Verdicts, **PLACE)
    assert "cannot write data/verdicts" in str(error.value) and "free disk" in str(error.value)
    assert store.read(Verdicts, iteration=1).height == ROWS.height
    assert [path.name for path in run_folder.rglob("*") if path.is_file()] == [store.FILE]
    store.write(MANY_ROWS, Verdicts, **PLACE)
    assert store.read(Verdicts, iteration=1).height == MANY_ROWS.height


def test_a_shard_that_does_not_fit_loses_no_other(run_folder: Path) -> None:
    first, second = (
        {f"{i:032x}": Completion(f"{i * i}", i, -0.5, "stop") for i in numbers}
        for numbers in (range(9), range(9, 4000))
    )
    ledger = Ledger("me")
    ledger.add(first)
    with pytest.raises(RatchetError, match=r"cannot write .*free disk space"), full_disk(2000):
        ledger.add(second)
    assert not [*ledger.folder.glob("*.partial")] and len(ledger.shards()) == 1
    assert ledger.find([*first, *second]) == first
    assert ledger.add(second) == second == ledger.find([*second])


def test_other_libraries_refused_by_the_disk_are_one_line(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    weights = {"a": torch.zeros(9000)}
    for save in (torch.save, save_file, lambda _, path: path.write_bytes(bytes(9000))):
        with pytest.raises(Exception) as error, full_disk(2000):
            save(weights, tmp_path / "weights")
        assert "free disk space" in (explain_disk_error(error.value) or "")


def test_where_it_was_refused_is_said_and_other_faults_are_not_hidden() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "models/x")
    try:
        raise RuntimeError("saving failed") from full
    except RuntimeError as error:
        assert (explain_disk_error(error) or "").startswith(
            "models/x: No space left on device: free disk space"
        )
    assert explain_disk_error(ValueError("a fault of ours")) is None
    assert explain_disk_error(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None


def test_a_stopped_stage_says_so(tmp_path: Path) -> None:
    """SIGTERM is what a cluster sends before it takes the machine away."""
    (tmp_path / "params.yaml").write_text(params())
    lines = ["import os, signal, stages.check as c", "from dataclasses import replace"]
    lines += [f"stop = lambda inputs: os.kill(os.getpid(), {int(signal.SIGTERM)})"]
    lines += ["stop.__name__ = 'check'", "replace(c.check, function=stop).main()"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (
        1,
        "check: interrupted; `dvc repro` resumes from here\n",
    )
