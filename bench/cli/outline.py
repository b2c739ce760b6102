"""What a plan's cells will do, in sizes: the rounds that are open, and the fits they share."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import pyarrow as pa
import torch

from bench.board.bill import NOT_KNOWN, Job, Made, Step
from bench.board.cost_sample import Known, Sizes
from bench.data import card as cards
from bench.data import task as tasks
from bench.error import UsageError
from bench.learners import registry
from bench.learners.discriminator import Discriminator
from bench.loop import strategy
from bench.loop.event import Reporter
from bench.loop.executor import PROCESS
from bench.loop.fit import FitStore, home
from bench.loop.ledger import Ledger
from bench.loop.plan import Cell, Plan
from bench.loop.seed import Streams
from bench.loop.trainer import Trainer
from bench.rows.schema import SERIAL, Key

LEARNERS = {
    name: (each.kind, each.reads == "sentences") for name, each in registry.LEARNERS.items()
}
"""Of every learner the kind, and whether its inputs have words."""


@dataclass
class Outline:
    """The jobs of a plan, the fits of theirs that are on disk, how large models and splits are."""

    jobs: list[Job] = field(default_factory=list)
    kept: set[Hashable] = field(default_factory=set)
    made: Made = NOT_KNOWN
    sizes: dict[tuple[str, str], Sizes] = field(default_factory=dict)


def outline(plan: Plan) -> Outline:
    """Deal the pool and draw the initial set of every seed, and train nothing."""
    found, jobs = Outline(), dict[Key, Job]()
    for which in dict.fromkeys(map(_start, plan.cells)):
        cells = [cell for cell in plan.cells if _start(cell) == which]
        start, key = _Start(cells[0], plan), cells[0].key
        found.made = found.made if found.made.fit else start.bytes
        found.sizes[key.task, key.protocol] = Sizes(start.pool, start.tested)
        jobs |= {cell.key: _job(cell, start, found.kept) for cell in cells}
    found.jobs = [jobs[cell.key] for cell in plan.cells]
    return found


def _start(cell: Cell) -> tuple[int, bool]:
    """What cells that start from one labelled set share."""
    return cell.seed, cell.chooser is None


def known(table: pa.Table, exact: Mapping[tuple[str, str], Sizes] = MappingProxyType({})) -> Known:
    """What is known of learners, of strategies, and of the splits of the table's rows.

    `exact` sizes replace those on a card, which does not know how many texts are distinct.
    """
    needs = {name: str(strategy.load(name).needs) for name in strategy.names()}
    pairs = table.group_by(["task", "protocol"]).aggregate([]).to_pylist()
    places = [(pair["task"], pair["protocol"]) for pair in pairs]
    found = {place: sizes for place in places if (sizes := _sizes(*place))}
    return Known(LEARNERS, needs, {**found, **exact})


class _Start:
    """A seed's pool and its first models, before anything is trained."""

    def __init__(self, cell: Cell, plan: Plan) -> None:
        streams = Streams(cell.seed)
        deal = cell.task.deal(streams("split"))
        recipe = cell.task.card.recipe(cell.task.protocol.name)
        _, test = tasks.split(recipe, cell.task.corpus, Streams(cell.seed)("split"))
        self.ledger, self.tested = Ledger(deal), len(test)
        together = plan.jobs > 1 and len(plan.cells) > 1
        self.fits = FitStore(home(cell.request.out, PROCESS if together else SERIAL))
        report = Reporter(cell.name, cell.rounds, 1, lambda event: None)
        self.ledger.reveal(self.ledger.initial(cell.targets[0], streams("initial"), cell.each))
        self.trainer = Trainer(cell, self.ledger, deal.judge, self.fits, report)
        _, self.texts = LEARNERS[cell.learner.name]
        self.pool = len(deal.pool.ids)
        inputs = deal.pool.inputs(deal.pool.ids)
        self.words = int(deal.kind.words(inputs).sum()) if self.texts else self.pool

    def size(self, cell: Cell, number: int) -> tuple[float, float]:
        """Items and words (items where inputs have none) that are labelled in a round."""
        length = self.words / self.pool
        if number == 0:
            counts = self.ledger.counts()
            return counts["items"], counts["words"] if self.texts else counts["items"]
        spent = cell.targets[number]
        if cell.task.protocol.unit == "words":
            return spent / length, spent
        return spent, spent * length

    @cached_property
    def bytes(self) -> Made:
        """What a model and an own one take on disk."""
        family = self.trainer.blank.family
        model = family.model(family.outputs(self.ledger.labeled().labels))
        size = _bytes(model)
        if not size:
            return NOT_KNOWN
        with torch.device("meta"):
            beside = _bytes(Discriminator(model.latent_size))
        return Made(size, size + beside)


def _job(cell: Cell, start: _Start, kept: set[Hashable]) -> Job:
    begun, steps = len(cell.done()), list[Step]()
    chooser = cell.chooser
    objective = chooser.objective if chooser else "supervised"
    items = 0.0
    for number in range(begun, cell.rounds):
        items, labelled = start.size(cell, number)
        unlabelled = start.words - labelled
        own = objective if objective != "supervised" and unlabelled > 0 else None
        keys = [_key(cell, start, number, each, kept) for each in ("supervised", own) if each]
        size = labelled * int(cell.config.record().get("epochs", 1))
        asks = chooser is not None and number + 1 < len(cell.targets)
        steps.append(Step(size, max(1.0, unlabelled), start.tested, asks, *keys))
    needs = {chooser.spec.name: str(chooser.needs)} if chooser else {}
    return Job(Known(LEARNERS, needs, {}).like(cell.key), items, steps)


def _key(cell: Cell, start: _Start, number: int, objective: str, kept: set[Hashable]) -> Hashable:
    """What cells share of a fit: of the first round all, later nothing that can be foreseen."""
    if number:
        return cell.key, number, objective
    path = start.fits.path(start.trainer.key(objective))
    if path.exists():
        kept.add(path)
    return path


def _sizes(task: str, protocol: str) -> Sizes | None:
    """What a card says; None where it says nothing, or there is none."""
    try:
        card = cards.load(task)
        recipe = card.recipe(protocol)
        counts = card.of(recipe.variant).counts
        return Sizes(_count(recipe.pool, counts), _count(recipe.test, counts))
    except (UsageError, KeyError):
        return None


def _count(split: int | str, counts: dict[str, cards.Counts]) -> int:
    if isinstance(split, int):
        return split
    return counts[split].images or counts[split].sentences


def _bytes(model: torch.nn.Module) -> int:
    return sum(value.nbytes for value in model.state_dict().values())
