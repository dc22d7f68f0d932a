"""Draws completions through the ledger: only what was never drawn goes to the engine."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from schemas.table import RatchetError
from stages.compute import ComputeSettings, set_up
from stages.engines.auto import settled
from stages.engines.completions_engine import CompletionsEngine
from stages.engines.engine import (
    Completion,
    Engine,
    EngineSettings,
    OpenAISettings,
    Request,
    Sampling,
    TransformersSettings,
    UnfinishedError,
    VllmSettings,
)
from stages.engines.ledger import Ledger
from stages.engines.openai_engine import OpenAIEngine
from stages.engines.vllm_engine import VllmEngine, vllm_version
from stages.identity import digest, folder_digest, seed
from stages.models import need_model
from stages.progress import progress
from stages.server import ServerSettings, served
from stages.settings import Section
from stages.stage import Turn


class Drawer:
    """One model behind one engine and its ledger; the engine is opened at the first new draw.

    A model's folder can name a server in place of weights, and engine=openai puts one in the place
    of any other.
    """

    def __init__(
        self, model: Path, engine: EngineSettings, compute: ComputeSettings, turn: Turn
    ) -> None:
        remote = engine if isinstance(engine, OpenAISettings) else None
        self.compute, self.completions = compute, served(model) or remote
        if self.completions:
            address = self.completions.address()
            self._begin(self.completions, CompletionsEngine.version, digest(*address), turn)
        else:
            self.model, self.engine_settings = need_model(model), settled(engine)
            name = engine_version(self.engine_settings, model)
            self._begin(self.engine_settings, name, folder_digest(model), turn)

    def _begin(self, settings: Section, version: str, model_digest: str, turn: Turn) -> None:
        self.settings, self.version, self.turn = settings, version, turn
        self.model_digest = model_digest
        self.ledger = Ledger(f"{version}-{model_digest}")
        self._engine: Engine | None = None

    def requests(
        self, prompts: Sequence[str], draws: Sequence[int], sampling: Sampling
    ) -> list[Request]:
        """A request for each (prompt, draw index), seeded by the run, the prompt and the index."""
        return [
            Request(prompt, draw, seed(self.turn.seed, prompt, sampling, draw))
            for prompt, draw in zip(prompts, draws, strict=True)
        ]

    def draw(self, requests: Sequence[Request], sampling: Sampling, what: str) -> list[Completion]:
        """One completion per request, in order; each finished shard is kept at once.

        Shards are cut from the whole list of requests, found ones included, so that a resumed
        run decodes the same batches as an undisturbed one.
        """
        keys = [digest(r.prompt, r.seed, r.draw, sampling, size=16) for r in requests]
        known = self.ledger.find(keys)
        self.turn.count(draws_reused=sum(key in known for key in keys))
        size = getattr(self.settings, "shard_size", len(requests)) or 1
        with progress(what, len(requests)) as advance:
            for start in range(0, len(requests), size):
                part = range(start, min(start + size, len(requests)))
                missing = [i for i in part if keys[i] not in known]
                if missing:
                    asked = [requests[i] for i in missing]
                    known |= self._complete(asked, [keys[i] for i in missing], sampling)
                advance(len(part))
        return [known[key] for key in keys]

    def _complete(
        self, requests: list[Request], keys: list[str], sampling: Sampling
    ) -> dict[str, Completion]:
        """New completions by key, in the ledger already; so are those of an engine that fails."""
        if self._engine is None:
            self._engine = self._open()
        try:
            drawn = self._engine.complete(requests, sampling)
        except UnfinishedError as failure:
            if failure.done:
                self.ledger.add({keys[i]: c for i, c in failure.done.items()})
            raise
        self.turn.count(draws=len(drawn), tokens=sum(c.n_tokens for c in drawn))
        return self.ledger.add(dict(zip(keys, drawn, strict=True)))

    def _open(self) -> Engine:
        if self.completions:
            return CompletionsEngine(self.completions)
        device = set_up(self.compute, self.turn.seed)
        return open_engine(self.engine_settings, self.model, device)


class RemoteDrawer(Drawer):
    """A chat model of which only the address is known: that stands for its digest."""

    def __init__(self, server: ServerSettings, turn: Turn) -> None:
        self.server = server
        self._begin(server, OpenAIEngine.version, digest(*server.address()), turn)

    def _open(self) -> Engine:
        return OpenAIEngine(self.server)


def engine_version(settings: EngineSettings, model: Path) -> str:
    """Name and version, known without loading the model."""
    if isinstance(settings, TransformersSettings):
        from stages.engines.transformers_engine import decoder_version

        return decoder_version(model, settings.precision)
    if isinstance(settings, VllmSettings):
        return vllm_version(settings)
    return f"{settings.name}-{version(settings.name)}"


def open_engine(settings: EngineSettings, model: Path, device: Any) -> Engine:
    """The engine, its model loaded. Raises RatchetError if the engine draws nothing."""
    if isinstance(settings, TransformersSettings):
        from stages.engines.transformers_engine import TransformersEngine

        return TransformersEngine(model, settings.batch_size, device, settings.precision)
    if isinstance(settings, VllmSettings):
        return VllmEngine(model, settings)
    raise RatchetError(f"engine.name={settings.name} draws nothing: choose -S engine=auto")
