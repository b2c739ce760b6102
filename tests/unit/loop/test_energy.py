"""Joules: the driver's own counter, or nothing. No card is at hand: the library is a stand-in."""

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest
import torch

from bench.loop import energy

CUDA = torch.device("cuda", 0)


class NVMLError(Exception):
    """As of the library."""


class Nvml(ModuleType):
    """One card, by its UUID; the counter is in millijoules."""

    NVMLError = NVMLError

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.counted, self.started, self.fails = 1_500, 0, ""

    def _try(self, name: str) -> None:
        if self.fails == name:
            raise NVMLError(name)

    def nvmlInit(self) -> None:
        self._try("init")
        self.started += 1

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        if uuid != "GPU-1234":
            raise NVMLError(uuid)
        return "handle"

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:
        self._try("count")
        assert handle == "handle"
        return self.counted


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nvml]:
    library = Nvml()
    monkeypatch.setitem(sys.modules, "pynvml", library)
    cards = {CUDA: SimpleNamespace(uuid="1234")}
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: cards[device])
    energy._library.cache_clear()
    yield library
    energy._library.cache_clear()


def test_nobody_counts_for_a_cpu(nvml: Nvml) -> None:
    assert energy.joules(torch.device("cpu")) is None
    assert nvml.started == 0


def test_millijoules_of_the_card_become_joules(nvml: Nvml) -> None:
    before = energy.joules(CUDA)
    nvml.counted += 2_250
    after = energy.joules(CUDA)
    assert (before, after) == (1.5, 3.75)
    assert nvml.started == 1  # once a process


def test_a_card_that_does_not_count_has_none(nvml: Nvml) -> None:
    nvml.fails = "count"
    assert energy.joules(CUDA) is None


def test_without_a_driver_there_are_none(nvml: Nvml) -> None:
    nvml.fails = "init"
    assert energy.joules(CUDA) is None


def test_without_the_library_there_are_none(nvml: Nvml, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert energy.joules(CUDA) is None
