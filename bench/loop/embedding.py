"""The gradient embeddings of what is unlabelled: exact where they fit, else a sketch of them."""

import torch
from torch import Tensor

from bench.loop.geometry import Cloud, Points
from bench.loop.view import View

ROOM = 1 << 29
"""Bytes that factors may take; while items are chosen there are up to three forms of them."""
_SIZE = 2048
"""Dimensions of a sketch, while those of all items take no more than half of the room."""
_CHUNK = 8192
"""Items whose factors are held at once when they are sketched."""


def gradients(view: View, rng: torch.Generator) -> Cloud:
    """The signal `gradient_embedding` of all unlabelled items, as points to select among.

    Exact while the factors fit into half a gigabyte; else each item is projected to at most 2,048
    dimensions, and the row notes how many (`sketch`) and the relative root mean square error of the
    squared norms (`sketch_error`).
    """
    ids = view.unlabeled
    sample = ids[:: max(1, len(ids) // 256)].contiguous()
    probe = view.signal("gradient_embedding", sample)
    if probe.bytes / len(sample) * len(ids) <= ROOM:
        exact: Cloud = view.signal("gradient_embedding")
        return exact
    return Points(_sketch(view, ids, rng))


def _sketch(view: View, ids: Tensor, rng: torch.Generator) -> Tensor:
    """The projections [n, size] of the items' gradients; size is a power of two."""
    size = _SIZE
    while size > 1 and 8 * size * len(ids) > ROOM:
        size //= 2
    seed = int(torch.randint(1 << 62, (1,), generator=rng))
    sketch: Tensor | None = None
    errors = []
    for start in range(0, len(ids), _CHUNK):
        part = view.signal("gradient_embedding", ids[start : start + _CHUNK])
        if sketch is None:
            sketch = part.left.new_empty((len(ids), size))
        found = part.sketch(size, torch.Generator().manual_seed(seed))
        sketch[start : start + len(part)] = found
        errors.append((found.square().sum(1) / part.norms() - 1)[part.norms() > 0])
    assert sketch is not None
    view.note(sketch=size, sketch_error=torch.cat(errors).square().mean().sqrt().item())
    return sketch
