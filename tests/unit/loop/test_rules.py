"""RULES.md, rule by rule: the tests that prove them."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.data import task as tasks
from bench.data.judge import Judge
from bench.data.oracle import Oracle
from bench.data.pool import Pool
from bench.data.task import Task
from bench.error import UsageError
from bench.learners import registry
from bench.learners.learner import Labeled, Learner
from bench.learners.objective import Training
from bench.loop import acquisition, clock, plan, strategy
from bench.loop.budget import Budget, SelectionError
from bench.loop.event import Event, Reporter
from bench.loop.fit import Fit, FitStore
from bench.loop.ledger import Ledger
from bench.loop.seed import ROLES, Streams
from bench.loop.trainer import Trainer
from bench.loop.view import View
from bench.rows import store
from bench.rows.schema import RULES_VERSION, Row

Reachable = Callable[[object], Iterator[object]]
Relabel = Callable[[Task, dict[int, list[str]]], Task]
Lasting = Callable[[list[Row]], list[dict[str, Any]]]
APPLICABLE = {
    kind: [name for name in strategy.names() if not strategy.load(name).missing(learner)]
    for kind, learner in (("tagging", "bilstm-tagger"), ("images", "lenet"))
}
"""The strategies that the learner of a small task can be asked by."""
SMALL = "[batch_size=16,embedding=8,epochs=2,hidden=8,decoder=8]"


class Kept(FitStore):
    """A store that remembers what it gave."""

    def __init__(self, folder: Any) -> None:
        super().__init__(folder)
        self.given: list[Fit] = []

    def get(self, *arguments: Any) -> Fit:
        self.given.append(super().get(*arguments))
        return self.given[-1]


def equal_weights(one: Learner, other: Learner) -> bool:
    a, b = one.state(), other.state()
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


# 1. Streams


def test_rule_1_roles_and_seeds_have_streams_of_their_own() -> None:
    drawn = {
        tuple(torch.randint(10**9, (4,), generator=Streams(seed)(role)).tolist())
        for seed in range(20)
        for role in ROLES
    }
    assert len(drawn) == 20 * len(ROLES)
    with pytest.raises(ValueError, match="no stream for 'luck'"):
        Streams(0)("luck")


@given(st.integers(0, 2**40), st.lists(st.sampled_from(ROLES), min_size=1, max_size=12))
def test_rule_1_a_stream_does_not_depend_on_what_was_asked_before(
    seed: int, asked: list[str]
) -> None:
    streams = Streams(seed)
    for role in asked:
        torch.rand(3, generator=streams(role))
    last = streams(asked[-1])
    assert torch.equal(last.get_state(), Streams(seed)(asked[-1]).get_state())


@pytest.mark.parametrize("kind", ["tagging", "images"])
def test_rule_1_strategies_share_split_initial_set_and_first_model(
    smalls: dict[str, Any], kind: str
) -> None:
    first, small = {}, smalls[kind]
    for name in APPLICABLE[kind]:
        fits = Kept(small.out / name)
        row = small.run(small.cell(name, seed=3, rounds=1), fits=fits)[0]
        first[name] = (row.initial, row.metrics, fits.given[0].learner)
    initial, metrics, learner = first["random"]
    for other in first.values():
        assert other[:2] == (initial, metrics)
        assert equal_weights(other[2], learner)


def test_rule_1_seeds_differ(tiny: Any) -> None:
    cells = [tiny.cell("random", seed=seed) for seed in range(5)]
    pools = [tuple(cell.task.deal(Streams(cell.seed)("split")).pool.ids.tolist()) for cell in cells]
    assert len(set(pools)) == 5


@pytest.mark.parametrize("learner", ["bilstm-attention", "show-attend-tell"])
@pytest.mark.parametrize("name", ["random", "alise_nse"])
def test_rule_1_no_global_generator_is_touched(
    smalls: dict[str, Any], name: str, learner: str
) -> None:
    def states() -> tuple[Any, ...]:
        return random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()

    small = smalls[registry.kind(learner)]
    cell = small.cell(name, learner=learner + SMALL, rounds=2)
    assert cell.task  # prepared; rich, whose bar is shown meanwhile, draws once when imported
    before = states()
    small.run(cell)
    assert states() == before


@pytest.mark.parametrize("kind", ["tagging", "captioning"])
def test_rule_1_global_generators_change_nothing(
    smalls: dict[str, Any], kind: str, lasting: Lasting
) -> None:
    rows, small = [], smalls[kind]
    for number in (1, 2):
        random.seed(number)
        np.random.seed(number)
        with torch.random.fork_rng():
            torch.manual_seed(number)
            rows.append(small.run(small.cell("alise", rounds=2, out=small.out / str(number))))
    assert lasting(rows[0]) == lasting(rows[1])


# 2. Budget

COSTS = st.lists(st.integers(1, 40), max_size=30).map(lambda c: torch.tensor(c, dtype=torch.int64))


@given(COSTS, st.integers(0, 400))
def test_rule_2_what_fits_is_the_longest_leading_part(costs: torch.Tensor, amount: int) -> None:
    count = Budget(amount).count(costs)
    assert int(costs[:count].sum()) <= amount
    assert count == len(costs) or int(costs[: count + 1].sum()) > amount


@given(COSTS, st.integers(0, 400))
def test_rule_2_reach_spends_all_of_it(costs: torch.Tensor, amount: int) -> None:
    reach = Budget(amount).reach(costs)
    assert reach == len(costs) or int(costs[:reach].sum()) >= amount
    assert reach <= 1 or int(costs[: reach - 1].sum()) < amount


@given(COSTS, st.integers(0, 400), st.integers(0, 10))
def test_rule_2_a_ranking_fills_the_budget_or_empties_the_pool(
    costs: torch.Tensor, amount: int, others: int
) -> None:
    ids, budget = torch.arange(len(costs)) * 3, Budget(amount)
    short = others > 0 and int(costs.sum()) < amount
    if short:
        with pytest.raises(SelectionError, match=f"ranked only {len(costs)} items"):
            budget.cut(ids, costs, len(ids) + others)
    else:
        assert (
            budget.cut(ids, costs, len(ids) + others).tolist()
            == ids.tolist()[: budget.count(costs)]
        )


def lengths(pool: Pool, ids: torch.Tensor) -> torch.Tensor:
    return torch.tensor([len(words) for words in pool.inputs(ids).to_pylist()])


def test_rule_2_the_first_misfit_ends_a_round_and_the_remainder_carries_over(tiny: Any) -> None:
    rows = tiny.run(tiny.cell("longest", protocol="fixed"))
    targets, pool = tiny.cell("random", protocol="fixed").task.protocol.targets, None
    deal = tiny.cell("random", protocol="fixed").task.deal(Streams(0)("split"))
    pool, ledger = deal.pool, Ledger(deal)
    ledger.reveal(torch.tensor(rows[0].initial))
    for row, target, following in zip(rows, targets, (*targets[1:], None), strict=True):
        assert row.words <= target
        assert row.words == int(lengths(pool, ledger.ids).sum())
        if following is None:
            break
        left = ledger.unlabeled
        chosen = torch.tensor(row.selected)
        assert ledger.budget(following).amount == following - row.words
        longest = lengths(pool, left).sort(descending=True).values
        assert lengths(pool, chosen).tolist() == longest[: len(chosen)].tolist()
        after = row.words + int(longest[: len(chosen)].sum())
        assert after <= following < after + int(longest[len(chosen)])
        ledger.reveal(chosen)


def test_rule_2_items_meet_every_target(tiny: Any) -> None:
    rows = tiny.run(tiny.cell("lc"))
    assert [row.items for row in rows] == [20, 40, 60, 80]
    assert [len(row.selected) for row in rows] == [20, 20, 20, 0]
    chosen = [*rows[0].initial, *(id_ for row in rows for id_ in row.selected)]
    assert len(set(chosen)) == 80


@pytest.mark.parametrize(
    ("kind", "size", "name"),
    [
        (kind, size, name)
        for kind, size in (("tagging", 120), ("images", 90))
        for name in APPLICABLE[kind]
    ],
)
def test_rule_2_the_pool_may_be_exhausted(
    smalls: dict[str, Any], kind: str, size: int, name: str
) -> None:
    cell = smalls[kind].cell(name)
    protocol = replace(cell.task.protocol, targets=(20, size - 10, size))
    cell.__dict__["task"] = replace(cell.task, protocol=protocol)
    rows = smalls[kind].run(cell)
    assert [row.items for row in rows] == [20, size - 10, size]
    assert rows[-1].status == "ok"


# 3. From scratch


def refit(small: Any, cell: plan.Cell, ids: list[int]) -> Fit:
    """The successor on some ids, by a process that saw no earlier round."""
    deal = cell.task.deal(Streams(cell.seed)("split"))
    ledger = Ledger(deal)
    ledger.reveal(torch.tensor(ids))
    report = Reporter("fresh", 1, 1, lambda event: None)
    fits = FitStore(small.out / "fresh")
    return Trainer(cell, ledger, deal.judge, fits, report).fit("supervised").successor


@pytest.mark.parametrize("learner", ["bilstm-tagger", "bilstm-attention", "show-attend-tell"])
def test_rule_3_every_round_equals_a_fresh_fit_on_its_ids(
    smalls: dict[str, Any], learner: str
) -> None:
    small = smalls[registry.kind(learner)]
    cell, kept = small.cell("lc", learner=learner + SMALL, rounds=3), Kept(small.out / "kept")
    rows = small.run(cell, fits=kept)
    ids = list(rows[0].initial)
    for row, fit in zip(rows, kept.given, strict=True):
        fresh = refit(small, cell, ids[::-1])
        assert equal_weights(fresh.learner, fit.learner)
        assert fresh.score.metrics == row.metrics
        ids += row.selected


def test_rule_3_an_own_model_starts_from_the_rounds_successor(tiny: Any) -> None:
    kept = Kept(tiny.out / "kept")
    cell = tiny.cell("alise", rounds=2)
    tiny.run(cell, fits=kept)
    successor, own = kept.given[2:]
    assert not equal_weights(successor.learner, own.learner)
    deal = cell.task.deal(Streams(0)("split"))
    ledger = Ledger(deal)
    for row in store.read(cell.path):
        ledger.reveal(torch.tensor(row.initial or store.read(cell.path)[0].selected))
    unlabeled = ledger.pool.inputs(ledger.unlabeled)
    again = successor.learner.refine(
        "adversarial", ledger.labeled(), unlabeled, Streams(0), lambda number: None
    )
    assert equal_weights(again, own.learner)


def test_rule_3_validation_is_a_part_of_the_labelled_set(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = []

    def note(self: Training) -> None:
        held.append((self.valid.tolist(), self.train.tolist(), len(self.data)))

    monkeypatch.setattr(Training, "supervised", note)
    for name in ("random", "longest"):
        tiny.run(tiny.cell(name, rounds=1), fits=FitStore(tiny.out / name))
    valid, train, size = held[0]
    assert held[0] == held[1]
    assert size == 20
    assert len(valid) == 2
    assert sorted(valid + train) == list(range(size))


# 4. Label-blind


def turned(task: Task) -> dict[int, list[str]]:
    """Every tag wrong."""
    inventory = list(task.kind.tags)
    others = dict(zip(inventory, [*inventory[1:], inventory[0]], strict=True))
    rows = task.corpus.labels.to_pylist()
    return {number: [others[tag] for tag in row] for number, row in enumerate(rows)}


def shifted(task: Task, kept: set[int]) -> dict[int, list[str]]:
    """The captions of all images but some, each those of another image."""
    rows = task.corpus.labels.to_pylist()
    hidden = [number for number in range(len(rows)) if number not in kept]
    return {here: rows[there] for here, there in zip(hidden, hidden[1:] + hidden[:1], strict=True)}


def test_rule_4_revealed_labels_do_change_them(tiny: Any, relabelled: Relabel) -> None:
    plain, other = (tiny.cell("lc", rounds=1, out=tiny.out / side) for side in ("a", "b"))
    other.__dict__["task"] = relabelled(plain.task, turned(plain.task))
    assert tiny.run(plain)[0].selected != tiny.run(other)[0].selected


def test_rule_4_revealed_captions_do_change_them(snaps: Any, relabelled: Relabel) -> None:
    plain, other = (snaps.cell("lc", rounds=1, out=snaps.out / side) for side in ("a", "b"))
    other.__dict__["task"] = relabelled(plain.task, shifted(plain.task, set()))
    assert snaps.run(plain)[0].selected != snaps.run(other)[0].selected


@pytest.mark.parametrize("name", ["lc", "alise"])
def test_rule_4_unrevealed_captions_move_neither_selections_nor_weights(
    snaps: Any, relabelled: Relabel, name: str
) -> None:
    plain, other = (snaps.cell(name, rounds=2, out=snaps.out / side) for side in ("a", "b"))
    stores = [Kept(snaps.out / side) for side in ("c", "d")]
    rows = snaps.run(plain, fits=stores[0])
    bought = {*rows[0].initial, *rows[0].selected}
    other.__dict__["task"] = relabelled(plain.task, shifted(plain.task, bought))
    again = snaps.run(other, fits=stores[1])
    assert [row.selected for row in again] == [row.selected for row in rows]
    assert len(stores[0].given) == len(stores[1].given) == 2 * (1 + (name == "alise"))
    for one, twin in zip(stores[0].given, stores[1].given, strict=True):
        assert equal_weights(one.learner, twin.learner)
    assert again[0].metrics != rows[0].metrics  # the test split was changed, too


@pytest.mark.parametrize("objective", ["supervised", "adversarial"])
def test_rule_4_nothing_reachable_from_a_view_holds_an_unrevealed_label(
    tiny: Any, objective: str, reachable: Reachable
) -> None:
    views: list[View] = []

    def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        views.append(view)
        return view.unlabeled

    cell = tiny.planted(select, ("latent",), objective, rounds=2)
    tiny.run(cell)
    view, tags = views[1], set(cell.task.kind.tags)
    for thing in (part for root in (view, view.__class__) for part in reachable(root)):
        assert not isinstance(thing, Oracle | Judge | Task | Ledger | plan.Cell)
        if isinstance(thing, pa.ListArray | pa.ChunkedArray) and pa.types.is_list(thing.type):
            words = {word for row in thing.to_pylist() for word in row}
            assert thing is view.labeled.labels or not words & tags
    assert any(thing is view.labeled.labels for thing in reachable(view)), "the walk would find it"
    assert len(view.labeled.labels) == len(view.labeled.ids) == 40


def texts(root: Any, reachable: Reachable) -> Iterator[str]:
    """All text that can be reached from an object, but for names of attributes."""
    for thing in reachable(root):
        if isinstance(thing, pa.Array | pa.ChunkedArray):
            yield str(thing.to_pylist())
        elif isinstance(thing, np.ndarray) and thing.dtype.kind in "UO":
            yield str(thing.tolist())
        elif isinstance(thing, dict | list | tuple | set | frozenset):
            yield from (part for part in thing if isinstance(part, str))
        values = (
            thing.values() if isinstance(thing, dict) else getattr(thing, "__dict__", {}).values()
        )
        yield from (part for part in values if isinstance(part, str))


def marked(task: Task, kept: set[int], test: set[int]) -> dict[int, list[str]]:
    """Captions that say whose they are: a word for unrevealed items, another for the test split."""
    rows = task.corpus.labels.to_pylist()
    return {
        number: [f"{'okapi' if number in test else 'zebra'} {caption}" for caption in row]
        for number, row in enumerate(rows)
        if number not in kept
    }


@pytest.mark.parametrize("objective", ["supervised", "adversarial"])
def test_rule_4_no_word_is_known_before_its_caption_is_revealed(
    snaps: Any, relabelled: Relabel, reachable: Reachable, objective: str
) -> None:
    found: list[tuple[bool, bool, list[str]]] = []

    def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        for thing in (part for root in (view, view.__class__) for part in reachable(root)):
            assert not isinstance(thing, Oracle | Judge | Task | Ledger | plan.Cell)
        said = list(texts(view, reachable))
        words = view._learner.outputs.symbols.to_pylist()
        found.append((any("zebra" in t for t in said), any("okapi" in t for t in said), words))
        return view.unlabeled

    plain = snaps.cell("random", rounds=1)
    initial = set(snaps.run(plain)[0].initial)
    held = tasks.split(plain.task.card.recipe("drawn"), plain.task.corpus, Streams(0)("split"))[1]
    cell = snaps.planted(select, ("latent", "nbest_log_probs"), objective)
    cell.__dict__["task"] = relabelled(plain.task, marked(plain.task, initial, set(held.tolist())))
    kept = Kept(snaps.out / "kept")
    snaps.run(cell, fits=kept)
    (zebra, okapi, words), after = found
    assert (zebra, okapi) == (False, False)
    assert words
    assert not {"zebra", "okapi"} & set(words)
    assert (after[0], after[1]) == (True, False), "after the reveal the walk finds it"
    assert "zebra" in after[2]
    everything = [fit.learner.outputs.symbols.to_pylist() for fit in kept.given]
    assert not any("okapi" in symbols for symbols in everything)


# 5. Clock


class Watch:
    """A clock that only work moves: a signal takes 1, a fit 100, a strategy what it likes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.notes = 0.0, list[str]()
        monkeypatch.setattr(clock.time, "perf_counter", self.read)
        monkeypatch.setattr(clock, "_synchronise", lambda device: self.notes.append("wait"))
        self._slow(monkeypatch, "signal", 1)
        self._slow(monkeypatch, "fit", 100)
        self._slow(monkeypatch, "predict", 1000)

    def read(self) -> float:
        self.notes.append("read")
        return self.now

    def _slow(self, monkeypatch: pytest.MonkeyPatch, name: str, seconds: float) -> None:
        real = getattr(Learner, name)

        def slow(learner: Learner, *arguments: Any, **options: Any) -> Any:
            self.notes.append(f"{name} {arguments[0]}" if name == "signal" else name)
            self.now += seconds
            return real(learner, *arguments, **options)

        monkeypatch.setattr(Learner, name, slow)


