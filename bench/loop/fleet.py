"""The Ray cluster that cells run on: joined, and waited for where no node could take one."""

import os
import socket
from dataclasses import dataclass
from typing import Any

from bench.data.extra import need
from bench.error import UsageError
from bench.loop import clock, provenance

AUTO = "auto"
WAIT = 60  # seconds
_CONNECT = 10.0  # seconds for a head that answers; Ray itself would try for many minutes


@dataclass(frozen=True)
class Fleet:
    """A cluster, the device of its nodes, `cpu` or `cuda`, and the class of it (see `Key`).

    `wait`: seconds that a cell waits while no node has what it asks for.
    """

    address: str
    wait: int
    device: str
    card: str

    @property
    def asked(self) -> dict[str, int]:
        """What a cell asks of a node."""
        return {"CPU": 1, "GPU": int(self.device == "cuda")}


class Patience:
    """How long no node has had what a cell asks for."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, self.since = fleet, clock.monotonic()

    def renew(self) -> None:
        """Some node is at work."""
        self.since = clock.monotonic()

    def check(self) -> None:
        """UsageError, naming what no node has, once the fleet's limit is over."""
        nodes, asked = _nodes(), self.fleet.asked
        if any(all(node.get(name, 0) >= least for name, least in asked.items()) for node in nodes):
            self.renew()
        elif clock.monotonic() - self.since > self.fleet.wait:
            wanted = " and ".join(f"{least} {name}" for name, least in asked.items() if least)
            there = (", ".join(f"{node.get(name, 0):g} {name}" for name in asked) for node in nodes)
            raise UsageError(
                f"No node of the Ray cluster has {wanted}, which a cell asks for; there are "
                f"{len(nodes)} nodes ({'; '.join(there)}), and --wait {self.fleet.wait} seconds "
                "are over. Add such a node or choose another --device; finished rounds are kept."
            )


def join(address: str, device: str, wait: int) -> Fleet:
    """Join a running cluster, and ask a node for its card where the device is one.

    `address` is the head's host:port, or `auto`: that in RAY_ADDRESS, or the one on this machine.
    UsageError: no Ray, no cluster, a device that cells cannot ask for, no node within the limit.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"--device {device}: with --executor ray it is auto, cpu or cuda.")
    if wait < 1:
        raise UsageError(f"--wait is {wait}; it must be at least 1.")
    ray = _connect(address)
    if device == "auto":
        device = "cuda" if any(node.get("GPU", 0) >= 1 for node in _nodes()) else "cpu"
    fleet = Fleet(address, wait, device, card=device)
    if device == "cpu":
        return fleet
    asked = ray.remote(_card).options(num_cpus=1, num_gpus=1).remote()
    patience = Patience(fleet)
    while not ray.wait([asked], timeout=1)[0]:
        patience.check()
    try:
        return Fleet(address, wait, device, ray.get(asked))
    except ray.exceptions.RayTaskError as reason:
        raise UsageError(f"A node's GPU cannot be used: {reason.cause or reason}") from reason


def leave() -> None:
    """Leave the cluster, which ends whatever still runs there for us."""
    need("ray", "ray").shutdown()


def _connect(address: str) -> Any:
    ray = need("ray", "ray")
    found = os.environ.get("RAY_ADDRESS", AUTO) if address == AUTO else address
    try:
        if found != AUTO:
            host, _, port = found.rpartition(":")
            if "/" in host or not port.isdecimal():
                raise ValueError("it is not of the form HOST:PORT")
            socket.create_connection((host, int(port)), _CONNECT).close()
        ray.init(address=found, logging_level="critical", log_to_driver=False)
    except ConnectionError as reason:
        raise UsageError(
            f"No Ray cluster answers at --address {address} ({reason}). Start one with `ray start "
            "--head`, or name the HOST:PORT of its head; one RAY_AUTH_TOKEN is for all of it."
        ) from reason
    except Exception as reason:  # its errors have no base in common
        said = " ".join(str(reason).split())
        raise UsageError(
            f"There is no Ray cluster to join at --address {address}: {said.rstrip('.')}."
        ) from reason
    return ray


def _nodes() -> list[dict[str, float]]:
    """What each living node has in all."""
    return [node["Resources"] for node in need("ray", "ray").nodes() if node["Alive"]]


def _card() -> str:
    return provenance.device_class(provenance.device("cuda"))
