"""The rows of many files as cells: each whole, in one file, and of one origin."""

import numpy as np
import pyarrow as pa

from bench.error import DataError
from bench.rows.schema import Key

REMEDY = "Delete it and run the cell again, or restore it from where it came."
_ORIGIN = ("rules_version", "code_digest", "data_digest", "config_digest", "unit")


def check(table: pa.Table) -> None:
    """DataError naming the first cell whose rows cannot be one curve, and where it lies.

    `table` has the columns of `schema.SCHEMA` and `file`, which is dictionary-encoded.
    """
    file = table["file"].combine_chunks()
    cells = _cells(table.append_column("place", file.indices))
    last, distinct = cells["round_max"], cells["round_count_distinct"]
    faults = {
        "is in {} and in {}: remove one of them.": cells["place_min"] != cells["place_max"],
        "has a round twice in {}. {remedy}": cells["round_count"] != distinct,
        "lacks a round in {}. {remedy}": last + 1 != distinct,
    }
    for name in _ORIGIN:
        faults[f"has several {name}s in {{}}. {{remedy}}"] = cells[f"{name}_count_distinct"] != 1
    for reason, wrong in faults.items():
        for number in np.flatnonzero(wrong)[:1]:
            key = Key(*(cells[name][number] for name in Key._fields))
            places = [file.dictionary[cells[each][number]] for each in ("place_min", "place_max")]
            raise DataError(f"{key} {reason.format(*places, remedy=REMEDY)}")


def _cells(table: pa.Table) -> dict[str, np.ndarray]:
    """A value per cell, by name: of its key, and what is counted over its rows."""
    counted = [
        *[("place", each) for each in ("min", "max")],
        *[("round", each) for each in ("max", "count", "count_distinct")],
        *[(name, "count_distinct") for name in _ORIGIN],
    ]
    groups = table.group_by(list(Key._fields), use_threads=False).aggregate(counted)
    return {name: groups[name].to_numpy() for name in groups.column_names}
