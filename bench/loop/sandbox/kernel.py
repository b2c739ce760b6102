"""The calls that shut a process in, as Linux has them; each raises LayerError where it fails.

`man 7 user_namespaces`, `man 7 landlock` and `man 2 setrlimit` say what they do. Nothing here knows
of strategies.
"""

import ctypes
import os
import platform
import resource
import stat
import struct
from collections.abc import Sequence
from pathlib import Path

_NAMESPACES = {
    "user": 0x10000000,
    "network": 0x40000000,
    "process": 0x20000000,
    "mount": 0x00020000,
    "IPC": 0x08000000,
    "host name": 0x04000000,
}
_MS_REC, _MS_PRIVATE, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1 << 14, 1 << 18, 2, 4, 8
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # on every architecture
_CAPABILITIES = 0x20080522

# By machine: what the kernel calls it, and the numbers of the calls that a guest may not make.
_REFUSED = {
    "x86_64": (
        0xC000003E,
        (
            *(56, 57, 58, 435),  # clone, fork, vfork, clone3: no process, no thread
            *(41, 42, 53),  # socket, connect, socketpair: those with a path leave every namespace
            *(29, 64, 68, 319),  # shmget, semget, msgget, memfd_create: memory that no limit counts
            *(248, 249, 250),  # add_key, request_key, keyctl: keys belong to no namespace
            *(298, 321, 323, 425),  # perf_event_open, bpf, userfaultfd, io_uring_setup
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            *(220, 435),
            *(198, 203, 199),
            *(194, 190, 186, 279),
            *(217, 218, 219),
            *(241, 280, 282, 425),
        ),
    ),
}
_OTHER_TABLE = 0x40000000  # calls of x86_64 under another number
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001  # the latter as EPERM

# Rights on files, by bit (linux/landlock.h), and how many of them each version of Landlock knows.
_EXECUTE, _WRITE, _READ, _LIST, _TRUNCATE = (1 << bit for bit in (0, 1, 2, 3, 14))
_KNOWN = {1: 13, 2: 14, 3: 15, 4: 15}
_LATEST = 16
_ON_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE
LIST, LOOK = _LIST, _READ | _LIST
USE = _READ | _WRITE | _TRUNCATE
OWN = (1 << _LATEST) - 1 - _EXECUTE

_libc = ctypes.CDLL(None, use_errno=True)


class LayerError(Exception):
    """A layer of the sandbox that this kernel, or this user, does not have."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"{layer}: {reason}")
        self.layer, self.reason = layer, reason


def die_with_parent(number: int) -> None:
    """Have a signal sent to this process when its parent ends."""
    _called("death signal", _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0))


def leave(layers: Sequence[str] = tuple(_NAMESPACES)) -> None:
    """Enter namespaces of one's own: no network, no processes but those to come."""
    user, group = os.getuid(), os.getgid()
    for layer in layers:
        _called(f"{layer} namespace", _libc.unshare(_NAMESPACES[layer]))
        if layer == "user":
            try:
                Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
                Path("/proc/self/setgroups").write_text("deny")
                Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
            except OSError as reason:
                raise LayerError("user namespace", str(reason.strerror)) from reason


def mount_scratch(folder: Path, size: int) -> None:
    """A file system in memory over a folder, seen in this mount namespace alone."""
    _called("mount namespace", _libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None))
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    data = f"size={size},nr_inodes=1024,mode=0700".encode()
    _called("scratch", _libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", flags, data))


def limit(**limits: int) -> None:
    """Hard limits by the names that `resource` has for them, for example NPROC=2."""
    for name, value in limits.items():
        try:
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
        except (OSError, ValueError) as reason:
            raise LayerError(f"limit {name}", str(reason)) from reason


def size() -> int:
    """The bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def landlock_version() -> int:
    """The version of Landlock here; LayerError without it."""
    return _called("Landlock", _libc.syscall(_CREATE_RULESET, None, 0, 1))


def fence(rules: Sequence[tuple[int, int]]) -> None:
    """Allow this process and its children nothing on files but `rules`: (open path, rights)."""
    version = landlock_version()
    known = (1 << _KNOWN.get(version, _LATEST)) - 1
    handled = (known, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    attributes = struct.pack("=QQQ", *handled)
    length = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _called("Landlock", _libc.syscall(_CREATE_RULESET, attributes, length, 0))
    for opened, rights in rules:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _ON_FILES
        rule = struct.pack("=Qi", rights & known, opened)
        _called("Landlock", _libc.syscall(_ADD_RULE, ruleset, 1, rule, 0))
    _called("Landlock", _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _called("Landlock", _libc.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def forbid_calls() -> None:
    """Refuse what no namespace, rule or limit covers: processes, sockets, uncounted memory, keys.

    After `fence`, which gives up what a filter of calls (`man 2 seccomp`) may not be combined with.
    """
    if platform.machine() not in _REFUSED:
        raise LayerError("seccomp", f"the calls of {platform.machine()} are not known")
    machine, refused = _REFUSED[platform.machine()]
    tests = [(0x35, _OTHER_TABLE), *((0x15, number) for number in refused)]
    lines = [(0x20, 0, 0, 4), (0x15, 0, len(tests) + 2, machine), (0x20, 0, 0, 0)]
    lines += [(code, len(tests) - at, 0, k) for at, (code, k) in enumerate(tests)]
    lines += [(0x06, 0, 0, _ALLOW), (0x06, 0, 0, _REFUSE)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines))
    head = struct.pack("@HP", len(lines), ctypes.addressof(program))
    _called("seccomp", _libc.prctl(_PR_SET_SECCOMP, 2, head, 0, 0))


def drop_capabilities() -> None:
    """Keep no power over the namespaces that were entered."""
    header, data = struct.pack("=Ii", _CAPABILITIES, 0), bytes(24)
    _called("capabilities", _libc.capset(header, data))


def _called(layer: str, result: int) -> int:
    if result < 0:
        raise LayerError(layer, os.strerror(ctypes.get_errno()))
    return result
