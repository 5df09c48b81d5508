"""What `ci.authorise-runner` looks at: both ends of the connection, and what speaks against it (78)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gbtui import text
from gbtui.facts.ci_keys import Key, Side, parse_side
from gbtui.facts.failure import failure
from gbtui.guard.plan import Exec, Verdict
from gbtui.guard.preview import command
from gbtui.operations import ci_keys_scripts as scripts
from gbtui.operations.base import Context, Guard
from gbtui.operations.containers_look import subject

KEY = Guard("runner-key", "the runner has a key pair of its own", (78,))
DOOR = Guard("ssh-there", "the target runs, has that user, and its sshd listens", (77, 78))
STRICT = Guard("strict-modes", "sshd believes the file: nobody else can write it or what it lies in", (78,))
HOST_KEY = Guard("host-key", "the runner knows the target by the host key that it really has", (78,))


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends. `file` is authorized_keys there, `count` how often it has the key; `known` the file here."""

    runner: str
    target: str
    user: str
    address: str
    here: Side
    there: Side
    count: int = 0

    @property
    def file(self) -> str:
        return f"{self.there.home}/.ssh/authorized_keys"

    @property
    def known(self) -> str:
        return f"{self.here.home}/.ssh/known_hosts"

    @property
    def peer(self) -> str:
        return f"{self.user}@{self.address}"

    @property
    def key(self) -> Key:
        return self.here.keys[0]

    @property
    def known_line(self) -> str:
        """The target's host key as it stands in known_hosts."""
        host = self.there.keys[0]
        return f"{self.target},{self.address} {host.kind} {host.blob}"


# Looks


async def ends_of(context: Context, name: str, target: str, user: str) -> tuple[Ends | None, Verdict]:
    """Both ends, or why there is no connection to be had."""
    if target == name:
        return None, DOOR.refuse(f"{name} is the runner itself: name the container it deploys to")
    found, there = await subject(context, target)
    if found is None:
        return None, DOOR.refuse(there.reason)
    address = next((one for one in found.one.ipv4 if ":" not in one), "")
    if not found.one.running or not address:
        return None, DOOR.refuse(f"{target} is {found.one.state.lower()}, or has no address: start it first")
    far = await _side(context, scripts.target(target, user), f"SSH in {target}")
    if not far.home:
        return None, DOOR.refuse(f"{target} has no user {user}: name one with user=")
    if not far.ssh or not far.keys:
        install = f"lxc exec {target} -- apt-get install openssh-server"
        return None, DOOR.refuse(f"no sshd listens in {target}: {install}")
    near = await _side(context, ask_runner(context, name, target, address), f"SSH in {name}")
    ends = Ends(name, target, user, address, near, far)
    if near.keys:
        done = await context.host.run(command(ask_count(ends)))
        said = text.line(done.stdout)
        count = int(said) if said.isascii() and said.isdecimal() else 0
        ends = replace(ends, count=count)
    return ends, DOOR.allow(f"sshd of {target} listens, and {user} is a user there")


def ask_runner(context: Context, name: str, target: str, address: str) -> Exec:
    """The runner's side, and what it knows the target by."""
    return scripts.runner(name, context.profile.runner_user, (target, address))


async def _side(context: Context, asked: Exec, what: str) -> Side:
    done = await context.host.run(command(asked))
    if not done.ok:
        raise failure(done, what)
    return parse_side(done.stdout)


def ask_count(ends: Ends) -> Exec:
    """How often the target has the key."""
    return scripts.key_count(ends.target, ends.file, ends.user, ends.key.kind, ends.key.blob)


# Guards


def judge(context: Context, ends: Ends) -> list[Verdict]:
    """What speaks against it, once both ends are there."""
    return [_key(context, ends), _strict(ends), _host_key(ends)]


def _key(context: Context, ends: Ends) -> Verdict:
    user = context.profile.runner_user
    if not ends.here.ssh:
        return KEY.refuse(
            f"{ends.runner} has no ssh: lxc exec {ends.runner} -- apt-get install openssh-client"
        )
    if not ends.here.keys:
        make = f"lxc exec {ends.runner} -- su - {user} -c 'ssh-keygen -t ed25519'"
        return KEY.refuse(f"{user} of {ends.runner} has no key pair (id_ed25519, id_ecdsa, id_rsa): {make}")
    if ends.count > 1:
        return KEY.warn(f"{ends.key.words} is in {ends.file} {ends.count} times: once is enough")
    return KEY.allow(f"{user} of {ends.runner} has {ends.key.words}")


def _strict(ends: Ends) -> Verdict:
    for path, state in (
        (ends.there.home, ends.there.home_state),
        (f"{ends.there.home}/.ssh", ends.there.folder),
    ):
        if state != "missing" and not _private(state, ends.user):
            fix = f"lxc exec {ends.target} -- sh -c 'chown {ends.user}: {path}; chmod go-w {path}'"
            return STRICT.refuse(f"{path} is {state}: sshd would not believe what lies in it; {fix}")
    for path, state in ((ends.file, ends.there.file), (ends.known, ends.here.file)):
        if state == "link":
            return STRICT.refuse(f"{path} is a link: it is left alone; put the line where it leads")
    if ends.here.folder in ("missing", "link"):
        return STRICT.refuse(f"{ends.here.home}/.ssh of the runner is {ends.here.folder}")
    return STRICT.allow("the file and its folders are its user's alone to write")


def _private(state: str, user: str) -> bool:
    """Whether only `user` or root can write it: "MODE USER"."""
    mode, _, owner = state.partition(" ")
    return owner in (user, "root") and mode[-3:].isdecimal() and not int(mode[-3:], 8) & 0o022


def _host_key(ends: Ends) -> Verdict:
    mine = {(key.kind, key.blob) for key in ends.there.keys}
    kinds = {key.kind for key in ends.there.keys}
    wrong = [key for key in ends.here.known if key.kind in kinds and (key.kind, key.blob) not in mine]
    if wrong:
        how = f"find out why, then ssh-keygen -R {ends.target} -R {ends.address} as the runner's user"
        return HOST_KEY.refuse(f"the runner knows {ends.target} by another key ({wrong[0].words}): {how}")
    said = "knows it already" if knows(ends) else "learns it, read through LXD"
    return HOST_KEY.allow(f"{ends.target} has {ends.there.keys[0].words}; the runner {said}")


def knows(ends: Ends) -> bool:
    """Under its name and under its address."""
    mine = {(key.kind, key.blob) for key in ends.there.keys}
    return sum((key.kind, key.blob) in mine for key in ends.here.known) > 1
