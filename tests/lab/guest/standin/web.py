"""The HTTP stand-ins: the few bytes of HTTP a health probe or a reverse proxy needs."""

import json
import socket
import socketserver
import time
from pathlib import Path
from typing import Protocol

Answer = tuple[int, str]
LOGS = Path("/opt/gbo/logs")
VERSION = "6.3.0-stand-in"


def log(name: str, text: str) -> None:
    """Append one stamped line to a log file of the guide."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with (LOGS / name).open("a", encoding="utf-8") as file:
        file.write(f"{stamp} {text}\n")


class Service(Protocol):
    """What can be served: a port, and an answer per request."""

    port: int

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Status and JSON (or text) body."""
        ...

    def wrap(self, plain: socket.socket) -> socket.socket:
        """The listening socket to use (TLS wraps it)."""
        ...


class Fixed:
    """Answers 200 on the probe paths of the guide, 404 elsewhere."""

    def __init__(self, name: str, port: int, *paths: str) -> None:
        self.port = port
        self._paths = paths
        self._name = name

    def wrap(self, plain: socket.socket) -> socket.socket:
        return plain

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        known = path in self._paths
        state = "ok" if known else "not found"
        facts = {"status": state, "service": f"{self._name} (stand-in)", "version": VERSION}
        return (200 if known else 404), json.dumps(facts)


class Botserver(Fixed):
    """Looks for Valkey once, at start, as the real one does: a dead cache needs a restart."""

    def __init__(self) -> None:
        super().__init__("botserver", 5858, "/")
        self._degraded = not self._cache_answers()
        if not self._degraded:
            log("error.log", "INFO botserver:BotServer started successfully on port 5858")
            return
        for what in ("cache", "suggestions", "session store"):
            log("error.log", f"ERROR botserver: {what}: localhost:6379: Connection timed out (os error 110)")

    @staticmethod
    def _cache_answers() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", 6379), timeout=2) as cache:
                cache.sendall(b"PING\r\n")
                return cache.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        if path not in ("/health", "/api/health"):
            return super().answer(method, path, body)
        state = "degraded" if self._degraded else "ok"
        facts = {"status": state, "service": "botserver", "version": VERSION, "commit": "0000000"}
        if path == "/api/health":
            facts |= {"build_date": "2026-03-18T10:41:45Z", "database": "ok", "cache": state}
        return (503 if self._degraded else 200), json.dumps(facts)


class Handler(socketserver.StreamRequestHandler):
    """One request, one HTTP/1.0 answer."""

    timeout = 20
    service: Service

    def handle(self) -> None:
        request = self.rfile.readline(8192).decode("latin-1").split()
        length = 0
        while line := self.rfile.readline(8192).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length" and value.strip().isdigit():
                length = min(int(value), 65536)
        if len(request) < 2:
            return
        path = request[1].partition("?")[0]
        status, text = self.service.answer(request[0], path, self.rfile.read(length))
        body = text.encode()
        head = f"HTTP/1.0 {status} stand-in\r\nServer: stand-in\r\nContent-Type: application/json\r\n"
        self.wfile.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


class Server(socketserver.ThreadingTCPServer):
    """Threads die with the process; the port can be taken again at once."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


def serve(service: Service) -> None:
    """Serve one HTTP service for ever."""
    handler = type("Bound", (Handler,), {"service": service})
    with Server(("0.0.0.0", service.port), handler) as server:
        server.socket = service.wrap(server.socket)
        server.serve_forever(poll_interval=60)
