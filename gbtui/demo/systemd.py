"""systemctl and systemd-run on the simulated host: units with effects, timers that fire."""

from __future__ import annotations

from datetime import UTC, datetime

from gbtui.demo import caddy, dns, release, services, unit_commands, unit_files, unit_switch, vault
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import Place, Timer, Unit

#: How long botserver needs until its port answers, and how long where its cache is cut off.
STARTS_IN, GIVES_UP_IN = 3.0, 6.0
#: systemd prints properties in its own order, whatever order they are asked in.
_ORDER = (
    "Type", "Restart", "MainPID", "Result", "NRestarts", "ExecMainStartTimestamp", "MemoryCurrent",
    "CPUUsageNSec", "Environment", "EnvironmentFiles", "Id", "Names", "Description", "DropInPaths",
    "LoadState", "ActiveState", "SubState", "UnitFileState", "StateChangeTimestamp",
    "ActiveEnterTimestamp", "InvocationID",
)  # fmt: skip
_VALUED = ("-p", "--property", "-n", "--type", "-t", "--state")


def systemctl(call: Call) -> Answer:
    """`systemctl restart|start|stop|is-active|is-enabled|show|status|daemon-reload …`."""
    flags, words = _split(list(call.arguments))
    verb, names = (words[0], [_full(name) for name in words[1:]]) if words else ("list-units", [])
    if verb in ("restart", "start", "stop", "reload", "try-restart"):
        return _change(call, verb, names)
    if verb in ("enable", "disable"):
        return unit_switch.switch(call, verb, names, now="--now" in flags)
    if verb in ("is-active", "is-failed", "is-enabled"):
        return _is(call, verb, names, quiet=bool({"-q", "--quiet"} & flags.keys()))
    if verb == "show":
        return said("\n\n".join(_show(call, name, flags) for name in names))
    if verb == "status":
        return _status(call, names)
    if verb in ("daemon-reload", "reset-failed", "daemon-reexec"):
        unit_files.reload(call.place)
        return said()
    return failed(1, f"Unknown command verb '{verb}'.")


def _split(words: list[str]) -> tuple[dict[str, str], list[str]]:
    flags, rest = dict[str, str](), list[str]()
    while words:
        word = words.pop(0)
        name, _, value = word.partition("=")
        if name in _VALUED:
            name = {"--property": "-p"}.get(name, name)
            value = value or (words.pop(0) if words else "")
            flags[name] = f"{flags[name]},{value}" if name in flags else value
        elif word.startswith("-"):
            flags[name] = value
        else:
            rest.append(word)
    return flags, rest


def _full(name: str) -> str:
    return name if "." in name else f"{name}.service"


def unit_of(call: Call, name: str) -> Unit | None:
    """The unit, transient timers included; None where there is none."""
    if name in call.place.units:
        return call.place.units[name]
    timer = name.removesuffix(".timer")
    if call.place is call.state.host and name.endswith(".timer") and timer in call.state.timers:
        return Unit(name, description=f"[systemd-run] {timer}")
    return None


def _change(call: Call, verb: str, names: list[str]) -> Answer:
    if not call.root:
        words = f"Failed to {verb} {names[0] if names else ''}: Interactive authentication required."
        return failed(1, words)
    lines, takes = [], 0.0
    for name in names:
        unit = unit_of(call, name)
        if unit is None and verb in ("start", "restart") and unit_switch.is_file(call.place, name):
            begun = unit_switch.run(call, name)
            takes = max(takes, begun.takes)
            lines += [line.decode() for line in begun.stderr.splitlines()]
        elif unit is None:
            word = "loaded" if verb == "stop" else "found"
            lines.append(f"Failed to {verb} {name}: Unit {name} not {word}.")
        elif name.endswith(".timer") and verb == "stop":
            call.state.timers.pop(name.removesuffix(".timer"), None)
        else:
            takes = max(takes, _turn(call, unit, verb))
    return Answer(5, stderr="".join(f"{line}\n" for line in lines).encode()) if lines else said(takes=takes)


def _turn(call: Call, unit: Unit, verb: str) -> float:
    """Start, stop or restart one unit; how long the call takes."""
    now = call.state.clock.now()
    if verb == "reload" or (verb == "start" and unit.active):
        return 0.05
    done = unit_commands.turn(call, unit.name, verb)
    if done.status:
        return done.takes
    unit.since = now
    unit.active = verb != "stop"
    if unit.name in ("lxd.service", "snap.lxd.daemon.service"):
        call.state.lxd_up = unit.active
    if not unit.active:
        return 0.1
    return start(call.place, unit, now)


def start(place: Place, unit: Unit, now: float) -> float:
    """Bring a unit up at `now`. botserver looks for its cache once, when it starts (guide item 36)."""
    unit.active, unit.since, unit.ready = True, now, now + 0.5
    unit.starts, unit.restarts, unit.environment = unit.starts + 1, 0, dict(unit.configured)
    release.begin(place, unit)
    if unit.name == "dns.service":
        dns.load(place)
    if unit.name == "vault.service":
        vault.seal(place)
    if unit.name == "system.service":
        unit.cache_reached = services.cache_answers(place)
        unit.ready = now + (STARTS_IN if unit.cache_reached else GIVES_UP_IN)
        if not unit.cache_reached:
            _complain(place, now)
    if unit.name == caddy.UNIT:
        unit.active = caddy.start(place, now)
    return 0.3


def _complain(place: Place, now: float) -> None:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    words = "ERROR botserver: cache: localhost:6379: Connection timed out (os error 110)"
    log = place.files["/opt/gbo/logs/error.log"]
    log.data = (log.data + f"{stamp} {words}\n".encode())[-100_000:]


