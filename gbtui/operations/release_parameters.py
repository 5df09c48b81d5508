"""Parameters of releases: a file or folder, on the host or in a container."""

from __future__ import annotations

from gbtui.operations.parameters import CONTAINER
from gbtui.operations.proxy_parameters import path as plain_path


def placed(value: str) -> str:
    """ "" for `/PATH` or `NAME:/PATH`, else why it is neither."""
    where, colon, path = value.rpartition(":")
    return (CONTAINER.check(where) if colon else "") or plain_path(path)


def split_place(value: str) -> tuple[str, str]:
    """("host" or an instance, path) of a checked one."""
    where, _, path = value.rpartition(":")
    return where or "host", path
