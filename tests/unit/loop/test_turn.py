"""Clocks run while nobody works: with real processes, that write down when they did what."""

import multiprocessing
import queue
from multiprocessing.queues import Queue
from time import perf_counter, sleep
from typing import Any

import pytest

from bench.loop.turn import Shared, Turn

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
CONTEXT = multiprocessing.get_context("fork")  # a spawned one could not import this file


def live(turn: Turn, told: "Queue[Any]", number: int) -> None:
    """Fit for some epochs, then query; three rounds."""
    for _ in range(3):
        with turn.working():
            for _ in range(4):
                start = perf_counter()
                sleep(0.002 * (number + 1))
                told.put(("work", start, perf_counter()))
                turn.pause()
        with turn.alone():
            start = perf_counter()
            sleep(0.005)
            told.put(("clock", start, perf_counter()))
    told.put(None)


def spans(turns: list[Turn]) -> list[tuple[str, float, float]]:
    """What all processes did, from when to when (one clock for all on this system)."""
    told = CONTEXT.Queue()
    workers = [
        CONTEXT.Process(target=live, args=(turn, told, number)) for number, turn in enumerate(turns)
    ]
    for worker in workers:
        worker.start()
    found, ended = [], 0
    while ended < len(workers):
        try:
            each = told.get(timeout=20)
        except queue.Empty:
            pytest.fail("the processes wait for each other")
        ended += each is None
        found += [each] if each else []
    for worker in workers:
        worker.join()
    return found


def overlaps(found: list[tuple[str, float, float]]) -> int:
    """How often anything else happened while a clock ran."""
    clocks = [each for each in found if each[0] == "clock"]
    return sum(
        each is not clock and each[1] < clock[2] and clock[1] < each[2]
        for clock in clocks
        for each in found
    )


def test_nobody_works_while_a_clock_runs() -> None:
    found = spans([Shared(CONTEXT, 3)] * 3)
    assert len(found) == 3 * 3 * 5
    assert overlaps(found) == 0


def test_without_turns_they_would() -> None:
    assert overlaps(spans([Turn()] * 3)) > 0


def test_work_goes_on_side_by_side() -> None:
    found = [each for each in spans([Shared(CONTEXT, 3)] * 3) if each[0] == "work"]
    assert any(a is not b and a[1] < b[2] and b[1] < a[2] for a in found for b in found)
