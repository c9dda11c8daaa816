"""A real HTTP server on loopback that keeps what is posted to it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass
class Webhook:
    """`posted` is each request's path and its JSON. It answers with `status`, a byte each second where it is `slow`."""

    port: int = 0
    status: int = 200
    slow: bool = False
    posted: list[tuple[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    @property
    def bodies(self) -> list[Any]:
        return [body for _, body in self.posted]


@contextmanager
def webhook() -> Iterator[Webhook]:
    kept = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            kept.headers.append(dict(self.headers))
            kept.posted.append((self.path, json.loads(text)))
            if kept.slow:
                self._drip()
            else:
                self.send_response(kept.status)
                self.end_headers()

        def _drip(self) -> None:
            """An answer of which each part comes in time, and the whole never."""
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not kept.over.is_set():
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.2)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.port = server.server_port
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield kept
        finally:
            kept.over.set()
            server.shutdown()
            thread.join()
