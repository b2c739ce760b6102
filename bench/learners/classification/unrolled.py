"""An LSTM step by step: torch.func has no rules for the library's kernel."""

import torch
from torch import Tensor, nn

NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def unrolled(lstm: nn.LSTM, x: Tensor) -> Tensor:
    """The outputs [T, B, H] of a one-layer LSTM for x [T, B, E], as the kernel gives them."""
    return traced(lstm, x, None)[0]


def traced(lstm: nn.LSTM, x: Tensor, probe: Tensor | None) -> tuple[Tensor, Tensor]:
    """The outputs [T, B, H] and, before each step, the state [T, B, H].

    `probe` [T, B, 4H] is added to what the gates read, so that its gradient is theirs.
    """
    reads, repeats, *biases = (getattr(lstm, name) for name in NAMES)
    gates = x @ reads.T + sum(biases)
    gates = gates if probe is None else gates + probe
    state = cell = x.new_zeros(x.shape[1], lstm.hidden_size)
    outputs, before = list[Tensor](), list[Tensor]()
    for each in gates:
        before.append(state)
        i, f, g, o = (each + state @ repeats.T).chunk(4, -1)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        state = torch.sigmoid(o) * torch.tanh(cell)
        outputs.append(state)
    return torch.stack(outputs), torch.stack(before)
