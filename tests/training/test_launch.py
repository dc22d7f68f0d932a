"""Training in several processes: what one process does, and nothing of them is left behind."""

import os
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from schemas import store
from schemas.errors import RatchetError
from schemas.examples import Examples
from schemas.losses import Losses
from stages.compute.compute_settings import ComputeSettings, LaunchSettings
from stages.contract.dvc_files import ROOT, parameter_values, params
from stages.models.folders import load_policy
from stages.objectives.objective_list import load_objective
from stages.objectives.reward_model import train_verifier
from stages.pipeline.digests import folder_digest
from stages.training.job import Job
from stages.training.launch import command, run_training
from stages.training.training_settings import OBJECTIVES
from tests.fakes.step_rows import step_rows
from tests.fakes.training_jobs import job
from tests.fakes.trajectories import rows_for

CONFIGS = sorted((ROOT / "conf/accelerate").glob("*.yaml"))
PROCESSORS = {  # stand in for GPUs
    "compute_environment": "LOCAL_MACHINE",
    "distributed_type": "MULTI_GPU",
    "use_cpu": True,
    "num_machines": 1,
    "mixed_precision": "no",
}


def launched(folder: Path, **changes: object) -> ComputeSettings:
    """Two processes without a GPU."""
    config = folder / "accelerate.yaml"
    config.write_text(yaml.safe_dump(PROCESSORS | changes))
    return ComputeSettings(threads=1, launch=LaunchSettings(config=str(config), processes=2))


def every_objective(given: Job, rows: Any) -> pl.DataFrame:
    """Trains one model after another; losses with the objective's name as a column."""
    found = []
    for name in (*sorted(OBJECTIVES), "verifier"):
        settings = given.settings.model_copy(
            update={"objective": "sft" if name == "verifier" else name}
        )
        each = replace(given, settings=settings, out=given.out / name)
        each.out.mkdir(exist_ok=True)
        losses = (
            train_verifier(each, step_rows())
            if name == "verifier"
            else load_objective(name).train(each, rows_for(name))
        )
        found.append(losses.with_columns(objective=pl.lit(name)))
    return pl.concat(found)


def crash(given: Job, rows: None) -> pl.DataFrame:
    print("out of memory, say")
    os._exit(7)


def wait_to_be_ended(given: Job, rows: None) -> pl.DataFrame:
    (given.out / os.environ["RANK"]).write_text(str(os.getpid()))
    with (given.out / "begun").open("w") as pipe:  # a named pipe: someone reads
        pipe.write("x")
    signal.pause()
    raise AssertionError


def short(checkpoint: Path, out: Path) -> Job:
    out.mkdir(exist_ok=True)
    return job("sft", checkpoint, out, max_steps=4, checkpoint_every=2, nll=0.2)


@pytest.mark.loop
def test_two_processes_do_what_one_does_and_do_it_again(checkpoint: Path, run_folder: Path) -> None:
    alone = short(checkpoint, run_folder / "alone")
    losses = run_training(every_objective, alone, None, ComputeSettings(threads=1))
    models = []
    for name in ("once", "again"):
        pair = short(checkpoint, run_folder / name)
        found = run_training(every_objective, pair, None, launched(run_folder))
        assert pair.stage_run.counts == alone.stage_run.counts
        for column in ("loss", "logprob_chosen", "logprob_rejected"):
            expected, values = (frame[column].fill_null(0).to_list() for frame in (losses, found))
            assert values == pytest.approx(expected, rel=1e-3, abs=1e-4), column
        models.append({folder.name: folder_digest(folder) for folder in pair.out.iterdir()})
    assert models[0] == models[1]
    assert not [*(run_folder / ".dvc/cache/checkpoints").glob("*/")]
    one, two = (load_policy(run_folder / name / "orpo") for name in ("alone", "once"))
    assert all(a.allclose(b, atol=1e-4) for a, b in zip(one.parameters(), two.parameters()))  # noqa: B905


def stage_run(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stages.sft"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | env,
        capture_output=True,
        text=True,
    )


