"""Initial sets of so many items of each class: on cards, and as the oracle draws them."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

from bench.data.card import Card, Recipe
from bench.data.fault import faults
from bench.data.oracle import Oracle, Scarce

RECIPE = Recipe("items", 9, 1, 1, ("random",), (6, 7), default=True, each=2)
CARD = Card(
    folder=Path("made"),
    name="made",
    title="",
    synthetic=True,
    citation="",
    licence="",
    reader="lines",
    protocols={"p": RECIPE},
    classes=("a", "b", "c"),
)
NAMES = "abcabbbabccbbbacx"  # by id
POOL = torch.tensor([n for n in range(15) if n not in (5, 11)])  # 4 of a, 6 of b, 3 of c


def said(**changes: Any) -> list[str]:
    card = replace(CARD, protocols={"p": replace(RECIPE, **changes)})
    return [fault for key, fault in faults(card) if "'each'" in fault and key == "protocols.p"]


def oracle(pool: torch.Tensor = POOL, names: str = NAMES[:-1]) -> Oracle:
    return Oracle(pa.chunked_array([[[name] for name in names]]), pool)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_first_target_is_that_of_all_classes() -> None:
    assert said() == []
    assert said(each=0, targets=(5, 7)) == []
    wrong: list[dict[str, Any]] = [
        {"each": 1},
        {"each": -2},
        {"targets": (5, 7)},
        {"targets": (), "shares": (0.1,)},
        {"unit": "words"},
    ]
    for changes in wrong:
        (fault,) = said(**changes)
        assert "its first target, in items, 'each' times their number" in fault


def test_a_task_of_another_kind_has_no_classes() -> None:
    card = replace(CARD, reader="columns", tags=("O", "B-a"))
    assert any("its items should have classes" in fault for _, fault in faults(card))


@pytest.mark.parametrize("each", [1, 2, 3])
def test_so_many_of_each_class_are_drawn_from_the_pool(each: int) -> None:
    drawn = set()
    for seed in range(60):
        ids = oracle().draw(each, seeded(seed))
        assert ids.dtype == torch.int64
        assert Counter(NAMES[number] for number in ids.tolist()) == dict.fromkeys("abc", each)
        assert len(set(ids.tolist())) == 3 * each
        assert torch.equal(ids, oracle().draw(each, seeded(seed)))
        drawn |= set(ids.tolist())
    assert drawn == set(POOL.tolist())  # nothing is left out for good


def test_every_item_of_a_class_is_as_likely() -> None:
    counts = Counter(
        number for seed in range(1200) for number in oracle().draw(1, seeded(seed)).tolist()
    )
    sizes = Counter(NAMES[number] for number in POOL.tolist())
    for number in POOL.tolist():
        expected = 1200 / sizes[NAMES[number]]
        assert abs(counts[number] - expected) < 5 * expected**0.5


def test_a_draw_reveals_nothing() -> None:
    held = oracle()
    first = held.draw(2, seeded(0))
    assert torch.equal(held.draw(2, seeded(0)), first)
    assert len(held.reveal(POOL)) == len(POOL)


def test_a_class_with_too_few_items_in_the_pool_is_named() -> None:
    assert len(oracle().draw(3, seeded(0))) == 9
    with pytest.raises(Scarce, match=r"^the pool holds 3 items of class 'c', .* starts with 4 of"):
        oracle().draw(4, seeded(0))
    with pytest.raises(Scarce, match=r"^the pool holds 0 items of class 'x'"):
        oracle(names=NAMES).draw(1, seeded(0))
