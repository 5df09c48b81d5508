"""The undo script on the simulated host: the few forms of shell it is made of, carried out for real.

`gbtui.guard.revert_script` writes `work() { … }` from a plan. Its head and tail (the lock, the
outcome) are done here; its body is read as shell: simple commands, `&&`, `||`, `{ }`, `if`, `for`.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import File
from gbtui.text import text

_END = {"then", "else", "fi", "done", "do", "}"}


class Unknown(Exception):
    """A form of shell that the undo script is not made of."""


class _Break(Exception):
    """`break` in a loop."""


def run(call: Call, directory: str) -> Answer:
    """Carry out `directory`/revert.sh: nothing unless armed, and never twice."""
    entries = call.place.files
    if f"{directory}/armed" not in entries or f"{directory}/outcome" in entries:
        return said()
    script = text(entries[f"{directory}/revert.sh"].data)
    _, _, rest = script.partition("\nwork() {\n")
    body, _, _ = rest.rpartition("\nreturn $failed\n}")
    shell = _Shell(call, directory)
    try:
        shell.tokens = _tokens(body)
        shell.block()
    except (Unknown, ValueError) as error:
        shell.failed, shell.said = True, [*shell.said, f"not understood: {error}"]
    now = call.state.clock.now()
    word = "failed" if shell.failed else "reverted"
    at = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    outcome = "\n".join((f"{word} {at}", *shell.said, ""))
    entries[f"{directory}/outcome"] = File(outcome.encode(), 0o600, modified=now)
    entries.pop(f"{directory}/armed", None)
    about = f"{word} {directory.rpartition('/')[2]} by the host itself"
    call.state.syslog.append((now, "gbtui", about))
    return failed(1, "") if shell.failed else said()


def _tokens(body: str) -> list[str]:
    """Words and operators; line ends become `;`."""
    reader = shlex.shlex(body, posix=True, punctuation_chars=";&|<>\n")
    reader.whitespace, reader.whitespace_split, reader.commenters = " \t\r", True, ""
    return [";" if not token.strip("\n") and token else token.strip("\n") for token in reader]


@dataclass
class _Shell:
    """Tokens being carried out. `live` is False while a branch not taken is only read over."""

    call: Call
    directory: str
    tokens: list[str] = field(default_factory=list)
    at: int = 0
    live: bool = True
    failed: bool = False
    said: list[str] = field(default_factory=list)

    def block(self) -> int:
        """Statements up to a closing word; the status of the last one."""
        status = 0
        while True:
            while self._peek() == ";":
                self.at += 1
            if not self._peek() or self._peek() in _END:
                return status
            status = self._chain()

    def _chain(self) -> int:
        status = self._statement()
        while self._peek() in ("&&", "||"):
            wanted = (self._next() == "&&") == (status == 0)
            live, self.live = self.live, self.live and wanted
            other = self._statement()
            self.live = live
            status = other if wanted else status
        return status

    def _statement(self) -> int:
        word = self._peek()
        if word == "if":
            return self._if()
        if word == "for":
            return self._for()
        if word == "{":
            self._next()
            status = self.block()
            self._need("}")
            self._redirect()
            return status
        return self._simple()

    def _if(self) -> int:
        self._need("if")
        held = self.block() == 0
        self._need("then")
        status = self._branch(held)
        if self._peek() == "else":
            self._next()
            other = self._branch(not held)
            status = status if held else other
        self._need("fi")
        return status

    def _branch(self, taken: bool) -> int:
        live, self.live = self.live, self.live and taken
        status = self.block()
        self.live = live
        return status

    def _for(self) -> int:
        words: list[str] = []
        while self._peek() != "do":
            words.append(self._next())
        self._need("do")
        start, live = self.at, self.live
        for _ in words[3:] if live else ():
            self.at = start
            try:
                self.block()
            except _Break:
                break
        # Read over the body once more without doing it: a break leaves the reader in its middle.
        self.at, self.live = start, False
        self.block()
        self.live = live
        self._need("done")
        return 0

    def _simple(self) -> int:
        words: list[str] = []
        while self._peek() and self._peek() not in (";", "&&", "||", "<", ">"):
            words.append(self._next())
        stdin = self._redirect()
        if not self.live or not words:
            return 0
        name, rest = words[0], words[1:]
        if name == "holds":
            return 0 if self._holds(rest) else 1
        if name == "say":
            self.said.append(" ".join(rest))
        elif name == "failed=1":
            self.failed = True
        elif name == "break":
            raise _Break
        elif name not in ("true", ":", "sleep"):
            return self._execute(words, stdin).status
        return 0

    def _holds(self, words: list[str]) -> bool:
        sign, how, value, *argv = words
        answer = self._execute(argv, b"")
        said_ = text(answer.stdout)
        if how == "status":
            held = str(answer.status) == value
        elif answer.status:
            return False
        else:
            held = said_.strip() == value if how == "stdout" else value in said_
        return held == (sign == "+")

    def _execute(self, argv: list[str], stdin: bytes) -> Answer:
        if self.call.state.execute is None:
            raise Unknown("no programs")
        return self.call.state.execute(replace(self.call, argv=tuple(argv), stdin=stdin))

    def _redirect(self) -> bytes:
        data = b""
        while self._peek() in ("<", ">"):
            self._next()
            name = self._next().replace("$dir", self.directory)
            data = self.call.place.files[name].data if name in self.call.place.files else b""
        return data

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _next(self) -> str:
        if self.at >= len(self.tokens):
            raise Unknown("the script ends in the middle")
        self.at += 1
        return self.tokens[self.at - 1]

    def _need(self, word: str) -> None:
        found = self._next()
        if found != word:
            raise Unknown(f"{found!r} where {word!r} was expected")
