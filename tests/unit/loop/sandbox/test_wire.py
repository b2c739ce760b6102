import json
import socket
import struct
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bench.loop import clock
from bench.loop.sandbox.wire import HEADER, Channel, WireError

TYPES = (torch.bool, torch.uint8, torch.int32, torch.int64, torch.float16, torch.float64)


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    """A channel that takes a kilobyte, and a bare end to it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Channel(ours, 1024), theirs


def sent(message: dict[str, object], *arrays: Tensor) -> tuple[dict[str, object], list[Tensor]]:
    one, two = socket.socketpair()
    with one, two:
        Channel(one, 0).send(message, arrays)
        return Channel(two, 1 << 16).receive()


@given(
    st.dictionaries(st.text(max_size=9).filter(lambda key: key != "arrays"), st.integers()),
    st.lists(
        st.tuples(st.sampled_from(TYPES), st.lists(st.integers(0, 4), max_size=3)), max_size=8
    ),
)
def test_what_is_sent_arrives(
    message: dict[str, object], shapes: list[tuple[torch.dtype, list[int]]]
) -> None:
    arrays = [torch.arange(64)[: torch.Size(s).numel()].reshape(s).to(kind) for kind, s in shapes]
    found, received = sent(message, *arrays)
    assert found == message
    assert [each.dtype for each in received] == [each.dtype for each in arrays]
    assert all(torch.equal(one, two) for one, two in zip(arrays, received, strict=True))


def test_what_arrives_can_be_written_and_strides_do_not_matter() -> None:
    _, (found,) = sent({}, torch.arange(12.0).reshape(3, 4).T.requires_grad_())
    assert found.add_(1).tolist() == (torch.arange(12.0).reshape(3, 4).T + 1).tolist()


@given(st.binary(max_size=200))
def test_whatever_is_no_message_is_refused(content: bytes) -> None:
    one, two = socket.socketpair()
    with one, two:
        two.sendall(content)
        two.close()
        try:
            message, arrays = Channel(one, 1024).receive()
        except WireError:
            return
        assert isinstance(message, dict)  # hypothesis found a message
        assert not arrays


HEADERS = {
    "not JSON": b"\x80\x04cos\nsystem\n.",
    "not UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "no arrays": b"{}",
    "arrays that are no list": b'{"arrays": 3}',
    "too many arrays": json.dumps({"arrays": [["bool", [0]]] * 9}).encode(),
    "objects": b'{"arrays": [["object", [1]]]}',
    "a type by its code": b'{"arrays": [["|O", [1]]]}',
    "a shape of texts": b'{"arrays": [["bool", ["1"]]]}',
    "a shape of truths": b'{"arrays": [["bool", [true]]]}',
    "a negative shape": b'{"arrays": [["bool", [-1]]]}',
    "too many dimensions": json.dumps({"arrays": [["bool", [1] * 9]]}).encode(),
    "too large": b'{"arrays": [["bool", [1025]]]}',
    "too large together": json.dumps({"arrays": [["bool", [513]]] * 2}).encode(),
    "brackets": b"[" * 60_000,
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_is_refused(ends: tuple[Channel, socket.socket], name: str) -> None:
    channel, other = ends
    other.sendall(struct.pack("<I", len(HEADERS[name])) + HEADERS[name])
    with pytest.raises(WireError, match=r"^sent "):
        channel.receive()


def test_no_more_is_read_than_a_header_may_have(ends: tuple[Channel, socket.socket]) -> None:
    channel, other = ends
    other.sendall(struct.pack("<I", HEADER + 1))
    with pytest.raises(WireError, match="header of 65537 bytes, more than 65536"):
        channel.receive()


def test_silence_ends_at_the_deadline(ends: tuple[Channel, socket.socket]) -> None:
    channel, other = ends
    channel.deadline = clock.monotonic() + 0.05
    other.sendall(b"\1")
    with pytest.raises(WireError, match="took longer than it may"):
        channel.receive()
    with pytest.raises(WireError, match="took longer than it may"):
        channel.send({})


def test_who_does_not_listen_is_not_waited_for(ends: tuple[Channel, socket.socket]) -> None:
    channel, _ = ends
    channel.deadline = clock.monotonic() + 0.05
    with pytest.raises(WireError, match="took longer than it may"):
        channel.send({}, [torch.zeros(1 << 22)])


def test_who_is_gone_is_named(ends: tuple[Channel, socket.socket]) -> None:
    channel, other = ends
    other.close()
    with pytest.raises(WireError, match="ended without an answer"):
        channel.receive()
    with pytest.raises(WireError, match="ended without an answer"):
        channel.send({}, [torch.zeros(1 << 22)])
