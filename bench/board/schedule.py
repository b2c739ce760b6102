"""How long cells take on so many workers, which take them in turn and share fits."""

import heapq
from collections.abc import Container, Hashable, Sequence
from typing import NamedTuple


class Piece(NamedTuple):
    """Work of a cell; pieces of one `key`, where it has one, are done once.

    Whoever comes while it is being done waits for it, as for a fit that two cells share.
    """

    seconds: float
    key: Hashable | None = None


def makespan(
    cells: Sequence[Sequence[Piece]], workers: int, done: Container[Hashable] = ()
) -> float:
    """Seconds until the last cell ends; each free worker takes the next one in order.

    Pieces whose key is among those `done` take no time.
    """
    waiting, ready = list(reversed(cells)), dict[Hashable, float]()
    busy: list[tuple[float, int, list[Piece]]] = [(0.0, number, []) for number in range(workers)]
    end = 0.0
    while busy:
        time, number, left = heapq.heappop(busy)
        end = max(end, time)
        if not left:
            if not waiting:
                continue
            left = list(reversed(waiting.pop()))
        if left:
            piece = left.pop()
            if piece.key is None:
                time += piece.seconds
            elif piece.key not in done:
                time = max(time, ready.setdefault(piece.key, time + piece.seconds))
        heapq.heappush(busy, (time, number, left))
    return end
