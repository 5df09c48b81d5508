"""The incidents of one host: kept on the host's shelf, so that every operator's entries are on one timeline.

On the host: `current` holds the id of the incident that runs, `<id>.jsonl` the entries of each. Here, in
`incidents/<host>/` of the state directory, lies a copy of what was read and of what could not be sent yet.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gbtui.errors import BadInput, GbtuiError, NotFound, Refused
from gbtui.guard.journal import new_id, state_dir
from gbtui.hosts.shelf import Shelf
from gbtui.incidents import watch
from gbtui.incidents.lines import encoded, incident
from gbtui.incidents.types import Entry, Incident
from gbtui.text import clean, line

CURRENT = "current"
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")


def incidents_dir(host: str, state: Path | None = None) -> Path:
    """Where the copies of a host's incidents lie."""
    return (state or state_dir()) / "incidents" / re.sub(r"[^A-Za-z0-9._@-]", "_", host)[:150].lstrip(".")


class Incidents:
    """The incidents of `host` for the operator `by`.

    `directory` None keeps no copy here, for a host that is not real. With `read_only` (a reason) nothing
    is written on the host: what is noted stays here. `error` is why the host does not have everything
    yet, `waiting` how many entries it has not; they are sent with the next ones.
    """

    def __init__(
        self, host: str, shelf: Shelf, by: str, *, directory: Path | None, read_only: str = ""
    ) -> None:
        self.host = host
        self.by = by
        self.current: Incident | None = None
        """The incident that runs, as last read, with what was noted since."""
        self.latest: Incident | None = None
        """The one that ran last, with its end."""
        self.error: GbtuiError | None = None
        self.changed: list[Callable[[], None]] = []
        """Called when there is something new of it."""
        self._shelf = shelf
        self._directory = directory
        self._read_only = read_only
        self._data: dict[str, bytes] = {}
        """What was read of each file on the host."""
        self._unsent: list[Entry] = []
        self._one = asyncio.Lock()

    @property
    def waiting(self) -> int:
        return len(self._unsent)

    # -- reading

    async def look(self) -> Incident | None:
        """The incident that runs on the host now, with every operator's entries; None where none does.

        Raises:
            GbtuiError: the host cannot be asked.
        """
        async with self._one:
            id_ = self.current.id if self.current is not None else ""
            if id_ and not self._data.get(id_):  # begun here, in read-only mode
                return self.current
            wanted = ((CURRENT, 0), *(((_file(id_), len(self._data[id_])),) if id_ else ()))
            said, *more = await self._shelf.read_many(wanted)
            running = _running(said)
            if more:
                self._data[id_] += more[0]
            if running and running != id_:
                self._data[running] = await self._shelf.read(_file(running))
            await self._take(running or id_, runs=bool(running))
        return self.current

    async def all(self) -> tuple[Incident, ...]:
        """Every incident of the host, oldest first; those of the copies here that the host has not, too.

        `error` says why where the host could not be asked: then it is what is known here.
        """
        found = {one.id: one for one in await asyncio.to_thread(self._copies)}
        try:
            for name in sorted(await self._shelf.sizes()):
                one = await self._of_host(name.removesuffix(".jsonl")) if name.endswith(".jsonl") else None
                if one is not None:
                    found[one.id] = one
            self.error = None
        except GbtuiError as error:
            self.error = error
        return tuple(found[id_] for id_ in sorted(found))

    async def find(self, id_: str) -> Incident:
        """The incident of that id; "" for the one that runs, else the latest.

        Raises:
            NotFound: there is none.
        """
        every = await self.all()
        if not id_:
            running = [one for one in every if one.end is None]
            found = (running or list(every))[-1:]
        else:
            found = [one for one in every if one.id == id_]
        if not found:
            what = f"incident {clean(id_)}" if id_ else "an incident"
            raise NotFound(f"{what} on {self.host}", why="there is none", hint="gbtui incident lists them")
        return found[0]

    async def _of_host(self, id_: str) -> Incident | None:
        if not _ID.fullmatch(id_):
            return None
        data = await self._shelf.read(_file(id_))
        await asyncio.to_thread(self._copy, id_, data)
        return incident(id_, self.host, data)

    # -- writing

    async def begin(self, title: str) -> Incident:
        """Begin an incident, or join the one that runs already.

        Raises:
            BadInput: no title.
            GbtuiError: the host cannot be written to.
        """
        if not title.strip():
            raise BadInput("an incident", why="no title given", hint="a few words: what users see")
        id_, first = new_id(), watch.entry("begin", self.by, title.strip())
        if self._read_only:
            self.current = Incident(id_, self.host, (first,))
            self._kept_here((first,))
            return self.current
        if await self._claim(id_) == id_:
            await self._shelf.append(_file(id_), encoded((first,)))
        running = await self.look()
        if running is None:
            raise Refused("begin an incident", why="the host does not say that one runs", hint="try again")
        return running

    async def add(self, *entries: Entry) -> None:
        """Note entries on the incident that runs: shown at once, sent to the host when it answers.

        Raises:
            NotFound: none runs.
        """
        await self._must_run()
        self.note(*entries)
        await self.send()

    def note(self, *entries: Entry) -> None:
        """As `add`, but sent by the next `send`; nothing where none runs."""
        if self.current is not None and entries:
            self._unsent += entries
            self._kept_here(entries)

    async def send(self) -> None:
        """Send what the host has not yet; `error` says why where that fails."""
        async with self._one:
            if self.current is None or not self._unsent:
                return
            if self._read_only:
                self.error = Refused("kept only here", why=f"read-only: {self._read_only}")
                return
            sent = tuple(self._unsent)
            try:
                await self._shelf.append(_file(self.current.id), encoded(sent))
            except GbtuiError as error:
                self.error = error
                return
            self.error = None
            del self._unsent[: len(sent)]

    async def end(self, summary: str) -> Incident:
        """End the incident that runs, with a summary; as it was at its end.

        Raises:
            NotFound: none runs.
            GbtuiError: the host cannot be told; it runs on.
        """
        running = await self._must_run()
        last, id_ = watch.entry("end", self.by, summary.strip()), running.id
        if self._read_only:
            if self._data.get(id_):
                raise Refused("end the incident", why=f"read-only: {self._read_only}")
            self._kept_here((last,))
            self.latest, self.current = self.current, None
            return self.latest or running
        await self.send()
        if self.error is not None:
            raise self.error
        await self._shelf.append(_file(id_), encoded((last,)))
        try:
            await self._shelf.put(CURRENT, b"")
            await self.look()
        except GbtuiError as error:
            self.error = error  # its end is there, and nobody takes it for one that runs
        if self.latest is None or self.latest.id != id_ or self.latest.end is None:
            self.latest, self.current = replace(running, entries=(*running.entries, last)), None
            self._announce()
        return self.latest

    async def _must_run(self) -> Incident:
        """The incident that runs, asked of the host where nobody has looked. Raises NotFound."""
        running = self.current or await self.look()
        if running is None:
            hint = "gbtui incident begin TITLE begins one"
            raise NotFound("an incident", why="none runs on this host", hint=hint)
        return running

    async def _claim(self, id_: str) -> str:
        """The id of the incident that runs from now on: `id_`, or the one that ran already."""
        held = _running(await self._shelf.claim(CURRENT, id_.encode()))
        if held != id_:
            old = incident(held, self.host, await self._shelf.read(_file(held))) if held else None
            if old is None or old.end is not None:  # its end was written, and then the link was cut
                await self._shelf.put(CURRENT, b"")
                held = _running(await self._shelf.claim(CURRENT, id_.encode()))
        return held

    # -- what is known here

    async def _take(self, id_: str, *, runs: bool) -> None:
        """After reading: what runs now, with what the host has not yet."""
        data = self._data.get(id_, b"")
        found = incident(id_, self.host, data + encoded(self._unsent)) if id_ else None
        if found is not None:
            await asyncio.to_thread(self._copy, id_, data + encoded(self._unsent))
        self.latest = found or self.latest
        runs = runs and found is not None and found.end is None
        before, self.current = self.current, found if runs else None
        if before != self.current:
            self._announce()

    def _kept_here(self, entries: tuple[Entry, ...]) -> None:
        assert self.current is not None  # noqa: S101 - callers looked
        data = encoded((*self.current.entries, *entries))
        self.current = incident(self.current.id, self.host, data) or self.current
        self._announce()

    def _announce(self) -> None:
        for told in tuple(self.changed):
            told()

    def _copy(self, id_: str, data: bytes) -> None:
        """A copy here of what the host has; what cannot be kept is said in `error`."""
        if self._directory is None:
            return
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._directory / _file(id_)
            new = path.with_suffix(".new")
            fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
            new.replace(path)
        except OSError as error:
            self.error = GbtuiError(
                "keep a copy of the incident", why=clean(str(error)), hint="see GBTUI_STATE"
            )

    def _copies(self) -> tuple[Incident, ...]:
        paths = (
            sorted(self._directory.glob("*.jsonl")) if self._directory and self._directory.is_dir() else []
        )
        found = []
        for path in paths:
            if _ID.fullmatch(path.stem):
                one = incident(path.stem, self.host, path.read_bytes())
                found += [one] if one is not None else []
        return tuple(found)


def _file(id_: str) -> str:
    return f"{id_}.jsonl"


def _running(said: bytes) -> str:
    """The id in `current`; "" for none, or for something that is no id."""
    id_ = line(said)
    return id_ if _ID.fullmatch(id_) else ""
