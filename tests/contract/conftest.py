"""What all contract tests do: they compose parameters from conf/, hundreds of times."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hydra._internal.config_repository import ConfigRepository


@pytest.fixture(scope="module", autouse=True)
def libyaml() -> Iterator[None]:
    """YAML's reader in C for Hydra, which would use the slow one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "SafeLoader", yaml.CSafeLoader)
        yield


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """Hydra reads each file of conf/, and each of its own, once. What it got it changes, so it
    gets a copy."""
    load_config = ConfigRepository.load_config
    read: dict[tuple[str, ...], Any] = {}

    def load_copy(self: ConfigRepository, config_path: str) -> Any:
        key = (config_path, *(source.path for source in self.sources))
        if key not in read:
            read[key] = load_config(self, config_path)
        return copy.deepcopy(read[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ConfigRepository, "load_config", load_copy)
        yield
