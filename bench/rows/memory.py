"""Where Arrow's memory comes from while many rows are read."""

import os

import pyarrow as pa


def settle() -> None:
    """Take jemalloc, where this Arrow has it and `ARROW_DEFAULT_MEMORY_POOL` names no other.

    Its memory is used again; of what mimalloc asks for, the system clears three times as much.
    """
    chosen = "ARROW_DEFAULT_MEMORY_POOL" in os.environ
    if not chosen and "jemalloc" in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())
