"""Identity, holds, clones and dry runs, from what a real pool said."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Malformed
from gbtui.facts.snapshots_detail import (
    detail_argv,
    estimate_command,
    parse_details,
    parse_estimate,
    parse_holds,
)
from tests.unit.facts.fakehost import fixture

SYSTEM = "default/containers/acme-system"


def test_details_of_real_snapshots() -> None:
    found = parse_details(fixture("zfs-list-details.txt"))
    assert len(found) == 7
    assert found[f"{SYSTEM}@daily-2026-11-19"].holds == 1
    assert found[f"{SYSTEM}@daily-2026-11-19"].guid == "10017771974228051317"
    assert found[f"{SYSTEM}@daily-2026-11-18"].clones == ()
    image = next(one for name, one in found.items() if name.endswith("@readonly"))
    assert image.clones == ("default/containers/acme-proxy", "default/containers/acme-system")


def test_a_real_dry_run() -> None:
    found = parse_estimate(fixture("zfs-destroy-nvp-list.txt"))
    assert found.names == (f"{SYSTEM}@daily-2026-11-18", f"{SYSTEM}@daily-2026-11-20")
    assert found.reclaim == 18_983_936


def test_real_holds() -> None:
    assert parse_holds(fixture("zfs-holds.txt")) == {f"{SYSTEM}@daily-2026-11-19": ("keep",)}


def test_what_is_asked_names_each_one_behind_the_options() -> None:
    assert detail_argv(["a@b", "a@c"])[-3:] == ("--", "a@b", "a@c")
    assert estimate_command("a", ["b", "c"]).argv == ("zfs", "destroy", "-nvp", "--", "a@b,c")


@pytest.mark.parametrize(
    "said", [b"", b"destroy\ta@b\n", b"would destroy a@b\n", b"destroy\ta@b\nreclaim\tx\n"]
)
def test_a_dry_run_without_a_figure_is_no_estimate(said: bytes) -> None:
    with pytest.raises(Malformed, match="dry run"):
        parse_estimate(said)


@pytest.mark.parametrize("said", [b"a@b\t1\n", b"a@b\tx\t0\t-\n", b"a\t1\t0\t-\n", b"a@b\t1\tx\t-\n"])
def test_half_a_picture_is_none(said: bytes) -> None:
    with pytest.raises(Malformed, match="details"):
        parse_details(said)


@given(st.binary(max_size=200))
def test_anything_is_parsed_or_malformed(said: bytes) -> None:
    parse_holds(said)
    for parse in (parse_details, parse_estimate):
        with suppress(Malformed):
            parse(said)


_WORD = st.text(st.characters(whitelist_categories=("Ll", "Nd"), max_codepoint=127), min_size=1, max_size=9)


@given(st.lists(st.tuples(_WORD, _WORD, st.integers(0, 2**64)), unique_by=lambda row: row[:2]))
def test_every_well_formed_line_is_read(rows: list[tuple[str, str, int]]) -> None:
    lines = "".join(f"{dataset}@{name}\t{guid}\t0\t-\n" for dataset, name, guid in rows)
    found = parse_details(lines.encode())
    assert {(one.name, one.guid) for one in found.values()} == {(f"{d}@{n}", str(g)) for d, n, g in rows}
