"""Strategies that cheat, in the sandbox: each is blocked, or leaves everything as it was.

The door that refuses most of these by reading them (`bench/loop/source.py`) is left out here: the
walls have to hold alone.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from bench.error import UsageError
from bench.loop import contract, strategy
from bench.loop.contract import BreachError
from bench.loop.ground import embedded
from bench.loop.sandbox import host
from bench.loop.sandbox.limit import MIB, Limits
from bench.loop.source import Source, read
from bench.rows.schema import SANDBOX, Row

SMALL = Limits(seconds=20, memory=512 * MIB, scratch=4 * MIB, reply=MIB)
SHORT = replace(SMALL, seconds=1)
ROOT = Path(__file__).parents[2]
FORM = """\
import ctypes, gc, json, mmap, os, pathlib, resource, signal, socket, struct, subprocess, sys
import threading, time
import torch

def honest(view):
    return view.unlabeled

class Forged:
    def __init__(self, state):
        self.get_state = lambda: state

def frame(header, *rest):
    line = header if isinstance(header, bytes) else json.dumps(header).encode()
    os.write(3, struct.pack("<I", len(line)) + line + b"".join(rest))
    time.sleep(5)

def select(view, budget, rng):
"""


def source(body: str) -> Source:
    """A strategy of which only the body of `select` is given."""
    text = FORM + indent(dedent(body).strip(), "    ") + "\n    return honest(view)\n"
    return replace(read(strategy.folder() / "random.py"), text=text, needs=("latent",))


def run(small: Any, body: str, limits: Limits = SMALL, **changes: Any) -> list[Row]:
    """All rows of a cell whose strategy is run in the sandbox."""
    found = source(body)
    cell = small.planted(host.remote(found, limits), found.needs, **changes)
    cell.__dict__["chooser"] = replace(cell.chooser, isolation=SANDBOX)
    rows: list[Row] = small.run(cell)
    assert {row.isolation for row in rows} == {"sandbox"}
    return rows


def called(line: str) -> str:
    """A body that makes a call of the C library and raises what it says."""
    return f"""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.{line} < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    """


BLOCKED = {
    # Labels, wherever they might be.
    "frames": (
        """
        frame = sys._getframe()
        while frame:
            for name, value in frame.f_locals.items():
                assert type(value).__name__ not in ("Ledger", "Oracle", "Judge", "Task", "Learner")
            frame = frame.f_back
        raise LookupError("no frame knows a label")
        """,
        "no frame knows a label",
    ),
    "garbage": (
        """
        kinds = {type(each).__name__ for each in gc.get_objects()}
        assert not kinds & {"Ledger", "Oracle", "Judge", "Task", "Deal", "Pool", "Learner"}
        raise LookupError("nothing in memory knows a label")
        """,
        "nothing in memory knows a label",
    ),
    "/proc": ("""open("/proc/self/environ").read()""", "PermissionError"),
    "all processes": ("""os.listdir("/proc")""", "PermissionError"),
    "the parent's memory": (f"""open("/proc/{os.getpid()}/mem", "rb")""", "PermissionError"),
    "the parent's memory by a system call": (
        f"""
        libc = ctypes.CDLL(None, use_errno=True)
        room = ctypes.create_string_buffer(64)
        part = (ctypes.c_size_t * 2)(ctypes.addressof(room), 64)
        if libc.process_vm_readv({os.getpid()}, part, 1, part, 1, 0) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        """,
        "No such process|not permitted",
    ),
    "tracing the parent": (
        f"""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.ptrace(16, {os.getpid()}, 0, 0) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        """,
        "No such process|not permitted",
    ),
    "the data set": (f"""open({str(ROOT / "tests" / "tiny" / "train")!r})""", "PermissionError"),
    "the cards": (f"""os.listdir({str(ROOT / "datasets")!r})""", "PermissionError"),
    "our generators": ("""import bench.data.captioning.scene""", "PermissionError|ModuleNotFound"),
    "labels among libraries": (
        """
        from sklearn.datasets import load_digits
        load_digits()
        """,
        "PermissionError",
    ),
    "the environment": (
        """
        assert not any(name.startswith(("BENCH", "XDG", "HOME")) for name in os.environ)
        raise LookupError("the environment says nothing")
        """,
        "the environment says nothing",
    ),
    "descriptors": (
        """
        for number in [*range(4, 200), 1000]:
            try:
                os.fstat(number)
            except OSError:
                continue
            raise AssertionError(number)
        raise LookupError("nothing else is open")
        """,
        "nothing else is open",
    ),
    "the network": ("""socket.create_connection(("1.1.1.1", 80), 3)""", "not permitted"),
    "the network without connections": (
        """socket.socket(type=socket.SOCK_DGRAM).sendto(b"labels", ("1.1.1.1", 53))""",
        "not permitted",
    ),
    "a pair of sockets": ("""socket.socketpair()""", "not permitted"),
    "the connection itself, elsewhere": (
        """socket.socket(fileno=os.dup(3)).connect("/tmp/somebody")""",
        "not permitted",
    ),
    "symlinks": (
        """
        os.symlink("/etc/passwd", "link")
        open("link").read()
        """,
        "PermissionError",
    ),
    "a signal that it did not declare": ("""view.signal("best_log_prob")""", "not in its `needs`"),
    "a signal of labels": ("""view.signal("labels")""", "not in its `needs`"),
    "items of the test split": ("""view.inputs(torch.arange(10**4))""", "of the pool"),
    "labels by id": ("""view.labeled.labels[10**6].as_py()""", "IndexError"),
    # The machine.
    "forking": ("""os.fork()""", "PermissionError"),
    "threads": ("""threading.Thread(target=print).start()""", "can't start new thread"),
    "another program": ("""subprocess.run(["/bin/true"])""", "PermissionError"),
    "becoming another program": ("""os.execv("/bin/true", ["true"])""", "PermissionError"),
    "signals to the parent": (f"""os.kill({os.getpid()}, 9)""", "ProcessLookupError"),
    "signals to whoever waits": ("""os.kill(os.getppid() or 99, 9)""", "ProcessLookupError"),
    "filling the disk": (
        """
        for number in range(100):
            pathlib.Path(str(number)).write_bytes(bytes(1 << 20))
        """,
        "No space left",
    ),
    "writing elsewhere": ("""open("/tmp/elsewhere", "w")""", "PermissionError"),
    "filling memory": ("""bytearray(1 << 33)""", "MemoryError"),
    "filling torch's memory": ("""torch.ones(1 << 31)""", "RuntimeError|memory"),
    "filling memory without names": ("""mmap.mmap(-1, 1 << 33)""", "memory|MemoryError"),
    "memory that no limit counts": (
        called("shmget(0, 1 << 27, 0o1600)"),
        "not permitted",
    ),
    "files without names": ("""os.memfd_create("m")""", "not permitted"),
    "keys": (called("syscall(250, 0, -3, 1)"), "not permitted"),
    "another way to all calls": (
        called("syscall(425, 4, ctypes.create_string_buffer(256))"),
        "not permitted",
    ),
    "raising its limits": (
        """resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)""",
        "ValueError|PermissionError",
    ),
    "mounting": (
        """
        libc = ctypes.CDLL(None, use_errno=True)
        libc.unshare(0x10000000)
        if libc.mount(b"proc", b"/proc", b"proc", 0, None) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        """,
        "not permitted",
    ),
    # Answers that lie.
    "an exception that cannot be told": (
        """
        class Liar(Exception):
            def __str__(self):
                raise KeyboardInterrupt
        raise Liar
        """,
        "ended without an answer|Liar",
    ),
    "an exception that says all is well": (
        r"""raise SystemExit("\033[2K\rscore 1.000\nstatus: ok")""",
        r"^The strategy failed; it says: The strategy raised SystemExit: \?\[2K score 1.000 status",
    ),
    "an end without an answer": ("""os._exit(0)""", "ended without an answer"),
    "killing itself": ("""os.kill(os.getpid(), 11) or ctypes.string_at(0)""", "without an answer"),
    "no ids": ("""return None""", "must return item ids"),
    "ids of labelled items": ("""return view.labeled.ids""", "not an unlabelled item"),
    "one id again and again": ("""return view.unlabeled[:1].repeat(50)""", "twice"),
    # Messages that it has no business to send.
    "a pickle": (
        r"""frame(b"cos\nsystem\n(S'touch /tmp/elsewhere'\ntR.")""",
        "sent a header that is not JSON",
    ),
    "a header without end": (
        """
        os.write(3, struct.pack("<I", 1 << 31))
        time.sleep(5)
        """,
        "sent a header of 2147483648 bytes",
    ),
    "JSON that never closes": ("""frame(b"[" * 60_000)""", "not JSON|list of arrays"),
    "no object": ("""frame([1, 2, 3])""", "without its list of arrays"),
    "an unknown request": ("""frame({"op": "reveal", "arrays": []})""", "what there is not"),
    "a request of a method": ("""frame({"op": "__class__", "arrays": []})""", "what there is not"),
    "an array of objects": (
        """frame({"op": "answer", "notes": {}, "arrays": [["object", [1]]]}, bytes(8))""",
        "no type or shape",
    ),
    "an array of a negative size": (
        """frame({"op": "answer", "notes": {}, "arrays": [["int64", [-1]]]})""",
        "no type or shape",
    ),
    "an array too large": (
        """frame({"op": "answer", "notes": {}, "arrays": [["int64", [1 << 39]]]})""",
        "bytes at once",
    ),
    "an array that cannot be": (
        """frame({"op": "answer", "notes": {}, "arrays": [["int64", [0, *[1 << 39] * 5]]]})""",
        "shape that cannot be",
    ),
    "ids that are no integers": (
        """frame({"op": "answer", "notes": {}, "arrays": [["float64", [2]]]}, bytes(16))""",
        "must return item ids",
    ),
    "notes that are no numbers": (
        """frame({"op": "answer", "notes": {"gap": "<script>"}, "arrays": [["int64", [0]]]})""",
        "notes are not",
    ),
    "notes that are infinite": ("""view.note(gap=float("nan"))""", "no finite number"),
    "a book in the notes": (
        """view.note(**{f"n{number}": 1.0 for number in range(100)})""",
        "at most 16 named numbers",
    ),
    "a signal that eats all memory": (
        """view.signal("latent", width=10**9)""",
        "No signal is given with width=1000000000",
    ),
    "a signal with what it does not take": ("""view.signal("latent", model=1)""", "TypeError"),
    "a generator that reads on": (
        """
        state = rng.get_state()
        state[8:24] = torch.tensor([*(112, 2, 0, 0), *(1, 0, 0, 0), *(112, 2, *[0] * 6)])
        view._ask("signal", None, {"rng": Forged(state)}, name="latent", options={})
        """,
        "generator in no state of its own",
    ),
    "a generator that is none": (
        """view._ask("signal", None, {"rng": Forged(torch.zeros(9))}, name="latent", options={})""",
        "no generator",
    ),
    "more items than there are": (
        """view.inputs(view.unlabeled[:1].repeat(10**4))""",
        "items of the pool at once",
    ),
    "a flood": ("""return torch.zeros(10**6, dtype=torch.int64)""", "bytes at once"),
}


@pytest.mark.parametrize("cheat", BLOCKED)
def test_it_is_blocked_and_named(tiny: Any, cheat: str) -> None:
    body, reason = BLOCKED[cheat]
    (row,) = run(tiny, body)
    assert row.status == "failed"
    assert row.error is not None
    assert len(row.error.splitlines()) == 1
    assert row.error.isprintable()
    assert re.search(reason, row.error), row.error
    assert not Path("/tmp/elsewhere").exists()


SLOW = {
    "sleeping": """time.sleep(60)""",
    "counting": """sum(iter(int, 1))""",
    "asking for ever": """
        while True:
            view.signal("latent")
    """,
    "deaf to signals": """
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass
        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
        while True:
            pass
    """,
}


@pytest.mark.parametrize("cheat", SLOW)
def test_it_is_ended(tiny: Any, cheat: str) -> None:
    (row,) = run(tiny, SLOW[cheat], SHORT)
    assert row.error == "The strategy took longer than it may."


def test_a_socket_with_a_path_cannot_be_reached(tiny: Any, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        body = f"""socket.socket(socket.AF_UNIX).connect({str(tmp_path / "s")!r})"""
        (row,) = run(tiny, body)
        assert "not permitted" in row.error
        listening.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listening.accept()


def test_who_closes_the_line_and_stays_is_ended_too(tiny: Any) -> None:
    (row,) = run(tiny, "os.close(3)\nctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\nwhile True: pass")
    assert row.error == "The strategy ended without an answer."
    assert _children(host.nursery().process.pid) == []


HARMLESS = {
    "signals to the group": """
        os.kill(0, signal.SIGSTOP)
        os.kill(0, signal.SIGKILL)
        os.kill(0, signal.SIGTERM) if os.getpgid(0) != 1 else None
    """,
    "changing the view": """
        view.labeled.ids.zero_()
        view.unlabeled.zero_()
        view._unlabeled = view._unlabeled.clone()
        view.history[0].zero_()
        view.signal("latent").zero_()
    """,
    "changing torch, the clock and the metric": """
        import bench.loop.clock, bench.loop.budget
        torch.nn.Module.__call__ = torch.argsort = torch.isin = lambda *_: None
        bench.loop.budget.check = bench.loop.budget.Budget.cut = lambda *_: None
        time.sleep(0.2)
        time.perf_counter = lambda: 0.0
        sys.modules["seqeval"] = sys.modules["bench.data.tagging.metric"] = None
    """,
    "filling the output": """
        for _ in range(1000):
            print("x" * 10_000)
            os.write(2, b"y" * 10_000)
    """,
    "leaving something behind": """
        assert not os.path.exists("memory") and not hasattr(torch, "memory")
        pathlib.Path("memory").write_text("of an earlier round")
        torch.memory = True
        os.environ["MEMORY"] = "1"
    """,
}


@pytest.mark.parametrize("cheat", HARMLESS)
def test_it_changes_nothing(
    tiny: Any, cheat: str, lasting: Callable[[list[Row]], list[dict[str, Any]]]
) -> None:
    plain = run(tiny, "pass", rounds=3, out=tiny.out / "plain")
    found = run(tiny, HARMLESS[cheat], rounds=3)
    assert lasting(found) == lasting(plain)
    if "clock" in cheat:
        assert all((row.acquisition_seconds or 1) > 0.2 for row in found)


def test_a_choice_by_the_clock_is_caught_when_it_is_asked_again() -> None:
    found = source("""
        by_clock = torch.Generator().manual_seed(time.time_ns())
        return view.unlabeled[torch.randperm(len(view.unlabeled), generator=by_clock)]
    """)
    chooser = replace(strategy.load("random"), select=host.remote(found, SMALL))
    with embedded() as grounds, pytest.raises(BreachError, match="read no clock"):
        contract.gives_equal_answers(chooser, grounds[0])


def test_labels_learned_by_heart_do_not_fit_into_a_file(tmp_path: Path) -> None:
    path = tmp_path / "learned.py"
    path.write_text(FORM.replace("import", f"BY_HEART = {list(range(5000))}\nimport", 1))
    with pytest.raises(UsageError, match="larger than 16 KiB"):
        read(path)


def test_a_run_that_is_killed_takes_its_guest_along(tmp_path: Path) -> None:
    script = dedent(f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        from bench.loop.sandbox import host
        from bench.loop.sandbox.limit import DEFAULT
        with host.nursery().guest(DEFAULT) as channel:
            print(host.nursery().process.pid, flush=True)
            channel.receive()
    """)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    nursery = int(process.stdout.readline())
    family = [nursery, *_children(nursery)]
    assert len(family) >= 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    for _ in range(100):
        if not any(map(_lives, family)):
            return
        time.sleep(0.1)
    raise AssertionError([each for each in family if _lives(each)])


