"""Rows whose costs can be told by hand: 10 s a fit, 2 s a query, 0.5 s a pass, 0.1 s a test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.board.cost import (
    EVALUATION,
    FIT,
    OWN,
    PASS,
    QUERY,
    ROWS,
    Costs,
    Like,
    Sample,
)
from bench.board.cost_sample import Known, Sizes, samples
from bench.error import UsageError
from bench.rows import store
from bench.rows.schema import Row

KNOWN = Known(
    {"tagger": ("tagging", True), "seer": ("classification", False)},
    {"lc": "beam", "mnlp": "beam", "random": "nothing"},
    {("atis", "alise"): Sizes(1000, 200)},
)
LIKE = Like("cpu", "atis", "tagger", "{}", "tagging", "lc", "lc", "beam")
Read = Callable[..., list[Sample]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The samples of cells."""

    def write(*cells: list[Row], known: Known = KNOWN) -> list[Sample]:
        for rows in cells:
            name = f"{rows[0].task}-{rows[0].strategy}-{rows[0].seed}-{rows[0].device}.parquet"
            store.write(tmp_path / name, rows)
        return samples(store.scan([tmp_path], rules=None), known)

    return write


def of(part: str, found: list[Sample]) -> list[tuple[float, float]]:
    return [(each.size, each.value) for each in found if each.part == part]


def test_sizes_are_words_epochs_and_what_is_unlabelled(
    read: Read, make_run: Callable[..., list[Row]]
) -> None:
    """300 items of 10 words a round, of a pool of 1,000: 7,000 words are left, then 4,000."""
    found = read(make_run("lc", 0, (0.5, 0.6, 0.7), config='{"epochs":4}'))
    assert of(FIT, found) == [(12000, 10), (24000, 10), (36000, 10)]
    assert of(PASS, found) == [(7000, 0.5), (4000, 0.5)]
    assert of(QUERY, found) == [(0.5, 2), (0.5, 2)]
    assert of(EVALUATION, found) == [(200, 0.1)] * 3
    assert [size for size, _ in of(ROWS, found)] == [900]


def test_where_inputs_have_no_words_items_count(
    read: Read, make_run: Callable[..., list[Row]]
) -> None:
    found = read(make_run("lc", 0, (0.5, 0.6), learner="seer"))
    assert of(FIT, found) == [(300, 10), (600, 10)]
    assert of(PASS, found) == [(700, 0.5)]


def test_a_fit_that_strategies_share_is_one(read: Read, make_run: Callable[..., list[Row]]) -> None:
    """Round 0 of a seed has one successor; what ALISE trains beside it is its own."""
    own = {"own_fit_seconds": 4.0, "own_score": 0.5, "own_metrics": {"f1": 0.5}}
    found = read(
        make_run("lc", 0, (0.5,)),
        make_run("random", 0, (0.5,)),
        make_run("alise", 0, (0.5,), **own),
        make_run("lc", 1, (0.5,)),
    )
    assert of(FIT, found) == [(3000, 10)] * 2  # a seed each
    assert of(OWN, found) == [(3000, 4)]
    assert sorted(of(EVALUATION, found)) == [(200, 0.1)] * 2 + [(400, 0.1)]


def test_what_failed_or_is_not_known_tells_nothing(
    read: Read, make_run: Callable[..., list[Row]]
) -> None:
    failed = {"status": "failed", "error": "no reason"}
    assert read(make_run("lc", 0, (0.5,), **failed)) == []
    found = read(make_run("lc", 0, (0.5, 0.6), task="own"))
    assert of(PASS, found) == of(EVALUATION, found) == []
    assert of(FIT, found) != []
    assert read(make_run("lc", 0, (0.5,), learner="abacus", device="x")) == found


def sample(part: str, size: float, value: float, **changes: str) -> Sample:
    like = LIKE._replace(**changes)
    return Sample(part, like, like.task, 0, size, value)


def test_costs_come_from_the_most_alike() -> None:
    tried = [
        sample(FIT, 100, 10),
        sample(FIT, 100, 20, task="snips"),
        sample(FIT, 100, 30, learner="other"),
        sample(FIT, 100, 40, learner="third", kind="classification"),
    ]
    costs = Costs(tried)
    for like, seconds in (
        (LIKE, 20),
        (LIKE._replace(task="snips"), 40),
        (LIKE._replace(task="new", settings="[hidden=9]"), 30),  # of the learner: 10 and 20
        (LIKE._replace(task="new", learner="new", kind="classification"), 80),
    ):
        assert costs.estimate(FIT, like, 200).value == pytest.approx(seconds)
    assert costs.find(FIT, LIKE).best
    assert not costs.find(FIT, LIKE._replace(task="new")).best


def test_a_strategy_never_run_costs_as_others_that_ask_for_the_same() -> None:
    costs = Costs(
        [sample(QUERY, 0.5, 4), sample(QUERY, 0.5, 50, strategy="dal", name="dal", needs="latent")]
    )
    unknown = LIKE._replace(strategy="mine", name="mine")
    assert costs.estimate(QUERY, unknown, 1).value == pytest.approx(8)
    other = LIKE._replace(strategy="lc[width=9]")
    assert costs.find(QUERY, other).shared == ("device", "kind", "name")
    stranger = costs.find(QUERY, unknown._replace(needs="?"))
    assert stranger.rows == 2
    assert stranger.shared == ("device", "kind")


def test_another_device_is_asked_last() -> None:
    costs = Costs([sample(FIT, 1, 1, device="cuda A"), sample(FIT, 1, 9, learner="other")])
    assert costs.estimate(FIT, LIKE, 1).value == pytest.approx(9)
    found = Costs([sample(FIT, 1, 1, device="cuda A")]).find(FIT, LIKE)
    assert "device" not in found.shared


def test_a_query_has_two_passes_beside_its_clock() -> None:
    """100 words left: a pass of 0.5 s; the query takes four of them."""
    costs = Costs([sample(PASS, 200, 1), sample(QUERY, 1, 4)])
    assert costs.query(LIKE, 100).value == pytest.approx(4 * 0.5 + 2 * 0.5)


def test_where_nothing_fits_the_way_out_is_named() -> None:
    costs = Costs([sample(FIT, 1, 1)])
    with pytest.raises(UsageError, match=r"'own fit'.*tagger on atis.*bench run.*--from"):
        costs.estimate(OWN, LIKE, 1)
    with pytest.raises(UsageError, match=r"'fit'.*seer on digits"):
        costs.estimate(FIT, Like("cpu", "digits", "seer", "{}", "classification", "", "", ""), 1)
