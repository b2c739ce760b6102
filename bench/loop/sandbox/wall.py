"""The walls of the sandbox: what a process may still do once it has shut itself in.

Its own user, network, process, mount, IPC and host name namespaces; Landlock: Python and its
libraries may be read, a scratch folder in memory be written, nothing be executed; no process,
thread or socket be made; limits on memory, processor time, files and what is written; no descriptor
but its connection; no power to undo any of this.
"""

import errno
import os
import socket
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from bench.loop.sandbox import kernel
from bench.loop.sandbox.kernel import LayerError
from bench.loop.sandbox.limit import Limits

_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
_ZONES = ("/usr/share/zoneinfo",)
CONNECTION = 3
"""The one descriptor, beside the standard ones, that is left open."""


def paths() -> list[tuple[Path, int]]:
    """What may be used after all imports: Python's own folders, without any labels, and devices."""
    found = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib")}
    found |= {Path(sysconfig.get_path("platlib")), *map(Path, (*_LIBRARIES, *_ZONES))}
    found |= {Path(each) / "lib" for each in (sys.prefix, sys.base_prefix)}
    hidden = [each.resolve() for each in _labelled(found) if each.exists()]
    read = [each for root in sorted(found) for each in _without(root.resolve(), hidden)]
    devices = [(Path("/dev") / name, kernel.USE) for name in ("null", "zero", "urandom", "random")]
    return [*dict.fromkeys(read), *devices]


def opened(found: Sequence[tuple[Path, int]]) -> list[tuple[int, int]]:
    """Handles of those paths that there are, with their rights."""
    rules = []
    for path, rights in found:
        with suppress(OSError):
            rules.append((os.open(path, os.O_PATH | os.O_CLOEXEC), rights))
    return rules


def leave(scratch: Path, limits: Limits) -> None:
    """The first half: out of the namespaces of the parent; the next fork is alone."""
    kernel.leave()
    kernel.mount_scratch(scratch, limits.scratch)


def shut(rules: Sequence[tuple[int, int]], scratch: Path, limits: Limits) -> None:
    """The second half, in the process that is alone; LayerError where a wall does not hold."""
    memory = kernel.size() + limits.memory
    os.chdir(scratch)
    own = os.open(scratch, os.O_PATH | os.O_CLOEXEC)
    kernel.fence([*rules, (own, kernel.OWN)])
    os.closerange(CONNECTION + 1, os.sysconf("SC_OPEN_MAX"))
    kernel.drop_capabilities()
    seconds = int(limits.seconds) + 1
    kernel.limit(AS=memory, CPU=seconds, NOFILE=limits.files, FSIZE=limits.scratch, CORE=0)
    _try_network()
    kernel.forbid_calls()
    _try(scratch)


def _try_network() -> None:
    """While there are sockets still: nothing can be reached with one."""
    with socket.socket(type=socket.SOCK_DGRAM) as end:
        if end.connect_ex(("127.0.0.1", 9)) != errno.ENETUNREACH:
            raise LayerError("network namespace", "it does not hold")


def _try(scratch: Path) -> None:
    """Push against each other wall once."""
    try:
        (scratch / "probe").write_bytes(b"0")
        (scratch / "probe").unlink()
    except OSError as reason:
        raise LayerError("scratch", str(reason.strerror)) from reason
    with suppress(OSError):
        list(Path("/").iterdir())
        raise LayerError("Landlock", "it does not hold")
    with suppress(OSError):
        socket.socket(socket.AF_UNIX).close()
        raise LayerError("seccomp", "it does not hold")
    with suppress(OSError):
        if os.fork() == 0:
            os._exit(0)
        raise LayerError("seccomp", "it does not hold")
    if os.getpid() != 1:
        raise LayerError("process namespace", "it does not hold")


def _labelled(roots: set[Path]) -> Iterator[Path]:
    """What lies among libraries and holds labels, or could make them: data sets, and ourselves."""
    yield Path(__file__).parents[2]
    for root in roots:
        for folder in (root, *root.glob("*-packages"), *root.glob("python*/*-packages")):
            yield folder / "sklearn" / "datasets" / "data"


def _without(root: Path, hidden: Sequence[Path]) -> Iterator[tuple[Path, int]]:
    """A path with its rights, or as much of what is in it as leaves out what is hidden.

    Names may be listed all the same: without them nothing can be imported.
    """
    if not any(each.is_relative_to(root) for each in hidden):
        yield root, kernel.LOOK
    elif root not in hidden:
        yield root, kernel.LIST
        for entry in sorted(root.iterdir()):
            yield from _without(entry.resolve(), hidden)
