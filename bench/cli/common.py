"""What several verbs share: options, examples, tables."""

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

from bench.error import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.rows.remote import Place


class _Place(click.ParamType[Any]):
    """A folder or file of this machine, or the URL of an object store's."""

    def __init__(self, here: "click.Path[Path]") -> None:
        self.here, self.name = here, here.name

    def convert(self, value: Any, param: Any, ctx: Any) -> "Place":
        if "://" not in str(value):
            return self.here.convert(value, param, ctx)
        from bench.rows import remote

        return remote.named(value)


FOLDER = click.Path(file_okay=False, path_type=Path)
PLACE, OUT = _Place(click.Path(path_type=Path)), _Place(FOLDER)


def data_root(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The option that several verbs share."""
    return click.option(
        "--data-root",
        type=FOLDER,
        envvar="BENCH_DATA",
        show_envvar=True,
        help="Folder that already holds the data files; else they are downloaded.",
    )(verb)


def layout(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how own data is to be read."""
    columns = click.option(
        "--columns",
        default="",
        metavar="WORD,TAG",
        help="Where words and tags are: columns counted from 1 (-1: the last), or keys of JSONL "
        "and data sets.  [default: 1,-1; tokens or words, tags or ner_tags or labels]",
    )
    scheme = click.option(
        "--scheme",
        type=click.Choice(["auto", "iob1", "bio", "iobes"]),
        default="auto",
        show_default=True,
        help="How tags spell spans; auto: as all of them keep to.",
    )
    return columns(scheme(verb))


def sheet(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how an own CSV file is to be read."""
    text = click.option(
        "--text", default="", metavar="COLUMN", help="The column of a CSV file that holds texts."
    )
    label = click.option(
        "--label", default="", metavar="COLUMN", help="The column that holds their classes."
    )
    return text(label(verb))


def form(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The option that says how tables are written."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["table", "markdown", "json"]),
        default="table",
        show_default=True,
    )(verb)


def show(form: str, render: ModuleType, *found: Any) -> None:
    """Print what was found as the renderer of that name writes it; tables fit 100 columns."""
    drawn = getattr(render, form)(*found)
    if form != "table":
        click.echo(drawn, nl=False)
        return
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 100).print(drawn)


def rows(
    sources: "Sequence[Place]", any_rules: bool = False, columns: Sequence[str] = ()
) -> "pa.Table":
    """All rows of some folders or files; UsageError when there are none, else as `store.scan`."""
    from bench.rows import store
    from bench.rows.schema import RULES_VERSION

    table = store.scan(sources, None if any_rules else RULES_VERSION, columns)
    if table.num_rows == 0:
        raise UsageError(f"There are no results in {', '.join(map(str, sources))} yet.")
    return table


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for garbage in cycles, which takes long among many objects that stay."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def examples(*lines: str) -> str:
    """The epilog of a verb's help."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def table(rows: list[tuple[str, str]]) -> None:
    """Two columns: drawn by rich on a terminal, aligned plain lines elsewhere."""
    if not sys.stdout.isatty():
        width = max((len(name) for name, _ in rows), default=0)
        for name, text in rows:
            click.echo(f"{name:<{width}}  {text}".rstrip())
        return
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=None, show_header=False, pad_edge=False)
    drawn.add_column(style="bold", no_wrap=True)
    for name, text in rows:
        drawn.add_row(name, text)
    Console().print(drawn, markup=False)
