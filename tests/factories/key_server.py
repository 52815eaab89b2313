"""An EHR's own web server for its public keys, on this machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class KeyServer(ThreadingHTTPServer):
    """What it answers may be changed while it runs; it counts who asks."""

    daemon_threads = True

    def __init__(self, content: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.headers: dict[str, str] = {}
        self.requests = 0
        self.serve(content)

    def serve(self, content: Any) -> None:
        self.body = content if isinstance(content, bytes) else json.dumps(content).encode()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/jwks.json"


class _Handler(BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self) -> None:
        self.server.requests += 1
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *args: Any) -> None:
        """Nothing: the test says what it finds."""


@contextmanager
def key_server(content: Any) -> Iterator[KeyServer]:
    with KeyServer(content) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
