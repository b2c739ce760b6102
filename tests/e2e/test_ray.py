"""Cells on a real cluster: two nodes on loopback, one of which dies; and the driver dies."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bench.rows import store

WORK = ["--strategy", "random,alise_nse", "--seeds", "2"]
SMALL = ["--strategy", "random", "--seeds", "1", "--rounds", "2"]
READY = "Ray runtime started"


@dataclass
class Cluster:
    """A head that takes no cells, and nodes of one CPU each, in process groups of their own."""

    folder: Path
    environment: dict[str, str]
    port: int
    nodes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    def start(self, name: str, *args: str) -> None:
        """Start a node with a cache of its own, and wait until it runs."""
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *args]
        usual = ["--node-ip-address=127.0.0.1", "--object-store-memory=100000000"]
        ports = ["--min-worker-port=0", "--max-worker-port=0", "--dashboard-agent-listen-port=0"]
        log = self.folder / f"{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*command, *usual, *ports, "--disable-usage-stats"],
                env={**self.environment, "XDG_CACHE_HOME": str(self.cache(name))},
                cwd=self.folder,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self.nodes[name] = process
        deadline = time.monotonic() + 60
        while READY not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.skip(f"NO RAY: a node does not start here: {log.read_text()[-500:]}")
            time.sleep(0.1)

    def node(self, name: str) -> None:
        """Start a node that takes cells."""
        self.start(name, f"--address=127.0.0.1:{self.port}", "--num-cpus=1")

    def cache(self, name: str) -> Path:
        """A node's cache."""
        return self.folder / name

    def kill(self, name: str) -> None:
        """End a node with all its processes, as a power cut does."""
        process = self.nodes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def works(self, name: str) -> bool:
        """Whether a node has begun to fit."""
        return any(self.cache(name).glob("labelworth/fits/*/ray/*.lock"))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    pytest.importorskip("ray", reason="NO RAY: nothing of --executor ray is tested")
    folder = tmp_path_factory.mktemp("cluster")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "a" * 64}
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}
    made = Cluster(folder, {**os.environ, **token, **quiet}, port)
    before = dict(os.environ)
    os.environ.update(token)  # for the commands that tests start
    try:
        temporary = tmp_path_factory.getbasetemp().parent / f"r{port}"  # sockets: short paths
        head = [f"--port={port}", "--num-cpus=0", "--include-dashboard=False"]
        made.start("head", "--head", *head, f"--temp-dir={temporary}")
        made.node("one")
        made.node("two")
        yield made
    finally:
        for name in list(made.nodes):
            made.kill(name)
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="module")
def local(house: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("local")
    assert house.run(out, *WORK)[0] == 0
    return out


@pytest.fixture
def ray(cluster: Cluster) -> list[str]:
    return ["--executor", "ray", "--address", f"127.0.0.1:{cluster.port}"]


def test_rows_of_a_cluster_are_those_of_one_machine(
    house: Any, content: Any, local: Path, ray: list[str], cluster: Cluster, tmp_path: Path
) -> None:
    code, error = house.run(tmp_path, *WORK, *ray)
    assert code == 0, error
    assert content(tmp_path).equals(content(local))
    assert set(store.scan([tmp_path])["executor"].to_pylist()) == {"ray"}
    assert error.count(": round ") > 4
    assert error.count(": done (") == 4
    assert cluster.works("one")
    assert cluster.works("two")
    code, error = house.run(tmp_path, *WORK, *ray)
    assert "4 of 4 cells already finished" in error
