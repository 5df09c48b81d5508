"""Where the checks look: by what a role is there for, and where the profile says which role that is."""

from __future__ import annotations

from gbtui.facts.survey import Scope
from gbtui.profiles import Profile

PROXY, NAMES, MAIL = ("proxy",), ("dns",), ("email",)


def _system(profile: Profile) -> tuple[str, ...]:
    return (profile.release_role,)


def _runner(profile: Profile) -> tuple[str, ...]:
    return (profile.runner_role,)


def _exposed(profile: Profile) -> tuple[str, ...]:
    return tuple(role.name for role in profile.roles if role.exposed)


def _probed(profile: Profile) -> tuple[str, ...]:
    return tuple(dict.fromkeys(probe.role for probe in profile.probes))


def _guarded(profile: Profile) -> tuple[str, ...]:
    return profile.ban_roles


SYSTEM: Scope = _system
"""Where botserver is released to."""
RUNNER: Scope = _runner
EXPOSED: Scope = _exposed
"""What offers ports to the world."""
PROBED: Scope = _probed
"""What proves its work by a probe of the profile; the others have checks of their own subsystem."""
GUARDED: Scope = _guarded
"""Where fail2ban is to run."""
