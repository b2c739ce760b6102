"""What is asked for: the options of `bench run` and `bench plan`, and the request they make."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli.common import OUT, data_root, layout, sheet
from bench.error import UsageError
from bench.spec import Spec

if TYPE_CHECKING:
    from bench.data.own import Own
    from bench.loop.plan import Request

_OPTIONS = (
    click.option("--task", help="See `bench list tasks`.  [default: flights]"),
    click.option(
        "--data",
        metavar="FILE",
        help="Own data in the place of a task: columns (word and tag), JSONL (.jsonl, .json), "
        "hf:owner/name[:config] or hf:./folder (see `bench data inspect`); or texts and their "
        "classes in CSV (.csv, .csv.gz).",
    ),
    click.option(
        "--test",
        metavar="FILE",
        help="The test split of --data.  [default: the data's own, else a share is drawn by seed]",
    ),
    layout,
    sheet,
    click.option(
        "--protocol", help="How the task is split and the budget spent.  [default: the task's]"
    ),
    click.option(
        "--learner", help="See `bench list learners`.  [default: that of the task's kind]"
    ),
    click.option(
        "--embeddings",
        default="",
        metavar="FILE[,FILE…]",
        help="Text files of word vectors (GloVe, word2vec, character n-grams; also .gz) that the "
        "learner's words start from, side by side.  [default: random vectors]",
    ),
    click.option(
        "--strategy",
        "strategies",
        multiple=True,
        metavar="NAME[,NAME…]",
        help="Names, name[key=value,…], or paths to .py files; may be repeated.  "
        "[default: the protocol's]",
    ),
    click.option("--seeds", type=int, help="Seeds 0 … N-1.  [default: the protocol's]"),
    click.option("--rounds", type=int, help="Only the first N rounds.  [default: all]"),
    click.option(
        "--jobs", type=int, default=1, show_default=True, help="Processes; times rank only with 1."
    ),
    click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N."),
    click.option(
        "--out",
        type=OUT,
        default="runs",
        show_default=True,
        metavar="FOLDER",
        help="Where results go: a folder, or a URL of an object store (s3://bucket/prefix).",
    ),
    data_root,
)


def options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is to be run; `request` takes their values."""
    for option in reversed(_OPTIONS):
        verb = option(verb)
    return verb


def request(
    *,
    task: str | None,
    data: str | None,
    test: str | None,
    columns: str,
    scheme: str,
    text: str,
    label: str,
    learner: str | None,
    embeddings: str,
    strategies: tuple[str, ...],
    **rest: Any,
) -> "Request":
    """The request that options make; UsageError for what does not go together."""
    from bench.loop.plan import Request

    return Request(
        task=_task(task, data, test or "", columns, scheme, text, label),
        learner=Spec.parse(learner) if learner else None,
        embeddings=_files(embeddings),
        strategies=split(strategies) or None,
        **rest,
    )


def _task(task: str | None, data: str | None, *layout: str) -> "str | Own":
    """The task named, or own data; UsageError for both, or for options of data without it."""
    from bench.data import own

    if data and task:
        raise UsageError("--task and --data exclude each other: a task's data is its card's.")
    if data:
        return own.named(data, *layout)
    if layout != ("", "", "auto", "", ""):
        raise UsageError(
            "--test, --columns, --scheme, --text and --label say how to read --data; name it too."
        )
    return task or "flights"


def _files(text: str) -> tuple[Path, ...]:
    """The files named; UsageError for a name that is empty."""
    names = [name.strip() for name in text.split(",")] if text else []
    if not all(names):
        raise UsageError(f"--embeddings '{text}' is not of the form FILE[,FILE…].")
    return tuple(Path(name) for name in names)


def split(texts: tuple[str, ...]) -> tuple[str, ...]:
    """One text per strategy; UsageError for an option that names none."""
    parts = [Spec.parse_list(text) for text in texts]
    if not all(parts):
        raise UsageError("A --strategy is empty; `bench list strategies` shows what there is.")
    return tuple(str(spec) for part in parts for spec in part)
