"""Whole queries through the harness: in passes, against what they cannot do without, by pool.

As ratios in one run, in the process's own CPU seconds, on one thread.
"""

from statistics import median
from time import process_time

import pyarrow as pa
import pytest
import torch

from bench.learners.batching import descending
from bench.learners.learner import Learner
from bench.learners.tagging.decode import beam_scores

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def many(drawn) -> pa.ListArray:
    return drawn(10_000)


def test_the_lengths_are_like_those_of_atis(many, benchmark) -> None:
    lengths = benchmark.pedantic(many.value_lengths).to_numpy()
    assert 10 < lengths.mean() < 12
    assert 35 < lengths.max() <= 46


def test_alise_scores_in_little_more_than_a_pass(many, query, benchmark) -> None:
    def passes() -> float:
        asked = [query("alise", many) for _ in range(7)]
        return median(each.seconds / each.pass_seconds for each in asked)

    found = benchmark.pedantic(passes)
    benchmark.extra_info["passes of alise"] = found
    assert found <= 1.15


@torch.no_grad()
def bare_beam(learner: Learner, pool: pa.ListArray) -> tuple[float, torch.Tensor]:
    """Seconds of encoding and a beam over ready batches, and log P of the best parses."""
    data, model = learner.family.read(pool), learner.model
    order = list(descending(data.lengths, learner.family.scoring(CPU)))
    batches = [data.batch(rows, CPU) for rows in order]
    start = process_time()
    found = [beam_scores(model.decoder, model.encoder(batch), model.tags, 5) for batch in batches]
    seconds = process_time() - start
    return seconds, torch.cat(found)[torch.cat(order).argsort(), 0]


def test_lc_costs_little_more_than_a_bare_beam(learner, pool, query, benchmark) -> None:
    best = bare_beam(learner, pool)[1]
    torch.testing.assert_close(learner.signal("best_log_prob", pool), best)
    assert query("lc").ids.sort().values.equal(best.argsort()[:300].sort().values)

    def share() -> float:
        return median(query("lc").seconds / bare_beam(learner, pool)[0] for _ in range(5))

    found = benchmark.pedantic(share)
    benchmark.extra_info["lc / a bare beam"] = found
    asked = query("lc")
    benchmark.extra_info["passes of lc"] = asked.seconds / asked.pass_seconds
    assert found <= 1.2


def test_nse_costs_little_more_than_lc(query, benchmark) -> None:
    found = benchmark.pedantic(
        lambda: median(query("nse").seconds / query("lc").seconds for _ in range(5))
    )
    benchmark.extra_info["nse / lc"] = found
    assert found <= 1.2


def test_signals_that_share_a_pass_cost_less_than_alone(learner, pool, ratio, benchmark) -> None:
    names = ["latent", "token_entropy"]

    def apart() -> None:
        for name in names:
            learner.signal(name, pool)

    found = benchmark.pedantic(lambda: ratio(lambda: learner.signals(names, pool), apart))
    benchmark.extra_info["together / apart"] = found
    assert found <= 0.85


@pytest.mark.parametrize(("name", "chosen"), [("coreset", 300), ("wbadge", 30)])
def test_a_query_is_linear_in_the_pool(name, chosen, drawn, query, benchmark) -> None:
    """Ten times the sentences cost ten times as much, give or take a half."""
    few, many = drawn(2_000), drawn(20_000)
    found = benchmark.pedantic(
        lambda: median(
            query(name, many, chosen).seconds / query(name, few, chosen).seconds for _ in range(3)
        )
    )
    benchmark.extra_info[f"{name} of 20,000 / of 2,000"] = found
    assert found <= 15
