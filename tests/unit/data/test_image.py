"""Images on disk, and some of them in memory."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.data.image import Images


def test_held_images_are_the_same_and_need_no_file(tmp_path: Path) -> None:
    pixels = np.arange(5 * 3 * 2 * 2, dtype=np.uint8).reshape(5, 3, 2, 2)
    np.save(tmp_path / "a.npy", pixels)
    names = pa.array([str(i) for i in range(5)])
    images = Images.open(tmp_path / "a.npy", names).take(pa.array([4, 1, 2]))
    held = images.held()
    assert held.digests.to_pylist() == ["4", "1", "2"]
    assert len(held) == 3
    positions = np.array([2, 0])
    assert (held.read(positions) == images.read(positions)).all()
    (tmp_path / "a.npy").unlink()
    assert (held.read(positions) == pixels[[2, 4]]).all()
