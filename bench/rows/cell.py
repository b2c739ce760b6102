"""The rows of many files as cells: each whole, in one file, and of one origin."""

from functools import reduce

import numpy as np
import pyarrow as pa

from bench.error import DataError
from bench.rows.code import Codes, encode, pair
from bench.rows.schema import Key

REMEDY = "Delete it and run the cell again, or restore it from where it came."
_ORIGIN = ("rules_version", "code_digest", "data_digest", "config_digest", "unit")


def check(table: pa.Table) -> None:
    """DataError naming the first cell whose rows cannot be one curve, and where it lies.

    `table` has the columns of `schema.SCHEMA` that are named here, and `file`.
    """
    place, files = encode(table["file"])
    origin = {name: encode(table[name])[0] for name in _ORIGIN}
    cells = _cells(table, {"place": place, **origin})
    last, distinct = cells["round_max"], cells["round_count_distinct"]
    faults = {
        "is in {} and in {}: remove one of them.": cells["place_min"] != cells["place_max"],
        "has a round twice in {}. {remedy}": cells["round_count"] != distinct,
        "lacks a round in {}. {remedy}": last + 1 != distinct,
    }
    for name in _ORIGIN:
        several = cells[f"{name}_min"] != cells[f"{name}_max"]
        faults[f"has several {name}s in {{}}. {{remedy}}"] = several
    for reason, wrong in faults.items():
        for number in np.flatnonzero(wrong)[:1]:
            row = int(cells["row_min"][number])
            key = Key(*(table[name][row].as_py() for name in Key._fields))
            places = [files[cells[each][number]] for each in ("place_min", "place_max")]
            raise DataError(f"{key} {reason.format(*places, remedy=REMEDY)}")


def _cells(table: pa.Table, ranged: dict[str, Codes]) -> dict[str, Codes]:
    """A value per cell, by name: what is counted over its rows, and the ends of what is ranged."""
    numbers = reduce(pair, (encode(table[name])[0] for name in Key._fields))
    columns = {"cell": numbers, "row": np.arange(table.num_rows), **ranged}
    counted = [
        ("row", "min"),
        *[("round", each) for each in ("max", "count", "count_distinct")],
        *[(name, end) for name in ranged for end in ("min", "max")],
    ]
    grouped = pa.table({**columns, "round": table["round"]}).group_by("cell", use_threads=False)
    groups = grouped.aggregate(counted)
    return {name: groups[name].to_numpy() for name in groups.column_names}
