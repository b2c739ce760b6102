"""The two models of a round: the successor that compares selections, and the strategy's own."""

from collections.abc import Callable
from typing import NamedTuple

import torch

from bench.data.judge import Judge
from bench.learners import registry
from bench.learners.learner import Learner
from bench.loop import clock, provenance
from bench.loop.event import Reporter
from bench.loop.fit import Fit, FitStore, Score
from bench.loop.ledger import Ledger
from bench.loop.plan import Cell
from bench.loop.seed import Streams


class Models(NamedTuple):
    """The successor, and the strategy's own model where its objective is another."""

    successor: Fit
    own: Fit | None

    @property
    def asked(self) -> Learner:
        """The model that the strategy asks."""
        return (self.own or self.successor).learner


class Trainer:
    """Fits and scores models on what a ledger has revealed, each distinct one once."""

    def __init__(
        self, cell: Cell, ledger: Ledger, judge: Judge, fits: FitStore, report: Reporter
    ) -> None:
        self.ledger, self.judge, self.fits, self.report = ledger, judge, fits, report
        self.streams, self.metric = Streams(cell.seed), cell.task.kind.metric
        inputs = ledger.pool.inputs(ledger.pool.ids)
        files = cell.request.embeddings
        family = registry.make(cell.learner, cell.task.kind, inputs, files)
        self.blank = Learner(family, cell.device)
        self.identity: dict[str, object] = {
            "seed": cell.seed,
            "learner": [cell.key.learner, cell.key.device, cell.origin["config_digest"]],
            "data": cell.origin["data_digest"],
            "code": [provenance.code_digest(""), torch.__version__],
        }

    def fit(self, objective: str) -> Models:
        """Fit the models of a round on what the ledger has revealed.

        Once nothing is unlabelled there is no other objective to train for.
        """
        successor = self._kept("supervised", self._from_scratch)
        if objective == "supervised" or len(self.ledger.unlabeled) == 0:
            return Models(successor, None)
        return Models(successor, self._kept(objective, lambda: self._refined(objective, successor)))

    def key(self, objective: str) -> dict[str, object]:
        """What a fit for an objective on what the ledger has revealed is a function of."""
        labeled = sorted(self.ledger.ids.tolist())
        return {**self.identity, "objective": objective, "labeled": labeled}

    def _from_scratch(self) -> Learner:
        learner = self.blank.copy()
        learner.fit(self.ledger.labeled(), self.streams, self.report.epoch)
        return learner

    def _refined(self, objective: str, successor: Fit) -> Learner:
        labeled, pool = self.ledger.labeled(), self.ledger.pool
        unlabeled = pool.inputs(self.ledger.unlabeled)
        return successor.learner.refine(
            objective, labeled, unlabeled, self.streams, self.report.epoch
        )

    def _kept(self, objective: str, train: Callable[[], Learner]) -> Fit:
        """The fit for an objective: from the store, or trained, timed and scored now."""

        def make() -> Fit:
            with clock.lap(self.blank.device) as fitting:
                learner = train()
            with clock.lap(self.blank.device) as evaluation:
                metrics = self.judge.score(learner.predict)
            value = metrics[self.metric]
            assert value is not None
            return Fit(learner, Score(value, metrics, fitting.seconds, evaluation.seconds))

        return self.fits.get(self.key(objective), self.blank, make)
