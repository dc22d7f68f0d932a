"""Shared fixtures: an empty run folder, the toy's problems, and a tiny checkpoint."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from schemas.problems import Problems
from stages.feedback.step_judge import JudgeSettings
from stages.guidance.tail import GuideSettings
from stages.models.model_settings import ScratchSettings
from stages.prepare import separate_rejects
from stages.tasks.toy import TASK, ToySettings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["RATCHET_LEDGER"] = ""


def toy_settings(**changes: object) -> ToySettings:
    """A small toy."""
    values = {
        "name": "toy",
        "modulus": False,
        "levels": 5,
        "n_demonstrated": 6,
        "n_train": 8,
        "n_test": 4,
        "suites": {},
    }
    return ToySettings.model_validate(values | changes)


def toy_problems(seed: int = 0, **changes: object) -> pl.DataFrame:
    """The toy's problems as the table holds them."""
    rows, _ = separate_rejects(TASK.problems(toy_settings(**changes), seed), "toy")
    return pl.DataFrame(rows, schema=Problems.polars_schema())


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, with a ledger of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATCHET_LEDGER", str(tmp_path / "ledger"))
    return tmp_path


@pytest.fixture(scope="session")
def problems() -> pl.DataFrame:
    """70 training and 20 test problems of the toy."""
    return toy_problems()


def scratch(**changes: object) -> ScratchSettings:
    """A very small Llama, untrained."""
    values = {
        "kind": "scratch",
        "vocabulary": 400,
        "width": 32,
        "layers": 2,
        "heads": 2,
        "kv_heads": 1,
        "feed_forward": 48,
        "max_positions": 256,
        "init_std": 0.08,
        "simulator": "policy",
        "verifier": "policy",
        "adapter": None,
    }
    return ScratchSettings.model_validate(values | changes)


def guide_settings(**changes: object) -> GuideSettings:
    """Guidance of a small tail."""
    values = {
        "strategy": "none",
        "tail_below": 0.5,
        "max_attempts": 4,
        "restart": True,
        "aim": 0.5,
        "temperature": 0.7,
        "top_p": 1.0,
        "max_tokens": 24,
    }
    return GuideSettings.model_validate(values | changes)


def judge_settings(**changes: object) -> JudgeSettings:
    """A judge that is not there until a test names its url."""
    values = {
        "url": None,
        "model": "judge-1",
        "key_variable": "JUDGE_KEY",
        "concurrency": 4,
        "timeout_s": 10.0,
        "retries": 0,
        "shard_size": 8,
        "temperature": 0.5,
        "max_tokens": 100,
        "max_tries": 3,
    }
    return JudgeSettings.model_validate(values | changes)


@pytest.fixture(scope="session")
def checkpoint(problems: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A very small Llama with random weights and the toy's tokenizer."""
    from stages.base import seen_texts
    from stages.models.scratch import make_scratch

    out = tmp_path_factory.mktemp("checkpoint")
    make_scratch(scratch(), seen_texts(problems), 0, out)
    return out


@contextmanager
def full_disk(n_bytes: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: a stand-in for a full disk that needs no rights."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def datasets_folder() -> Path:
    """$RATCHET_DATASETS, or a skip that says so."""
    folder = os.environ.get("RATCHET_DATASETS")
    if not folder:
        pytest.skip("RATCHET_DATASETS names no folder of real datasets")
    return Path(folder)
