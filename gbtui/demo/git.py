"""A checkout on the simulated host: a root repository with a submodule, two remotes that take pushes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha1

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import Place, Repo

ROOT, SUB = "/home/ops/gb", "botserver"
OWNER = "ops"


def commit_id(*about: str) -> str:
    """A commit's id, the same for the same."""
    return sha1("\0".join(about).encode(), usedforsecurity=False).hexdigest()


def furnish(host: Place) -> None:
    """Three commits of the submodule are on no remote yet, and the root names the one before them."""
    history = [commit_id(SUB, str(number)) for number in range(8)]
    pushed = {"origin": history[4], "alm": history[4]}
    host.repos[f"{ROOT}/{SUB}"] = Repo(list(history), pushed)
    first, root = commit_id("root", "0"), commit_id("root", "1")
    host.repos[ROOT] = Repo([first, root], {"alm": root}, pointers={SUB: history[4]})
    host.folders.add(ROOT)


def _state(repo: Repo, remote: str) -> tuple[str, int]:
    has = repo.remotes.get(remote)
    if has is None:
        return "silent", 0
    if has == repo.history[-1]:
        return "same", 0
    if not has:
        return "new", len(repo.history)
    if has not in repo.history:
        return "unknown", 0
    return "behind", len(repo.history) - 1 - repo.history.index(has)


def _look(call: Call) -> Answer:
    root, name, _, file, *remotes = call.arguments
    repos = call.place.repos
    if root not in call.place.folders:
        return said("wrong\tmissing")
    if root not in repos or f"{root}/{name}" not in repos:
        return said("wrong\tno-git" if root not in repos else "wrong\tno-submodule")
    rows = [f"owner\t{OWNER}", f"pointer\t{repos[root].pointers.get(name, '')}"]
    rows += [f"identity\t{repos[root].identity}"]
    each = (("sub", repos[f"{root}/{name}"], remotes[1:]), ("root", repos[root], remotes[:1]))
    for which, repo, its in each:
        rows += [f"{which}.branch\t{repo.branch}", f"{which}.head\t{repo.history[-1]}"]
        rows += [f"{which}.dirty\t{one}" for one in repo.dirty]
        rows += [f"{which}.secret\t{one}" for one in repo.tracked if one.endswith(file)]
        for remote in its:
            state, ahead = _state(repo, remote)
            secret = repo.secret[:7] if state in ("behind", "new") else ""
            rows.append(f"{which}.remote\t{remote}\t{state}\t{ahead}\t{secret}")
    return said("\n".join(rows))


def _has(call: Call) -> Answer:
    folder, remote, _, sha = call.arguments
    has = call.place.repos[folder].remotes.get(remote)
    if has is None:
        return failed(1, f"fatal: '{remote}' does not appear to be a git repository")
    return said("yes" if has == sha else "no")


def _pushed(repo: Repo, remote: str, sha: str) -> Answer:
    has = repo.remotes.get(remote)
    if has is None:
        return failed(128, "fatal: Could not read from remote repository.")
    if has and has not in repo.history:
        return failed(1, " ! [rejected]        main -> main (fetch first)")
    repo.remotes[remote] = sha
    return said(takes=1.0)


def _push(call: Call) -> Answer:
    folder, remote, _, sha = call.arguments
    return _pushed(call.place.repos[folder], remote, sha)


def _names(call: Call, root: str, name: str, sha: str) -> bool:
    return call.place.repos[root].pointers.get(name) == sha


def _pointer(call: Call) -> Answer:
    root, name, sha = call.arguments
    return said("yes" if _names(call, root, name, sha) else "no")


def _commit(call: Call) -> Answer:
    root, name, sha, words = call.arguments
    if _names(call, root, name, sha):
        return said()
    if call.place.repos[f"{root}/{name}"].history[-1] != sha:
        return failed(1, f"{name} is at another commit than planned")
    repo = call.place.repos[root]
    repo.history.append(commit_id(repo.history[-1], sha, words))
    repo.pointers[name] = sha
    return said()


def _root_has(call: Call) -> Answer:
    root, remote, _, name, sha = call.arguments
    repo = call.place.repos[root]
    asked = _has(replace(call, argv=(call.argv[0], root, remote, "", repo.history[-1])))
    return asked if asked.status or _names(call, root, name, sha) else said("no")


def _push_root(call: Call) -> Answer:
    root, remote, _, name, sha, old = call.arguments
    repo = call.place.repos[root]
    if not _names(call, root, name, sha) or old not in repo.history[-2:]:
        return failed(1, f"{root} is at another commit than planned")
    return _pushed(repo, remote, repo.history[-1])


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-git-look": _look,
    "gbtui-git-has": _has,
    "gbtui-git-push": _push,
    "gbtui-git-pointer": _pointer,
    "gbtui-git-commit": _commit,
    "gbtui-git-root-has": _root_has,
    "gbtui-git-push-root": _push_root,
}
