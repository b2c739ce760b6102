"""Settings of a learner: what a spec may say."""

import pytest

from bench.error import UsageError
from bench.learners import registry
from bench.learners.tagging.config import Config
from bench.spec import Spec


def of(params: str) -> Config:
    return Config.of(Spec.parse(f"bilstm-aligned[{params}]"))


def test_a_spec_sets_some_and_leaves_the_rest():
    config = of("hidden=100,dropout=0")
    assert config == Config(hidden=100, dropout=0)
    assert config.record()["hidden"] == 100
    assert Config.of(Spec.parse("bilstm-aligned")) == Config()


def test_the_papers_sizes_are_the_defaults():
    config = Config()
    assert (config.embedding, config.hidden, config.validation) == (128, 64, 0.1)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("hiden=3", "no parameter 'hiden'.*Did you mean hidden"),
        ("hidden=0.5", "'hidden'.* is .*int.*, not 0.5"),
        ("hidden=true", "'hidden'.* is .*int.*, not True"),
        ("dropout=much", "'dropout'.* is .*float.*, not 'much'"),
    ],
)
def test_what_a_spec_may_not_say(params, message):
    with pytest.raises(UsageError, match=message) as caught:
        of(params)
    assert "bilstm-aligned" in str(caught.value)


def test_a_type_is_named_in_plain_words():
    with pytest.raises(UsageError, match="is int, not"):
        of("hidden=0.5")


@pytest.mark.parametrize(
    "params",
    [
        *("hidden=0", "dropout=1.0", "dropout=-0.1", "validation=1"),
        *("hidden=1000000", f"batch_size=1{'0' * 400}", f"learning_rate=1{'0' * 400}"),
        *("embedding=8193", "decoder=8193", "patience=100001", "epochs=100001"),
        *("learning_rate=1e999", "learning_rate=NaN", "supervised_weight=Infinity"),
    ],
)
def test_what_is_out_of_range(params):
    with pytest.raises(UsageError, match="must lie between"):
        of(params)


def test_an_unknown_learner_gets_the_nearest_names():
    with pytest.raises(UsageError, match=r"no learner 'bilstm-tager'.*Did you mean bilstm-tagger"):
        registry.config(Spec.parse("bilstm-tager"))


def test_a_whole_number_is_the_same_setting_as_its_float():
    assert of("dropout=0").record() == of("dropout=0.0").record()
    assert str(of("dropout=0").record()) == str(of("dropout=0.0").record())
