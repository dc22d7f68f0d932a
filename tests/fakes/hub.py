"""A stand-in of the Hugging Face hub on this machine: repositories are made, and commits kept.

Of a commit it knows what huggingface_hub sends: small files inside, others by LFS first.
"""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import yaml

MODES = {".parquet": "lfs", ".safetensors": "lfs"}
CARD = re.compile(r"\A---\n(.*?)\n---\n", re.S)


@dataclass
class Repository:
    """kind: dataset or model; files: path → bytes."""

    kind: str
    private: bool
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Hub:
    """The repositories by name, and the content of files by their SHA-256."""

    url: str = ""
    token: str = "hf_stand_in"
    repositories: dict[str, Repository] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        """(status, reply) of a POST."""
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            return self._validate(json.loads(body))
        if found := re.fullmatch(r"/api/(?:model|dataset)s/([^/]+/[^/]+)/(\w+)/main", path):
            if found[2] == "preupload":
                return 200, {"files": [_mode(file["path"]) for file in json.loads(body)["files"]]}
            return self._commit(found[1], [json.loads(line) for line in body.splitlines()])
        if path.endswith(".git/info/lfs/objects/batch"):
            return 200, {"objects": [self._upload(o) for o in json.loads(body)["objects"]]}
        return 404, {"error": f"no {path}"}

    def _create(self, asked: dict[str, Any]) -> tuple[int, Any]:
        name = f"{asked['organization']}/{asked['name']}"
        kind = asked.get("type", "model")
        private = asked.get("visibility") == "private" or asked.get("private", False)
        folder = "datasets/" if kind == "dataset" else ""
        status = 409 if name in self.repositories else 200
        self.repositories.setdefault(name, Repository(kind, private))
        return status, {"url": f"{self.url}/{folder}{name}"}

    def _validate(self, asked: dict[str, Any]) -> tuple[int, Any]:
        found = CARD.match(asked["content"])
        metadata = yaml.safe_load(found[1]) if found else None
        errors = [] if isinstance(metadata, dict) else [{"message": "no metadata"}]
        return (400 if errors else 200), {"errors": errors, "warnings": []}

    def _upload(self, wanted: dict[str, Any]) -> dict[str, Any]:
        href = f"{self.url}/lfs/{wanted['oid']}"
        return {**wanted, "actions": {"upload": {"href": href, "header": {}}}}

    def _commit(self, name: str, lines: list[dict[str, Any]]) -> tuple[int, Any]:
        files = self.repositories[name].files
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.contents[value["oid"]]
        url = f"{self.url}/{name}/commit/{'a' * 40}"
        return 200, {"commitUrl": url, "commitOid": "a" * 40, "success": True}


def _mode(path: str) -> dict[str, Any]:
    ending = "." + path.rpartition(".")[2]
    return {"path": path, "uploadMode": MODES.get(ending, "regular"), "shouldIgnore": False}


@contextmanager
def serving_hub() -> Iterator[Hub]:
    """The hub, as the one that huggingface_hub talks to in this process until the block ends."""
    from huggingface_hub import constants

    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            is_open = self.path == "/api/validate-yaml"
            if not is_open and self.headers.get("Authorization") != f"Bearer {hub.token}":
                return self.reply(401, {"error": "Invalid username or password."})
            self.reply(*hub.answer(self.path.partition("?")[0], self.body()))

        def do_PUT(self) -> None:
            hub.contents[self.path.rpartition("/")[2]] = self.body()
            self.reply(200, {})

        def do_GET(self) -> None:
            self.reply(404, {"error": "none"})

        def body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            return b"".join(pieces)

        def reply(self, status: int, body: Any) -> None:
            sent = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "ENDPOINT", hub.url)
        patch.setattr(constants, "HF_HUB_OFFLINE", False)
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        patch.setenv("HF_TOKEN", hub.token)
        try:
            yield hub
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
