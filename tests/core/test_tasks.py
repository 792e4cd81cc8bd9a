"""Background tasks of one owner."""

import asyncio
import logging

import pytest

from core.tasks import Tasks


async def test_what_was_begun_is_waited_for_with_what_it_begins() -> None:
    tasks, ended = Tasks(), list[str]()

    async def child() -> None:
        ended.append("child")

    async def parent() -> None:
        tasks.start(child())
        ended.append("parent")

    tasks.start(parent())
    assert len(tasks) == 1
    await tasks.done()
    assert (ended, len(tasks)) == (["parent", "child"], 0)


async def test_closing_gives_up_what_is_under_way() -> None:
    tasks, given_up = Tasks(), asyncio.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    tasks.start(forever())
    await asyncio.sleep(0)
    await tasks.close()
    assert given_up.is_set()
    assert len(tasks) == 0


async def test_a_failure_is_logged_and_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()

    async def fails() -> None:
        raise RuntimeError("a bug")

    with caplog.at_level(logging.ERROR):
        tasks.start(fails())
        await tasks.done()
    assert [record.message for record in caplog.records] == ["a background task failed"]
