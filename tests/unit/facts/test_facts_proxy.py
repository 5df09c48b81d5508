"""The Caddyfile's tokens and blocks, small edits that leave the rest alone, Caddy's JSON."""

from __future__ import annotations

import os
import shutil
import subprocess  # noqa: TID251 - Caddy itself is the judge of what was cut
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Malformed, NotFound
from gbtui.facts.proxy_caddyfile import address, host_of, parse, tokens
from gbtui.facts.proxy_config import ProxyConfig, canonical, difference, parse_config
from gbtui.facts.proxy_edit import lines_of, with_absolute_imports, with_storage, without_domain

CADDYFILE = (Path(__file__).parents[2] / "lab/guest/roles/Caddyfile").read_bytes()
NAMES = ("a.example", "b.example", "www.a.example", "*.w.example", "xn--bcher-kva.example")


def keys(data: bytes) -> list[list[str]]:
    return [[host_of(address(key)) for key in block.keys] for block in parse(data).sites()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", []),
        (b"a b\tc\r\nd", [b"a", b"b", b"c", b"d"]),
        (b'"a b" `c "d"` e', [b"a b", b'c "d"', b"e"]),
        (rb'"a \" \n b"', [rb'a " \n b']),
        (b"a#b # c {\nd", [b"a#b", b"d"]),
        (b"a \\\nb", [b"a", b"b"]),
        (b'a <<EOF\n } " #\nEOF b', [b"a", b' } " #\nEOF', b"b"]),
        (b"a <<EOF\n b\n", [b"a", b"<<EOF", b"b"]),
        (b"a <<? \n b\n", [b"a", b"<<?", b"b"]),
        (b"\xef\xbb\xbfa\xc2\xa0b", [b"a", b"b"]),
        (b"a\xff\xfeb {$X}", [b"a\xff\xfeb", b"{$X}"]),
        (b'x"y z"', [b'x"y', b'z"']),
    ],
)
def test_words_are_caddys(text: bytes, words: list[bytes]) -> None:
    found = [token.value for token in tokens(text)]
    assert found == words


def test_an_escaped_line_end_goes_on_with_the_line() -> None:
    file = parse(b"a.example {\n\trespond \\\n\t\tok\n}\n")
    assert [file.new_line(n) for n in range(len(file.tokens))] == [True, False, True, False, True]


@pytest.mark.parametrize(
    ("key", "host"),
    [
        (b"a.example", "a.example"),
        (b"https://A.example:8443/x/*", "a.example"),
        (b":443", ""),
        (b"http://", ""),
        (b"[::1]:80", "::1"),
        (b"*.a.example", "*.a.example"),
        (b"{$NAME}", "{$name}"),
    ],
)
def test_hosts_of_addresses(key: bytes, host: str) -> None:
    assert host_of(key) == host


@pytest.mark.parametrize(
    "bad",
    [
        b"a.example {\n",
        b"a.example,\n{\n}\n",
        b"a.example{\n}\n",
        b"a.example,b.example {\n}\n",
        b"a.example,",
    ],
)
def test_what_caddy_would_not_take_is_malformed(bad: bytes) -> None:
    with pytest.raises(Malformed, match="line"):
        parse(bad)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"x {\n}\na.example {\n\trespond \"}\" # {\n}\n# end\n", b"x {\n}\n# end\n"),
        (b"a.example, x {\n}\n", b"x {\n}\n"),
        (b"x, a.example {\n}\n", b"x {\n}\n"),
        (b"x,\n# why\na.example,\ny {\n}\n", b"x,\n# why\ny {\n}\n"),
        (b"x,\n# why\na.example {\n}\n", b"x {\n}\n"),
        (b"http://a.example, https://a.example:8443/p, x {\n}\n", b"x {\n}\n"),
        (b"http://a.example {\n}\nx {\n}\nhttps://a.example {\n}", b"x {\n}\n"),
        (b"(s) {\n\ta.example\n}\nwww.a.example {\n\tredir https://a.example\n}\na.example {\n}\n",
         b"(s) {\n\ta.example\n}\nwww.a.example {\n\tredir https://a.example\n}\n"),
        (b"a.example {\n} # tail\n", b" # tail\n"),
    ],
)  # fmt: skip
def test_only_the_domain_goes(before: bytes, after: bytes) -> None:
    assert without_domain(before, "a.example") == after


