"""What all contract tests do: they compose parameters from conf/, hundreds of times."""

from collections.abc import Iterator

import pytest
import yaml


@pytest.fixture(scope="module", autouse=True)
def libyaml() -> Iterator[None]:
    """YAML's reader in C for Hydra, which would use the slow one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "SafeLoader", yaml.CSafeLoader)
        yield
