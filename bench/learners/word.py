"""Where a network's word vectors start: at random, or from files that are named in its settings."""

from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.data import vector
from bench.error import UsageError
from bench.learners.vocabulary import Vocabulary


class Sizes(Protocol):
    """The settings that word vectors have to fit."""

    @property
    def embedding(self) -> int:
        """Their dimensions."""
        ...

    @property
    def embeddings(self) -> str:
        """Which files they start from."""
        ...


def start(name: str, config: Sizes, words: Vocabulary, files: tuple[Path, ...]) -> Tensor | None:
    """What word embeddings start from [V, E], NaN where nothing is known; None without files.

    UsageError: the settings of the learner `name` mean other files, or their `embedding` is not
    the files' dimensions' sum; DataError as in `vector.read`.
    """
    _check(name, config, files)
    if not files:
        return None
    table = vector.read(files, tuple(words.symbols.to_pylist())).table
    return F.pad(torch.from_numpy(table), (0, 0, words.first, 0), value=torch.nan)


def _check(name: str, config: Sizes, files: tuple[Path, ...]) -> None:
    if config.embeddings != vector.identity(files):
        given = f"those given are {vector.identity(files)}" if files else "none are given"
        raise UsageError(
            f"Learner '{name}' is to start from the word vectors '{config.embeddings}', but "
            f"{given}; name their files with --embeddings, or leave the setting 'embeddings' out."
        )
    sizes = vector.sizes(files)
    if files and sum(sizes) != config.embedding:
        raise UsageError(
            f"The word vectors have {sum(sizes)} dimensions ({' + '.join(map(str, sizes))}), but "
            f"'{name}' is set to embedding={config.embedding}; ask for "
            f"--learner '{name}[embedding={sum(sizes)}]'."
        )
