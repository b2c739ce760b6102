"""What a strategy is handed: inputs, the labelled set and signals, never an unrevealed label."""

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from bench.data.pool import Pool
from bench.learners.learner import Labeled, Learner
from bench.loop.budget import SelectionError


class View:
    """One round, as a strategy sees it. Everything handed out is a copy: nothing can be changed.

    `labeled` holds ids, inputs and labels of the revealed items; `history` the ids of each round
    so far, the initial set first.
    """

    def __init__(
        self,
        pool: Pool,
        unlabeled: Tensor,
        labeled: Labeled,
        history: Sequence[Tensor],
        learner: Learner,
        needs: Sequence[str],
    ) -> None:
        self.labeled = Labeled(labeled.ids.clone(), labeled.inputs, labeled.labels)
        self.history = tuple(ids.clone() for ids in history)
        self._notes: dict[str, float] = {}
        self._unlabeled = unlabeled.clone()
        self._pool, self._learner, self._needs = pool, learner, frozenset(needs)

    @property
    def unlabeled(self) -> Tensor:
        """The ids that may be chosen, ascending, int64 [n]."""
        return self._unlabeled.clone()

    def inputs(self, ids: Tensor) -> Any:
        """Some items of the pool: sentences (lists of words) or images, as the task has them."""
        return self._pool.inputs(ids)

    def cost(self, ids: Tensor) -> Tensor:
        """What each item takes from the budget, int64: its input words, or 1 where items count."""
        return self._pool.cost(ids).clone()

    def signal(self, name: str, ids: Tensor | None = None, **options: Any) -> Any:
        """A named output of the trained model for some items (all unlabelled ones by default).

        A tensor with a row per item, or Gradients, as many as items. Computed when asked, on the
        run's device, inside the acquisition clock. SelectionError
        for a signal that the strategy's `needs` do not name.
        """
        self._check(name)
        wanted = self._unlabeled if ids is None else ids
        return self._learner.signal(name, self._pool.inputs(wanted), **options)

    def signals(self, *names: str, ids: Tensor | None = None) -> list[Any]:
        """Several signals, each as `signal` gives it, by one pass of the model over the items."""
        for name in names:
            self._check(name)
        wanted = self._unlabeled if ids is None else ids
        return self._learner.signals(names, self._pool.inputs(wanted))

    def _check(self, name: str) -> None:
        if name not in self._needs:
            raise SelectionError(f"The strategy asks for '{name}', which is not in its `needs`.")

    def note(self, **numbers: float) -> None:
        """Have numbers written into the round's row: a solver's gap, a sketch's error.

        SelectionError unless they are finite.
        """
        for name, number in numbers.items():
            if not math.isfinite(number):
                raise SelectionError(f"The strategy notes {name} = {number}, no finite number.")
            self._notes[name] = float(number)

    @property
    def notes(self) -> dict[str, float]:
        """What was noted so far."""
        return dict(self._notes)
