"""Walks kept for whoever comes next: here first, and on the host for every other operator of it.

The host's copy is a file on its shelf. What is on a host may be anybody's, so a file of it is bounded,
read as strictly as one of this machine, and costs nobody but itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from gbtui.errors import Changed, GbtuiError, Refused, TimedOut
from gbtui.guard.engine import to_its_end
from gbtui.hosts.shelf import Shelf
from gbtui.runbooks.walk import Record, Walk
from gbtui.runbooks.walk_file import Walks
from gbtui.runbooks.walk_shared import (
    LARGEST,
    decoded,
    encoded,
    follows,
    further,
    must_follow,
    name_of,
    steps_of,
)

READ = 200
"""Files that are read of a shelf, the newest."""
ENDED = 50
"""Walks that have ended and stay on a shelf, the newest."""
PATIENCE = 5.0
"""Seconds that the host has to take or to give: nobody waits longer for the next step."""

T = TypeVar("T")


class KeptWalks:
    """The walks of one host: `walks` on this machine, `shelf` on the host.

    `read_only` is "" or why nothing is written there. `told` are called with a walk once it is on file.
    `error` is why the last save is only here, `missed` why the host's could not be read, `unread` how many
    files on the shelf were none, or too old or too large to be looked at.
    """

    def __init__(self, walks: Walks, shelf: Shelf, *, read_only: str = "") -> None:
        self.told: list[Callable[[Walk], None]] = []
        self.error: GbtuiError | None = None
        self.missed: GbtuiError | None = None
        self.unread = 0
        self._walks = walks
        self._shelf = shelf
        self._read_only = read_only
        self._saving = asyncio.Lock()
        self._seen: dict[str, tuple[Record, ...]] = {}
        """What the host had of a walk when we last wrote or read it."""

    @property
    def kept_words(self) -> str:
        """Where the walk is kept, when that is not as it should be; "" when it is."""
        return f"kept only here: {self.error}" if self.error else ""

    @property
    def read_words(self) -> str:
        """What may be missing among the unfinished walks; "" for nothing."""
        if self.missed is not None:
            return f"not known what others left: {self.missed}"
        return f"files of walks on the host that could not be read: {self.unread}" if self.unread else ""

    async def save(self, walk: Walk) -> None:
        """On disk here when this returns, and on the host unless `error` says why not.

        Raises:
            GbtuiError: it could not be written here.
            Changed: somebody else has gone on with this walk; the host keeps theirs.
        """
        async with self._saving:
            await to_its_end(asyncio.to_thread(self._walks.save, walk), lambda: None)
            for tell in self.told:
                tell(walk)
            self.error = None
            try:
                await _in_time(self._put(walk))
            except Changed:
                raise
            except GbtuiError as error:
                self.error = error
            if walk.ended and self.error is None:
                with suppress(GbtuiError):  # the next one that ends makes room
                    await _in_time(self._make_room())

    async def unfinished(self, runbook: str = "") -> tuple[Walk, ...]:
        """What was left, here or by others, oldest first; of one runbook, or of all.

        Of two versions of a walk the one with more records counts. A host that cannot be read costs its
        own (`missed`); one that has less of a walk than there is here gets the rest.
        """
        here = {walk.id: walk for walk in await asyncio.to_thread(self._walks.all)}
        self.missed, there = None, tuple[Walk, ...]()
        try:
            there = await _in_time(self._read())
        except GbtuiError as error:
            self.missed = error
        behind = [here[walk.id] for walk in there if walk.id in here and follows(here[walk.id], walk)]
        newer = {walk.id: walk for walk in there if walk.id not in here or further(walk, here[walk.id])}
        with suppress(GbtuiError):  # it is on file here, and the next save says what is wrong
            for walk in behind:
                await _in_time(self._put(walk))
        merged = sorted((here | newer).values(), key=lambda walk: walk.id)
        return tuple(one for one in merged if not one.ended and runbook in ("", one.runbook))

    # -- the host's

    async def _put(self, walk: Walk) -> None:
        if self._read_only:
            raise Refused("read-only", why=self._read_only)
        name = name_of(walk)
        there = decoded(name, await self._shelf.read(name))
        if there is not None and steps_of(there) != self._seen.get(walk.id):
            must_follow(walk, there)
        await self._shelf.put(name, encoded(walk))
        self._seen[walk.id] = steps_of(walk)

    async def _read(self) -> tuple[Walk, ...]:
        sizes = await self._shelf.sizes()
        names = sorted(name for name, size in sizes.items() if size <= LARGEST)[-READ:]
        data = await self._shelf.read_many(tuple((name, 0) for name in names))
        found = [walk for name, one in zip(names, data, strict=True) if (walk := decoded(name, one))]
        self.unread = len(sizes) - len(found)
        self._seen |= {walk.id: steps_of(walk) for walk in found}
        return tuple(found)

    async def _make_room(self) -> None:
        ended = [name_of(walk) for walk in await self._read() if walk.ended]
        await self._shelf.remove(ended[:-ENDED])


async def _in_time(work: Awaitable[T]) -> T:
    """What comes of it. Raises TimedOut where the host does not answer while somebody waits for it."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await work
    except TimeoutError as error:
        why, hint = f"no answer within {PATIENCE:.0f} s", "the host may be overloaded"
        raise TimedOut("the host", why=why, hint=hint) from error
