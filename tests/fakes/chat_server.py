"""A served model for tests: a real HTTP server on a free port, whose replies the test writes.

It knows chats and completions. Whoever it turns away is to come back after a millisecond, unless
the reply says otherwise.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# status, body (text, JSON, or an iterator of its pieces), headers
Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]]
PATHS = ("/v1/chat/completions", "/v1/completions")


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
        prompt = payload.get("prompt") or payload["messages"][0]["content"]
        return self.reply(prompt, number)


def says(text: str | None, finish: str = "stop") -> Reply:
    """A chat completion of that text."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant"}}
    choice["message"]["content"] = text  # type: ignore[index]
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    shape = {"id": "c", "object": "chat.completion", "created": 0, "model": "judge-1"}
    return 200, shape | {"choices": [choice], "usage": usage}


def continues(text: str | None, finish: str | None = "stop", **logprobs: Any) -> Reply:
    """A text completion; `logprobs` are its tokens and token_logprobs, if it tells them."""
    choice = {"index": 0, "finish_reason": finish, "text": text, "logprobs": logprobs or None}
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    shape = {"id": "c", "object": "text_completion", "created": 0, "model": "served-1"}
    return 200, shape | {"choices": [choice], "usage": usage}


def turns_away(wait_s: float | str, status: int = 429) -> Reply:
    """Too many requests: come back after so many seconds, or at that date."""
    return status, {"error": {"message": "slow down"}}, {"retry-after": str(wait_s)}


@contextmanager
def serving(reply: Callable[[str, int], Reply]) -> Iterator[ChatServer]:
    """A server that gives `reply(prompt, number of the request)` until the block ends."""
    chat = ChatServer(reply)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key = self.headers.get("Authorization", "")
            known = self.path in PATHS
            status, body, *more = chat.answer(payload, key) if known else (404, {"error": "none"})
            if isinstance(body, Iterator):
                with suppress(ConnectionError):
                    self.trickle(body)
                return
            sent = (body if isinstance(body, str) else json.dumps(body)).encode()
            kind = "text/html" if isinstance(body, str) else "application/json"
            with suppress(ConnectionError):  # who asked may have given up
                self.send(status, sent, kind, more[0] if more else {"retry-after-ms": "1"})

        def send(self, status: int, sent: bytes, kind: str, headers: dict[str, str]) -> None:
            self.send_response(status)
            own = {"Content-Type": kind, "Content-Length": str(len(sent))}
            for name, value in (own | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        def trickle(self, pieces: Iterator[bytes]) -> None:
            """A body that comes in pieces, until there are no more or nobody listens."""
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)

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
