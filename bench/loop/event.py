"""What a run tells whoever watches it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Event:
    """Something happened in a cell; rounds and epochs count from 1, totals are upper limits."""

    cell: str
    kind: Literal["start", "fit", "epoch", "round", "done", "failed"]
    round: int = 0
    rounds: int = 0
    epoch: int = 0
    epochs: int = 0
    message: str = ""


Notify = Callable[[Event], None]