def test_without_a_layer_nothing_is_called_sandboxed() -> None:
    script = dedent(f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from bench.loop.sandbox import kernel
        kernel.leave(("user",))
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        from bench.loop.sandbox import host
        host.probe()
    """)
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert made.returncode == 1
    assert "SandboxError: This machine cannot run a strategy in the sandbox: user namespace: " in (
        made.stderr
    )


LEAVE = "leave = kernel.leave; kernel.leave = lambda: leave({})"
WALLS = {
    "Landlock": "kernel.fence = lambda rules: kernel._libc.prctl(38, 1, 0, 0, 0)",
    "network namespace": LEAVE.format(("user", "process", "mount")),
    "process namespace": LEAVE.format(("user", "network", "mount")),
    "seccomp": "kernel.forbid_calls = lambda: None",
    "scratch": "kernel.OWN = kernel.LIST",
}


@pytest.mark.parametrize("wall", WALLS)
def test_a_wall_that_is_missing_is_noticed_and_named(tmp_path: Path, wall: str) -> None:
    script = dedent(f"""
        import os, sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from bench.loop.sandbox import kernel, wall
        from bench.loop.sandbox.limit import DEFAULT
        {WALLS[wall]}
        wall.leave(Path({str(tmp_path)!r}), DEFAULT)
        if os.fork() == 0:
            try:
                wall.shut([], Path({str(tmp_path)!r}), DEFAULT)
            except kernel.LayerError as reason:
                os.write(1, str(reason).encode())
            os._exit(0)
        os.wait()
    """)
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert made.stdout.startswith(f"{wall}: "), (made.stdout, made.stderr)


def _children(pid: int) -> list[int]:
    """The processes below one."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [each for child in map(int, found) for each in (child, *_children(child))]


def _lives(pid: int) -> bool:
    """Whether there is such a process, and not only its ghost."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
