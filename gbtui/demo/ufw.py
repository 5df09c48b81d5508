"""The host's own rules as ufw leaves them, in iptables-save's form."""

from __future__ import annotations

_CHAINS = """after-forward after-input after-logging-forward after-logging-input after-logging-output
after-output before-forward before-input before-logging-forward before-logging-input before-logging-output
before-output logging-allow logging-deny not-local reject-forward reject-input reject-output
skip-to-policy-forward skip-to-policy-input skip-to-policy-output track-forward track-input track-output
user-forward user-input user-limit user-limit-accept user-logging-forward user-logging-input
user-logging-output user-output"""
_MAIL = "25,465,587,993,995,143,110,4190"
_RULES = """-A INPUT -j {u}-before-logging-input
-A INPUT -j {u}-before-input
-A INPUT -j {u}-after-input
-A INPUT -j {u}-after-logging-input
-A INPUT -j {u}-reject-input
-A INPUT -j {u}-track-input
-A FORWARD -i lxdbr0 -j ACCEPT
-A FORWARD -j {u}-before-logging-forward
-A FORWARD -j {u}-before-forward
-A FORWARD -j {u}-after-forward
-A FORWARD -j {u}-after-logging-forward
-A FORWARD -j {u}-reject-forward
-A FORWARD -j {u}-track-forward
-A OUTPUT -j {u}-before-logging-output
-A OUTPUT -j {u}-before-output
-A OUTPUT -j {u}-after-output
-A OUTPUT -j {u}-after-logging-output
-A OUTPUT -j {u}-reject-output
-A OUTPUT -j {u}-track-output
-A {u}-after-input -p udp -m udp --dport 137 -j {u}-skip-to-policy-input
-A {u}-after-input -p udp -m udp --dport 138 -j {u}-skip-to-policy-input
-A {u}-after-input -p tcp -m tcp --dport 445 -j {u}-skip-to-policy-input
-A {u}-after-logging-input -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "
-A {u}-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A {u}-before-forward -j {u}-user-forward
-A {u}-before-input -i lo -j ACCEPT
-A {u}-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A {u}-before-input -m conntrack --ctstate INVALID -j {u}-logging-deny
-A {u}-before-input -m conntrack --ctstate INVALID -j DROP
-A {u}-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT
-A {u}-before-input -j {u}-not-local
-A {u}-before-input -j {u}-user-input
-A {u}-before-output -o lo -j ACCEPT
-A {u}-before-output -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A {u}-before-output -j {u}-user-output
-A {u}-logging-deny -m conntrack --ctstate INVALID -m limit --limit 3/min --limit-burst 10 -j RETURN
-A {u}-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "
-A {u}-not-local -m addrtype --dst-type LOCAL -j RETURN
-A {u}-not-local -m addrtype --dst-type MULTICAST -j RETURN
-A {u}-not-local -m addrtype --dst-type BROADCAST -j RETURN
-A {u}-not-local -m limit --limit 3/min --limit-burst 10 -j {u}-logging-deny
-A {u}-not-local -j DROP
-A {u}-skip-to-policy-forward -j ACCEPT
-A {u}-skip-to-policy-input -j DROP
-A {u}-skip-to-policy-output -j ACCEPT
-A {u}-track-output -p tcp -m conntrack --ctstate NEW -j ACCEPT
-A {u}-track-output -p udp -m conntrack --ctstate NEW -j ACCEPT
-A {u}-user-input -p tcp -m tcp --dport 22 -m comment --comment ssh -j ACCEPT
-A {u}-user-input -p tcp -m multiport --dports 80,443 -m comment --comment web -j ACCEPT
-A {u}-user-input -p tcp -m multiport --dports {mail} -m comment --comment mail -j ACCEPT
-A {u}-user-input -p tcp -m tcp --dport 53 -m comment --comment dns -j ACCEPT
-A {u}-user-input -p udp -m udp --dport 53 -m comment --comment dns -j ACCEPT
-A {u}-user-input -i lxdbr0 -j ACCEPT
-A {u}-user-limit -m limit --limit 3/min -j LOG --log-prefix "[UFW LIMIT BLOCK] "
-A {u}-user-limit -j REJECT --reject-with icmp-port-unreachable
-A {u}-user-limit-accept -j ACCEPT
"""


def _table(prefix: str) -> str:
    """The filter table; DEFAULT_FORWARD_POLICY is ACCEPT, as the guide wants it (item 27)."""
    heads = [":INPUT DROP [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    heads += [f":{prefix}-{name} - [0:0]" for name in _CHAINS.split()]
    lxd = "-A FORWARD -i lxdbr0 -j ACCEPT\n"
    # lxd-forward.service adds its rule for IPv4 only (guide item 28).
    rules = _RULES if prefix == "ufw" else _RULES.replace(lxd, "")
    return "\n".join(["*filter", *heads, rules.format(u=prefix, mail=_MAIL) + "COMMIT", ""])


UFW = _table("ufw")
UFW6 = _table("ufw6")
