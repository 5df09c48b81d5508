"""Run every bench and print its line."""

from __future__ import annotations

import sys

from tests.bench.checks_round import checks_round
from tests.bench.many_instances import many_instances
from tests.bench.many_snapshots import many_snapshots
from tests.bench.measure import say
from tests.bench.refresh import refresh
from tests.bench.start import start
from tests.bench.terminal_bytes import terminal_bytes


def main() -> int:
    for ratio in start():
        say(ratio.line())
    say(many_snapshots().line())
    for ratio in many_instances():
        say(ratio.line())
    looked = checks_round()
    for line in (looked[0].line(), looked[1]) if looked else ("a round on the lab: needs GBTUI_LAB=1",):
        say(line)
    refreshed = refresh()
    say(
        refreshed.line() if refreshed else "one refresh of five panes: needs the lab (GBTUI_LAB=1 make bench)"
    )
    terminal_bytes()
    return 0


if __name__ == "__main__":
    sys.exit(main())
