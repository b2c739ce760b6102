"""Cells on a real cluster: two nodes on loopback, one of which dies; and the driver dies.

`ray stop` would end every Ray on the machine: processes are ended by their groups.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bench.rows import store

WORK = ["--strategy", "random,alise_nse", "--seeds", "2"]
MINE = '''"""Mine (Nobody 2020)."""
needs = ()
def select(view, budget, rng, back=1):
    if back > 1:
        raise ValueError("no idea")
    return view.unlabeled.flip(0)
'''
LEARNER = "bilstm-tagger[batch_size=16,embedding=8,epochs=2,hidden=8]"
DEADLY = '''"""Deadly (Nobody 2020)."""
import os
needs = ()
def select(view, budget, rng):
    os._exit(1)
'''
PARTS, TWO = ("tokens", "tags"), ("--seeds", 1, "--rounds", 2)
TESTS = Path(__file__).parents[1]
READY = "Ray runtime started"


@dataclass
class Cluster:
    """Nodes of one CPU each, in process groups of their own; `one` is the head."""

    folder: Path
    environment: dict[str, str]
    temporary: Path  # its sockets lie there: a short path
    port: int = 0
    nodes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    def begin(self) -> None:
        """Start both nodes, on ports that are free."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        head = ["--head", f"--port={self.port}", "--include-dashboard=False"]
        self.start("one", *head, f"--temp-dir={self.temporary / f'r{self.port}'}")
        self.start("two", f"--address=127.0.0.1:{self.port}")

    def end(self) -> None:
        """End all nodes."""
        for name in list(self.nodes):
            self.kill(name)

    def start(self, name: str, *args: str) -> None:
        """Start a node with a cache of its own, and wait until it runs."""
        command = [
            sys.executable,
            "-m",
            "ray.scripts.scripts",
            "start",
            "--block",
            "--num-cpus=1",
            *args,
        ]
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
                said = log.read_text()[-500:]
                pytest.skip(f"NO RAY: no node starts here, --executor ray is not tested: {said}")
            time.sleep(0.1)

    def cache(self, name: str) -> Path:
        """A node's cache."""
        return self.folder / name

    def kill(self, name: str) -> None:
        """End a node with all its processes at once, as a power cut does; workers lead groups."""
        process = self.nodes.pop(name)
        for pid in [process.pid, *descendants(process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()

    def fits(self, name: str) -> int:
        """How many fits a node has begun."""
        return len(list(self.cache(name).glob("labelworth/fits/*/ray/*.lock")))

    def at_work(self, name: str, process: "subprocess.Popen[str]") -> bool:
        """Wait until a node begins a fit; False if the command ended before."""
        before = self.fits(name)
        while process.poll() is None and self.fits(name) == before:
            time.sleep(0.01)
        return process.poll() is None


def descendants(pid: int) -> list[int]:
    """All processes below one."""
    found = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in found.stdout.splitlines()]
    below = [pid]
    for each in below:  # which grows meanwhile
        below += [child for child, parent in pairs if parent == each]
    return below[1:]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    pytest.importorskip("ray", reason="NO RAY: nothing of --executor ray is tested")
    with (tmp_path_factory.getbasetemp().parent / "ray.lock").open("wb") as one:
        fcntl.flock(one, fcntl.LOCK_EX)  # two heads on one machine are in each other's way
        yield from _cluster(tmp_path_factory)


def _cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "a" * 64}
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}
    temporary = tmp_path_factory.getbasetemp().parent
    made = Cluster(folder, {**os.environ, **token, **quiet}, temporary)
    before = dict(os.environ)
    os.environ.update(token)  # for the commands that tests start
    try:
        made.begin()
        yield made
    finally:
        made.end()
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
    assert error.count(": round ") == 4 * 3
    assert error.count(": done (") == 4
    assert cluster.fits("one") > 0
    assert cluster.fits("two") > 0
    assert not list(tmp_path.glob(".fits")), "models stay on the nodes"
    assert "4 of 4 cells already finished" in house.run(tmp_path, *WORK)[1]


