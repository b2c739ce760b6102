"""Latent semantic analysis (Deerwester et al. 1990): what sentences are about, without labels."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

SIZE = 100
"""Dimensions at most."""
SAMPLE = 10_000
"""Sentences that the axes are fitted on, at most: evenly spaced."""


def axes(matrix: Any) -> Tensor:
    """The leading right singular vectors of TF-IDF [n, F], float32 [F, Z]; Z = min(100, n, F).

    By two randomized power iterations (Halko, Martinsson and Tropp 2011, Algorithm 4.4) from a
    constant seed, so that they are the same for all seeds and strategies.
    """
    from sklearn.utils.extmath import randomized_svd

    chosen = matrix[np.linspace(0, matrix.shape[0] - 1, SAMPLE).astype(int)]
    sample = matrix if matrix.shape[0] <= SAMPLE else chosen
    size = min(SIZE, *sample.shape)
    found = randomized_svd(sample.astype(np.float32), size, n_iter=2, random_state=0)[2]
    return torch.from_numpy(np.ascontiguousarray(found.T, np.float32))
