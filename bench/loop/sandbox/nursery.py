"""The process that forks guests: it has imported what strategies use, and holds nothing else.

Started by `host` with one connection, on which a guest is ordered by sending its own connection
along. For each there is a keeper, who enters the namespaces and waits for the guest within; when
the keeper is told to end, so does the guest.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import torch

from bench.loop.cluster import clusters
from bench.loop.permit import MODULES
from bench.loop.sandbox import guest, kernel, wall
from bench.loop.sandbox.kernel import LayerError
from bench.loop.sandbox.limit import Limits
from bench.loop.sandbox.wire import Channel

_ORDER = 64 * 1024
_HIGH = 10
_DONE = b"\0"
_AWAITED = {signal.SIGTERM, signal.SIGCHLD}


def main(descriptor: int, scratch: str) -> None:
    """Fork guests until the host is gone."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    kernel.die_with_parent(signal.SIGTERM)
    torch.set_num_threads(1)
    _prepare()
    with suppress(SystemExit):
        _serve(descriptor, scratch)
    shutil.rmtree(scratch, ignore_errors=True)


def _serve(descriptor: int, scratch: str) -> None:
    """Say a byte when all is ready, when a guest is born, and when it was told to end and has."""
    orders = socket.socket(fileno=fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH))
    os.dup2(os.open(os.devnull, os.O_RDONLY), wall.CONNECTION)  # which the guests' ends will take
    rules = wall.opened(wall.paths())
    orders.sendall(_DONE)
    while True:
        sent, passed, _, _ = socket.recv_fds(orders, _ORDER, 1)
        if not sent:
            return
        keeper = os.fork()
        if keeper == 0:
            orders.close()
            _keep(socket.socket(fileno=passed[0]), Limits(**json.loads(sent)), rules, scratch)
        os.close(passed[0])
        orders.sendall(_DONE)
        told = orders.recv(1)  # nothing, where the host is gone
        os.kill(keeper, signal.SIGTERM)
        os.waitpid(keeper, 0)
        if not told:
            return
        orders.sendall(_DONE)


def _prepare() -> None:
    """Import what strategies may use, and what libraries look up when they are first used."""
    for module in (*MODULES, "scipy.optimize"):
        import_module(module)
    clusters(torch.zeros(2, 1), 1, torch.Generator())  # finds its thread pools in /proc
    weight = torch.zeros(1, requires_grad=True)
    weight.sum().backward()  # type: ignore[no-untyped-call]
    torch.optim.Adam([weight]).step()


def _keep(end: socket.socket, limits: Limits, rules: list[tuple[int, int]], scratch: str) -> None:
    """The keeper: ends with its guest, or ends it; never returns."""
    try:
        wall.leave(Path(scratch), limits)
        signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
        child = os.fork()
        if child == 0:
            _live(end, limits, rules, scratch)
        kernel.die_with_parent(signal.SIGTERM)
        end.close()
        if signal.sigwait(_AWAITED) == signal.SIGTERM:
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    except LayerError as reason:
        _refuse(Channel(end, sys.maxsize), reason)
    finally:
        os._exit(0)


def _live(end: socket.socket, limits: Limits, rules: list[tuple[int, int]], scratch: str) -> None:
    """The guest: shuts itself in, then serves one selection; never returns."""
    try:
        kernel.die_with_parent(signal.SIGKILL)
        os.setsid()  # a signal to one's group crosses namespaces
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _AWAITED)
        os.dup2(end.fileno(), wall.CONNECTION, inheritable=False)
        os.dup2(0, 2)  # nobody reads what a guest has to say beside
        channel = Channel(socket.socket(fileno=wall.CONNECTION), sys.maxsize)
        try:
            wall.shut(rules, Path(scratch), limits)
            guest.serve(channel)
        except LayerError as reason:
            _refuse(channel, reason)
    finally:
        os._exit(0)


def _refuse(channel: Channel, reason: LayerError) -> None:
    channel.send({"op": "refused", "reason": str(reason)})
