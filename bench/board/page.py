"""A page of figures: one HTML file that asks for nothing else."""

from collections.abc import Iterable
from html import escape
from pathlib import Path

from bench.error import StorageError


def page(title: str, about: str, style: str, figures: Iterable[str]) -> str:
    """The page; `style` is CSS and `figures` are HTML, the other two plain text."""
    content = "\n".join(figures)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{style}
</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p>{escape(about)}</p>
<main>
{content}
</main>
</body>
</html>
"""


def write(text: str, path: Path) -> None:
    """Write a page; StorageError when it cannot be."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as reason:
        raise StorageError(f"Cannot write {path}: {reason.strerror}.") from reason
