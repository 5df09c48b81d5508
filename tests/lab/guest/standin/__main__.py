"""Start the stand-in named on the command line."""

import os
import sys
import threading
from collections.abc import Callable

from . import dns, mail, vault, web


def serve_runner() -> None:
    """A CI runner only has to be there, and to say so in its log."""
    web.log("forgejo-runner.log", f"INFO runner (stand-in) pid {os.getpid()} declared: idle")
    threading.Event().wait()


def main() -> None:
    """Each name is a service of the guide."""
    http: dict[str, Callable[[], web.Service]] = {
        "botserver": web.Botserver,
        "vault": vault.Vault,
        "botui": lambda: web.Fixed("botui", 5859, "/", "/health"),
        "minio": lambda: web.Fixed("minio", 9000, "/", "/minio/health/live", "/minio/health/ready"),
        "forgejo": lambda: web.Fixed("forgejo", 3000, "/", "/api/healthz", "/api/v1/version"),
        "nocodb": lambda: web.Fixed("nocodb", 8080, "/", "/api/v1/health"),
        "roundcube": lambda: web.Fixed("roundcube", 80, "/"),
    }
    other = {"stalwart": mail.serve, "coredns": dns.serve, "runner": serve_runner}
    name = sys.argv[1]
    if name in other:
        other[name]()
    else:
        web.serve(http[name]())


if __name__ == "__main__":
    main()
