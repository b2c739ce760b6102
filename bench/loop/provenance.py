"""What a row says of where it came from: versions, digests, the machine."""

import hashlib
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

import torch

from bench.error import UsageError
from bench.spec import canonical

_PACKAGES = ("torch", "numpy", "pyarrow", "datasets", "seqeval")


@cache
def code_digest(strategy: str) -> str:
    """SHA-256 over the code that makes numbers (data, learners, loop) and a strategy's digest."""
    sha = hashlib.sha256(strategy.encode())
    package = Path(__file__).parents[1]
    for room in ("data", "learners", "loop"):
        for path in sorted((package / room).rglob("*.py")):
            sha.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return sha.hexdigest()


@cache
def environment() -> str:
    """The machine and the versions, as canonical JSON."""
    versions = {name: metadata.version(name) for name in _PACKAGES}
    machine = {"cpu": _cpu(), "python": platform.python_version(), "system": platform.system()}
    return canonical({**versions, **machine, "threads": torch.get_num_threads()})


def device(name: str) -> torch.device:
    """The device for `auto`, `cpu`, `cuda` or `cuda:N`; UsageError when it is not there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(name)
        torch.empty(0, device=chosen)
        known = chosen.type in ("cpu", "cuda")
    except (RuntimeError, AssertionError):
        known = False
    if not known:
        raise UsageError(f"There is no device '{name}' here; use --device cpu.")
    return chosen


def device_class(chosen: torch.device) -> str:
    """The class within which times compare: `cpu`, or `cuda` and the card's name."""
    if chosen.type == "cuda":
        return f"cuda {torch.cuda.get_device_name(chosen)}"
    return chosen.type


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.processor()
