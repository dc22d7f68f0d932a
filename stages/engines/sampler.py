"""Draws completions through the ledger: the engine draws only what the ledger lacks."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from schemas.errors import RatchetError
from stages.compute.compute_settings import ComputeSettings, RaySettings, set_up
from stages.compute.ray_cluster import map_on_cluster
from stages.engines.auto import resolve_auto
from stages.engines.claims import Claims
from stages.engines.completions import CompletionsEngine, OpenAISettings
from stages.engines.engine import (
    FULL,
    Completion,
    Engine,
    EngineSettings,
    LocalSettings,
    Request,
    UnfinishedError,
    engine_version,
    open_engine,
)
from stages.engines.ledger import Ledger
from stages.engines.ray_worker import RayWorker
from stages.engines.server_reply import is_sound
from stages.models.completion_server import ChatSettings, read_server
from stages.models.folders import require_model
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling
from stages.pipeline.digests import digest, folder_digest, seed
from stages.pipeline.notes import print_note
from stages.pipeline.params import Section
from stages.pipeline.progress_bar import progress_bar
from stages.pipeline.stage_run import StageRun
from stages.solutions.steps import prompt_prefix

MAX_CLAIMS = 4096  # at once: 0.1 s of locks; 100,000 would take two minutes


class Sampler:
    """One model behind one engine and its ledger; the engine is opened at the first new draw.

    A model's folder can name a server instead of holding weights; engine=openai uses a server in
    place of any other model. `role`: whose requests these are, if they are no problems.
    """

    cluster: RaySettings | None = None  # its nodes' engines draw; None: an engine in this process
    weights: tuple[Path, str] | None = None  # the model's folder and digest; None: a server has it

    def __init__(
        self,
        model: Path,
        engine: EngineSettings,
        compute: ComputeSettings,
        stage_run: StageRun,
        role: ChatSettings | None = None,
    ) -> None:
        remote = engine if isinstance(engine, OpenAISettings) else None
        own = PromptForm.read(model)
        self.form = own.for_role(role.system, role.stop) if role else own
        self.compute, self.completion_settings = compute, read_server(model) or remote
        self.cluster = None if self.completion_settings else compute.ray
        if self.completion_settings:
            named = self.completion_settings.identity()
            named = named if self.form == PromptForm() else (*named, self.form)
            version = CompletionsEngine.version
            self._begin(self.completion_settings, version, digest(*named), stage_run)
        else:
            self.model, self.engine_settings = require_model(model), resolve_auto(engine)
            if role:
                self.engine_settings = _with_room(self.engine_settings, role.max_tokens)
            name = engine_version(self.engine_settings, model)
            self.weights_digest = model_digest = folder_digest(model)
            self.weights = (model, model_digest)
            if self.form != own:  # the folder's own form is part of its digest
                model_digest = digest(model_digest, self.form, size=16)
            self._begin(self.engine_settings, name, model_digest, stage_run)

    def _begin(
        self, settings: Section, version: str, model_digest: str, stage_run: StageRun
    ) -> None:
        self.settings, self.version, self.stage_run = settings, version, stage_run
        self.model_digest = model_digest
        self.ledger = Ledger(f"{version}-{model_digest}")
        self.claims = Claims(self.ledger.folder)
        self._engine: Engine | None = None

    def requests(
        self,
        prompts: Sequence[str],
        draws: Sequence[int],
        sampling: Sampling,
        starts: Sequence[str] | None = None,
    ) -> list[Request]:
        """A request for each (prompt, draw index), seeded by the run, the prompt and the index.

        starts: the beginnings of the answers, which the model continues without their last blanks:
        a blank belongs to the next word's token.
        """
        begun = [prompt_prefix(s) for s in starts] if starts is not None else [""] * len(prompts)
        return [
            Request(prompt, draw, seed(self.stage_run.seed, prompt + start, sampling, draw), start)
            for prompt, draw, start in zip(prompts, draws, begun, strict=True)
        ]

    def sample(
        self, requests: Sequence[Request], sampling: Sampling, what: str
    ) -> list[Completion]:
        """One completion per request, in order; each finished shard is stored at once.

        Shards are cut from the whole list of requests, including those that the ledger has, so that
        a resumed run decodes the same batches as an uninterrupted one. Runs that need the same
        shards at the same time share the work.
        """
        # in a chat, text of the user and of the assistant differ; elsewhere all text is one
        separator = "\x1e" if self.form.kind == "chat" else ""
        keys = [
            digest(f"{r.prompt}{separator}{r.start}", r.seed, r.draw, sampling, size=16)
            for r in requests
        ]
        if self.weights:
            self.ledger.record_origin(*self.weights)
        known = self.ledger.find(keys)
        self.stage_run.count(draws_reused=sum(key in known for key in keys))
        size = getattr(self.settings, "shard_size", len(requests)) or 1
        shards = [range(i, min(i + size, len(requests))) for i in range(0, len(requests), size)]
        missing = [[i for i in shard if keys[i] not in known] for shard in shards]
        with progress_bar(what, len(requests)) as advance:
            advance(len(requests) - sum(map(len, missing)))
            for got in self._get_all([m for m in missing if m], requests, keys, sampling):
                known |= got
                advance(len(got))
        done = [known[key] for key in keys]
        if n_full := done.count(FULL):
            message = f"{n_full} of {len(done)} prompts leave the model no room for an answer"
            print(f"{what}: {message}, so their completions are empty", file=sys.stderr)
        return done

    def _get_all(
        self,
        shards: list[list[int]],
        requests: Sequence[Request],
        keys: Sequence[str],
        sampling: Sampling,
    ) -> Iterator[dict[str, Completion]]:
        """Yields the completions of all shards (indices into requests), drawn here or elsewhere.

        A shard of which another process is drawing some comes last: by then they are in the ledger,
        unless that process was killed. On a cluster all shards are claimed, and drawn, together.
        """
        groups = [shards] if self.cluster else [[shard] for shard in shards]
        while groups:
            busy: list[list[list[int]]] = []
            for group in groups:
                asked = [keys[i] for shard in group for i in shard]
                with self.claims.hold(keys_to_claim(group, keys)) as contested:
                    if contested:
                        busy.append(group)
                        awaited = contested
                        continue
                    known = self.ledger.find(asked)  # what was drawn since they were looked for
                    self.stage_run.count(draws_reused=sum(key in known for key in asked))
                    yield known
                    rest = [[i for i in shard if keys[i] not in known] for shard in group]
                    yield from self._complete_all([s for s in rest if s], requests, keys, sampling)
            if busy:
                print_note(self.stage_run.stage, "waits for draws that another run is making")
                self.claims.wait(awaited)
            groups = busy

    def _complete_all(
        self,
        shards: list[list[int]],
        requests: Sequence[Request],
        keys: Sequence[str],
        sampling: Sampling,
    ) -> Iterator[dict[str, Completion]]:
        """Yields the new draws of each shard; on a cluster, as they come."""
        request_shards = [[requests[i] for i in shard] for shard in shards]
        key_shards = [[keys[i] for i in shard] for shard in shards]
        if self.cluster is None:
            for shard_requests, shard_keys in zip(request_shards, key_shards, strict=True):
                yield self._complete(shard_requests, shard_keys, sampling)
            return
        model = (self.engine_settings, self.version, self.model.resolve(), self.weights_digest)
        arguments = (*model, self.form, self.compute, self.stage_run.seed, sampling)
        for index, drawn in map_on_cluster(
            self.cluster, RayWorker, arguments, request_shards, **self.cluster.actor_resources()
        ):
            yield self._keep(key_shards[index], drawn)

    def _complete(
        self, requests: list[Request], keys: list[str], sampling: Sampling
    ) -> dict[str, Completion]:
        """Draws and stores completions, by key; stores those before a failure too."""
        if self._engine is None:
            self._engine = self._open()
        try:
            drawn = self._engine.complete(requests, sampling)
        except UnfinishedError as failure:
            if failure.done:
                self.ledger.add({keys[i]: c for i, c in failure.done.items()})
            raise
        return self._keep(keys, drawn)

    def _keep(self, keys: list[str], drawn: list[Completion]) -> dict[str, Completion]:
        sound = {key: c for key, c in zip(keys, drawn, strict=True) if is_sound(c)}
        self.stage_run.count(draws=len(sound), tokens=sum(c.n_tokens for c in sound.values()))
        kept = self.ledger.add(sound)
        if n_bad := len(drawn) - len(sound):
            raise RatchetError(
                f"{n_bad} of {len(drawn)} draws of {self.version} have no finite probability, and "
                "were not kept: set engine.precision=float32, or use another model"
            )
        return kept

    def _open(self) -> Engine:
        if self.completion_settings:
            return CompletionsEngine(self.completion_settings, self.form)
        device = set_up(self.compute, self.stage_run.seed)
        return open_engine(self.engine_settings, self.model, device, self.form)


def keys_to_claim(group: list[list[int]], keys: Sequence[str]) -> list[str]:
    """The keys of a group; of many the first of each shard, as the time of locks grows squared.

    Runs whose shards are cut otherwise may then draw the same; the ledger keeps what came first.
    """
    every = [keys[i] for shard in group for i in shard]
    return every if len(every) <= MAX_CLAIMS else [keys[shard[0]] for shard in group]


def _with_room(engine: EngineSettings, n_new: int) -> EngineSettings:
    """An engine whose prompts hold up to three solutions, and the rules by which to read them."""
    if not isinstance(engine, LocalSettings) or engine.max_length is None:
        return engine
    return engine.model_copy(update={"max_length": 4 * engine.max_length + n_new})
