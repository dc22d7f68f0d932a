"""The folder of public data sets, and settings of sets in it."""

import os
from pathlib import Path

import pytest

from stages.tasks.datasets import DatasetsSettings, Source


def datasets_folder() -> Path:
    """$RATCHET_DATASETS, or a skip that says so."""
    folder = os.environ.get("RATCHET_DATASETS")
    if not folder:
        pytest.skip("RATCHET_DATASETS names no folder of real datasets")
    return Path(folder)


GSI = "gsi_mathinstruct"
COT, POT = "mathinstruct_cot", "mathinstruct_pot"

Sets = dict[str, tuple[str, str]]  # name → format and file


def dataset_settings(train: Sets, test: Sets) -> DatasetsSettings:
    """These sets of the folder."""
    folder = datasets_folder()

    def sources(sets: Sets) -> dict[str, Source]:
        return {n: Source(source=str(folder / file), format=f) for n, (f, file) in sets.items()}

    return DatasetsSettings(
        name="datasets", train=sources(train), test=sources(test), n_train=None, n_test=None
    )
