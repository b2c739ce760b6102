import pyarrow as pa
import pytest
import torch

from bench.data.pool import Pool, PoolError

IDS = torch.tensor([0, 1, 3])
TOKENS = pa.array([["a"], ["b", "c"], ["e", "f", "g"]])


@pytest.fixture
def pool() -> Pool:
    return Pool(IDS, TOKENS, torch.tensor([1, 2, 3]))


def test_answers_in_the_order_asked(pool: Pool) -> None:
    asked = torch.tensor([3, 0, 1, 3])
    assert pool.inputs(asked).to_pylist() == [["e", "f", "g"], ["a"], ["b", "c"], ["e", "f", "g"]]
    assert pool.cost(asked).tolist() == [3, 1, 2, 3]
    assert isinstance(pool.inputs(asked), pa.ListArray)
    assert pool.cost(asked).dtype == torch.int64


def test_no_ids_get_no_inputs(pool: Pool) -> None:
    nothing = torch.tensor([], dtype=torch.int64)
    assert pool.inputs(nothing).to_pylist() == []
    assert pool.inputs(nothing).type == pa.list_(pa.string())
    assert pool.cost(nothing).tolist() == []


@pytest.mark.parametrize("stranger", [-1, 2, 4, 5, 99])
def test_an_id_outside_the_pool_is_refused(pool: Pool, stranger: int) -> None:
    ids = torch.tensor([0, stranger])
    for method in (pool.inputs, pool.cost):
        with pytest.raises(PoolError, match=f"Item {stranger} is not in the pool"):
            method(ids)
