"""From a request to cells: everything is checked before the first one starts."""

from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import torch

from bench.data import card as cards
from bench.data import own, vector
from bench.data import task as tasks
from bench.data.own import Own
from bench.data.task import Task
from bench.error import UsageError
from bench.learners import registry
from bench.learners.config import Settings
from bench.learners.vocabulary import Vocabulary
from bench.loop import provenance, start, strategy
from bench.loop.fleet import Fleet
from bench.loop.seed import Streams
from bench.loop.strategy import Strategy
from bench.rows import store
from bench.rows.remote import Place
from bench.rows.schema import FULL, RULES_VERSION, Key, Row
from bench.spec import Spec, canonical, digest


@dataclass(frozen=True)
class Request:
    """What a user asked for: a task by its name, or data of their own.

    None stands for the protocol's own choice; without a fleet, cells run on this machine.
    """

    task: str | Own
    protocol: str | None
    learner: Spec | None
    strategies: tuple[str, ...] | None
    seeds: int | None
    rounds: int | None
    jobs: int
    device: str
    out: Place
    data_root: Path | None = None
    embeddings: tuple[Path, ...] = ()
    sandboxed: bool = False
    fleet: Fleet | None = None


@dataclass(frozen=True)
class Cell:
    """One (task, learner, strategy, seed), light enough to be sent to another process."""

    request: Request
    strategy: str
    seed: int

    @cached_property
    def task(self) -> Task:
        """The task, loaded once per process."""
        return load_task(self.request)

    @cached_property
    def chooser(self) -> Strategy | None:
        """The strategy; None for `full`, which chooses nothing."""
        if self.strategy == FULL:
            return None
        return strategy.load(self.strategy, self.request.sandboxed)

    @property
    def learner(self) -> Spec:
        """The learner asked for, else the protocol's, else the kind's, as the protocol sets it."""
        recipe = self.task.card.recipe(self.task.protocol.name)
        default = Spec.parse(recipe.learner or registry.default(self.task.kind.name))
        chosen = self.request.learner or default
        files = self.request.embeddings
        vectors = {"embeddings": vector.identity(files)} if files else {}
        return Spec.of(chosen.name, {**recipe.settings, **vectors, **dict(chosen.params)})

    @cached_property
    def device(self) -> torch.device:
        """The device to run on."""
        return provenance.device(self.request.device)

    @property
    def targets(self) -> tuple[int, ...]:
        """The cumulative targets; `full` has one, the cost of the whole pool."""
        if self.chooser is None:
            return (self.task.whole,)
        return self.task.protocol.targets

    @property
    def each(self) -> int:
        """Items of each class in the initial set; 0: of any, up to the first target."""
        return self.task.card.recipe(self.task.protocol.name).each if self.chooser else 0

    @property
    def rounds(self) -> int:
        """How many rounds this run is to reach."""
        return min(self.request.rounds or len(self.targets), len(self.targets))

    @cached_property
    def key(self) -> Key:
        """The cell's identity in results."""
        learner = Spec.of(self.learner.name, self.config.overrides())
        chosen = self.chooser.spec if self.chooser else Spec(FULL)
        fleet = self.request.fleet
        return Key(
            task=self.task.card.name,
            protocol=self.task.protocol.name,
            learner=learner.name,
            learner_params=learner.json,
            strategy=chosen.name,
            params=chosen.json,
            seed=self.seed,
            device=fleet.card if fleet else provenance.device_class(self.device),
        )

    @property
    def name(self) -> str:
        """The cell in a few words, for progress and messages."""
        return f"{self.strategy} seed {self.seed}"

    @property
    def config(self) -> Settings:
        """Every setting of the learner."""
        return registry.config(self.learner)

    @property
    def missing(self) -> list[str]:
        """The signals that the strategy needs and the learner does not offer."""
        return self.chooser.missing(self.learner.name) if self.chooser else []

    @property
    def path(self) -> Place:
        """The cell's file."""
        return store.path(self.request.out, self.key)

    @cached_property
    def origin(self) -> dict[str, str]:
        """What must not change between the rounds of a cell, as its columns."""
        settings = {**self.task.settings, **self.config.record()}
        return {
            "rules_version": RULES_VERSION,
            "code_digest": provenance.code_digest(self.chooser.digest if self.chooser else FULL),
            "data_digest": self.task.data_digest,
            "config_digest": digest(settings),
            "config": canonical(settings),
        }

    @property
    def outdated(self) -> bool:
        """Whether the rows on disk were made by other code than would run now."""
        return any(row.code_digest != self.origin["code_digest"] for row in store.read(self.path))

    def done(self) -> list[Row]:
        """The rounds on disk that a run goes on from; none when the cell failed.

        UsageError when data, settings or rules are not the same any more, or when an unfinished
        cell was begun with other code; a finished cell of other code is left as it is.
        """
        rows = store.held(self.path)
        if any(row.status != "ok" for row in rows):
            return []
        for name, value in self.origin.items():
            changed = any(getattr(row, name) != value for row in rows)
            if changed and not (name == "code_digest" and len(rows) >= self.rounds):
                raise UsageError(
                    f"{self.path} was made with another {name}; delete it, or choose another "
                    "--out: one curve must come from one code, data and config."
                )
        return rows


