"""Composes conf/ as `dvc exp run` does, without what that refuses besides."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from stages.pipeline import loop


def compose_conf(conf: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """The values of params.yaml after these overrides. Raises what Hydra and OmegaConf raise."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    def make_loop(iteration: Any) -> Any:
        return OmegaConf.create(loop.unroll(iteration))

    OmegaConf.register_new_resolver(loop.SECTION, make_loop, replace=True)
    with initialize_config_dir(str(conf), version_base=None):
        composed = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
    return cast("dict[str, Any]", composed)
