"""At every start: what an earlier run left half done, and what the host put back by itself (R5, R7)."""

from __future__ import annotations

from gbtui.cli.output import warn
from gbtui.errors import Denied, GbtuiError, Unreachable
from gbtui.session import Session


async def tell_pending(session: Session, *, acts: bool, but: str = "") -> None:
    """Say it on stderr, where no script takes it for the answer; `but` is what the command is about itself.

    Who `acts` has read it, and it counts as told; a command that only looks may be a cron job's, and
    tells again. Nothing fails for it.
    """
    from gbtui.guard.recovery import Recovery

    recovery = Recovery(session.engine)
    try:
        told = await recovery.report(note=acts)
        found = await recovery.unfinished()
    except GbtuiError as error:
        _half_told(session, error)
        return
    for sentence in told:
        if not but or not sentence.startswith(f"{but} "):
            warn(f"gbtui: {sentence}")
    for one in found:
        if one.story.id != but:
            warn(f"gbtui: unfinished: {one.words()} (gbtui recover {one.story.id})")


def _half_told(session: Session, error: GbtuiError) -> None:
    """What the journal here knows; the host has not answered, which the command meets and says itself."""
    try:
        left = session.journal.unfinished(session.host.name)
    except GbtuiError as unread:
        warn(f"gbtui: {unread}")
        return
    if left:
        warn(f"gbtui: unfinished: {', '.join(left)}; how it stands cannot be seen: {error}")
    elif not isinstance(error, (Denied, Unreachable)):
        warn(f"gbtui: what the host has put back by itself cannot be seen: {error}")
