"""Building blocks that draw from explicit generators and never see padding."""

import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


def dropout(x: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    """Inverted dropout from a stream of its own; without a generator it is the identity."""
    if generator is None or share == 0:
        return x
    keep = torch.empty_like(x).uniform_(generator=generator).ge_(share)  # 4× bernoulli_'s speed
    return x * keep.div_(1 - share)


def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Draw all parameters in order: embeddings N(0, 1), the rest U(±1/√fan-in), biases zero.

    Of pretrained embeddings as much is drawn as of others, so that the rest starts alike.
    Convolutions keep the variance through a ReLU (He et al. 2015), without bias at first; norms
    begin as the identity.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Embedding):
            nn.init.normal_(layer.weight, generator=generator)
            if isinstance(layer, Pretrained):
                layer.start()
        elif isinstance(layer, nn.Linear):
            bound = 1 / math.sqrt(layer.in_features)
            _uniform(layer, bound, generator)
        elif isinstance(layer, nn.Conv2d):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.GroupNorm):
            nn.init.ones_(layer.weight)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.LSTM):
            _uniform(layer, 1 / math.sqrt(layer.hidden_size), generator)


def build(module: Module, device: torch.device, generator: torch.Generator) -> Module:
    """Give a module made on the meta device its memory and initial values (drawn on the host)."""
    module.to_empty(device="cpu")
    initialise(module, generator)
    return module.to(device)


def _uniform(layer: nn.Module, bound: float, generator: torch.Generator) -> None:
    for parameter in layer.parameters():
        if parameter.dim() == 1:
            nn.init.zeros_(parameter)
        else:
            nn.init.uniform_(parameter, -bound, bound, generator=generator)


class Pretrained(nn.Embedding):
    """An embedding that starts from given vectors [N, E], NaN where there are none.

    They are no part of its state: a restored one needs none.
    """

    def __init__(self, vectors: Tensor) -> None:
        super().__init__(*vectors.shape)
        self.vectors = vectors

    @torch.no_grad()
    def start(self) -> None:
        """Put the vectors in their places; what was drawn elsewhere is scaled to their spread."""
        known = ~self.vectors.isnan()
        spread = self.vectors[known].std(correction=0)
        self.weight.copy_(self.vectors.where(known, self.weight * spread))


def fused(lstm: nn.LSTM, x: Tensor) -> Tensor:
    """The outputs of an LSTM [T, B, H], by the library's kernel."""
    outputs: Tensor = lstm(x)[0]
    return outputs


class BiLSTM(nn.Module):
    """A bidirectional LSTM over padded sentences, exact without packing.

    The backward direction reads each sentence reversed within its own length, so that padding
    stands at the end for both; that keeps the fused kernel, which packing would lose.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.forward_lstm = nn.LSTM(inputs, hidden)
        self.backward_lstm = nn.LSTM(inputs, hidden)

    def forward(
        self, x: Tensor, lengths: Tensor, run: Callable[[nn.LSTM, Tensor], Tensor] = fused
    ) -> tuple[Tensor, Tensor]:
        """x [T, B, E] → states [T, B, 2H] and z = [last forward; first backward state] [B, 2H].

        `run` gives the outputs of one direction [T, B, H].
        """
        columns = torch.arange(len(lengths), device=x.device)
        steps = torch.arange(len(x), device=x.device).unsqueeze(1)
        mirror = torch.where(steps < lengths, lengths - 1 - steps, steps) * len(lengths) + columns
        last = (lengths - 1) * len(lengths) + columns
        ahead = run(self.forward_lstm, x)
        behind = run(self.backward_lstm, _rows(x, mirror))
        z = torch.cat([_rows(ahead, last), _rows(behind, last)], -1)
        return torch.cat([ahead, _rows(behind, mirror)], -1), z


def _rows(x: Tensor, rows: Tensor) -> Tensor:
    """Whole rows of x [T, B, E], counted through its steps; several times as fast as a gather."""
    return x.flatten(0, 1).index_select(0, rows.flatten()).view(*rows.shape, x.shape[-1])