def test_a_domain_that_is_no_address_is_not_found() -> None:
    with pytest.raises(NotFound, match=r"a\.example"):
        without_domain(b"*.example {\n\t@a host a.example\n\trespond @a ok\n}\n", "a.example")
    assert lines_of(b"*.example {\n\t@a host a.example # b.example\n}\n", "a.example") == (2,)
    assert lines_of(b"*.example {\n\t@a host a.example # b.example\n}\n", "b.example") == ()


def test_a_file_that_is_one_site_without_braces_is_left_alone() -> None:
    with pytest.raises(Malformed, match="without braces"):
        without_domain(b"a.example\nrespond ok\n", "a.example")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"x {\n}\n", b"{\n\tstorage file_system {\n\t\troot /s\n\t}\n}\n\nx {\n}\n"),
        (b"{\n\tdebug\n}\n", b"{\n\tstorage file_system {\n\t\troot /s\n\t}\n\tdebug\n}\n"),
        (
            b"{\n\tstorage file_system {\n\t\troot /old\n\t} # c\n\tdebug\n}\n",
            b"{\n\tstorage file_system {\n\t\troot /s\n\t} # c\n\tdebug\n}\n",
        ),
        (b"{\n\tstorage file_system /old\n}\n", b"{\n\tstorage file_system {\n\t\troot /s\n\t}\n}\n"),
    ],
)
def test_storage_is_set_and_nothing_else(before: bytes, after: bytes) -> None:
    assert with_storage(before, "/s") == after
    assert with_storage(after, "/s") == after


def test_imports_of_files_are_made_absolute_and_snippets_are_not() -> None:
    before = b'import sites/*\n(tls) {\n}\na {\n\timport tls\n\timport "x y"\n'
    before += b"\timport /abs\n\timport {args.0}\n}\n"
    wanted = before.replace(b"sites/*", b'"/c/sites/*"').replace(b'"x y"', b'"/c/x y"')
    assert with_absolute_imports(before, "/c") == wanted


@st.composite
def caddyfiles(draw: st.DrawFn) -> bytes:
    """Site blocks with several names, quotes, comments and braces in odd places."""
    body = st.sampled_from(
        [
            b"\trespond ok\n",
            b'\trespond "}\n{"\n',
            b"\thandle {\n\t\trespond `}`\n\t}\n",
            b"\t# } a.example {\n",
            b"\trespond \\\n\t\tb.example\n",
            b'\theader X "\\"{"\n',
        ]
    )
    parts = [draw(st.sampled_from([b"", b"{\n\tdebug\n}\n", b"# a.example {\n"]))]
    for names in draw(st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3), max_size=5)):
        scheme = draw(st.sampled_from([b"", b"http://", b"https://"]))
        separator = draw(st.sampled_from([b", ", b" ", b",\n", b", # c {\n"]))
        parts.append(separator.join(scheme + name.encode() for name in names) + b" {\n")
        parts += draw(st.lists(body, max_size=3))
        parts.append(draw(st.sampled_from([b"}\n", b"}\n\n", b"}\r\n", b"} # }\n"])))
    return b"".join(parts)


@given(caddyfiles(), st.sampled_from(NAMES))
def test_without_a_domain_all_other_sites_stay_and_in_order(data: bytes, domain: str) -> None:
    before = keys(data)
    wanted = [kept for names in before if (kept := [name for name in names if name != domain])]
    if wanted == before:
        with pytest.raises(NotFound):
            without_domain(data, domain)
        return
    after = without_domain(data, domain)
    assert keys(after) == wanted
    rest = iter(data)
    assert all(byte in rest for byte in after), "only bytes taken out, none put in"


@given(st.binary(max_size=200))
def test_any_bytes_are_tokens_in_order_or_malformed(data: bytes) -> None:
    try:
        found = tokens(data)
    except Malformed:
        return
    places = [place for token in found for place in (token.start, token.end)]
    assert places == sorted(places)
    assert all(token.start < token.end <= len(data) for token in found)


