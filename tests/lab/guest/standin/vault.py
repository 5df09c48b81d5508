"""Vault's stand-in: sealing, three keys of five, TLS with a self-signed certificate."""

import json
import socket
import ssl
from pathlib import Path

CONF = Path("/opt/gbo/bin/botserver-stack/conf/vault")
SEALED = CONF / "sealed"
THRESHOLD = 3


class Vault:
    """Sealed while the marker file exists, so a fault can seal it and three keys open it."""

    port = 8200

    def __init__(self) -> None:
        self._given: set[str] = set()

    def wrap(self, plain: socket.socket) -> socket.socket:
        """The guide's address is https with verification skipped."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CONF / "tls.crt", CONF / "tls.key")
        return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)

    def _state(self) -> str:
        """The fields of Vault's seal status that tools look at."""
        facts = {
            "initialized": True,
            "sealed": SEALED.exists(),
            "t": THRESHOLD,
            "n": 5,
            "progress": len(self._given),
            "version": "1.15.4",
            "cluster_name": "stand-in",
        }
        return json.dumps(facts)

    def _unseal(self, body: bytes) -> tuple[int, str]:
        """Count one key; the third different good one opens."""
        keys = json.loads((CONF / "init.json").read_text(encoding="utf-8"))["unseal_keys_b64"]
        key = json.loads(body or b"{}").get("key")
        if key not in keys:
            return 400, json.dumps({"errors": ["invalid key (stand-in)"]})
        self._given.add(key)
        if len(self._given) >= THRESHOLD:
            self._given.clear()
            SEALED.unlink(missing_ok=True)
        return 200, self._state()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, str]:
        """The four system endpoints an operator meets."""
        if path == "/v1/sys/unseal":
            return self._unseal(body)
        if path == "/v1/sys/seal" and method in ("PUT", "POST"):
            self._given.clear()
            SEALED.touch()
            return 204, ""
        if path in ("/v1/sys/health", "/v1/sys/seal-status"):
            sealed = SEALED.exists() and path.endswith("health")
            return (503 if sealed else 200), self._state()
        return 404, json.dumps({"errors": ["no handler (stand-in)"]})