@dataclass(frozen=True)
class Plan:
    """The cells to run, those that were finished before, and what will be missing.

    `inapplicable` maps a strategy to the signals that it misses; `coverage` says how many words of
    the first seed's pool have a pretrained vector.
    """

    cells: list[Cell]
    finished: list[Cell]
    jobs: int
    inapplicable: dict[str, list[str]] = field(default_factory=dict)
    remark: str | None = None
    coverage: str | None = None


def plan(request: Request) -> Plan:
    """Check a request and lay out its cells; UsageError or DataError says what is wrong."""
    _check(request)
    _check_kind(request)
    task = load_task(request)
    rounds = len(task.protocol.targets)
    if request.rounds is not None and request.rounds > rounds:
        raise UsageError(
            f"--rounds {request.rounds}: protocol '{task.protocol.name}' of '{task.card.name}' has "
            f"{rounds} rounds, the last at {task.protocol.targets[-1]} {task.protocol.unit}."
        )
    chosen = request.strategies or task.protocol.strategies or strategy.names()
    seeds = range(task.protocol.seeds if request.seeds is None else request.seeds)
    start.check(task, seeds)
    first = Cell(request, FULL, seeds[0])
    registry.check(first.learner.name, task.kind.name, str(request.task), task.corpus.inputs)
    coverage = _coverage(first)
    cells: dict[Key, Cell] = {}
    inapplicable: dict[str, list[str]] = {}
    for text in chosen:
        for seed in seeds:
            cell = Cell(request, text, seed)
            if cell.missing:
                inapplicable[text] = cell.missing
                break
            twin = cells.setdefault(cell.key, cell)
            if twin.origin != cell.origin:
                raise UsageError(f"'{twin.strategy}' and '{text}' have one name; rename a file.")
    if not cells:
        reasons = (f"{name} misses {', '.join(each)}" for name, each in inapplicable.items())
        raise UsageError(f"No strategy applies to '{task.card.name}': {'; '.join(reasons)}.")
    todo: list[Cell] = []
    finished: list[Cell] = []
    for cell in cells.values():
        (finished if len(cell.done()) >= cell.rounds else todo).append(cell)
    remark = task.kind.remark if isinstance(request.task, str) else task.card.title
    return Plan(todo, finished, request.jobs, inapplicable, remark, coverage)


def load_task(request: Request) -> Task:
    """The task of a request, with the features that its learner names."""
    if not isinstance(request.task, str):
        return own_task(request.task, request.protocol)
    config = registry.config(request.learner) if request.learner else None
    features = str(config.record().get("features", "")) if config else ""
    return named_task(request.task, request.protocol, request.data_root, features)


@cache
def named_task(name: str, protocol: str | None, data_root: Path | None, features: str) -> Task:
    """A task, loaded once per process."""
    return tasks.load(name, protocol, data_root, features)


@cache
def own_task(data: Own, protocol: str | None) -> Task:
    """Own data as a task, loaded once per process."""
    return tasks.made(*own.load(data, protocol), protocol)


def check_own(data: Own) -> Task:
    """Own data as a task; DataError for whatever a run would refuse it for."""
    task = own_task(data, None)
    start.check(task, range(task.protocol.seeds))
    return task


def _check(request: Request) -> None:
    for name in ("seeds", "rounds", "jobs"):
        value = getattr(request, name)
        if value is not None and value < 1:
            raise UsageError(f"--{name} is {value}; it must be at least 1.")
    if request.learner is not None:
        registry.config(request.learner)
    if not request.fleet:
        provenance.device(request.device)
    for text in request.strategies or ():
        if text != FULL:
            strategy.load(text, request.sandboxed)


def _check_kind(request: Request) -> None:
    """UsageError when the learner is for another kind of task."""
    task = request.task
    wanted = cards.load(task).kind if isinstance(task, str) else task.kind
    if request.learner is not None:
        registry.check(request.learner.name, wanted, str(task))


def _coverage(cell: Cell) -> str | None:
    """How many words of the cell's pool have a vector in the files given; None without files.

    UsageError or DataError when these files are not what the learner can start from.
    """
    learner, files = cell.learner, cell.request.embeddings
    if files and "embeddings" not in registry.config(Spec(learner.name)).record():
        raise UsageError(f"Learner '{learner.name}' takes no word vectors; leave --embeddings out.")
    if registry.config(learner).record().get("embeddings", vector.RANDOM) == vector.RANDOM:
        return None
    pool = cell.task.deal(Streams(cell.seed)("split")).pool
    inputs = pool.inputs(pool.ids)
    registry.make(learner, cell.task.kind, inputs, files)  # which refuses what does not fit
    words = tuple(Vocabulary.of(inputs).symbols.to_pylist())
    return vector.read(files, words).remark
