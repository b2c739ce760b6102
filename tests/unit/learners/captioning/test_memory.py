"""Reading many features keeps none of them: resident memory stays flat over a large file."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from bench.data.image import Images
from bench.learners.captioning.captioner import Captioner
from bench.learners.captioning.config import Config
from bench.learners.layer import build
from bench.learners.learner import Learner
from bench.learners.vocabulary import Vocabulary

CPU = torch.device("cpu")
SHAPE = (100_000, 49, 64)
"""627 MB as float16; the file is sparse, but its pages are resident once they are read."""
MEGABYTE = 2**20


def resident() -> float:
    """Megabytes of this process that are in memory, mapped files included."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / MEGABYTE


def test_a_pass_over_a_large_file_keeps_nothing_of_it(tmp_path, monkeypatch) -> None:
    path = tmp_path / "features.npy"
    made = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=SHAPE)
    made[0], made[-1] = 1, 2
    del made
    images = Images.open(path, pa.array(np.arange(SHAPE[0]).astype(str)))
    learner = Learner(Captioner(Config(hidden=8, decoder=8), images.shape), CPU)
    learner.outputs = Vocabulary(pa.array(["a"]))
    learner.model = build(learner.family.model(learner.outputs), CPU, torch.Generator())
    learner.signal("latent", images.take(pa.array(range(2000))))  # what torch itself takes
    before, highest = resident(), 0.0
    read = Images.read

    def watched(self: Images, rows: np.ndarray) -> np.ndarray:
        nonlocal highest
        highest = max(highest, resident())
        return read(self, rows)

    monkeypatch.setattr(Images, "read", watched)
    z = learner.signal("latent", images)
    assert len(z) == SHAPE[0]
    assert z[0].ne(z[1]).any()
    assert z[-1].ne(z[1]).any()
    assert max(highest, resident()) - before < 100
