"""The guards of the proxy's operations: nothing is lost that was not named (guide items 53–60)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import unified_diff
from urllib.parse import urlsplit

from gbtui import text
from gbtui.facts.proxy_config import ProxyConfig
from gbtui.facts.proxy_floor import plain
from gbtui.guard.mask import mask
from gbtui.guard.plan import Verdict
from gbtui.operations.base import Guard
from gbtui.operations.proxy_look import Look, Meaning
from gbtui.profiles import Profile

READS = Guard("config-reads", "Caddy can read the configuration", (56,))
SHRINK = Guard("no-shrink", "no vhost is lost that was not named, and enough remain", (53, 54))
STORAGE = Guard("storage-kept", "Caddy keeps the storage that its certificates are in", (58,))
ADMIN = Guard("admin-answers", "Caddy's admin API answers, so that a reload works and is proven", (57,))
DISK = Guard("file-is-running", "the file on the host is what Caddy runs", (57,))
DARK = Guard("vhosts-dark", "who uses the vhosts knows that Caddy restarts", (57, 60))
ONLY = Guard("only-that-domain", "the named domain goes, and nothing else changes", (59, 60))
MOVES = Guard("certificates-move", "the certificates can be moved as files", (58,))
EDITED = Guard("still-as-edited", "nobody else has changed the file while it was edited", (53, 55))
RESOLVE = Guard("names-resolve", "names that come have an address, so that a certificate can be had", (59,))
SECRETS = Guard("secrets-in-file", "no secret stands in the file, because it is kept whole for undo", (65,))

FEW = 2
"""So few vhosts are what the guide calls a broken configuration."""


def reads(new: Meaning) -> Verdict:
    """Whether Caddy can read what is to run."""
    if new.config is None:
        return READS.refuse(f"Caddy cannot read it: {new.error}; nothing is changed")
    return READS.allow(f"Caddy reads it: {len(new.config.vhosts)} vhosts")


def shrink(profile: Profile, seen: Look, new: ProxyConfig, named: Collection[str]) -> Verdict:
    """Whether more is lost than was named, or fewer remain than the floor."""
    going = lost(seen, new, named)
    if going:
        said = f"{len(going)} vhosts would be lost: {_list(going)}"
        return SHRINK.refuse(f"{said}; if they are meant to go, name them: domain={','.join(going[:20])}")
    if len(new.names) < profile.vhost_floor:
        floor = profile.vhost_floor
        said = f"{len(new.names)} vhosts remain, and the profile's floor is {floor}: this is a partial file"
        return SHRINK.refuse(said)
    learned = _learned(seen, new, named)
    if learned:
        changes = seen.disk.config is None or seen.disk.config.names != new.names
        return SHRINK.refuse(learned) if changes else SHRINK.warn(f"{learned}; nothing of it changes now")
    if len(new.names) <= FEW:
        return SHRINK.warn(f"only {len(new.names)} vhosts: the guide calls that a broken configuration")
    return SHRINK.allow(f"{len(seen.names)} vhosts now, {len(new.names)} after")


def _learned(seen: Look, new: ProxyConfig, named: Collection[str]) -> str:
    """Words where fewer remain than the learned floor, less what was named; else ""."""
    floor = seen.known.floor
    if floor is None or len(plain(new.names)) >= floor.height(named):
        return ""
    gone = sorted(floor.names - new.names - set(named))
    said = f"{len(new.names)} vhosts remain, and the learned floor is {floor.height(named)} ({floor.source})"
    how = f"gbtui apply proxy.reload domain={','.join(gone[:20])}"
    return f"{said}: gone are {_list(gone)}; if they are meant to be, state them: {how}"


def lost(seen: Look, new: ProxyConfig, named: Collection[str]) -> tuple[str, ...]:
    """The names that are there, would not be any more, and were not named; in order."""
    return tuple(sorted(seen.names - new.names - set(named)))


def edited(base: bytes, seen: Look, data: bytes) -> Verdict:
    """Whether the file is still the one that was edited."""
    if seen.data == base:
        return EDITED.allow("the file is the one that was edited")
    if seen.data is None or seen.data == data:
        return EDITED.allow("there is nothing of somebody else's to lose")
    old, new = (text.text(one).splitlines() for one in (base, seen.data))
    changed = [line for line in unified_diff(old, new, n=0, lineterm="") if line[:1] in "+-"][2:]
    plus = sum(line.startswith("+") for line in changed)
    shown = "; ".join(text.clean(mask(line))[:80] for line in changed[:3])
    said = f"somebody else has changed the file while it was edited (+{plus} −{len(changed) - plus} lines)"
    return EDITED.refuse(
        f"{said}: {shown or 'line ends'}; edit it again, and take yours over from what is kept"
    )


def storage(seen: Look, new: ProxyConfig) -> Verdict:
    """Whether the certificates stay where Caddy looks for them."""
    now = seen.now
    before = now.storage if now is not None else None
    if before == new.storage:
        if before is None:
            where = seen.service.default_storage or "its home folder"
            return STORAGE.warn(f"no storage is set: certificates lie in {where}; use proxy.set-storage")
        return STORAGE.allow(f"storage stays {' '.join(before).strip()}")
    if new.storage is None:
        lost = " ".join(before or ()).strip()
        return STORAGE.refuse(f"it loses `storage {lost}`: every certificate would be issued anew")
    after = " ".join(new.storage).strip()
    return STORAGE.refuse(f"it changes the storage to {after} without its certificates: proxy.set-storage")


def admin(seen: Look) -> Verdict:
    """Whether a reload can work."""
    if seen.running.config is None:
        return ADMIN.refuse(f"{seen.running.error}; proxy.restart starts Caddy with the file it has")
    return ADMIN.allow("Caddy's admin API answers")


def stays(profile: Profile, seen: Look, new: ProxyConfig) -> Verdict:
    """Whether the admin API is there afterwards: without it nothing is proven, and nothing taken back."""
    local = {f"{host}:{urlsplit(profile.proxy_admin).port}" for host in ("localhost", "127.0.0.1", "[::1]")}
    if seen.running.config is not None:
        local.add(seen.running.config.admin)
    if new.admin not in local:
        where = f"would be at {new.admin}" if new.admin else "would be off"
        return ADMIN.refuse(f"the admin API {where}, not at {profile.proxy_admin}: nothing could be proven")
    return ADMIN.allow(f"the admin API stays at {profile.proxy_admin}")


def disk(seen: Look) -> Verdict:
    """Whether putting the file back would put back what runs."""
    if seen.disk.config is None:
        return DISK.warn(f"Caddy cannot read the file that is there ({seen.disk.error}): no way back to it")
    if seen.running.config is not None and seen.running.config.sha256 != seen.disk.config.sha256:
        return DISK.warn("the file that is there is not what runs: undoing this loads that file")
    return DISK.allow("the file that is there is what runs")


def resolve(asked: Collection[str], found: Collection[str]) -> Verdict:
    """Whether names that come can be found; those without would have Caddy try again and again."""
    without = sorted(set(asked) - set(found))
    if without:
        why = f"no address is found for {_list(without)}: first DNS, then the vhost, or Caddy tries in vain"
        return RESOLVE.warn(why)
    return RESOLVE.allow(f"an address is found for {_list(sorted(asked))}")


def secrets(*files: bytes) -> tuple[Verdict, ...]:
    """A warning where a file that goes into the journal has what looks like a secret in it."""
    lines = {
        number
        for data in files
        for number, line in enumerate(text.text(data).splitlines(), 1)
        if mask(line) != line
    }
    if not lines:
        return ()
    where = ", ".join(map(str, sorted(lines)[:5]))
    kept = "the file is kept beside the journal (mode 0600) for undo"
    said = f"line {where} holds what looks like a secret, and {kept}"
    return (SECRETS.warn(f"{said}; {{env.NAME}} in the file and the value in the unit keep it out"),)


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown
