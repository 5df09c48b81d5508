"""The blocking side of LXD: one pylxd client per thread, and its exceptions in our words."""

from __future__ import annotations

import errno
import logging
import os
import socket as sockets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gbtui.errors import Changed, Denied, Failed, GbtuiError, Malformed, NotFound, TimedOut, Unreachable
from gbtui.hosts.base import MIB
from gbtui.hosts.errors import LXD_HINT
from gbtui.text import clean, decode_json, line

#: (connect, read) seconds: pylxd's own default would wait for ever.
TIMEOUT = (3.0, 15.0)
#: Bytes of one answer; `recursion=2` of 200 instances is about 3 MB.
LIMIT = 64 * MIB
_HINT_DOWN = "is the LXD daemon running? `systemctl status snap.lxd.daemon lxd`"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `operation` is the path of a background operation, "" when it was done at once."""

    data: Any
    etag: str
    operation: str


class Clients:
    """pylxd clients, one per thread: `requests` sessions are not made to be shared."""

    def __init__(self) -> None:
        self._local = threading.local()

    def request(
        self,
        socket: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        etag: str,
    ) -> Reply:
        """One request (blocking), `path` quoted and below `/1.0/`."""
        what = f"LXD {method.upper()} /1.0/{path}"
        with translated(what, socket):
            client = self.client(socket)
            node = client.api[path] if path else client.api
            arguments: dict[str, Any] = {"headers": {"If-Match": etag}} if etag else {}
            if method == "get":
                arguments |= {"params": dict(params or {}), "stream": True}
            elif body is not None:
                arguments["json"] = dict(body)
            with getattr(node, method)(**arguments) as response:
                data = _body(response, what)
                return _reply(data, str(response.headers.get("ETag", "")), what)

    def client(self, socket: str) -> Any:
        """This thread's client for `socket`. Raises what pylxd raises, and OSError."""
        if getattr(self._local, "socket", None) != socket:
            self.forget()
            self._local.client = connect(socket)
            self._local.socket = socket
        return self._local.client

    def forget(self) -> None:
        """Let go of this thread's client and its connections."""
        if getattr(self._local, "socket", None) is not None:
            self._local.socket = None
            self._local.client.api.session.close()


def connect(socket: str) -> Any:
    """A pylxd client for a socket path (blocking: it asks `GET /1.0`)."""
    # Imported here: 88 ms, and not needed before somebody asks LXD.
    os.environ.setdefault("PYLXD_WARNINGS", "none")
    from pylxd import Client, exceptions  # noqa: PLC0415
    from pylxd.client import get_session_for_url  # noqa: PLC0415
    from requests.exceptions import MissingSchema  # noqa: PLC0415

    for name in ("ws4py", "urllib3", "requests"):
        # They print URLs with secrets, and tracebacks, on the screen.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    session = get_session_for_url("http+unix://")
    session.trust_env = False
    try:
        return Client(endpoint=socket, timeout=TIMEOUT, session=session)
    except (exceptions.ClientConnectionFailed, MissingSchema):  # where there is no such path, it is a URL
        _knock(socket)
        raise


def _knock(socket: str) -> None:
    """Connect once more: pylxd says "connection aborted" to everything, the kernel says why.

    Only after a failure: LXD 5.0.2 reads from a connection before it accepts the next one, so
    one over which nothing is sent keeps everybody waiting until it is closed.
    """
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as knock:
        knock.settimeout(TIMEOUT[0])
        knock.connect(socket)


@contextmanager
def translated(what: str, socket: str) -> Iterator[None]:
    """Turns exceptions of pylxd, requests and the socket into typed errors."""
    import requests  # noqa: PLC0415
    from pylxd import exceptions  # noqa: PLC0415

    try:
        yield
    except exceptions.LXDAPIException as error:
        raise _refused(error.response, what) from error
    except requests.exceptions.Timeout as error:
        raise TimedOut(what, why=f"no answer within {TIMEOUT[1]:g} s", hint="LXD may be busy") from error
    except (exceptions.ClientConnectionFailed, requests.exceptions.RequestException) as error:
        why = "the connection broke: " + clean(str(error))[:200]
        raise Unreachable(what, why=why, hint=_HINT_DOWN) from error
    except OSError as error:
        raise socket_error(error, what, socket) from error
    except (KeyError, TypeError, ValueError) as error:
        # pylxd takes `GET /1.0` apart without looking: something else listens on this socket.
        raise Malformed(what, why=f"not LXD's answer: {clean(repr(error))[:200]}") from error


def socket_error(error: OSError, what: str, socket: str) -> GbtuiError:
    """The words for a socket that cannot be connected to."""
    if error.errno in {errno.EACCES, errno.EPERM}:
        return Denied(what, why=f"no permission on {socket}", hint=LXD_HINT)
    if error.errno == errno.ENOENT:
        return Unreachable(what, why=f"no socket at {socket}", hint=_HINT_DOWN)
    if error.errno == errno.ECONNREFUSED:
        return Unreachable(what, why=f"nobody listens on {socket}", hint=_HINT_DOWN)
    if isinstance(error, TimeoutError):
        return TimedOut(what, why=f"{socket} does not answer", hint="LXD may be busy")
    return Unreachable(what, why=clean(str(error)), hint=_HINT_DOWN)


def _body(response: Any, what: str) -> bytes:
    data = bytearray()
    for chunk in response.iter_content(65536):
        data += chunk
        if len(data) > LIMIT:
            raise Malformed(what, why=f"more than {LIMIT} bytes")
    return bytes(data)


def _reply(body: bytes, etag: str, what: str) -> Reply:
    answer = decode_json(body, what=what)
    if not isinstance(answer, dict) or answer.get("type") not in {"sync", "async"}:
        raise Malformed(what, why=f"not an answer of LXD: {line(body, limit=80)!r}")
    operation = str(answer.get("operation") or "") if answer["type"] == "async" else ""
    if answer["type"] == "async" and not operation:
        raise Malformed(what, why="a background operation without its path")
    return Reply(answer.get("metadata"), clean(etag), operation)


def _refused(response: Any, what: str) -> GbtuiError:
    """LXD answered with an error: its words, and the kind by its status."""
    try:
        body = decode_json(_body(response, what), what=what)
        why = clean(str(body["error"]))[:400]
    except (Malformed, KeyError, TypeError):
        why = f"HTTP {response.status_code}"
    match response.status_code:
        case 403:
            return Denied(what, why=why, hint=LXD_HINT)
        case 404:
            return NotFound(what, why=why)
        case 412:
            return Changed(what, why=why, hint="somebody changed it meanwhile: look again")
        case 503:
            return Unreachable(what, why=why, hint=_HINT_DOWN)
        case code if code < 400:
            return Malformed(what, why=f"not an answer of LXD: {why}")
    return Failed(what, why=why)
