"""Encoders of pictures: from a published vision model to annotation vectors."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.data.captioning.picture import Album
from bench.data.extra import need
from bench.error import DataError, UsageError

_BATCH = 32


def encode(
    model: str, names: Sequence[str], sources: Sequence[Path], device: str
) -> Iterator[np.ndarray[Any, np.dtype[np.float32]]]:
    """Blocks [b, L, D] of the model's last hidden state, one vector for each place of a picture.

    `model` is a Hugging Face id or a folder. A map [D, h, w] becomes h·w vectors, row by row; class
    and register tokens are dropped. Pictures are prepared as the model's preprocessor_config.json
    says. UsageError for a model that cannot be had, that does not read pictures or has no such
    map; DataError as in `Album`.
    """
    net, prepare = _load(model)
    net = net.to(device)
    with Album(sources) as album:
        album.expect(names)
        for start in range(0, len(names), _BATCH):
            images = [album.read(name)[0] for name in names[start : start + _BATCH]]
            pixels = prepare(images=images, return_tensors="pt")["pixel_values"].to(device)
            yield _vectors(net, pixels, model).float().cpu().numpy()


def _load(model: str) -> tuple[Any, Any]:
    """The network, ready to be used, and what turns pictures into its input."""
    transformers = need("transformers", "features")
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    try:
        net, notes = transformers.AutoModel.from_pretrained(model, output_loading_info=True)
        # Not torchvision, whose resizing differs, and which may or may not be installed.
        prepare = transformers.AutoImageProcessor.from_pretrained(model, backend="pil")
    except Exception as error:  # the reasons are many, and so are the types
        raise UsageError(
            f"hf:{model} cannot be loaded ({type(error).__name__}: {_line(error)}); name a vision "
            "model of the Hugging Face hub, which must be reachable or have been so once, or a "
            "folder with its config.json, weights and preprocessor_config.json."
        ) from error
    # A pooler comes after the last hidden state; anything else would be drawn at random.
    missing = sorted(key for key in notes["missing_keys"] if "pooler" not in key)
    if missing:
        raise DataError(
            f"hf:{model}: its weights lack {len(missing)} tensors, first '{missing[0]}'; "
            "fetch the model again or name another."
        )
    return net.eval(), prepare


def _vectors(net: Any, pixels: torch.Tensor, model: str) -> torch.Tensor:
    """[b, 3, H, W] → [b, L, D]."""
    try:
        with torch.inference_mode():
            state: torch.Tensor = net(pixel_values=pixels).last_hidden_state
    except (AttributeError, TypeError, ValueError) as error:
        raise UsageError(
            f"hf:{model} does not turn pictures into a last hidden state ({_line(error)}); "
            "name a model of vision alone."
        ) from error
    if state.dim() == 4:
        return state.flatten(2).transpose(1, 2)
    return state[:, _extra(net.config, pixels, state.shape[1]) :]


def _extra(config: Any, pixels: torch.Tensor, tokens: int) -> int:
    """How many tokens come before those of the patches: class, distillation, registers."""
    patch = getattr(config, "patch_size", None)
    if not isinstance(patch, int):
        return 0
    places = (pixels.shape[2] // patch) * (pixels.shape[3] // patch)
    return max(tokens - places, 0)  # fewer tokens than patches: the model merges patches


def _line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
