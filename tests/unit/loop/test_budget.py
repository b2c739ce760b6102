from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from bench.data.pool import PoolError
from bench.data.table import take
from bench.error import DataError
from bench.loop.budget import Budget, SelectionError, as_ids, check
from bench.loop.ledger import Ledger
from bench.loop.ranking import rank, sequence_entropy
from bench.loop.seed import Streams

UNLABELED = torch.tensor([2, 3, 5, 7, 11])


@pytest.mark.parametrize(
    "answer",
    [
        [7, 2],
        (7, 2),
        torch.tensor([7, 2]),
        torch.tensor([7, 2], dtype=torch.int16),
        [torch.tensor(7), torch.tensor(2)],
        [np.int64(7), np.uint8(2)],
        np.array([7, 2], dtype=np.uint16),
        np.array([2, 7])[::-1],
    ],
)
def test_ids_may_come_in_any_integer_sequence(answer: Any) -> None:
    ids = as_ids(answer)
    check(ids, UNLABELED)
    assert ids.tolist() == [7, 2]
    assert ids.dtype == torch.int64


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("nonsense", "returned a str; select must return item ids"),
        (None, "returned a NoneType"),
        (3, "returned a int"),
        ([2.0, 3.0], "returned a list"),
        ([True, 2], "returned a list"),
        ({2: 3}, "returned a dict"),
        (iter([2]), "returned a list_iterator"),
        ([torch.tensor(2.0)], "returned a list"),
        ([torch.tensor(True)], "returned a list"),
        ([torch.tensor([2])], "returned a list"),
        ([np.float64(2)], "returned a list"),
        ([np.bool_(True)], "returned a list"),
        (np.array([2.0]), r"an array of shape \(1,\) and type float64"),
        (np.array([True]), "type bool"),
        (np.array([[2, 3]]), r"an array of shape \(1, 2\)"),
        (torch.tensor([2.0]), r"a tensor of shape \(1,\) and type torch.float32"),
        (torch.tensor([[2, 3]]), r"a tensor of shape \(1, 2\)"),
        (torch.tensor(2), r"a tensor of shape \(\)"),
        (torch.tensor([True]), "type torch.bool"),
        (torch.tensor([2 + 0j]), "type torch.complex64"),
        ([2, 3, 2], "returned item 2 twice"),
        ([4], "returned item 4, which is not an unlabelled item"),
        ([-1], "returned item -1, which is not"),
        ([10**9], "returned item 1000000000, which is not"),
    ],
)
def test_anything_else_is_refused(answer: Any, reason: str) -> None:
    with pytest.raises(SelectionError, match=reason):
        check(as_ids(answer), UNLABELED)


def test_a_first_stage_may_have_a_larger_budget() -> None:
    assert Budget(3).times(2) == Budget(6)


def test_a_ranking_is_by_priority_with_ties_by_the_stream() -> None:
    ids, priority = torch.tensor([4, 5, 6, 7]), torch.tensor([0.0, 1.0, 1.0, torch.inf])
    orders = {
        tuple(rank(ids, priority, torch.Generator().manual_seed(seed)).tolist())
        for seed in range(20)
    }
    assert orders == {(7, 5, 6, 4), (7, 6, 5, 4)}


def test_priorities_close_in_float32_keep_their_order() -> None:
    priority = torch.tensor([1.0, 1.0 + 1e-12], dtype=torch.float64)
    assert rank(torch.tensor([8, 9]), priority, torch.Generator()).tolist() == [9, 8]


def test_a_priority_that_is_nan_is_refused() -> None:
    with pytest.raises(SelectionError, match="priority of item 5 is NaN"):
        rank(torch.tensor([4, 5]), torch.tensor([0.0, torch.nan]), torch.Generator())


def test_sequence_entropy_of_absent_parses_is_nothing() -> None:
    log_probs = torch.tensor([[0.5, 0.25, 0.0]]).log()
    expected = 0.5 * 0.6931471805599453 * (1 + 1)
    assert sequence_entropy(log_probs).item() == pytest.approx(expected)
    shared = sequence_entropy(log_probs, normalize=True).item()
    assert shared == pytest.approx(0.636514168)  # of 2/3 and 1/3


def test_a_first_target_that_pays_for_nothing_is_a_fault_of_the_card(tiny: Any) -> None:
    ledger = Ledger(tiny.cell("random", protocol="fixed").task.deal(Streams(0)("split")))
    with pytest.raises(DataError, match="The first target, 1, pays for no item"):
        ledger.initial(1, Streams(0)("initial"))


def test_counts_are_cumulative_and_know_repeated_texts(tiny: Any) -> None:
    deal = tiny.cell("random", protocol="fixed").task.deal(Streams(0)("split"))
    texts = [" ".join(words) for words in deal.pool.inputs(deal.pool.ids).to_pylist()]
    ledger = Ledger(deal)
    for part in deal.pool.ids.split(50):
        ledger.reveal(part)
    assert ledger.counts() == {
        "items": len(texts),
        "words": sum(len(text.split()) for text in texts),
        "entities": sum(
            tag.startswith("B-") for row in ledger.labeled().labels.to_pylist() for tag in row
        ),
        "duplicates": len(texts) - len(set(texts)),
    }
    assert ledger.counts()["duplicates"] > 0
    assert len(ledger.unlabeled) == 0


def test_counts_of_captions_are_of_what_was_revealed_and_know_repeated_images(snaps: Any) -> None:
    task = snaps.cell("random").task
    rows = torch.arange(len(task.corpus.splits)) // 2  # every image twice, under other captions
    images = take(task.corpus.inputs, rows)
    deal = replace(task, corpus=replace(task.corpus, inputs=images)).deal(Streams(0)("split"))
    ledger = Ledger(deal)
    for part in deal.pool.ids.split(20):
        ledger.reveal(part)
        captions = ledger.labeled().labels.flatten().to_pylist()
        assert ledger.counts() == {
            "items": len(ledger.ids),
            "words": sum(len(caption.replace(",", "").split()) for caption in captions),
            "entities": 0,
            "duplicates": len(ledger.ids) - len({int(rows[row]) for row in ledger.ids}),
        }
    assert ledger.counts()["duplicates"] > 0


def test_a_label_cannot_be_bought_twice(tiny: Any) -> None:
    ledger = Ledger(tiny.cell("random", protocol="fixed").task.deal(Streams(0)("split")))
    ledger.reveal(torch.tensor([1, 2]))
    with pytest.raises(Exception, match="label of item 2 was asked for twice"):
        ledger.reveal(torch.tensor([3, 2]))
    with pytest.raises(PoolError, match="Item 100000 is not in the pool"):
        ledger.pool.inputs(torch.tensor([100000]))