def test_files_of_ones_own_reach_the_nodes(
    bench: Any, home: Path, content: Any, ray: list[str]
) -> None:
    """And a strategy that fails there fails its cell alone."""
    (home / "mine.py").write_text(MINE)
    words, tags = ((TESTS / f"tiny/train/{name}").read_text().split() for name in PARTS)
    ends = [len(line.split()) for line in (TESTS / "tiny/train/tags").read_text().splitlines()]
    blank = {sum(ends[:number]) for number in range(1, len(ends))}
    pairs = zip(words, tags, strict=True)
    lines = ("\n" * (place in blank) + f"{word} {tag}\n" for place, (word, tag) in enumerate(pairs))
    (home / "my.conll").write_text("".join(lines))
    asked = ("run", "--data", "my.conll", "--strategy", "mine.py,mine.py[back=2]", *TWO)
    run = bench(*asked, "--learner", LEARNER, "--out", "far", *ray)
    assert run.returncode == 1, run.stderr
    assert "1 of 2 cells failed" in run.stderr
    assert "mine.py[back=2] seed 0: The strategy raised ValueError: no idea" in run.stderr
    assert bench(*asked, "--learner", LEARNER, "--out", "near").returncode == 1
    assert content(home / "far").equals(content(home / "near"))


def test_what_no_node_can_take_ends_the_run(
    house: Any, ray: list[str], cluster: Cluster, tmp_path: Path
) -> None:
    code, error = house.run(tmp_path, *WORK, *ray, "--device", "cuda", "--wait", 2)
    assert code == 2
    assert "No node of the Ray cluster has 1 CPU and 1 GPU" in error
    assert "2 nodes (1 CPU, 0 GPU; 1 CPU, 0 GPU), and --wait 2 seconds are over" in error
    assert len(error.splitlines()) == 1


def test_a_worker_that_dies_each_time_ends_the_run(bench: Any, home: Path, ray: list[str]) -> None:
    (home / "deadly.py").write_text(DEADLY)
    asked = ("--task", "digits", "--protocol", "smoke", "--strategy", "deadly.py", "--seeds", 1)
    run = bench("run", *asked, *ray)
    assert run.returncode == 1
    assert run.stderr.count("deadly.py seed 0: begun again: its worker died (") == 3
    assert "deadly.py seed 0: 4 workers died one after the other (" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_driver_that_is_killed_or_interrupted_goes_on(
    house: Any, content: Any, local: Path, ray: list[str], cluster: Cluster, tmp_path: Path
) -> None:
    process = house.start(tmp_path, *WORK, *ray)
    assert cluster.at_work("one", process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    process = house.start(tmp_path, *WORK, *ray)
    assert cluster.at_work("one", process)
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert error.splitlines()[-1] == "interrupted; run the same command again to resume"
    assert "Traceback" not in error
    code, error = house.run(tmp_path, *WORK, *ray)
    assert code == 0, error
    assert content(tmp_path).equals(content(local))


def test_a_node_that_dies_loses_nothing(
    house: Any, content: Any, local: Path, ray: list[str], cluster: Cluster, tmp_path: Path
) -> None:
    process = house.start(tmp_path, *WORK, *ray)
    assert cluster.at_work("two", process)
    cluster.kill("two")
    _, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    assert ": begun again: its worker died (" in error
    assert content(tmp_path).equals(content(local))
    cluster.end()  # the head takes a while to know who is dead: whoever is next gets a new one
    cluster.begin()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--address", "head:6379"], "add --executor ray"),
        (["--executor", "ray", "--jobs", "2"], "--jobs is for this machine"),
        (["--executor", "ray", "--device", "cuda:1"], "it is auto, cpu or cuda"),
        (["--executor", "ray", "--address", "127.0.0.1:1"], "refused"),
        (["--executor", "ray", "--address", "ray://head:1"], "not of the form HOST:PORT"),
    ],
)
def test_options_that_do_not_fit(bench: Any, options: list[str], reason: str) -> None:
    if "--address" in options and "ray" in options:
        pytest.importorskip("ray", reason="NO RAY: nothing of --executor ray is tested")
    run = bench("run", *options)
    assert run.returncode == 2
    assert reason in run.stderr
    assert len(run.stderr.splitlines()) == 1
