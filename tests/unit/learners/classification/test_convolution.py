"""The first convolution: the library's results, and its gradients."""

import pytest
import torch

from bench.learners.classification.convolution import Convolution


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_the_librarys_with_the_same_gradients(channels: int, padding: int) -> None:
    rng = torch.Generator().manual_seed(channels)
    ours = Convolution(channels, 4, 3, padding=padding).double()
    theirs = torch.nn.Conv2d(channels, 4, 3, padding=padding).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, channels, 7, 6, generator=rng, dtype=torch.float64)
    images = [x.clone().requires_grad_() for _ in range(2)]
    outputs = [layer(image) for layer, image in zip((ours, theirs), images, strict=True)]
    assert torch.equal(*outputs)
    error = torch.randn(outputs[0].shape, generator=rng, dtype=torch.float64)
    for output in outputs:
        output.backward(error)
    assert torch.allclose(images[0].grad, images[1].grad)  # type: ignore[arg-type]
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad)  # type: ignore[arg-type]


def test_where_the_image_wants_no_gradient_none_is_made() -> None:
    layer = Convolution(1, 2, 3)
    layer(torch.ones(1, 1, 5, 5)).sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.eq(9).all()
