"""The two models of a round: the successor that compares selections, and the strategy's own."""

from bench.data.judge import Judge
from bench.learners.learner import Labeled, Learner
from bench.learners.objective import Notify
from bench.loop import clock, provenance
from bench.loop.fit import Fit, FitStore, Score
from bench.loop.ledger import Ledger
from bench.loop.plan import Cell
from bench.loop.seed import Streams


class Trainer:
    """Fits and scores models on what a ledger has revealed, each distinct one once."""

    def __init__(self, cell: Cell, ledger: Ledger, judge: Judge, fits: FitStore) -> None:
        self.ledger, self.judge, self.fits = ledger, judge, fits
        self.streams, self.metric = Streams(cell.seed), cell.task.metric
        spec, inputs = cell.request.learner, ledger.pool.inputs(ledger.pool.ids)
        self.blank = Learner(spec, inputs, cell.task.tags, cell.device)
        self.identity: dict[str, object] = {
            "seed": cell.seed,
            "learner": [cell.key.learner, cell.key.learner_params, cell.key.device],
            "task": [cell.key.task, cell.key.protocol, cell.digests["data_digest"]],
            "code": provenance.code_digest(""),
        }

    def successor(self, notify: Notify) -> Fit:
        """The plain supervised model, fitted from scratch: the same for every strategy."""

        def make() -> Fit:
            learner = self.blank.copy()
            with clock.lap(learner.device) as fitting:
                learner.fit(self.ledger.labeled(), self.streams, notify)
            return self._score(learner, fitting.seconds)

        return self.fits.get(self._key("supervised"), self.blank, make)

    def own(self, objective: str, successor: Fit, notify: Notify) -> Fit | None:
        """The model that the strategy asks, trained on from the successor; None if it is that."""
        if objective == "supervised":
            return None

        def make() -> Fit:
            unlabeled = self.ledger.pool.inputs(self.ledger.unlabeled)
            labeled = self.ledger.labeled()
            with clock.lap(self.blank.device) as fitting:
                learner = successor.learner.refine(
                    objective, labeled, unlabeled, self.streams, notify
                )
            return self._score(learner, fitting.seconds)

        return self.fits.get(self._key(objective), self.blank, make)

    def _score(self, learner: Learner, fit_seconds: float) -> Fit:
        with clock.lap(learner.device) as evaluation:
            metrics = self.judge.score(learner.predict)
        return Fit(learner, Score(metrics[self.metric], metrics, fit_seconds, evaluation.seconds))

    def _key(self, objective: str) -> dict[str, object]:
        labeled = sorted(self.ledger.ids.tolist())
        return {**self.identity, "objective": objective, "labeled": labeled}
