"""Messages between host and guest: a line of JSON and plain arrays, nothing that could be executed.

A frame is the header's length (32 bits, little-endian), the header, a JSON object, and the bytes of
the arrays that it lists under `arrays` as [type, shape].
"""

import json
import math
import socket
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.error import BenchError
from bench.loop import clock

HEADER = 1 << 16
"""Bytes that a header may have."""
ARRAYS = 8
_LENGTH = struct.Struct("<I")
_TYPES = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        *("bool", "uint8", "int8", "int16", "int32", "int64"),
        *("float16", "float32", "float64"),
    )
}
Message = dict[str, Any]


class WireError(BenchError):
    """The other side is silent, gone, or says what is no message."""


class Channel:
    """One end of a connection; `size` bounds the bytes of the arrays of a message received.

    `deadline` is when whoever waits gives up, as `clock.monotonic` counts.
    """

    def __init__(self, end: socket.socket, size: int, deadline: float = math.inf) -> None:
        self.end, self.size, self.deadline = end, size, deadline

    def send(self, message: Message, arrays: Sequence[Tensor] = ()) -> None:
        """Send a message; WireError when the other side does not take it."""
        held = [each.detach().cpu().contiguous().numpy() for each in arrays]
        shapes = [[each.dtype.name, list(each.shape)] for each in held]
        header = json.dumps({**message, "arrays": shapes}).encode()
        try:
            self._wait()
            self.end.sendall(_LENGTH.pack(len(header)) + header)
            for each in held:
                self._wait()
                self.end.sendall(each.reshape(-1).view(np.uint8).data)
        except (OSError, ValueError) as reason:
            raise WireError(_gone(reason)) from reason

    def receive(self) -> tuple[Message, list[Tensor]]:
        """The next message; WireError when there is none, or it is not one."""
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        if length > HEADER:
            raise WireError(f"sent a header of {length} bytes, more than {HEADER}")
        message, plans = _header(bytes(self._read(length)))
        if sum(size for *_, size in plans) > self.size:
            raise WireError(f"sent more than {self.size} bytes at once")
        return message, [self._array(kind, shape, size) for kind, shape, size in plans]

    def _array(self, kind: str, shape: tuple[int, ...], size: int) -> Tensor:
        content = self._read(size)
        try:
            values = np.frombuffer(content, _TYPES[kind]) if size else np.empty(0, _TYPES[kind])
            return torch.from_numpy(values.reshape(shape))
        except ValueError as reason:
            raise WireError("sent an array of a shape that cannot be") from reason

    def _read(self, size: int) -> bytearray:
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            try:
                self._wait()
                count = self.end.recv_into(view)
            except OSError as reason:
                raise WireError(_gone(reason)) from reason
            if count == 0:
                raise WireError(_gone(EOFError()))
            view = view[count:]
        return buffer

    def _wait(self) -> None:
        """Let the next call wait no longer than until the deadline; TimeoutError after it."""
        left = self.deadline - clock.monotonic()
        if left <= 0:
            raise TimeoutError
        self.end.settimeout(None if math.isinf(left) else left)


def _header(text: bytes) -> tuple[Message, list[tuple[str, tuple[int, ...], int]]]:
    """The message, and type, shape and bytes of its arrays."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as reason:
        raise WireError("sent a header that is not JSON") from reason
    listed = message.pop("arrays", None) if isinstance(message, dict) else None
    if not isinstance(listed, list) or len(listed) > ARRAYS:
        raise WireError("sent a header without its list of arrays")
    return message, [_planned(each) for each in listed]


def _planned(found: Any) -> tuple[str, tuple[int, ...], int]:
    match found:
        case [str(kind), list(shape)] if kind in _TYPES and len(shape) <= ARRAYS:
            if all(type(each) is int and 0 <= each < 1 << 40 for each in shape):
                return kind, tuple(shape), math.prod(shape) * _TYPES[kind].itemsize
    raise WireError("sent an array of no type or shape that there is")


def _gone(reason: BaseException) -> str:
    if isinstance(reason, TimeoutError):
        return "took longer than it may"
    return "ended without an answer"
