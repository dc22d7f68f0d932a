"""A chat model for tests: a real HTTP server on a free port, whose replies the test writes."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, Any]  # status and body: a dict is sent as JSON, text as text


@dataclass
class ChatServer:
    """Where it listens, and what it was asked: one entry per request that came in."""

    reply: Callable[[str, int], Reply]
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def answer(self, payload: dict[str, Any], key: str) -> Reply:
        """Notes the request; the reply depends on its prompt and on how many came before it."""
        with self.lock:
            self.asked.append(payload)
            self.keys.append(key)
            number = len(self.asked) - 1
        return self.reply(payload["messages"][0]["content"], number)


def says(text: str | None, finish: str = "stop") -> Reply:
    """A chat completion of that text."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant"}}
    choice["message"]["content"] = text  # type: ignore[index]
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    shape = {"id": "c", "object": "chat.completion", "created": 0, "model": "judge-1"}
    return 200, shape | {"choices": [choice], "usage": usage}


@contextmanager
def serving(reply: Callable[[str, int], Reply]) -> Iterator[ChatServer]:
    """A server that gives `reply(prompt, number of the request)` until the block ends."""
    chat = ChatServer(reply)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = self.path == "/v1/chat/completions"
            key = self.headers.get("Authorization", "")
            status, body = chat.answer(payload, key) if known else (404, {"error": "no such path"})
            sent = (body if isinstance(body, str) else json.dumps(body)).encode()
            with suppress(ConnectionError):  # who asked may have given up
                self.send(
                    status, sent, "text/html" if isinstance(body, str) else "application/json"
                )

        def send(self, status: int, sent: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(sent)))
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    chat.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield chat
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