@pytest.mark.loop
def test_a_stage_starts_its_processes_and_its_mistakes_are_its_own(
    checkpoint: Path, run_folder: Path
) -> None:
    (run_folder / "models").mkdir()
    (run_folder / "models/base").symlink_to(checkpoint)
    gold = {"iteration": 0, "made_in": 0, "problem_id": pl.col("example_id")}
    rows = rows_for("sft").examples.with_columns(**gold, origin=pl.lit("gold"))
    empty = {"path_id": pl.lit(None, pl.String), "reward": pl.lit(None, pl.Float64)}
    store.write(rows.with_columns(**empty), Examples, iteration=0)
    launched(run_folder)
    launch = ["+compute.launch.processes=2", "+compute.launch.config=accelerate.yaml"]
    said = ["sft.max_steps=10", *launch]
    (run_folder / "params.yaml").write_text(params(*said, "sft.batch_size=3"))
    done = stage_run(run_folder)
    message = "sft: a batch of 3 rows can't be split between 2 processes: set batch_size to a"
    assert (done.returncode, done.stderr[: len(message)]) == (1, message), done.stderr
    assert done.stderr.count("\n") == 1
    (run_folder / "params.yaml").write_text(params(*said, "sft.batch_size=4"))
    done = stage_run(run_folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert store.read(Losses, iteration=0, stage="sft").height == 1
    load_policy(run_folder / "models/iteration=0")


@pytest.mark.loop
def test_processes_that_die_are_one_line(
    checkpoint: Path, run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RatchetError, match="training in 2 processes ended with exit code 1: see"):
        run_training(crash, short(checkpoint, run_folder / "m"), None, launched(run_folder))
    assert "out of memory, say" in capsys.readouterr().err


KILLED = """
import sys
from pathlib import Path
from stages.training.launch import run_training
from tests.training.test_launch import launched, short, wait_to_be_ended
run_training(wait_to_be_ended, short(Path(sys.argv[1]), Path("m")), None, launched(Path.cwd()))
"""


@pytest.mark.loop
def test_processes_end_with_the_stage_that_is_killed(checkpoint: Path, run_folder: Path) -> None:
    (run_folder / "m").mkdir()
    os.mkfifo(run_folder / "m/begun")
    stage = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(checkpoint)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    pipe = os.open(run_folder / "m/begun", os.O_RDWR)  # opened so, it waits for no writer
    begun = 0
    while begun < 2:
        assert select.select([pipe], [], [], 120)[0], "the processes did not start"
        begun += len(os.read(pipe, 2))
    os.close(pipe)
    ranks = [os.pidfd_open(int((run_folder / "m" / name).read_text())) for name in ("0", "1")]
    stage.kill()
    stage.wait()
    for rank in ranks:
        assert select.select([rank], [], [], 60)[0], "still there"
        os.close(rank)


def test_a_configuration_that_is_not_there_is_one_line(checkpoint: Path, run_folder: Path) -> None:
    compute = ComputeSettings(threads=1, launch=LaunchSettings(config="x.yaml", processes=2))
    with pytest.raises(RatchetError, match=r"compute\.launch\.config=x\.yaml is not a file"):
        run_training(crash, short(checkpoint, run_folder / "m"), None, compute)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_accelerate_takes_each_configuration(
    config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from accelerate import FullyShardedDataParallelPlugin
    from accelerate.commands import launch
    from accelerate.utils.launch import prepare_multi_gpu_env

    named = f"compute={config.stem}"
    settings = LaunchSettings.model_validate(parameter_values(named)["compute"]["launch"])
    assert Path(settings.config) == config.relative_to(ROOT)
    words = command(settings.model_copy(update={"config": str(config)}), tmp_path)
    given = launch.launch_command_parser().parse_args(words[3:])
    taken, defaults, _ = launch._validate_launch_command(given)
    assert taken.num_processes == settings.processes == (1 if config.stem == "one_gpu" else 4)
    kinds = {"one_gpu": "NO", "fsdp": "FSDP", "deepspeed": "DEEPSPEED"}
    assert defaults.distributed_type == kinds[config.stem]
    if config.stem == "fsdp":
        for name, value in prepare_multi_gpu_env(taken).items():
            if name.startswith("FSDP"):
                monkeypatch.setenv(name, value)
        plugin = FullyShardedDataParallelPlugin()
        assert (plugin.fsdp_version, plugin.reshard_after_forward) == (2, True)
        assert plugin.auto_wrap_policy is not None and not plugin.cpu_ram_efficient_loading
    if config.stem == "deepspeed":
        assert taken.use_deepspeed
        assert taken.zero_stage == defaults.deepspeed_config["zero_stage"] == 2
