"""A user's own data, of either kind: tagged words, or a CSV file of texts and their classes."""

from typing import TypeAlias

from bench.data.card import Card
from bench.data.classification import own as classification
from bench.data.classification import sheet as sheets
from bench.data.classification.sheet import Sheet
from bench.data.corpus import Corpus
from bench.data.tagging import own as tagging
from bench.data.tagging.source import Source
from bench.error import UsageError

Own: TypeAlias = Source | Sheet


def named(
    data: str,
    test: str = "",
    columns: str = "",
    scheme: str = "auto",
    text: str = "",
    label: str = "",
) -> Own:
    """The data that options of the command line name; its own name tells its kind.

    UsageError when the options are those of the other kind or too few, DataError when a CSV file's
    header, which is then shown, cannot be read.
    """
    if not sheets.is_sheet(data):
        if text or label:
            raise UsageError(
                f"--text and --label name columns of a CSV file (.csv, .csv.gz), and {data} is "
                "none; leave them out."
            )
        return Source(data, test, columns, scheme)
    if columns or scheme != "auto":
        raise UsageError(
            f"--columns and --scheme are for tagged words, and {data} is a CSV file; name its "
            "columns with --text and --label."
        )
    if not (text and label):
        raise UsageError(
            f"{data} is a CSV file: name the columns of its texts and classes with --text and "
            f"--label; it has {sheets.shown(sheets.header(data))}."
        )
    return Sheet(data, text, label, test)


def load(data: Own, protocol: str | None) -> tuple[Card, Corpus]:
    """The data as a card and its corpus, prepared on first use; errors as in each kind's `load`."""
    if isinstance(data, Sheet):
        return classification.load(data, protocol)
    return tagging.load(data)
