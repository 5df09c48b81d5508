"""QEMU's human monitor over its unix socket: savevm, loadvm, quit."""

import re
import socket
import time
from pathlib import Path

from .settings import LabError

_PROMPT = b"(qemu) "
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def _read_reply(sock: socket.socket, seconds: float) -> str:
    """Everything up to the next prompt."""
    deadline = time.monotonic() + seconds
    got = b""
    while not got.endswith(_PROMPT):
        sock.settimeout(max(0.05, deadline - time.monotonic()))
        try:
            chunk = sock.recv(65536)
        except TimeoutError as error:
            raise LabError(f"the QEMU monitor did not answer within {seconds:.0f} s") from error
        if not chunk:
            break
        got += chunk
    return _ESCAPES.sub("", got.decode(errors="replace")).replace("(qemu) ", "")


def command(path: Path, text: str, seconds: float = 120) -> str:
    """Send one command and return what it printed (empty means success for savevm/loadvm)."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        try:
            sock.connect(str(path))
        except OSError as error:
            raise LabError(f"no QEMU monitor at {path}: {error}") from error
        _read_reply(sock, 10)
        sock.sendall(text.encode() + b"\n")
        reply = _read_reply(sock, seconds)
    return reply.partition("\n")[2].strip()
