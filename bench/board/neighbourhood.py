"""Earlier results of the place that new ones are from: who they are ranked among."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from bench.rows.schema import RULES_VERSION, major_minor

PLACE = ("task", "protocol", "learner", "learner_params", "device", "data_digest", "config_digest")
"""The columns that make a place, beside the rules."""


def at(table: pa.Table, place: Mapping[str, str]) -> pa.Table:
    """The rows of a place, by the values of `PLACE`, under the rules of this version."""
    for name in PLACE:
        table = table.filter(pc.equal(table[name], place[name]))
    versions = table["rules_version"].to_pylist()
    ours = [major_minor(version) == major_minor(RULES_VERSION) for version in versions]
    return table.filter(pa.array(ours, pa.bool_()))


def seeds(table: pa.Table, strategy: str) -> set[int]:
    """The seeds of which a strategy, with its default parameters, has rows without failure."""
    default = pc.and_(pc.equal(table["strategy"], strategy), pc.equal(table["params"], "{}"))
    return set(table.filter(pc.and_(default, pc.equal(table["status"], "ok")))["seed"].to_pylist())


def joined(ours: pa.Table, others: pa.Table) -> pa.Table:
    """Both tables, without the cells of the others that ours has too; without the column `file`."""
    held = set(_cells(ours))
    kept = pa.array([cell not in held for cell in _cells(others)], pa.bool_())
    return pa.concat_tables([_bare(ours), _bare(others.filter(kept))])


def _cells(table: pa.Table) -> list[tuple[object, ...]]:
    names = (*PLACE[:5], "strategy", "params", "seed")
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


def _bare(table: pa.Table) -> pa.Table:
    return table.drop_columns([name for name in ("file",) if name in table.column_names])
