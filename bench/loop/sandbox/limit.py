"""What a selection in the sandbox may take."""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Of one selection; what is beyond ends it."""

    seconds: float = 600.0
    """Of the wall clock, signals included; one that is being computed is not cut short."""
    memory: int = 4096 * MIB
    """Bytes of address space beyond what the imports take."""
    scratch: int = 64 * MIB
    """Bytes of files, all together."""
    reply: int = 64 * MIB
    """Bytes of one message from the strategy: ids of a pool of eight million."""
    files: int = 64
    """Open files."""


DEFAULT = Limits()
