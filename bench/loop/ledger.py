"""The labelled set as it grows: the one place that asks the oracle, and what it has cost."""

import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from bench.data.task import Deal
from bench.error import DataError
from bench.learners.learner import Labeled
from bench.loop.budget import Budget


class Ledger:
    """What has been revealed so far, round by round, of one dealt pool."""

    def __init__(self, deal: Deal) -> None:
        self.pool, self.oracle, self.kind = deal.pool, deal.oracle, deal.kind
        self.history: list[Tensor] = []
        self.ids = torch.empty(0, dtype=torch.int64)
        self._labels: list[pa.ListArray] = []

    @property
    def unlabeled(self) -> Tensor:
        """Ids of the pool that are not revealed, ascending."""
        return self.pool.ids[~torch.isin(self.pool.ids, self.ids)]

    def labeled(self) -> Labeled:
        """Everything revealed, by ascending id, whatever the order it was bought in."""
        order = torch.argsort(self.ids)
        labels = pa.concat_arrays(self._labels).take(pa.array(order.numpy()))
        return Labeled(self.ids[order], self.pool.inputs(self.ids[order]), labels)

    def reveal(self, ids: Tensor) -> None:
        """Buy the labels of some items; OracleError as the oracle says."""
        self._labels.append(self.oracle.reveal(ids))
        self.history.append(ids)
        self.ids = torch.cat([self.ids, ids])

    def initial(self, target: int, rng: torch.Generator, each: int = 0) -> Tensor:
        """Ids drawn at random up to the first target; DataError when it pays for none.

        With `each`, so many of each class instead, which the oracle draws: see there.
        """
        if each:
            return self.oracle.draw(each, rng)
        ids = self.pool.ids[torch.randperm(len(self.pool.ids), generator=rng)]
        count = Budget(target).count(self.pool.cost(ids))
        if count == 0:
            raise DataError(
                f"The first target, {target}, pays for no item: the first one drawn costs "
                f"{int(self.pool.cost(ids[:1]))}; take more data, or raise the target on the card."
            )
        return ids[:count]

    def budget(self, target: int) -> Budget:
        """What is left until a cumulative target."""
        return Budget(target - int(self.pool.cost(self.ids).sum()))

    def tally(self) -> dict[str, int]:
        """What is labelled so far by the names of labels: see the kind of task."""
        return self.kind.tally(pa.concat_arrays(self._labels))

    def counts(self) -> dict[str, int]:
        """Items, words, entities and duplicates of other inputs, labelled so far."""
        labeled = self.labeled()
        distinct = pc.count_distinct(self.kind.identity(labeled.inputs)).as_py()
        return {
            "items": len(self.ids),
            **self.kind.count(labeled.inputs, labeled.labels),
            "duplicates": len(self.ids) - distinct,
        }
