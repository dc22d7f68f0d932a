"""Shared fixtures: a run's folder, empty or planted, the toy's problems, and a tiny checkpoint."""

import gc
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas import views
from tests.fakes.fake_run import plant
from tests.fakes.judged_paths import KEY
from tests.fakes.small_settings import scratch_settings
from tests.fakes.toy_problems import toy_problems

LOADED = [0]  # modules, whenever many have been loaded


def pytest_collection_finish() -> None:
    """What was collected stays, so that no search for garbage looks at it: trainers start many."""
    gc.freeze()


def pytest_runtest_teardown() -> None:
    """As little does it look at the libraries that a test has loaded."""
    if len(sys.modules) > LOADED[-1] + 100:
        LOADED.append(len(sys.modules))
        gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, with a ledger of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATCHET_LEDGER", str(tmp_path / "ledger"))
    return tmp_path


@pytest.fixture
def judge_key(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in the variable that `judge_settings` names, in an empty run folder."""
    monkeypatch.setenv("JUDGE_KEY", KEY)


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a planted run of two iterations. Copy it before you change it."""
    root = tmp_path_factory.mktemp("planted")
    plant(root)
    return root


@pytest.fixture(scope="module")
def run(planted: Path) -> Iterator[Path]:
    """The planted run, as the current folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(planted)
        yield planted


@pytest.fixture(scope="module")
def connected(run: Path) -> Any:
    """A connection with the planted run's views."""
    return views.connect()


@pytest.fixture(scope="session")
def problems() -> pl.DataFrame:
    """70 training and 20 test problems of the toy."""
    return toy_problems()


@pytest.fixture(scope="session")
def checkpoint(problems: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A very small Llama with random weights and the toy's tokenizer."""
    from accelerate.utils import imports

    from stages.base import seen_texts
    from stages.models.scratch import make_scratch

    out = tmp_path_factory.mktemp("checkpoint")
    make_scratch(scratch_settings(), seen_texts(problems), 0, out)
    with pytest.MonkeyPatch.context() as patch:
        # trainers ask which packages there are at each step, and that reads files
        patch.setattr(imports, "_is_package_available", cache(imports._is_package_available))
        yield out
