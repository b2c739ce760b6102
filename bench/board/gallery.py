"""Test images and what the models of several strategies say of them, as one HTML page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.board import page as pages

_STYLE = """
body { font: 16px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  color-scheme: light dark; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 2rem; }
figure { margin: 0; }
img { width: 8rem; height: 8rem; image-rendering: pixelated; border-radius: 4px; }
dl { display: grid; grid-template-columns: 6rem 1fr; gap: .2rem .6rem; margin: .5rem 0; }
dt { font-weight: 600; } dd { margin: 0; }
.reference { opacity: .7; }
""".strip()


@dataclass(frozen=True)
class Picture:
    """An image (as a data URI), its reference captions, and a caption by strategy."""

    source: str
    references: tuple[str, ...]
    captions: dict[str, str]


def page(title: str, about: str, pictures: Sequence[Picture]) -> str:
    """The page; everything is in it."""
    return pages.page(title, about, _STYLE, map(_figure, pictures))


def _figure(picture: Picture) -> str:
    said = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(caption) or '<em>nothing</em>'}</dd>"
        for name, caption in picture.captions.items()
    )
    truth = escape(picture.references[0], quote=True)
    reference = f'<dt class="reference">reference</dt><dd class="reference">{truth}</dd>'
    return f'<figure><img src="{picture.source}" alt="{truth}"><dl>{said}{reference}</dl></figure>'
