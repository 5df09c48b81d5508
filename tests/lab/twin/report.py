"""Progress on stderr, with seconds: a build takes minutes and must say where it is."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_START = time.monotonic()


def say(text: str) -> None:
    """One line, stamped with the seconds since the command started."""
    print(f"[lab {time.monotonic() - _START:6.1f}s] {text}", file=sys.stderr, flush=True)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Announce a step and how long it took."""
    say(f"{what} …")
    begin = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - begin:.1f} s")
