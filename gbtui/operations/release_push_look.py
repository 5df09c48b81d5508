"""What `release.push` looks at: a checkout, its remotes, and what speaks against a push (47, 65, 85–88)."""

from __future__ import annotations

from dataclasses import dataclass

from gbtui.facts.git import Checkout
from gbtui.guard.plan import Verdict
from gbtui.operations import release_push_scripts as scripts
from gbtui.operations.base import Guard
from gbtui.operations.snapshots_names import some
from gbtui.profiles import Profile

WRONG = {
    "missing": "there is no such folder",
    "no-git": "it is not the top of a git checkout",
    "no-submodule": "it has no such submodule checked out",
}

THERE = Guard("checkout-there", "both repositories are there, each on the branch that is pushed", (47, 48))
CLEAN = Guard("tree-clean", "nothing lies there that is not committed", (46, 47, 87))
FORWARD = Guard("fast-forward", "every remote answers, and has nothing that is not here", (47, 85, 86, 88))
KEYS = Guard("no-keys", "no file of Vault's keys is tracked, nor in a commit that is pushed", (65,))
NAMED = Guard("committer", "the pointer's commit has somebody's name", (48, 87))


@dataclass(frozen=True, slots=True)
class Push:
    """What is pushed from where: `root` and `sub` are folders at `where`."""

    where: str
    root: str
    name: str
    profile: Profile
    seen: Checkout

    @property
    def sub(self) -> str:
        return f"{self.root}/{self.name}"

    @property
    def pointed(self) -> bool:
        """The root repository names what is checked out."""
        return self.seen.pointer == self.seen.sub.head

    @property
    def root_due(self) -> bool:
        """The root repository has to be pushed."""
        return not self.pointed or any(remote.state != "same" for remote in self.seen.root.remotes)


def judge(it: Push) -> list[Verdict]:
    """What speaks against it; of what is no checkout nothing more is said."""
    there = _there(it)
    return [there] if there.verdict == "refuse" else [there, _clean(it), _forward(it), _keys(it), _named(it)]


def _there(it: Push) -> Verdict:
    seen, branch = it.seen, it.profile.release_branch
    if seen.wrong:
        return THERE.refuse(f"{it.root}: {WRONG.get(seen.wrong, 'it could not be read')}")
    for what, repository in ((it.sub, seen.sub), (it.root, seen.root)):
        if repository.branch != branch:
            on = f"on {repository.branch}" if repository.branch else "on no branch"
            return THERE.refuse(f"{what} is {on}: git checkout {branch} there first, with the commit on it")
    return THERE.allow(f"both are on {branch}; git runs as {seen.owner}, whose checkout it is")


def _clean(it: Push) -> Verdict:
    for what, repository in ((it.sub, it.seen.sub), (it.root, it.seen.root)):
        if repository.changed:
            some_of = some(repository.dirty, 3) + (" …" if repository.changed > 3 else "")
            return CLEAN.refuse(
                f"{what} has {repository.changed} not committed: {some_of}; commit or remove it"
            )
    return CLEAN.allow("nothing lies there that is not committed")


def _forward(it: Push) -> Verdict:
    said = {
        "silent": "does not answer (its key, its address?)",
        "diverged": "has commits that are not here: git pull --rebase first, never push --force",
        "unknown": "has commits that this checkout has never seen: git pull --rebase first",
    }
    for what, repository in ((it.name, it.seen.sub), ("the root repository", it.seen.root)):
        for remote in repository.remotes:
            if remote.state in said:
                return FORWARD.refuse(f"{remote.name} of {what} {said[remote.state]}")
    return FORWARD.allow("every remote answers and is moved forward only")


def _keys(it: Push) -> Verdict:
    file = scripts.key_file(it.profile)
    for what, repository in ((it.sub, it.seen.sub), (it.root, it.seen.root)):
        if repository.secret:
            how = f"git rm --cached {repository.secret}, and rekey Vault if it was ever pushed"
            return KEYS.refuse(f"{what} tracks {repository.secret}, Vault's unseal keys: {how}")
        held = [one for one in repository.remotes if one.secret]
        if held:
            how = "take it out of the history before it is anybody's, and rekey Vault"
            return KEYS.refuse(f"{held[0].secret} of {what} would be pushed, and holds {file}: {how}")
    return KEYS.allow(f"no {file} is tracked, nor in what is pushed")


def _named(it: Push) -> Verdict:
    if it.pointed:
        return NAMED.allow("the pointer is committed already")
    if not it.seen.identity:
        return NAMED.refuse(
            f"git knows no name for a commit: git config user.name and user.email in {it.root}"
        )
    return NAMED.allow(f"the pointer's commit is {it.seen.identity}'s")