CONFIG = b"""{"apps":{"http":{"servers":{"srv0":{"listen":[":443"],"routes":[
 {"match":[{"host":["a.example","B.example"]}],"handle":[{"handler":"subroute","routes":[
   {"group":"group3","handle":[{"handler":"reverse_proxy","upstreams":[{"dial":"10.0.0.1:80"}]}]}]}]},
 {"match":[{"host":["*.w.example"]}],"handle":[{"handler":"subroute","routes":[
   {"match":[{"host":["x.w.example"]}],"handle":[{"handler":"static_response"}]}]}]}]},
 "srv1":{"listen":[":80"],"routes":[{"handle":[{"handler":"static_response"}]}]}}}},
 "storage":{"module":"file_system","root":"/s"}}"""


def config(data: bytes = CONFIG) -> ProxyConfig:
    return parse_config(data, "it")


def test_names_listeners_upstreams_storage() -> None:
    found = {vhost.name: vhost for vhost in config().vhosts}
    assert sorted(found) == ["*.w.example", ":80", "a.example", "b.example", "x.w.example"]
    assert found["a.example"].listen == (":443",)
    assert found["a.example"].upstreams == ("10.0.0.1:80",)
    assert config().storage == ("file_system", "/s")
    assert config(b"{}").vhosts == ()
    assert config(b"{}").storage is None
    assert config(b"{}").admin == "localhost:2019"
    assert config(b'{"admin":{"disabled":true}}').admin == ""


def test_the_difference_names_what_becomes_of_each() -> None:
    new = CONFIG.replace(b"B.example", b"c.example").replace(b"static_response", b"other", 1)
    found = difference(config(), config(new.replace(b"group3", b"group9")))
    assert (found.added, found.removed) == (("c.example",), ("b.example",))
    assert found.changed == ("*.w.example", "x.w.example")
    assert found.words().startswith("+1 −1 ~2 vhosts: + c.example, − b.example, ~ *.w.example")


@pytest.mark.parametrize("bad", [b"", b"[]", b"null", b"not json", b'{"apps":' * 2000, b"[" * 600])
def test_no_configuration_is_malformed(bad: bytes) -> None:
    with pytest.raises(Malformed):
        config(bad)


def test_what_is_nested_too_deep_is_malformed() -> None:
    deep = b'{"handle":[{"routes":[' * 300 + b"{}" + b"]}]}" * 300
    with pytest.raises(Malformed):
        config(b'{"apps":{"http":{"servers":{"a":{"routes":[%s]}}}}}' % deep)


def test_odd_shapes_are_no_vhosts() -> None:
    odd = b'{"apps":{"http":{"servers":{"a":1,"b":{"routes":[3,{"match":3,"handle":[3]}],"listen":3}}}}}'
    assert [vhost.name for vhost in config(odd).vhosts] == [""]


def test_hashes_are_of_the_document_as_caddy_prints_it() -> None:
    assert canonical({"b": "<é&\u2028>", "a": [1, True, None]}) == (
        '{"a":[1,true,null],"b":"\\u003cé\\u0026\\u2028\\u003e"}'.encode()
    )
    assert config(b'{"a":1,"storage":{}}').rest == config(b'{"a":1}').sha256


CADDY = os.environ.get("GBTUI_CADDY") or shutil.which("caddy") or ""


def adapted(data: bytes, path: Path) -> ProxyConfig:
    path.write_bytes(data)
    argv = [CADDY, "adapt", "--config", str(path), "--adapter", "caddyfile"]
    done = subprocess.run(argv, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return config(done.stdout)


@pytest.mark.skipif(not CADDY, reason="needs caddy")
@pytest.mark.parametrize("domain", ["acme.example", "chat.acme.test"])
def test_caddy_itself_misses_only_the_domain(tmp_path: Path, domain: str) -> None:
    before = adapted(CADDYFILE, tmp_path / "old")
    after = adapted(without_domain(CADDYFILE, domain), tmp_path / "new")
    found = difference(before, after)
    assert (found.added, found.removed, found.changed) == ((), (domain,), ())
    moved = adapted(with_storage(CADDYFILE, "/elsewhere"), tmp_path / "moved")
    assert moved.storage == ("file_system", "/elsewhere")
    assert moved.rest == before.rest
