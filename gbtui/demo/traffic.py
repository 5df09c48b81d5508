"""The proxy's access log: lines in Caddy's JSON, made from the clock, the same for the same seed.

Nothing is stored: the lines of any second follow from the seed and that second, so `tail -n 500`,
`tail -F` and `cat` agree about the past.
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator

from gbtui.demo.state import State

VHOSTS = (
    "www.acme.example", "acme.example", "chat.acme.example", "bot.acme.example", "api.acme.example",
    "alm.acme.example", "drive.acme.example", "tables.acme.example", "webmail.acme.example",
    "mail.acme.example", "status.acme.example", "docs.acme.example", "shop.acme.example",
    "blog.acme.example", "id.acme.example", "cdn.acme.example", "www.example.org", "api.example.org",
    "chat.example.org", "shop.example.org", "www.example.net", "chat.example.net", "api.example.net",
    "forms.example.net", "intranet.example.com",
)  # fmt: skip
PATH = "/opt/gbo/logs/access.log"
#: method, uri, status, how often, usual seconds, usual bytes
_REQUESTS = (
    ("GET", "/", 200, 24, 0.012, 8200),
    ("GET", "/assets/app-7c1f2.js", 200, 14, 0.003, 182_000),
    ("GET", "/assets/app-7c1f2.css", 304, 10, 0.001, 0),
    ("GET", "/favicon.ico", 200, 5, 0.001, 4286),
    ("POST", "/api/messages", 200, 12, 0.140, 910),
    ("GET", "/api/session", 200, 9, 0.018, 412),
    ("GET", "/api/suggestions?bot=sales", 200, 6, 0.022, 660),
    ("GET", "/bot/ws", 101, 3, 184.0, 0),
    ("GET", "/login", 302, 4, 0.006, 0),
    ("POST", "/api/files", 201, 2, 0.900, 180),
    ("GET", "/api/profile", 401, 2, 0.004, 64),
    ("GET", "/old/campaign", 404, 2, 0.002, 312),
    ("GET", "/api/report?range=90d", 502, 0.4, 5.0, 0),
    ("POST", "/api/messages", 500, 0.3, 0.3, 220),
)
_SCANS = ("/wp-login.php", "/.env", "/xmlrpc.php", "/.git/config", "/phpmyadmin/", "/cgi-bin/luci")
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36",
)
_SCANNER = "Mozilla/5.0 zgrab/0.x"
#: What a hostile client can put in a log, as it arrives: markup, a control in JSON's escape, bidi.
_HOSTILE = "x[/] [@click=app.quit]free[/] \u202egnp.exe \x1b]52;c;cm0gLXJm\x07"
NOISE_RATE = 400.0
_WINDOW = 900


def second(state: State, at: int) -> list[bytes]:
    """The lines of one second, oldest first, each with its line feed."""
    chance = state.random("log", at)
    noisy = state.log_noise_since is not None and at >= state.log_noise_since
    rate = NOISE_RATE if noisy else state.log_rate * (1 + 0.5 * chance.uniform(-1, 1))
    count = int(rate) + (chance.random() < rate % 1)
    times = sorted(chance.random() for _ in range(count))
    lines = [_line(chance, at + moment, state.log_client, noisy=noisy) for moment in times]
    if noisy and lines:
        lines[len(lines) // 2] = lines[len(lines) // 2][:90] + b"\n"
    return lines


def _line(chance: random.Random, at: float, masked: str, *, noisy: bool) -> bytes:
    scan = chance.random() < (0.85 if noisy else 0.04)
    weights = [row[3] for row in _REQUESTS]
    method, uri, status, _, usual, size = chance.choices(_REQUESTS, weights)[0]
    if scan:
        method, uri, status, usual, size = "GET", chance.choice(_SCANS), 404, 0.001, 312
    client = f"203.0.113.{chance.randrange(5, 12)}" if scan else f"198.51.100.{chance.randrange(1, 250)}"
    client = masked or client
    agent = _SCANNER if scan else chance.choice(_AGENTS)
    if chance.random() < 0.004:
        agent = _HOSTILE
    if noisy and chance.random() < 0.2:
        uri = f"/{_HOSTILE}"
    host = chance.choice(VHOSTS)
    tls = {"resumed": False, "version": 772, "cipher_suite": 4865, "proto": "h2", "server_name": host}
    record = {
        "level": "error" if status >= 500 else "info",
        "ts": round(at, 7),
        "logger": "http.log.access.log0",
        "msg": "handled request",
        "request": {
            "remote_ip": client,
            "remote_port": str(chance.randrange(20000, 60000)),
            "client_ip": client,
            "proto": "HTTP/2.0",
            "method": method,
            "host": host,
            "uri": uri,
            "headers": {"User-Agent": [agent], "Accept": ["*/*"]},
            "tls": tls,
        },
        "bytes_read": 0,
        "user_id": "",
        "duration": round(usual * chance.uniform(0.5, 1.9), 9),
        "size": int(size * chance.uniform(0.9, 1.1)),
        "status": status,
        "resp_headers": {"Server": ["Caddy"], "Content-Type": ["text/html; charset=utf-8"]},
    }
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def last(state: State, count: int) -> list[bytes]:
    """The newest `count` lines up to now, oldest first (of the last quarter of an hour at most)."""
    at, found = int(state.clock.now()), list[bytes]()
    for ago in range(1, _WINDOW):
        if len(found) >= count:
            break
        found = second(state, at - ago) + found
    found += state.log_written
    return found[-count:] if count else []


async def follow(state: State, count: int, *, interval: float = 0.25) -> AsyncIterator[bytes]:
    """`tail -F -n COUNT`: the past, then every line as its time comes, in chunks."""
    seen = float(int(state.clock.now()))
    old = last(state, count)
    if old:
        yield b"".join(old)
    while True:
        await state.clock.wait(interval)
        now = state.clock.now()
        chunk = b"".join(_between(state, seen, now))
        seen = now
        if chunk:
            yield chunk


def _between(state: State, after: float, until: float) -> list[bytes]:
    """The lines of `(after, until]`; a long gap is cut to its last minute."""
    after = max(after, until - 60)
    found = []
    for at in range(int(after), int(until) + 1):
        lines = second(state, at)
        for index, one in enumerate(lines):
            moment = at + (index + 0.5) / len(lines)
            if after < moment <= until:
                found.append(one)
    return found
