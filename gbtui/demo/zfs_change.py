"""zfs on the simulated host: what makes, renames, holds and destroys snapshots, in its own words."""

from __future__ import annotations

from collections.abc import Callable

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import Dataset, State

_HELD = "it's being held. Run 'zfs holds -r {name}' to see holders."


def _destroy(call: Call, words: list[str]) -> Answer:
    """`zfs destroy [-n] [-v] [-p] DATASET@NAME[,NAME…]`; a filesystem always has children here.

    As the real one: names missing beside others vanish without a word, and -n does not see holds.
    """
    flags, names = _split(words)
    if len(names) != 1:
        return failed(2, "missing dataset argument" if not names else "too many arguments")
    dataset, mark, listed = names[0].partition("@")
    if not mark:
        return failed(1, f"cannot destroy '{dataset}': filesystem has children")
    rows = [row for name in listed.split(",") if (row := find(call.state, f"{dataset}@{name}"))]
    if not rows:
        return failed(1, "could not find any snapshots to destroy; check snapshot names.")
    for row in rows:
        if row.properties.get("clones"):
            words_ = f"cannot destroy '{full(row)}': snapshot has dependent clones\nuse '-R' to destroy"
            return failed(1, f"{words_} the following datasets:\n{row.properties['clones']}")
    lines = [f"destroy\t{full(row)}" for row in rows] if "p" in flags else []
    if "n" in flags:
        return said("\n".join([*lines, f"reclaim\t{_reclaim(call.state, rows)}"]))
    return _denied(call, "destroy snapshots") or _destroyed(call.state, rows)


def _destroyed(state: State, rows: list[Dataset]) -> Answer:
    held = next((row for row in rows if row.holds), None)
    if held is not None:
        return failed(1, f"cannot destroy snapshot {full(held)}: {_HELD.format(name=full(held))}")
    for row in rows:
        drop(state, row)
    return said()


def drop(state: State, row: Dataset) -> None:
    """Take a snapshot away; what it shared with a neighbour becomes the neighbour's own."""
    before, after = _neighbours(state, row)
    if before is not None:
        before.used, before.shared = before.used + before.shared, 0
    if after is not None:
        after.used += row.shared
    state.snapshots.remove(row)


def _reclaim(state: State, rows: list[Dataset]) -> int:
    """What destroying all of `rows` frees: their own, and what they share with each other."""
    chosen = {full(row) for row in rows}
    total = sum(row.used for row in rows)
    for row in rows:
        after = _neighbours(state, row)[1]
        total += row.shared if after is not None and full(after) in chosen else 0
    return total


def _neighbours(state: State, row: Dataset) -> tuple[Dataset | None, Dataset | None]:
    """The next older and the next newer snapshot of the same dataset."""
    same = sorted((one for one in state.snapshots if one.dataset == row.dataset), key=_created)
    at = same.index(row)
    return (same[at - 1] if at else None), (same[at + 1] if at + 1 < len(same) else None)


def _created(row: Dataset) -> float:
    return row.created


def _snapshot(call: Call, words: list[str]) -> Answer:
    """`zfs snapshot [-o PROPERTY=VALUE]… DATASET@NAME…`."""
    properties, names = dict[str, str](), list[str]()
    while words:
        word = words.pop(0)
        if word == "-o" and words:
            key, _, value = words.pop(0).partition("=")
            properties[key] = value
        elif word != "--":
            names.append(word)
    refused = _denied(call, "create snapshots ")
    if refused is not None:
        return refused
    for name in names:
        dataset, mark, short = name.partition("@")
        size = _size(call.state, dataset)
        if not mark or size is None:
            return failed(1, f"cannot open '{dataset}': dataset does not exist")
        if find(call.state, name) is not None:
            return failed(1, f"cannot create snapshot '{name}': dataset already exists")
        row = Dataset(dataset, short, 0, size, call.state.clock.now(), properties=dict(properties))
        call.state.snapshots.append(row)
    return said()


def _rename(call: Call, words: list[str]) -> Answer:
    """`zfs rename DATASET@OLD DATASET@NEW`."""
    _, names = _split(words)
    old, new = names if len(names) == 2 else ("", "")
    row = find(call.state, old)
    if row is None:
        return failed(1, f"cannot open '{old}': dataset does not exist")
    refused = _denied(call, f"rename '{old}'")
    if refused is not None:
        return refused
    if find(call.state, new) is not None:
        return failed(1, f"cannot rename '{old}': dataset already exists")
    row.name = new.partition("@")[2]
    return said()


def _hold(call: Call, words: list[str]) -> Answer:
    """`zfs hold TAG NAME` and `zfs release TAG NAME`."""
    _, names = _split(words)
    tag, name = names if len(names) == 2 else ("", "")
    row = find(call.state, name)
    if row is None:
        return failed(1, f"cannot open '{name}': dataset does not exist")
    without = [hold for hold in row.holds if hold[0] != tag]
    known = len(without) != len(row.holds)
    if call.arguments[0] == "hold":
        if known:
            return failed(1, f"cannot hold snapshot '{name}': tag already exists on this dataset")
        row.holds.append((tag, call.state.clock.now()))
        return said()
    if not known:
        return failed(1, f"cannot release hold from snapshot '{name}': no such tag on this dataset")
    row.holds = without
    return said()


def find(state: State, name: str) -> Dataset | None:
    """The snapshot of that full name."""
    return next((row for row in state.snapshots if full(row) == name), None)


def full(row: Dataset) -> str:
    """`dataset@name`."""
    return f"{row.dataset}@{row.name}"


def _size(state: State, dataset: str) -> int | None:
    """What a filesystem refers to; None where there is none of that name."""
    instance = state.instances.get(dataset.rpartition("/")[2])
    if instance is not None and dataset.endswith(f"/containers/{instance.name}"):
        return instance.disk
    known = {row.dataset for row in state.snapshots}
    return 24576 if dataset in known or dataset == "default" else None


def _split(words: list[str]) -> tuple[str, list[str]]:
    flags, names = "", list[str]()
    for number, word in enumerate(words):
        if word == "--":
            return flags, names + words[number + 1 :]
        if word.startswith("-"):
            flags += word[1:]
        else:
            names.append(word)
    return flags, names


def _denied(call: Call, what: str) -> Answer | None:
    return None if call.root else failed(1, f"cannot {what}: permission denied")


VERBS: dict[str, Callable[[Call, list[str]], Answer]] = {
    "destroy": _destroy,
    "snapshot": _snapshot,
    "rename": _rename,
    "hold": _hold,
    "release": _hold,
}
