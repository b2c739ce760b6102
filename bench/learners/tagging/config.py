"""Settings of the taggers."""

from dataclasses import dataclass

from bench.learners import config


@dataclass(frozen=True)
class Config(config.Config):
    """Sizes of encoder and decoder (Deng et al. 2018; Liu & Lane 2016)."""

    embedding: int = 128
    """Word embedding size (ALISE: 128)."""
    hidden: int = 64
    """Encoder LSTM size per direction (ALISE: 64, so that z has 128 dimensions)."""
    decoder: int = 128
    """Decoder LSTM size."""
    unknown: float = 0.5
    """Share of the labelled set's singletons that a training step reads as the unknown word."""
    embeddings: str = "random"
    """Where word vectors start before they are trained: at random, or files by name and digest."""
