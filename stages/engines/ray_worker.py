"""The engine on a node of a Ray cluster."""

from __future__ import annotations

import platform
from pathlib import Path

from schemas.errors import RatchetError
from stages.compute.compute_settings import ComputeSettings, set_up
from stages.compute.ray_cluster import require_same_model
from stages.engines.engine import (
    Completion,
    EngineSettings,
    Request,
    engine_version,
    open_engine,
)
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling


class RayWorker:
    """An engine on a node of a cluster, which completes one shard after another.

    Raises RatchetError if the node's engine or model differs from the one that the ledger names.
    """

    def __init__(
        self,
        engine: EngineSettings,
        version: str,
        model: Path,
        model_digest: str,
        form: PromptForm,
        compute: ComputeSettings,
        seed: int,
        sampling: Sampling,
    ) -> None:
        require_same_model(model, model_digest)
        if (found := engine_version(engine, model)) != version:
            raise RatchetError(
                f"Ray node {platform.node()} has {found}, and this run {version}: "
                "install requirements.lock there"
            )
        self.sampling = sampling
        self.engine = open_engine(engine, model, set_up(compute, seed), form)

    def __call__(self, requests: list[Request]) -> list[Completion]:
        return self.engine.complete(requests, self.sampling)
