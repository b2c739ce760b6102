"""Settings of the networks that classify."""

from dataclasses import dataclass

from bench.learners import config


@dataclass(frozen=True)
class Images(config.Config):
    """Training of image classifiers, as Gissin & Shalev-Shwartz (2019) train theirs."""

    dropout: float = 0.25
    """Dropout on what each dense layer reads."""
    learning_rate: float = 0.001
    """Adam's step size."""
    validation: float = 0.2
    """Share of the labelled set held out for early stopping; it counts as spent."""
    patience: int = 150
    """Epochs without a lower validation loss before training stops: none, as in the paper.

    Of few labels an epoch is one step, and the loss may not fall for the first fifty.
    """
    epochs: int = 150
    """Epochs at most; the paper has many, and keeps the best."""


@dataclass(frozen=True)
class Wide(Images):
    """Images, and the width of VGG-16."""

    width: int = 64
    """Channels of the first block; the last two have eight times as many, and so has z."""


@dataclass(frozen=True)
class Texts(config.Config):
    """Sizes and training of the recurrent text classifier."""

    embedding: int = 128
    """Word embedding size."""
    hidden: int = 64
    """Encoder LSTM size per direction, so that z has twice as many dimensions."""
    unknown: float = 0.5
    """Share of the labelled set's singletons that a training step reads as the unknown word."""
    embeddings: str = "random"
    """Where word vectors start before they are trained: at random, or files by name and digest."""
