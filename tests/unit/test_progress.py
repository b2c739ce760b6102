"""The live display and the plain lines, fed with the events of two cells."""

import io

import pytest
from rich.console import Console

from bench.loop.event import Event
from bench.progress import watch

EVENTS = [
    Event("lc[width=3] seed 0", "start", round=1, rounds=2),
    Event("lc[width=3] seed 0", "epoch", round=1, rounds=2, epoch=7, epochs=100),
    Event("lc[width=3] seed 0", "round", round=1, rounds=2, message="f1 0.812"),
    Event("lc[width=3] seed 0", "round", round=2, rounds=2),
    Event("lc[width=3] seed 0", "done", rounds=2),
    Event("bad seed 0", "start", round=1, rounds=2),
    Event("bad seed 0", "failed", message="returned an id twice"),
]


def shown(terminal: bool) -> str:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=60, color_system=None)
    with watch(2, console) as notify:
        for item in EVENTS:
            notify(item)
            if terminal:
                notify.bars.refresh()
    return screen.getvalue()


def test_plain_lines_one_per_round_and_cell() -> None:
    assert shown(terminal=False).splitlines() == [
        "lc[width=3] seed 0: round 1 of 2: f1 0.812",
        "lc[width=3] seed 0: round 2 of 2",
        "lc[width=3] seed 0: done (1 of 2)",
        "bad seed 0: failed (2 of 2): returned an id twice",
    ]


@pytest.mark.parametrize(
    "part",
    [
        "cell 0/2",
        "cell 1/2",
        "lc[width=3] seed 0",
        "round 1/2 · epoch 7/100",
        "bad seed 0: failed: returned an id twice",
    ],
)
def test_live_display_shows_cells_rounds_epochs(part: str) -> None:
    assert part in shown(terminal=True)


def test_live_display_counts_every_round_once() -> None:
    console = Console(file=io.StringIO(), force_terminal=True)
    with watch(2, console) as notify:
        for item in EVENTS:
            notify(item)
        overall = notify.bars.tasks[0]
        assert (overall.completed, overall.total) == (4, 4)
        assert len(notify.bars.tasks) == 1
