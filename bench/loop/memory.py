"""The most memory that a block takes: of this process, and of its device."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

_PROCESS = Path("/proc/self")


def resident() -> int | None:
    """Bytes that this process holds now; None where the system does not say."""
    return _status("VmRSS")


class Peak:
    """`host` and `device` are the most bytes held inside `peak`; None where nobody says."""

    host: int | None = None
    device: int | None = None


@contextmanager
def peak(device: torch.device) -> Iterator[Peak]:
    """Watch a block; memory that torch keeps for later counts as held on the host, not on a GPU."""
    found = Peak()
    known = _forget()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    yield found
    found.host = _status("VmHWM") if known else None
    if device.type == "cuda":
        found.device = torch.cuda.max_memory_allocated(device)


def _forget() -> bool:
    """Have Linux forget the process' highest mark; whether it did."""
    try:
        (_PROCESS / "clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _status(name: str) -> int | None:
    try:
        lines = (_PROCESS / "status").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return 1024 * int(found[0]) if found else None
