"""The most memory that a block holds, as Linux counts it."""

import numpy as np
import pytest
import torch

from bench.loop import memory

CPU = torch.device("cpu")
MB = 10**6


@pytest.fixture(autouse=True)
def told() -> None:
    with memory.peak(CPU) as found:
        pass
    if memory.resident() is None or found.host is None:
        pytest.skip("THE SYSTEM DOES NOT SAY what a process held at most: memory is not tested")


def held(size: int) -> None:
    """Hold so many bytes, each page touched, and let go of them."""
    np.ones(size, np.uint8)


def test_what_was_held_and_freed_inside_is_seen() -> None:
    before = memory.resident()
    with memory.peak(CPU) as found:
        held(200 * MB)
    after = memory.resident()
    assert before is not None
    assert after is not None
    assert found.host is not None
    assert found.host - before >= 200 * MB * 0.99  # pages of the process may leave meanwhile
    assert after - before < 100 * MB
    assert found.device is None


def test_what_was_held_before_is_forgotten() -> None:
    held(400 * MB)
    with memory.peak(CPU) as found:
        held(50 * MB)
    after = memory.resident()
    assert after is not None
    assert found.host is not None
    assert 50 * MB * 0.9 < found.host - after < 250 * MB


def test_where_the_system_does_not_say_nobody_does(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_PROCESS", tmp_path / "none")
    assert memory.resident() is None
    with memory.peak(CPU) as found:
        pass
    assert (found.host, found.device) == (None, None)


def test_a_mark_that_cannot_be_taken_back_is_not_told(tmp_path, monkeypatch):
    """As where /proc may be read alone: the highest mark would be an earlier block's."""
    (tmp_path / "status").write_text("VmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n")
    (tmp_path / "clear_refs").mkdir()
    monkeypatch.setattr(memory, "_PROCESS", tmp_path)
    assert memory.resident() == 1024 * 1024
    with memory.peak(CPU) as found:
        pass
    assert found.host is None
