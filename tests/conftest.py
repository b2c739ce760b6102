"""What all tests share: a cache of their own, no network for data, the real data if given.

And small tasks of each kind (`tests/tiny`, tagging; `tests/snaps`, captioning; `tests/marks` and
`tests/notes`, classifying images and texts), on which a cell of the real loop takes a fraction of
a second.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from bench.data.task import Task
    from bench.loop.event import Event
    from bench.loop.plan import Cell, Request
    from bench.rows.schema import Row

# Before torch is imported: small models are slow, and not bit-identical, on several threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

TESTS = Path(__file__).parent
TAGGER = "bilstm-tagger[batch_size=16,embedding=8,epochs=2,hidden=8]"
CAPTIONER = "show-attend-tell[attention=8,batch_size=8,decoder=16,embedding=8,epochs=2,hidden=8]"
SEER = "lenet[batch_size=16,epochs=2]"
READER = "bilstm-classifier[batch_size=16,embedding=8,epochs=2,hidden=8]"

# No property is about time, and a busy machine would break hypothesis' 200 ms an example.
settings.register_profile("labelworth", deadline=None)
settings.load_profile("labelworth")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the user's caches out of the tests, and the tests out of them."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["HF_DATASETS_OFFLINE"] = "1"
    os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real corpora; once BENCH_DATA names it, a missing file fails the test."""
    named = os.environ.get("BENCH_DATA")
    if not named:
        pytest.skip("BENCH_DATA is not set: no real data")
    return Path(named).resolve()


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A real browser."""
    import shutil

    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip(f"NO BROWSER: none of {', '.join(names)} is installed, the page is not tested")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Small:
    """A small task, a small learner, and the real loop on them."""

    out: Path
    task: str
    learner: str

    def request(self, **changes: Any) -> "Request":
        """A request for the task; `changes` replace its values."""
        from bench.loop.plan import Request
        from bench.spec import Spec

        values = {
            **{"task": self.task, "protocol": None, "learner": self.learner},
            "strategies": ("random",),
            **{"seeds": 1, "rounds": None, "jobs": 1, "device": "cpu", "out": self.out},
            "data_root": TESTS,
        }
        values |= changes
        named = values["learner"]
        return Request(**{**values, "learner": named and Spec.parse(str(named))})

    def cell(self, strategy: str, seed: int = 0, **changes: Any) -> "Cell":
        """A cell of the task."""
        from bench.loop.plan import Cell

        return Cell(self.request(**changes), strategy, seed)

    def planted(
        self,
        select: Callable[..., Any],
        needs: tuple[str, ...] = (),
        objective: str = "supervised",
        **changes: Any,
    ) -> "Cell":
        """A cell whose strategy is a function of the test."""
        from bench.loop.strategy import Strategy
        from bench.spec import Spec

        cell = self.cell("planted", **changes)
        chooser = Strategy(Spec("planted"), "planted", needs, objective, select, "planted")
        cell.__dict__["chooser"] = chooser  # where the cached property keeps it
        return cell

    def run(
        self, cell: "Cell", notify: Callable[["Event"], None] = print, fits: Any = None
    ) -> "list[Row]":
        """All rows of the cell, made in this process; fits are kept beside them or in `fits`."""
        from bench.loop import harness
        from bench.loop.event import Reporter
        from bench.loop.fit import FitStore

        report = Reporter(cell.name, cell.rounds, cell.config.duration, notify)
        return harness.run(cell, fits or FitStore(cell.request.out / ".fits"), "serial", report)


@pytest.fixture
def smalls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Small]:
    """The only tasks there are, for this test, by kind, and of classification by what is read.

    Captions are scored without Java.
    """
    from bench.data import card
    from bench.data.captioning import meteor

    monkeypatch.setattr(card, "folder", lambda: TESTS)
    monkeypatch.setattr(meteor, "missing", lambda: "METEOR is left out of these tests.")
    return {
        "tagging": Small(tmp_path / "out", "tiny", TAGGER),
        "captioning": Small(tmp_path / "snaps", "snaps", CAPTIONER),
        "images": Small(tmp_path / "marks", "marks", SEER),
        "texts": Small(tmp_path / "notes", "notes", READER),
    }


@pytest.fixture
def tiny(smalls: dict[str, Small]) -> Small:
    """The small task of tagging."""
    return smalls["tagging"]


@pytest.fixture
def snaps(smalls: dict[str, Small]) -> Small:
    """The small task of captioning."""
    return smalls["captioning"]


@pytest.fixture
def relabelled() -> "Callable[[Task, dict[int, list[str]]], Task]":
    """A task with other labels for some items; its digest says nothing of it."""
    from bench.loop.ground import relabelled

    return relabelled


@pytest.fixture
def lasting() -> Callable[["list[Row]"], list[dict[str, Any]]]:
    """Rows without the columns that two honest runs may differ in."""
    from bench.rows import schema

    names = [name for name in schema.NAMES if name not in schema.VOLATILE]
    return lambda rows: [{name: getattr(row, name) for name in names} for row in rows]


def walk(root: object) -> Iterator[object]:
    """Everything that attributes, slots, containers and bound functions lead to from `root`."""
    seen, waiting = set(), [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, type | str | int | float | bool | None):
            continue
        seen.add(id(thing))
        yield thing
        waiting.extend(getattr(thing, "__dict__", {}).values())
        waiting.extend([*thing.keys(), *thing.values()] if isinstance(thing, dict) else ())
        waiting.extend(thing if isinstance(thing, list | tuple | set | frozenset) else ())
        bound = (getattr(thing, name, None) for name in ("__self__", "__closure__"))
        waiting.extend(part for part in bound if part is not None)
        waiting.extend([thing.cell_contents] if type(thing).__name__ == "cell" else ())


@pytest.fixture
def reachable() -> Callable[[object], Iterator[object]]:
    """The walk over all that can be reached from an object."""
    return walk
