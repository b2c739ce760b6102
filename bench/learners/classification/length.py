"""Expected gradient length over all classes and all parameters (Settles & Craven 2008; Huang 2016).

A layer's gradient of one item is a sum of products of what it read and of the loss' gradient by
what it gave. Zeros added to what layers give, the probes, have that gradient; so one pass forward
and one backward, for all items and classes at once, tell all norms without any item's gradient.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.learners.classification.unrolled import traced

TOGETHER = 32
"""Items whose layers are held at once, for all classes."""

Tensors = dict[nn.Module, Tensor]


def expected_gradient_length(model: Any, encoding: Any, width: int = 5) -> Tensor:
    """Σ_y P(y|x) ‖∇ −log P(y|x)‖ over all classes y and by all parameters [B].

    `width` changes nothing: classes are few enough to take them all.
    """
    parts = torch.split(torch.arange(len(encoding.z), device=encoding.z.device), TOGETHER)
    return torch.cat([_lengths(model, encoding.take(part)) for part in parts])


def _lengths(model: Any, encoding: Any) -> Tensor:
    given: Tensors = {}
    _traced(model, encoding.take(slice(0, 1)), {}, {}, given)
    count = len(encoding.z)
    probes = {
        layer: output.new_zeros(output.shape[0], count, output.shape[2])
        if isinstance(layer, nn.LSTM)
        else output.new_zeros(count, *output.shape[1:])
        for layer, output in given.items()
    }

    def run(probes: Tensors) -> tuple[Tensor, Tensors]:
        read: Tensors = {}
        return _traced(model, encoding, probes, read, {}), read

    triple: Any = torch.func.vjp(run, probes, has_aux=True)
    logits, pull, read = triple
    p = torch.softmax(logits, -1)
    # ∇ −log P(y|x) by the logits, y by y: a class at a time takes less than vmap over them.
    errors = [pull(p - chosen)[0] for chosen in torch.eye(p.shape[1], device=p.device)]
    total = torch.zeros_like(p.T)
    for layer, what in read.items():
        total += _squares(layer, what, torch.stack([error[layer] for error in errors]))
    length: Tensor = (p.T * total.clamp(min=0).sqrt()).sum(0)
    return length


def _traced(model: Any, encoding: Any, probes: Tensors, read: Tensors, given: Tensors) -> Tensor:
    """The logits, with probes added to what layers give; what each read and gave is kept."""

    def run(lstm: nn.LSTM, x: Tensor) -> Tensor:
        outputs, before = traced(lstm, x, probes.get(lstm))
        given[lstm] = x.new_zeros(*x.shape[:2], 4 * lstm.hidden_size)
        read[lstm] = torch.cat([x, before, x.new_ones(*x.shape[:2], 2)], -1)  # two biases
        return outputs

    def keep(layer: nn.Module, args: tuple[Tensor], output: Tensor) -> Tensor:
        read[layer], given[layer] = args[0], output
        return output + probes[layer] if layer in probes else output

    x = encoding.x
    if encoding.words is not None:
        x = keep(model.encoder.embedding, (encoding.words,), x)
    with _watched(model, keep):
        logits: Tensor = model.trace(x, encoding.lengths, run)
    return logits


@contextmanager
def _watched(model: Any, keep: Callable[..., Tensor]) -> Iterator[None]:
    kinds = (nn.Linear, nn.Conv2d, nn.GroupNorm)
    layers = [each for part in (model.encoder, model.decoder) for each in part.modules()]
    handles = [each.register_forward_hook(keep) for each in layers if isinstance(each, kinds)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _squares(layer: nn.Module, read: Tensor, error: Tensor) -> Tensor:
    """‖gradient by the layer's parameters‖² [K, B], from what it read and the errors [K, B, …]."""
    if isinstance(layer, nn.Linear):
        return error.square().sum(-1) * (read.square().sum(-1) + 1)
    if isinstance(layer, nn.Embedding):
        equal = read.unsqueeze(1) == read.unsqueeze(2)
        return _product(error, equal.to(error))
    if isinstance(layer, nn.LSTM):
        right = read.transpose(0, 1)
        return _product(error.transpose(1, 2), right @ right.transpose(1, 2))
    if isinstance(layer, nn.GroupNorm):
        norm = F.group_norm(read, layer.num_groups, eps=layer.eps)
        sides = torch.stack([(error * norm).sum((-1, -2)), error.sum((-1, -2))])
        return sides.square().sum((0, -1))
    assert isinstance(layer, nn.Conv2d)
    assert not isinstance(layer.padding, str)
    patches = F.unfold(read, layer.kernel_size, padding=layer.padding, stride=layer.stride)
    right = F.pad(patches, (0, 0, 0, 1), value=1.0)  # the bias reads 1 everywhere
    left = error.flatten(3)
    if left.shape[-1] ** 2 < left.shape[2] * right.shape[1]:
        return _product(left.transpose(2, 3), right.transpose(1, 2) @ right)
    errors = left.transpose(0, 1)  # side by side, so that what was read is not copied a class
    products = errors.flatten(1, 2) @ right.transpose(1, 2)
    return products.view(*errors.shape[:2], -1).square().sum(2).T


def _product(left: Tensor, gram: Tensor) -> Tensor:
    """Σ_{s,t} (left_s · left_t) gram_st [K, B] of left [K, B, T, O] and gram [B, T, T]."""
    return ((left @ left.transpose(2, 3)) * gram).sum((2, 3))
