r"""A query of `lc` against SeqAL's least confidence: 300 of 4,178 sentences of ATIS.

SeqAL 0.3.5 wants torch 1 and flair 0.10, which pins packages that Python 3.11 has not. None of
them is asked to score; so it gets an environment of its own (5 GB on disk), and newer ones:

    python3.11 -m venv seqal
    seqal/bin/pip install --no-deps seqal==0.3.5 flair==0.10
    seqal/bin/pip install torch==1.13.1 numpy==1.26.4 scipy==1.12.0 transformers==4.30.2 bpemb \
        conllu deprecated ftfy gdown gensim lxml more-itertools scikit-learn segtok tabulate
    SEQAL_PYTHON=seqal/bin/python BENCH_DATA=/path/to/data pytest tests/speed/test_seqal.py

Both run in turn, on one thread, each timed in the CPU seconds of its own process. Both have all of
ATIS's tags, word vectors of 128 dimensions, an LSTM of 64 a direction, and a warm-up. They are not
one model: SeqAL scores by an exact CRF, ours by a beam of five over a decoder. Ours starts from raw
words, SeqAL from flair's sentences, which are made before its clock starts.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pytest
import torch

from bench.data import task as tasks
from bench.data.task import Deal
from bench.learners import registry
from bench.learners.learner import Labeled, Learner
from bench.loop.acquisition import Acquisition
from bench.loop.seed import Streams
from bench.spec import Spec

LABELED, UNLABELED, QUERY = 300, 4_178, 300
Ask = Callable[[str], Any]


@pytest.fixture(scope="module")
def interpreter() -> str:
    named = os.environ.get("SEQAL_PYTHON")
    if not named:
        pytest.skip("SEQAL_PYTHON is not set: no SeqAL to compare with; test_seqal.py says how")
    return str(Path(named).absolute())


@pytest.fixture(scope="module")
def deal(interpreter: str, data_root: Path) -> Deal:
    return tasks.load("atis", "words", data_root=data_root).deal(Streams(0)("split"))


@pytest.fixture(scope="module")
def labeled(deal: Deal) -> Labeled:
    ids = deal.pool.ids[:LABELED]
    return Labeled(ids, deal.pool.inputs(ids), deal.oracle.reveal(ids))


@pytest.fixture(scope="module")
def pool(deal: Deal) -> pa.ListArray:
    return deal.pool.inputs(deal.pool.ids[LABELED:])


@pytest.fixture(scope="module")
def learner(deal: Deal, labeled: Labeled) -> Learner:
    spec = Spec("bilstm-aligned")
    family = registry.make(spec, deal.kind, deal.pool.inputs(deal.pool.ids))
    made = Learner(family, torch.device("cpu"))
    made.fit(labeled, Streams(0), lambda epoch: None)
    return made


@pytest.fixture
def seqal(interpreter: str) -> Iterator[Ask]:
    """SeqAL's process: a line in, a line of JSON out."""
    command = [interpreter, "-I", str(Path(__file__).with_name("seqal_query.py"))]
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=alone) as process:

        def ask(line: str) -> Any:
            print(line, file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())  # type: ignore[union-attr]

        yield ask


def test_a_query_is_faster_than_seqals(
    deal: Deal, pool: Any, query: Callable[[str], Acquisition], seqal: Ask, benchmark: Any
) -> None:
    assert len(pool) == UNLABELED
    asked = {"tags": deal.kind.tags, "pool": pool.to_pylist(), "query": QUERY}
    versions = seqal(json.dumps(asked))

    def pairs() -> list[tuple[float, float]]:
        return [(query("lc").seconds, seqal("again")) for _ in range(3)]

    ours, theirs = map(median, zip(*benchmark.pedantic(pairs), strict=True))
    benchmark.extra_info |= {"lc": ours, "SeqAL": theirs, "SeqAL / lc": theirs / ours}
    benchmark.extra_info |= {"torch": torch.__version__, "SeqAL's": versions}
    assert theirs / ours >= 20
