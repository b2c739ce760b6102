import pyarrow as pa
import pytest
import torch

from bench.data.oracle import Oracle, OracleError

TAGS = pa.chunked_array([[["O"], ["B-x", "I-x"]], [["B-y"], ["O", "B-x", "B-x"]]])


@pytest.fixture
def oracle() -> Oracle:
    return Oracle(TAGS, torch.tensor([0, 1, 3]))


def test_reveals_in_the_order_asked(oracle: Oracle) -> None:
    assert oracle.reveal(torch.tensor([3, 0])).to_pylist() == [["O", "B-x", "B-x"], ["O"]]
    assert oracle.reveal(torch.tensor([1])).to_pylist() == [["B-x", "I-x"]]


@pytest.mark.parametrize("stranger", [-1, 2, 4])
def test_an_id_outside_the_pool_is_refused(oracle: Oracle, stranger: int) -> None:
    with pytest.raises(OracleError, match=f"Item {stranger} is not in the pool"):
        oracle.reveal(torch.tensor([0, stranger]))


def test_a_label_is_revealed_once(oracle: Oracle) -> None:
    oracle.reveal(torch.tensor([3, 0]))
    with pytest.raises(OracleError, match="item 0 was asked for twice"):
        oracle.reveal(torch.tensor([1, 0]))


def test_an_id_twice_in_one_request_is_refused(oracle: Oracle) -> None:
    with pytest.raises(OracleError, match="item 1 was asked for twice"):
        oracle.reveal(torch.tensor([0, 1, 1]))


def test_a_refused_request_reveals_nothing(oracle: Oracle) -> None:
    for ids in ([0, 2], [0, 1, 1]):
        with pytest.raises(OracleError):
            oracle.reveal(torch.tensor(ids))
    assert len(oracle.reveal(torch.tensor([0, 1, 3]))) == 3
