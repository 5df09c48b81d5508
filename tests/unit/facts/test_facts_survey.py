"""Surveys: what is asked where, once, and for how long an answer is good."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import pytest

from gbtui.demo.host import DemoHost
from gbtui.errors import Failed, Malformed, NotFound, TimedOut
from gbtui.facts.failure import failure
from gbtui.facts.survey import EVERY, PROBE, THE_HOST, Ask, LxdAsk, Need, Place
from gbtui.facts.surveyor import AT_ONCE, Surveyor
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import Profile, load
from tests.unit.facts.fakehost import Answer, FakeHost

SYSTEM = ("system",)


def ask(word: str, *more: str, every: float = 0.0, timeout: float = PROBE) -> Ask[str]:
    """Asks with `echo WORD`, and with each of `more`, and reads what the first says."""

    def commands(profile: Profile, place: Place) -> Sequence[Command]:
        return tuple(Command(("echo", one), timeout=timeout) for one in (word, *more))

    def read(done: Sequence[Completed], profile: Profile, place: Place) -> str:
        if not done[0].ok:
            raise Failed(word, why=f"status {done[0].status}")
        return done[0].stdout.decode()

    return Ask(word, commands, read, every)


@dataclass
class Watched:
    """A host without instances whose clock stands still, and what a survey asked of it."""

    answers: dict[tuple[str, ...], Answer] = field(default_factory=dict)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.host: FakeHost = FakeHost(lxd={"instances": [], "profiles": {}})
        self.host.answers = self.answers  # the test goes on changing them
        self.surveyor = Surveyor(self.host, load(), clock=lambda: self.now)

    async def look(self, *asks: Ask[str], fresh: bool = False) -> list[str]:
        """The answers to `asks`, or the words of the errors."""
        survey = await self.surveyor.look([Need(one) for one in asks], fresh=fresh)
        return [str(survey.answers.get((one, "host"))) for one in asks]

    @property
    def asked(self) -> Counter[str]:
        """How often each word was asked for."""
        return Counter(argv[1] for _, argvs in self.host.batches for argv in argvs)


def watched(**answers: Answer) -> Watched:
    return Watched({("host", "echo", word): answer for word, answer in answers.items()})


async def test_an_ask_without_a_rhythm_is_asked_in_every_survey() -> None:
    seen = watched(now=b"1")
    now = ask("now")
    assert await seen.look(now) == ["1"]
    seen.answers["host", "echo", "now"] = b"2"
    assert await seen.look(now) == ["2"]


async def test_an_answer_is_good_for_as_long_as_it_says_and_no_longer() -> None:
    seen = watched(slow=b"1")
    slow = ask("slow", every=60)
    assert await seen.look(slow) == ["1"]
    seen.answers["host", "echo", "slow"] = b"2"
    seen.now = 44.0
    assert await seen.look(slow) == ["1"]
    seen.now = 61.0
    assert await seen.look(slow) == ["2"]
    assert seen.asked["slow"] == 2


async def test_what_began_together_is_not_due_together() -> None:
    words = [f"w{number}" for number in range(12)]
    seen = watched(**dict.fromkeys(words, b"1"))
    asks = [ask(word, every=100) for word in words]
    due: dict[int, int] = {}
    for second in range(0, 101, 5):
        seen.now, before = float(second), seen.asked.total()
        await seen.look(*asks)
        if seen.asked.total() > before:
            due[second] = seen.asked.total() - before
    later = {second: number for second, number in due.items() if second}
    assert (due[0], sum(later.values())) == (12, 12)
    assert min(later) >= 75
    assert len(later) > 2, later


async def test_nothing_kept_is_used_by_a_fresh_look_or_after_forgetting() -> None:
    seen = watched(slow=b"1", other=b"1")
    slow, other = ask("slow", every=600), ask("other", every=600)
    await seen.look(slow, other)
    await seen.look(slow, other, fresh=True)
    assert seen.asked == {"slow": 2, "other": 2}
    seen.surveyor.forget([slow])
    await seen.look(slow, other)
    assert seen.asked == {"slow": 3, "other": 2}, "of the other nobody doubts"
    seen.surveyor.forget()
    await seen.look(slow, other)
    assert seen.asked == {"slow": 4, "other": 3}


async def test_what_cannot_be_read_is_asked_ever_more_seldom_and_never_more_than_an_answer() -> None:
    seen = watched(slow=(1, b"", b""), quick=(1, b"", b""))
    slow, quick = ask("slow", every=600), ask("quick", every=60)
    times: dict[str, list[float]] = {"slow": [], "quick": []}
    for second in range(0, 601, 5):
        seen.now, before = float(second), seen.asked
        assert "status 1" in (await seen.look(slow, quick))[0], "the reason is told all the while"
        for word in seen.asked - before:
            times[word].append(second)
    assert times["slow"][:6] == [0, 15, 45, 105, 225, 345]
    assert times["quick"][:5] == [0, 15, 45, 105, 165]


async def test_an_error_is_forgotten_with_the_rest_and_one_answer_ends_the_doubling() -> None:
    seen = watched(slow=(1, b"", b""))
    slow = ask("slow", every=600)
    await seen.look(slow)
    await seen.look(slow, fresh=True)
    seen.surveyor.forget([slow])
    await seen.look(slow)
    assert seen.asked["slow"] == 3
    seen.answers["host", "echo", "slow"] = b"1"
    seen.now = 15.0
    assert await seen.look(slow) == ["1"], "after the first pause again: what is forgotten has not failed"
    seen.answers["host", "echo", "slow"] = (1, b"", b"")
    seen.now = 700.0
    await seen.look(slow)
    seen.now = 715.0
    await seen.look(slow)
    assert seen.asked["slow"] == 6


async def test_what_is_known_of_one_place_can_be_forgotten_alone() -> None:
    host, profile = DemoHost(), load()
    surveyor = Surveyor(host, profile, "acme")
    asked: list[str] = []

    def read(done: Sequence[Completed], profile: Profile, place: Place) -> bool:
        asked.append(place.name)
        return done[0].ok

    commands = (Command(("id", "-u"), timeout=PROBE),)
    everywhere: Ask[bool] = Ask("who", lambda _, __: commands, read, every=600)
    await surveyor.look([Need(everywhere, EVERY)])
    assert len(asked) == len(profile.roles)
    asked.clear()
    surveyor.forget(place="acme-dns")
    await surveyor.look([Need(everywhere, EVERY)])
    assert asked == ["acme-dns"]


async def test_an_answer_from_before_what_was_forgotten_is_not_kept() -> None:
    seen = watched(slow=b"before")
    slow = ask("slow", every=600)
    run_many = seen.host.run_many

    async def changed_meanwhile(
        commands: Sequence[Command], *, instance: str | None = None
    ) -> tuple[Completed, ...]:
        done = await run_many(commands, instance=instance)
        seen.surveyor.forget()
        return done

    seen.host.run_many = changed_meanwhile  # type: ignore[method-assign]  # an operation ends while it looks
    assert await seen.look(slow) == ["before"]
    seen.answers["host", "echo", "slow"] = b"after"
    assert await seen.look(slow) == ["after"]


async def test_one_command_serves_all_who_ask_it_and_a_place_gets_one_batch() -> None:
    seen = watched(both=b"1", mine=b"2")
    one, two = ask("both"), ask("mine", "both")
    assert await seen.look(one, two) == ["1", "2"]
    assert seen.host.batches == [("host", (("echo", "both"), ("echo", "mine")))]


async def test_few_places_are_asked_at_once_and_first_where_there_is_most_to_ask() -> None:
    class Busy(DemoHost):
        began: ClassVar[list[str]] = []
        under_way = most = 0

        async def run_many(
            self, commands: Sequence[Command], *, instance: str | None = None
        ) -> tuple[Completed, ...]:
            self.began.append(instance or "host")
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            done = await super().run_many(commands, instance=instance)
            for _ in range(20):  # everybody else has a turn meanwhile
                await asyncio.sleep(0)
            self.under_way -= 1
            return done

    host, profile = Busy(), load()
    more = [Need(ask(f"more{number}"), SYSTEM) for number in range(3)]
    await Surveyor(host, profile, "acme").look([Need(ask("each"), EVERY), *more])
    assert host.began[0] == "acme-system"
    assert len(host.began) == len(profile.roles)
    assert host.most == AT_ONCE


async def test_an_error_costs_the_one_ask_and_so_does_a_reader_that_breaks() -> None:
    seen = watched(good=b"1", bad=(3, b"", b""), odd=b"x")

    def breaks(done: Sequence[Completed], profile: Profile, place: Place) -> str:
        return str(int(done[0].stdout))

    odd: Ask[str] = Ask("odd", lambda _, __: (Command(("echo", "odd")),), breaks)
    good, bad = ask("good"), ask("bad")
    survey = await seen.surveyor.look([Need(good), Need(bad), Need(odd)])
    assert survey.of(good) == "1"
    with pytest.raises(Failed, match="status 3"):
        survey.of(bad)
    with pytest.raises(Malformed, match="not understood: ValueError"):
        survey.of(odd)


async def test_a_place_that_does_not_answer_costs_its_own_asks() -> None:
    seen = watched(good=b"1")

    async def dead(commands: Sequence[Command], *, instance: str | None = None) -> tuple[Completed, ...]:
        raise TimedOut("running commands on the host", why="no answer")

    seen.host.run_many = dead  # type: ignore[method-assign]
    profiles: LxdAsk[str] = LxdAsk("profiles", "profiles", lambda data, _: "read")
    good = ask("good")
    survey = await seen.surveyor.look([Need(good), Need(profiles)])
    with pytest.raises(TimedOut):
        survey.of(good)
    assert survey.of(profiles) == "read"


def told_late(word: str) -> Ask[str]:
    """As `ask`, and what did not end in its time is told as that."""

    def read(done: Sequence[Completed], profile: Profile, place: Place) -> str:
        if not done[0].ok:
            raise failure(done[0], word)
        return done[0].stdout.decode()

    return Ask(word, lambda _, __: (Command(("echo", word), timeout=PROBE),), read)


class Starved(FakeHost):
    """A host where `late` misses its time whenever it is not asked alone."""

    def _answer(self, where: str, command: Command) -> Completed:
        alone = len(self.batches[-1][1]) == 1
        done = super()._answer(where, command)
        return done if alone or command.argv[1] != "late" else replace(done, status=124, stdout=b"")


async def test_who_looks_only_once_asks_again_what_got_no_answer_in_its_time() -> None:
    host = Starved(
        {("host", "echo", word): word.encode() for word in ("good", "late")}, lxd={"instances": []}
    )
    good, late = told_late("good"), told_late("late")
    surveyor = Surveyor(host, load())
    with pytest.raises(TimedOut, match="no answer within 2 s"):
        (await surveyor.look([Need(good), Need(late)])).of(late)
    survey = await surveyor.look([Need(good), Need(late)], patient=True)
    assert (survey.of(good), survey.of(late)) == ("good", "late")
    assert [len(argvs) for _, argvs in host.batches] == [2, 2, 1], "only what is missing is asked again"


async def test_the_one_thing_that_a_runbook_wants_to_know_is_asked_again_as_well() -> None:
    host = FakeHost({("host", "echo", "one"): (124, b"", b"")}, lxd={"instances": []})
    one = told_late("one")
    with pytest.raises(TimedOut):
        (await Surveyor(host, load()).look([Need(one)], patient=True)).of(one)
    assert len(host.batches) == 2


async def test_a_place_that_is_stuck_is_not_waited_for_a_second_time() -> None:
    stuck = (124, b"", b"")
    host = FakeHost({("host", "echo", word): stuck for word in ("one", "two")}, lxd={"instances": []})
    one, two = told_late("one"), told_late("two")
    survey = await Surveyor(host, load()).look([Need(one), Need(two)], patient=True)
    assert len(host.batches) == 1
    with pytest.raises(TimedOut):
        survey.of(one)


async def test_nobody_is_asked_where_nothing_runs() -> None:
    host = DemoHost(faults=["container-stop"])
    who = ask("who")
    survey = await Surveyor(host, load(), "acme").look([Need(who, ("webmail",))])
    with pytest.raises(NotFound, match="acme-webmail is stopped"):
        survey.of(who, "acme-webmail")
    with pytest.raises(NotFound, match="nobody asked host for it"):
        survey.of(who, THE_HOST)


# What is dear


class Gated(FakeHost):
    """A host whose answers to `echo dear` wait at a gate."""

    def __init__(self, answers: Mapping[tuple[str, ...], Answer]) -> None:
        super().__init__(answers, lxd={"instances": []})
        self.gate = asyncio.Event()
        self.waiting = 0

    async def run_many(
        self, commands: Sequence[Command], *, instance: str | None = None
    ) -> tuple[Completed, ...]:
        if any("dear" in command.argv for command in commands):
            self.waiting += 1
            try:
                await self.gate.wait()
            finally:
                self.waiting -= 1
        return await super().run_many(commands, instance=instance)


async def turns(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


@pytest.fixture
async def gated() -> AsyncIterator[tuple[Gated, Watched]]:
    host = Gated({("host", "echo", "dear"): b"1", ("host", "echo", "quick"): b"1"})
    seen = Watched()
    seen.host, seen.surveyor = host, Surveyor(host, load(), clock=lambda: seen.now)
    yield host, seen
    await seen.surveyor.close()


DEAR, QUICK = ask("dear", every=60, timeout=20), ask("quick")


async def test_the_first_survey_waits_for_what_is_dear_and_asks_it_apart(
    gated: tuple[Gated, Watched],
) -> None:
    host, seen = gated
    look = asyncio.create_task(seen.look(QUICK, DEAR))
    await turns(lambda: host.waiting == 1 and seen.asked["quick"] == 1)
    assert not look.done()
    host.gate.set()
    assert await look == ["1", "1"]
    assert [argvs for _, argvs in host.batches] == [(("echo", "quick"),), (("echo", "dear"),)]


async def test_no_later_one_waits_for_it_and_its_answer_is_used_when_it_is_there(
    gated: tuple[Gated, Watched],
) -> None:
    host, seen = gated
    host.gate.set()
    await seen.look(QUICK, DEAR)
    host.gate.clear()
    host.answers = {("host", "echo", "dear"): b"2", ("host", "echo", "quick"): b"2"}
    for seen.now in (61.0, 91.0):
        assert await seen.look(QUICK, DEAR) == ["2", "1"]
        await turns(lambda: host.waiting == 1)
    host.gate.set()
    await turns(lambda: not host.waiting and seen.asked["dear"] == 2)
    await turns(lambda: len(asyncio.all_tasks()) == 1)
    assert await seen.look(QUICK, DEAR) == ["2", "2"]
    assert seen.asked["dear"] == 2, "it is under way once at a time"


async def test_what_was_forgotten_meanwhile_is_waited_for_and_not_taken_from_before(
    gated: tuple[Gated, Watched],
) -> None:
    host, seen = gated
    host.gate.set()
    await seen.look(DEAR)
    host.gate.clear()
    seen.now = 61.0
    await seen.look(DEAR)
    await turns(lambda: host.waiting == 1)
    seen.surveyor.forget([DEAR])
    look = asyncio.create_task(seen.look(DEAR))
    await turns(lambda: host.waiting == 2)
    assert not look.done()
    host.gate.set()
    assert await look == ["1"]


async def test_closing_ends_what_is_asked_in_the_background(gated: tuple[Gated, Watched]) -> None:
    host, seen = gated
    host.gate.set()
    await seen.look(DEAR)
    host.gate.clear()
    seen.now = 61.0
    await seen.look(DEAR)
    await turns(lambda: host.waiting == 1)
    await seen.surveyor.close()
    assert host.waiting == 0
