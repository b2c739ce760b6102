from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.data import card, task
from bench.data.table import take
from bench.error import UsageError

Maker = Callable[..., Path]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_loads_the_default_protocol(make: Maker) -> None:
    tiny = task.load("tiny", data_root=make())
    assert tiny.protocol == task.Protocol("drawn", "items", (1, 2), 2, ("random",))
    assert tiny.kind.tags == ("O", "B-from", "B-to", "I-from", "I-to")
    assert tiny.kind.metric == "f1"
    assert len(tiny.data_digest) == 64


def test_a_share_becomes_cumulative_words(make: Maker) -> None:
    tiny = task.load("tiny", "fixed", make())
    assert tiny.protocol.targets == (3, 6, 10)  # 3.25, 6.5 (to even) and 9.75 of 13 words


def test_a_share_may_count_items(make: Maker) -> None:
    root = make(('unit = "words"', 'unit = "items"'))
    assert task.load("tiny", "fixed", root).protocol.targets == (1, 2, 3)


def test_typos_get_the_nearest_names(make: Maker) -> None:
    root = make()
    with pytest.raises(UsageError, match="Did you mean tiny"):
        task.load("tinny", None, root)
    with pytest.raises(UsageError, match=r"no protocol 'fixt'\. Did you mean fixed"):
        task.load("tiny", "fixt", root)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("pool = 2", "pool = 4", "pool and test need 5 items, there are 4"),
        ("targets = [1, 2]", "targets = [1, 3]", "the last target is 3, but the pool holds 2"),
        ("pool = 2\ntest = 1", 'pool = 4\ntest = "test"', "the pool needs 4 items, there are 3"),
    ],
)
def test_a_protocol_too_large_is_refused(make: Maker, old: str, new: str, message: str) -> None:
    root = make((old, new))
    with pytest.raises(UsageError, match=f"tiny, protocol drawn: {message}"):
        task.load("tiny", None, root)


def test_a_drawn_split_shares_no_text(make: Maker) -> None:
    tiny = task.load("tiny", None, make())
    texts = tiny.corpus.inputs.to_pylist()
    for seed in range(20):
        pool, test = task.split(tiny.card.recipe("drawn"), tiny.corpus, seeded(seed))
        chosen = [tuple(texts[row]) for row in [*pool.tolist(), *test.tolist()]]
        assert len(set(chosen)) == len(chosen) == 3


def test_a_fixed_split_keeps_duplicates_and_draws_nothing(make: Maker) -> None:
    tiny = task.load("tiny", "fixed", make())
    generator = seeded(0)
    before = generator.get_state()
    deal = tiny.deal(generator)
    assert deal.pool.ids.tolist() == [0, 1, 2, 3]
    assert torch.equal(generator.get_state(), before)


def test_a_pool_may_be_drawn_beside_a_fixed_test_split(make: Maker) -> None:
    """Of train, without its duplicate; the test split is not drawn, and no test row is pool."""
    tiny = task.load("tiny", None, make(("test = 1", 'test = "test"')))
    pools = set()
    for seed in range(40):
        pool, test = task.split(tiny.card.recipe("drawn"), tiny.corpus, seeded(seed))
        assert test.tolist() == [4]  # row 5 repeats row 0
        pools.add(tuple(pool.tolist()))
    assert pools == {(0, 1), (0, 3), (1, 3)}
    assert tiny.whole == 2
    assert tiny.settings["pool"] == 2
    assert tiny.settings["test"] == "test"


@pytest.mark.parametrize(("test", "words"), [("1", 13 / 4), ('"test"', 10 / 3)])
def test_shares_of_words_of_a_drawn_pool_are_of_what_is_expected(
    make: Maker, test: str, words: float
) -> None:
    """Of rows that may be in it: 3, 5, 2 words in train, without the duplicate, and 3 in test."""
    root = make(
        ('unit = "items"', 'unit = "words"'),
        ("targets = [1, 2]", "shares = [0.2, 0.4, 1.0]"),
        ("test = 1", f"test = {test}"),
    )
    tiny = task.load("tiny", None, root)
    whole = round(2 * words)
    assert tiny.protocol.targets == (round(0.2 * whole), round(0.4 * whole), whole)
    assert tiny.whole == (13 if test == "1" else 10)
    assert {tuple(tiny.deal(seeded(seed)).pool.ids.tolist()) for seed in range(9)} > {(0, 1)}


@pytest.mark.parametrize(("unit", "cost"), [("words", [2, 3, 5]), ("items", [1, 1, 1])])
def test_an_item_costs_its_words_or_one(make: Maker, unit: str, cost: list[int]) -> None:
    tiny = task.load("tiny", "fixed", make(('unit = "words"', f'unit = "{unit}"')))
    pool = tiny.deal(seeded(0)).pool
    assert pool.cost(torch.tensor([3, 0, 1])).tolist() == cost
    assert tiny.whole == (13 if unit == "words" else 4)


def test_pool_oracle_and_judge_share_one_split(make: Maker) -> None:
    tiny = task.load("tiny", None, make())
    deal = tiny.deal(seeded(3))
    pool, test = task.split(tiny.card.recipe("drawn"), tiny.corpus, seeded(3))
    assert torch.equal(deal.pool.ids, pool)
    rows = tiny.corpus.labels.to_pylist()
    assert deal.oracle.reveal(pool.flip(0)).to_pylist() == [rows[i] for i in pool.flip(0).tolist()]
    seen, gold = [], take(tiny.corpus.labels, test)
    deal.judge.score(lambda inputs: seen.append(inputs) or gold)
    assert seen[0].to_pylist() == [tiny.corpus.inputs.to_pylist()[i] for i in test.tolist()]


@given(
    ids=st.sets(st.integers(0, 10_000), min_size=2, max_size=60).map(sorted),
    seed=st.integers(0, 2**32),
    data=st.data(),
)
def test_a_draw_is_disjoint_sized_ascending_and_repeatable(
    ids: list[int], seed: int, data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, len(ids) - 1))
    pool = data.draw(st.integers(1, len(ids) - size))
    known = torch.tensor(ids)
    drawn, test = task.draw(known, pool, size, seeded(seed))
    assert (len(drawn), len(test)) == (pool, size)
    assert not set(drawn.tolist()) & set(test.tolist())
    assert {*drawn.tolist(), *test.tolist()} <= set(ids)
    assert drawn.tolist() == sorted(drawn.tolist())
    assert test.tolist() == sorted(test.tolist())
    again = task.draw(known, pool, size, seeded(seed))
    assert torch.equal(again[0], drawn)
    assert torch.equal(again[1], test)
    assert torch.equal(task.draw(known, 1, size, seeded(seed))[1], test)  # whatever the pool's size


def test_seeds_differ() -> None:
    ids = torch.arange(100)
    assert not torch.equal(
        task.draw(ids, 50, 50, seeded(0))[0], task.draw(ids, 50, 50, seeded(1))[0]
    )


@pytest.mark.parametrize("name", [name for name in card.names() if card.load(name).synthetic])
def test_every_synthetic_task_deals_under_every_protocol(name: str) -> None:
    found = card.load(name)
    for protocol in found.protocols:
        loaded = task.load(name, protocol)
        deal = loaded.deal(seeded(0))
        assert len(deal.pool.ids) == found.recipe(protocol).pool