def test_rule_5_a_strategy_pays_for_its_work_and_for_no_other(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(monkeypatch)

    def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        watch.notes.append("select")
        watch.now += 10
        view.signal("latent")
        view.signal("token_entropy", view.unlabeled[:5])
        return view.unlabeled

    row = tiny.run(tiny.planted(select, ("latent", "token_entropy"), rounds=1))[0]
    assert row.acquisition_seconds == 12
    assert row.pass_seconds == 1
    assert row.fit_seconds == 100
    assert row.evaluation_seconds == 1000
    warm = ["signal latent", "signal latent", "signal token_entropy"]
    once = ["wait", "read", "signal latent", "wait", "read"]
    work = ["wait", "read", "select", "signal latent", "signal token_entropy", "wait", "read"]
    assert watch.notes[watch.notes.index("predict") + 3 :] == [*warm, *once, *work]


def test_rule_5_the_device_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: notes.append(f"wait {device}"))
    monkeypatch.setattr(clock.time, "perf_counter", lambda: notes.append("read") or 0.0)
    with clock.lap(torch.device("cuda:1")):
        notes.append("work")
    assert notes == ["wait cuda:1", "read", "work", "wait cuda:1", "read"]


def test_rule_5_an_answer_on_the_device_is_brought_to_the_host_inside(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, real = Watch(monkeypatch), acquisition.as_ids

    def slow(*arguments: Any) -> torch.Tensor:
        watch.now += 5
        return real(*arguments)

    monkeypatch.setattr(acquisition, "as_ids", slow)
    row = tiny.run(tiny.planted(lambda view, budget, rng: view.unlabeled, rounds=1))[0]
    assert row.acquisition_seconds == 5


def test_rule_5_the_last_round_has_no_acquisition(tiny: Any) -> None:
    rows = tiny.run(tiny.cell("lc"))
    assert all(row.acquisition_seconds and row.pass_seconds for row in rows[:-1])
    assert rows[-1].acquisition_seconds is None
    assert rows[-1].pass_seconds is None
    assert rows[-1].selected == ()


def test_rule_5_adversarial_training_stands_beside_its_scoring(tiny: Any) -> None:
    for row in tiny.run(tiny.cell("alise", rounds=2)):
        assert row.own_fit_seconds
        assert row.own_score is not None
        assert row.own_metrics
    for row in tiny.run(tiny.cell("lc", rounds=2)):
        assert (row.own_fit_seconds, row.own_score, row.own_metrics) == (None, None, None)


# 6. Comparability


def test_rule_6_every_row_says_where_it_came_from(tiny: Any) -> None:
    cell = tiny.cell("lc")
    for row in tiny.run(cell):
        assert {name: getattr(row, name) for name in cell.origin} == cell.origin
        assert row.data_digest == cell.task.data_digest
        assert row.rules_version == RULES_VERSION
        assert row.device == "cpu"
        assert row.executor == "serial"
        assert '"torch":' in row.environment


def test_rule_6_the_digests_change_with_what_they_stand_for(tiny: Any) -> None:
    plain = tiny.cell("lc").origin
    assert tiny.cell("nse").origin["code_digest"] != plain["code_digest"]
    other = tiny.cell("lc", learner="bilstm-tagger[hidden=9]").origin
    assert other["config_digest"] != plain["config_digest"]
    assert tiny.cell("lc", protocol="fixed").origin["config_digest"] != plain["config_digest"]
    assert tiny.cell("lc", seed=1).origin == plain


@pytest.mark.parametrize("name", ["code_digest", "data_digest", "config_digest", "rules_version"])
def test_rule_6_an_unfinished_cell_of_another_origin_is_refused(
    tiny: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    tiny.run(tiny.cell("random", rounds=2))
    real = plan.Cell.origin.func
    other = property(lambda cell: {**real(cell), name: "another"})
    monkeypatch.setattr(plan.Cell, "origin", other)
    with pytest.raises(UsageError, match=f"random-seed0.parquet was made with another {name}"):
        plan.plan(tiny.request())


# 7. Nothing is lost


def test_rule_7_a_round_is_durable_before_the_next_begins(tiny: Any) -> None:
    cell, found = tiny.cell("random"), list[tuple[int, int]]()

    def look(event: Event) -> None:
        if event.kind == "epoch" and event.epoch == 1:
            found.append((event.round, len(store.read(cell.path)) if cell.path.exists() else 0))

    tiny.run(cell, look)
    assert found == [(1, 0), (2, 1), (3, 2), (4, 3)]


@pytest.mark.parametrize(
    ("kind", "name", "stop"),
    [
        *(("tagging", name, n) for name in ("random", "lc", "alise_nse") for n in (1, 2, 3)),
        *(("captioning", "alise_nse", n) for n in (1, 2)),
    ],
)
def test_rule_7_a_cell_goes_on_to_the_same_rows(
    smalls: dict[str, Any], lasting: Lasting, kind: str, name: str, stop: int
) -> None:
    small = smalls[kind]
    whole = small.run(small.cell(name, out=small.out / "whole"))

    def interrupt(event: Event) -> None:
        if event.kind == "round" and event.round == stop:
            raise KeyboardInterrupt

    cell = small.cell(name)
    with pytest.raises(KeyboardInterrupt):
        small.run(cell, interrupt)
    before = store.read(cell.path)
    assert len(before) == stop
    rows = small.run(small.cell(name), fits=FitStore(small.out / "lost"))
    assert rows[:stop] == before
    assert lasting(rows) == lasting(whole)


def test_rule_7_more_rounds_extend_a_cell(tiny: Any, lasting: Lasting) -> None:
    tiny.run(tiny.cell("lc", rounds=2))
    rows = tiny.run(tiny.cell("lc"))
    assert lasting(rows) == lasting(tiny.run(tiny.cell("lc", out=tiny.out / "whole")))


def test_rule_7_a_finished_cell_is_not_touched_again(tiny: Any) -> None:
    cell = tiny.cell("random")
    tiny.run(cell)
    content = cell.path.read_bytes()
    again = plan.plan(tiny.request())
    assert [found.key for found in again.finished] == [cell.key]
    assert again.cells == []
    assert plan.plan(tiny.request(rounds=2)).cells == []
    tiny.run(cell)
    assert cell.path.read_bytes() == content


def test_rule_7_a_failed_cell_is_tried_again(tiny: Any, lasting: Lasting) -> None:
    def fail(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        if len(view.history) == 2:
            raise RuntimeError("not today")
        return view.unlabeled

    rows = tiny.run(tiny.planted(fail))
    assert [row.status for row in rows] == ["ok", "failed"]
    assert rows[1].error == "The strategy raised RuntimeError: not today"
    assert rows[1].score is not None
    rows = tiny.run(tiny.planted(lambda view, budget, rng: view.unlabeled))
    assert [row.status for row in rows] == ["ok"] * 4


def test_labeled_is_in_the_order_of_ids_however_it_was_bought(tiny: Any) -> None:
    def bought(*parts: list[int]) -> Labeled:
        ledger = Ledger(tiny.cell("random", protocol="fixed").task.deal(Streams(0)("split")))
        for part in parts:
            ledger.reveal(torch.tensor(part, dtype=torch.int64))
        return ledger.labeled()

    one, other = bought([5, 1, 9], [], [2]), bought([2, 9], [1, 5])
    assert one.ids.tolist() == other.ids.tolist() == [1, 2, 5, 9]
    assert one.labels.equals(other.labels)
    assert one.inputs.equals(other.inputs)
