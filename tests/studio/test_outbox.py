"""What waits for a slow page: little, and nothing that is out of date."""

import asyncio
from collections.abc import Callable
from typing import Any

from sembla.studio.outbox import Outbox


def left(fill: Callable[[Outbox], None]) -> list[str | bytes]:
    """What a page is sent that was asleep while `fill` went on."""

    async def gather() -> list[str | bytes]:
        outbox = Outbox()
        fill(outbox)
        outbox.say("end")
        taken: list[str | bytes] = []
        while taken[-1:] != ["end"]:
            taken.append(await outbox.take())
        return taken[:-1]

    return asyncio.run(gather())


def test_a_newer_preview_takes_the_place_of_an_older_one() -> None:
    def fill(outbox: Outbox) -> None:
        outbox.turn_to("r")
        outbox.say("started")
        for number in range(5):
            outbox.show("r", b"%d" % number)

    assert left(fill) == ["started", b"4"]


def test_pictures_of_a_request_all_wait_and_make_its_previews_needless() -> None:
    def fill(outbox: Outbox) -> None:
        outbox.turn_to("r")
        for number in range(3):
            outbox.show("r", b"preview")
            outbox.hand_over("r", b"%d" % number)
        outbox.show("r", b"last")

    assert left(fill) == [b"0", b"1", b"2", b"last"]


def test_what_belongs_to_an_older_request_is_dropped_but_words_are_not() -> None:
    def fill(outbox: Outbox) -> None:
        outbox.turn_to("old")
        outbox.hand_over("old", b"old picture")
        outbox.say("old done")
        outbox.show("old", b"old preview")
        outbox.turn_to("new")
        outbox.show("old", b"late preview")
        outbox.hand_over("old", b"late picture")
        outbox.show("new", b"new preview")

    assert left(fill) == ["old done", b"new preview"]


def test_it_says_whether_a_preview_waits() -> None:
    async def run() -> list[bool]:
        outbox, seen = Outbox(), list[bool]()
        outbox.turn_to("r")
        outbox.say("started")
        seen.append(outbox.behind)
        outbox.show("r", b"1")
        seen.append(outbox.behind)
        await outbox.take()
        seen.append(outbox.behind)
        await outbox.take()
        seen.append(outbox.behind)
        outbox.show("r", b"2")
        outbox.turn_to(None)
        seen.append(outbox.behind)
        return seen

    assert asyncio.run(run()) == [False, True, True, False, False]


def test_it_is_full_with_two_finished_pictures() -> None:
    async def run() -> list[bool]:
        outbox, seen = Outbox(), list[bool]()
        outbox.turn_to("r")
        for _ in range(3):
            outbox.say("words")
        outbox.show("r", b"preview")
        for number in range(2):
            seen.append(outbox.full)
            outbox.hand_over("r", b"%d" % number)
        seen.append(outbox.full)
        outbox.turn_to("s")
        seen.append(outbox.full)
        return seen

    assert asyncio.run(run()) == [False, False, True, False]


def test_who_asks_without_listening_is_not_answered_for_ever() -> None:
    async def run() -> None:
        outbox = Outbox()
        for _ in range(64):
            outbox.say("pong")
        await asyncio.wait_for(outbox.room(), 1)
        outbox.say("pong")
        waiting: asyncio.Task[Any] = asyncio.create_task(outbox.room())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await outbox.take()
        await asyncio.wait_for(waiting, 1)

    asyncio.run(run())
