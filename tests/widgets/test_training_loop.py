"""Work in turns: it yields, it ends, it never runs twice, and it leaves no task."""

import asyncio
import contextvars
import threading
import types

import pytest
from refusal import refused

from backprop_kit.widgets import training_loop
from backprop_kit.widgets.lifecycle import lock
from backprop_kit.widgets.training_loop import Loop

MARK = contextvars.ContextVar("mark", default="none")


def tasks():
    return len(asyncio.all_tasks())


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def rests(monkeypatch):
    """How long each turn was rested for; nothing waits for a clock."""
    noted, sleep = [], asyncio.sleep

    async def noting(seconds):
        noted.append(seconds)
        await sleep(0)

    monkeypatch.setattr(training_loop.asyncio, "sleep", noting)
    return noted


def counting(last, rest=0.0):
    turns = []

    def turn():
        turns.append(None)
        return None if len(turns) == last else rest

    return turn, turns


def test_it_plays_until_all_is_done(rests):
    async def main():
        turn, turns = counting(5, 0.05)
        loop = Loop(turn, pytest.fail)
        loop.start()
        assert loop.running and not turns
        await settled()
        assert len(turns) == 5 and not loop.running and loop._task is None and tasks() == 1
        loop.start()
        await settled()
        return len(turns)

    assert asyncio.run(main()) > 5
    assert rests.count(0.05) >= 4


def test_other_tasks_get_in_between_and_one_of_them_stops_it(rests):
    async def main():
        turn, turns = counting(10**9)
        loop, seen = Loop(turn, pytest.fail), []
        loop.start()
        for _ in range(6):
            await asyncio.sleep(0)
            seen.append(len(turns))
        assert seen[-1] > seen[1] > 0
        loop.stop()
        at = len(turns)
        assert not loop.running
        await settled()
        assert len(turns) == at and tasks() == 1 and loop._task is None

    asyncio.run(main())
    assert set(rests) >= {training_loop.BREATH}


def test_starting_twice_is_starting_once_and_a_stop_at_once_is_a_stop(rests):
    async def main():
        turn, turns = counting(10**9)
        loop = Loop(turn, pytest.fail)
        loop.start()
        loop.start()
        await settled()
        assert tasks() == 2
        loop.stop()
        loop.start()
        loop.stop()
        await settled()
        at = len(turns)
        await settled()
        assert len(turns) == at and tasks() == 1
        loop.start()
        await settled()
        assert len(turns) > at and tasks() == 2
        loop.stop()
        await settled()

    asyncio.run(main())


def test_a_hundred_starts_leave_no_task(rests):
    async def main():
        for _ in range(100):
            loop = Loop(counting(10**9)[0], pytest.fail)
            loop.start()
            await asyncio.sleep(0)
            loop.stop()
        await settled()
        assert tasks() == 1

    asyncio.run(main())


def test_what_fails_ends_it_and_is_told(rests, caplog):
    async def main():
        told = []

        def broken():
            raise ValueError("Something is wrong.\nTry it otherwise.")

        loop = Loop(broken, told.append)
        loop.start()
        await settled()
        assert not loop.running and [str(p).split("\n")[0] for p in told] == ["Something is wrong."]
        assert tasks() == 1

    asyncio.run(main())
    assert "training was stopped" in caplog.text


def test_an_interrupt_stops_it_and_nothing_else(rests):
    async def main():
        def interrupted():
            raise KeyboardInterrupt

        loop = Loop(interrupted, pytest.fail)
        loop.start()
        await settled()
        assert not loop.running and tasks() == 1

    asyncio.run(main())


def test_who_holds_the_lock_comes_first(rests):
    """A callback on another thread is never waited for, and never waits long."""

    async def main():
        turn, turns = counting(10**9)
        loop = Loop(turn, pytest.fail)
        held, free = threading.Event(), threading.Event()

        def callback():
            with lock:
                held.set()
                free.wait(10)

        other = threading.Thread(target=callback)
        other.start()
        held.wait(10)
        loop.start()
        await settled()
        assert turns == []
        free.set()
        other.join(10)
        await settled()
        assert turns
        loop.stop()
        await settled()

    asyncio.run(main())


def test_it_starts_from_another_thread_on_the_loop_of_the_kernel(rests, monkeypatch):
    async def main():
        turn, turns = counting(10**9)
        loop, here = Loop(turn, pytest.fail), asyncio.get_running_loop()
        kernel = types.SimpleNamespace(io_loop=types.SimpleNamespace(asyncio_loop=here))
        shell = types.SimpleNamespace(kernel=kernel)
        monkeypatch.setattr(training_loop, "_shell", lambda: shell)
        other = threading.Thread(target=loop.start)
        other.start()
        other.join(10)
        await settled()
        assert turns and tasks() == 2
        other = threading.Thread(target=loop.stop)
        other.start()
        other.join(10)
        await settled()
        assert tasks() == 1

    asyncio.run(main())


def test_the_task_belongs_to_no_cell(rests):
    async def main():
        seen = []
        loop = Loop(lambda: seen.append(MARK.get()), pytest.fail)
        MARK.set("a cell")
        loop.start()
        await settled()
        assert seen == ["none"]

    asyncio.run(main())


def test_without_an_event_loop_it_says_what_to_do():
    loop = Loop(lambda: None, pytest.fail)
    with refused(ValueError, "Nothing runs here that could play"):
        loop.start()
    assert not loop.running
    loop.stop()
