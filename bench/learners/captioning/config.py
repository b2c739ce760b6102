"""Settings of the captioner."""

from dataclasses import dataclass

from bench.learners import config


@dataclass(frozen=True)
class Config(config.Config):
    """Sizes and the penalty of Show, Attend and Tell (Xu et al. 2015), fit for small images."""

    dropout: float = 0.1
    """Dropout on what the output layer reads."""
    epochs: int = 30
    """Epochs at most: more gain little on `shapes`, and a board has many fits."""
    embedding: int = 64
    """Word embedding size."""
    hidden: int = 64
    """Size of an annotation vector, and so of z, their mean."""
    attention: int = 32
    """Inner size of the attention's additive form."""
    decoder: int = 128
    """Decoder LSTM size."""
    doubly_stochastic: float = 0.1
    """Weight of the penalty that every place should be looked at about once (Xu et al., Eq. 14).

    The paper's is 1, for features of photographs; from scratch on `shapes` that costs much.
    """
    features: str = ""
    """Name of features to read instead of pixels; see `bench data features`."""
