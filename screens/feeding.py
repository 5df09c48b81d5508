"""A pane and the source it shows: heard always, polled only while somebody can see the pane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gbtui.facts.feed import Source
from gbtui.facts.reading import Reading
from screens.troubles import Trouble, troubles_in
from widgets.pane import Pane


class Feeding:
    """Ties the pane `name` to a source. `heard` is called after the pane showed another reading.

    However fast a source announces, the pane gets the latest reading once per turn of the screen.
    """

    def __init__(self, name: str, pane: Pane[Any], heard: Callable[[], None]) -> None:
        self.name = name
        self.pane = pane
        self.source: Source[Any] | None = None
        self.troubles: tuple[Trouble, ...] = ()
        """What the latest reading says is wrong; worked out once for each reading."""
        self._heard = heard
        self._watching = False
        self._pending = False
        self._end_listening: Callable[[], None] = lambda: None
        self._end_watching: Callable[[], None] | None = None

    @property
    def polls(self) -> bool:
        """The source is asked again and again."""
        return self._end_watching is not None

    @property
    def reading(self) -> Reading[Any]:
        """The latest reading of the source."""
        return self.source.reading if self.source is not None else Reading()

    def attach(self, source: Source[Any]) -> None:
        """Show another source from now on."""
        self.watch(False, keep=True)
        self._end_listening()
        self.source = source
        self._end_listening = source.listen(self._changed)
        self._changed()
        self.watch(self._watching)

    def watch(self, watching: bool, *, keep: bool = False) -> None:
        """Poll the source, or stop; `keep` remembers what was wanted for the next source."""
        if not keep:
            self._watching = watching
        if watching and not self.polls and self.source is not None:
            self._end_watching = self.source.watch()
        elif not watching and self._end_watching is not None:
            self._end_watching()
            self._end_watching = None

    def end(self) -> None:
        """Neither hear nor poll any more."""
        self.watch(False)
        self._end_listening()

    def _changed(self) -> None:
        if not self._pending:
            self._pending = True
            self.pane.call_later(self._deliver)

    def _deliver(self) -> None:
        self._pending = False
        self.troubles = tuple(troubles_in(self.name, self.reading))
        self.pane.show(self.reading)
        self._heard()