def _is(call: Call, verb: str, names: list[str], *, quiet: bool) -> Answer:
    """systemctl answers 0 when at least one of them is what is asked for."""
    lines, statuses = [], []
    for name in names:
        unit = unit_of(call, name)
        if verb == "is-enabled":
            word = unit_switch.state(call.place, name) if unit_switch.is_file(call.place, name) else "enabled"
            word = word if unit or word != "enabled" else "not-found"
            holds = word == "enabled"
        elif verb == "is-failed":
            word, holds = ("active" if unit and unit.active else "inactive"), False
        else:
            holds = unit is not None and unit.active
            word = "active" if holds else "inactive"
        lines.append(f"{word}\n")
        statuses.append(0 if holds else 4 if unit is None else 1 if verb == "is-failed" else 3)
    return Answer(min(statuses, default=1), b"" if quiet else "".join(lines).encode())


def _show(call: Call, name: str, flags: dict[str, str]) -> str:
    properties = _properties(call, name)
    wanted = flags["-p"].split(",") if "-p" in flags else [*properties]
    shown = [(key, properties[key]) for key in _ORDER if key in wanted and key in properties]
    return "\n".join(value if "--value" in flags else f"{key}={value}" for key, value in shown)


def _properties(call: Call, name: str) -> dict[str, str]:
    unit = unit_of(call, name)
    since = _time(unit.since) if unit and unit.active else ""
    sub = "exited" if unit and unit.oneshot else "waiting" if name.endswith(".timer") else "running"
    up = bool(unit and unit.active)
    now = call.state.clock.now()
    return {
        "Type": "oneshot" if unit and unit.oneshot else "simple",
        "Restart": "no" if unit is None or unit.oneshot else "always",
        "MainPID": str(unit_files.pid(unit)) if unit and up and sub == "running" else "0",
        "Result": "success",
        "NRestarts": str(unit_files.restarts(unit, now) if unit else 0),
        "ExecMainStartTimestamp": since,
        "MemoryCurrent": str(unit.memory) if unit and up else "[not set]",
        "CPUUsageNSec": str(int((now - unit.since) * 2e7)) if unit and up else "[not set]",
        "Environment": " ".join(f"{key}={value}" for key, value in (unit.configured if unit else {}).items()),
        "EnvironmentFiles": "".join(unit_files.values(call.place, name, "EnvironmentFile")[:1]).lstrip("-"),
        "DropInPaths": " ".join(unit_files.drop_ins(call.place, name)),
        "InvocationID": unit_files.invocation(unit, now) if unit else "",
        "Id": name,
        "Names": name,
        "Description": (unit.description or name) if unit else name,
        "LoadState": "loaded" if unit else "not-found",
        "ActiveState": "active" if up else "inactive",
        "SubState": sub if up else "dead",
        "UnitFileState": _file_state(call, name, unit),
        "StateChangeTimestamp": since,
        "ActiveEnterTimestamp": since,
    }


def _file_state(call: Call, name: str, unit: Unit | None) -> str:
    known = isinstance(unit, unit_switch.FileUnit)
    if known or (unit is None and unit_switch.is_file(call.place, name)):
        return unit_switch.state(call.place, name) if unit_switch.is_file(call.place, name) else ""
    return "" if unit is None else "transient" if name.endswith(".timer") else "enabled"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%a %Y-%m-%d %H:%M:%S UTC")


def _status(call: Call, names: list[str]) -> Answer:
    name = names[0] if names else ""
    unit = unit_of(call, name)
    if unit is None:
        return failed(4, f"Unit {name} could not be found.")
    word = "active (running)" if unit.active else "inactive (dead)"
    text = (
        f"● {name} - {unit.description or name}\n"
        f"     Loaded: loaded (/etc/systemd/system/{name}; enabled; preset: enabled)\n"
        f"     Active: {word} since {_time(unit.since)}"
    )
    return Answer(0 if unit.active else 3, f"{text}\n".encode())


def systemd_run(call: Call) -> Answer:
    """`systemd-run --on-active=SECONDS --unit=NAME [--quiet] [--collect] … PROGRAM …`."""
    options, words = dict[str, str](), list(call.arguments)
    while words and words[0].startswith("-"):
        name, _, value = words.pop(0).partition("=")
        if name == "--":
            break
        options[name] = value
    if not call.root:
        return failed(1, "Failed to start transient timer unit: Interactive authentication required.")
    if not words:
        return failed(1, "Command line to execute required.")
    name = options.get("--unit", f"run-r{call.state.random(call.state.clock.now()).getrandbits(64):016x}")
    name = name.removesuffix(".service").removesuffix(".timer")
    if name in call.state.timers:
        words_ = f"Unit {name}.timer was already loaded or has a fragment file."
        return failed(1, f"Failed to start transient timer unit: {words_}")
    quiet = "--quiet" in options or "-q" in options
    if "--on-active" not in options:
        if call.state.execute is not None:
            call.state.execute(Call(call.state, call.place, tuple(words)))
        return said() if quiet else failed(0, f"Running as unit: {name}.service")
    due = call.state.clock.now() + _seconds(options["--on-active"])
    call.state.timers[name] = Timer(name, due, tuple(words))
    told = f"Running timer as unit: {name}.timer\nWill run service as unit: {name}.service"
    return said() if quiet else failed(0, told)


def _seconds(span: str) -> float:
    for unit, factor in (("min", 60.0), ("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)):
        if span.endswith(unit) and span.removesuffix(unit).isdigit():
            return float(span.removesuffix(unit)) * factor
    return float(span)
