"""Rounds over one host: survey, judge, remember since when; and the file that outlives a start."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gbtui.checks.base import Check, Judged, Report
from gbtui.checks.judge import judge, needs_of
from gbtui.checks.waivers import Waiver
from gbtui.checks.watch import Watch, from_json, to_json
from gbtui.errors import Malformed
from gbtui.facts.survey import Need, Survey
from gbtui.facts.surveyor import Surveyor
from gbtui.guard.journal import state_dir

LOOK_AGAIN = 1.0
"""Seconds before what may just have been unlucky is asked again, where nobody waits for a next round."""


def state_file(host: str, directory: Path | None = None) -> Path:
    """Where a host's findings are remembered."""
    return (directory or state_dir()) / "checks" / f"{re.sub(r'[^A-Za-z0-9._-]', '_', host)[:100]}.json"


class Inspector:
    """Checks one host, again and again. `waivers` gives those that hold now.

    `file` None keeps nothing between starts. `seen` is called, in a thread, with every survey, for
    which `also` is read too.
    """

    def __init__(
        self,
        surveyor: Surveyor,
        checks: Sequence[Check],
        *,
        waivers: Callable[[], Sequence[Waiver]] = tuple,
        file: Path | None = None,
        also: Sequence[Need] = (),
        seen: Callable[[Survey], object] | None = None,
    ) -> None:
        self._surveyor = surveyor
        self._checks = tuple(checks)
        self._waivers = waivers
        self._file = file
        self._also = tuple(also)
        self._seen = seen
        self._watch: Watch | None = None

    async def round(self, *, fresh: bool = False, patient: bool = False) -> Report:
        """One survey, judged; with `fresh` nothing kept is used. `patient`: as a survey's look.

        What failed for the first time the last time is asked again: to be told, it has to fail twice.

        Raises a GbtuiError where LXD did not say what there is.
        """
        if self._watch is None:
            self._watch = await asyncio.to_thread(self._opened)
        watch = self._watch
        self._surveyor.forget(need.ask for need in needs_of(watch.doubtful()))
        needs = (*needs_of(self._checks), *self._also)
        survey = await self._surveyor.look(needs, fresh=fresh, patient=patient)
        if self._seen is not None:
            await asyncio.to_thread(self._seen, survey)
        judged = await self._judged(survey, watch)
        waivers = await asyncio.to_thread(self._waivers)
        report = watch.take(judged, datetime.now(UTC), waivers, seconds=survey.seconds)
        await asyncio.to_thread(self._save, watch)
        return report

    async def _judged(self, survey: Survey, watch: Watch) -> Judged:
        """The survey judged. Nothing new is told of what was true a while ago: it is asked anew first."""
        judged = await asyncio.to_thread(judge, self._checks, survey)
        old = {ask for ask, _ in survey.kept}
        asks = {check: [need for need in check.needs if need.ask in old] for check in watch.news(judged)}
        doubtful = tuple(check for check, needs in asks.items() if needs)
        if not doubtful:
            return judged
        self._surveyor.forget(need.ask for needs in asks.values() for need in needs)
        again = await self._surveyor.look(needs_of(doubtful))
        return judged.corrected(doubtful, await asyncio.to_thread(judge, doubtful, again))

    async def once(self, *, fresh: bool = False) -> Report:
        """As `round`, for whoever looks only once: what is uncertain or got no answer is asked twice."""
        report = await self.round(fresh=fresh, patient=True)
        if report.pending:
            await asyncio.sleep(LOOK_AGAIN)
            report = await self.round(fresh=fresh, patient=True)
        return report

    def _opened(self) -> Watch:
        """What an earlier start left; a file that cannot be understood begins anew."""
        if self._file is None:
            return Watch()
        try:
            return Watch(from_json(json.loads(self._file.read_bytes())), self._checks)
        except (OSError, ValueError, Malformed):
            return Watch()

    def _save(self, watch: Watch) -> None:
        """Kept where it can be: findings do not depend on it, only how long they have been there."""
        if self._file is None:
            return
        text = json.dumps(to_json(watch.state()), ensure_ascii=False, indent=1)
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = self._file.with_suffix(".new")
            new.write_text(text, "utf-8")
            new.replace(self._file)
