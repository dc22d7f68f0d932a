"""Samples replies of a remote chat model through the ledger."""

from __future__ import annotations

import json
from typing import Any

from stages.engines.chat import ChatEngine
from stages.engines.engine import Engine
from stages.engines.sampler import Sampler
from stages.models.completion_server import CHAT, ChatSettings
from stages.pipeline.digests import digest
from stages.pipeline.stage_run import StageRun


class ChatSampler(Sampler):
    """A remote chat model. Its address takes the place of a digest of its weights.

    `schema`: the JSON schema that the server is asked to hold replies to.
    """

    def __init__(
        self, server: ChatSettings, stage_run: StageRun, schema: dict[str, Any] | None = None
    ) -> None:
        self.server, self.form, self.schema = server, server.form, schema
        named: list[Any] = [*server.identity()]
        named += [self.form] if self.form != CHAT else []
        named += [json.dumps(schema, sort_keys=True)] if schema else []
        self._begin(server, ChatEngine.version, digest(*named), stage_run)

    def _open(self) -> Engine:
        return ChatEngine(self.server, self.form, schema=self.schema)
