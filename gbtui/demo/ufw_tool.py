"""`ufw status [verbose]` and `ufw reload` on the simulated host; its settings are in /etc/default/ufw."""

from __future__ import annotations

import re

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.rules import Rule
from gbtui.demo.state import File, Place

DEFAULTS = "/etc/default/ufw"
CONF = "/etc/ufw/ufw.conf"
_TEXT = """# /etc/default/ufw
#

# Set to yes to apply rules to support IPv6 (no means only IPv6 on loopback
# accepted). You will need to 'disable' and then 'enable' the firewall for
# the changes to take affect.
IPV6=yes

# Set the default input policy to ACCEPT, DROP, or REJECT. Please note that if
# you change this you will most likely want to adjust your rules.
DEFAULT_INPUT_POLICY="DROP"

# Set the default output policy to ACCEPT, DROP, or REJECT. Please note that if
# you change this you will most likely want to adjust your rules.
DEFAULT_OUTPUT_POLICY="ACCEPT"

# Set the default forward policy to ACCEPT, DROP or REJECT.  Please note that
# if you change this you will most likely want to adjust your rules
DEFAULT_FORWARD_POLICY="ACCEPT"

MANAGE_BUILTINS=no
IPT_SYSCTL=/etc/ufw/sysctl.conf
IPT_MODULES=""
"""
_WORDS = {"ACCEPT": "allow", "DROP": "deny", "REJECT": "reject"}


def furnish(place: Place, now: float) -> None:
    """ufw's files on the host."""
    place.folders |= {"/etc/default", "/etc/ufw"}
    place.files[DEFAULTS] = File(_TEXT.encode(), modified=now - 9e6)
    place.files[CONF] = File(b"ENABLED=yes\nLOGLEVEL=low\n", modified=now - 9e6)
    place.files["/proc/sys/net/ipv4/ip_forward"] = File(b"1\n", modified=now)


def ufw(call: Call) -> Answer:
    """`ufw status [verbose]`, `ufw reload`."""
    if not call.root:
        return failed(1, "ERROR: You need to be root to run this script")
    active = b"ENABLED=yes" in call.place.files[CONF].data if CONF in call.place.files else False
    match call.arguments:
        case ("status", *more):
            if not active:
                return said("Status: inactive")
            policy = _WORDS[call.place.rules["ip"].table("filter")["FORWARD"].policy]
            verbose = (
                f"\nLogging: on (low)\nDefault: deny (incoming), allow (outgoing), {policy} (routed)\n"
                "New profiles: skip"
            )
            return said("Status: active" + (verbose if "verbose" in more else ""))
        case ("reload",):
            if not active:
                return said("Firewall not enabled (skipping reload)")
            load(call.place, call.place.files[DEFAULTS].data)
            return said("Firewall reloaded", takes=2.0)
    return failed(1, "ERROR: Invalid syntax")


def load(place: Place, defaults: bytes) -> None:
    """The forward policy of `defaults` in both families, where ufw itself puts it."""
    found = re.findall(rb'^DEFAULT_FORWARD_POLICY="?([A-Z]+)"?$', defaults, re.MULTILINE)
    policy = found[-1].decode() if found else "DROP"
    for family, prefix in (("ip", "ufw"), ("ip6", "ufw6")):
        chains = place.rules[family].table("filter")
        chains["FORWARD"].policy = "DROP" if policy == "REJECT" else policy
        if f"{prefix}-skip-to-policy-forward" in chains:
            chains[f"{prefix}-skip-to-policy-forward"].rules[:] = [Rule((), policy)]


def try_settings(call: Call) -> Answer:
    """gbtui-ufw-with: ufw started anew with other settings, in the namespace it is called in."""
    load(call.place, call.arguments[0].encode())
    return said()
