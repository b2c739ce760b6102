"""All learners by name: what they are for, what they offer."""

import pytest

from bench.error import UsageError
from bench.learners import registry
from bench.learners.captioning.config import Config as Captioner
from bench.learners.tagging.config import Config as Tagger
from bench.spec import Spec

TAGGERS = ["bilstm-aligned", "bilstm-attention", "bilstm-focus", "bilstm-lstm", "bilstm-tagger"]
COMMON = {"latent", "token_entropy", "nbest_log_probs", "best_log_prob"}
OF_SENTENCES = {
    *("lengths", "dropout_predictions", "mutual_information"),
    *("gradient_embedding", "expected_gradient_length"),
}


def test_every_learner_is_for_one_kind_of_task() -> None:
    assert registry.names() == [*TAGGERS, "show-attend-tell"]
    assert {registry.kind(name) for name in TAGGERS} == {"tagging"}
    assert registry.kind("show-attend-tell") == "captioning"


def test_each_kind_has_a_default() -> None:
    assert registry.default("tagging") == "bilstm-aligned"
    assert registry.default("captioning") == "show-attend-tell"


def test_settings_are_those_of_the_kind() -> None:
    assert registry.config(Spec.parse("bilstm-lstm[hidden=7]")) == Tagger(hidden=7)
    assert registry.config(Spec.parse("show-attend-tell[hidden=7]")) == Captioner(hidden=7)
    with pytest.raises(UsageError, match="'bilstm-lstm' has no parameter 'attention'"):
        registry.config(Spec.parse("bilstm-lstm[attention=7]"))
    with pytest.raises(UsageError, match="'show-attend-tell' has no parameter 'unknown'"):
        registry.config(Spec.parse("show-attend-tell[unknown=0.5]"))


@pytest.mark.parametrize("ask", [registry.kind, registry.describe, registry.signals])
def test_a_typo_gets_the_nearest_names(ask) -> None:
    with pytest.raises(UsageError, match=r"no learner 'bilstm-tager'\. Did you mean bilstm-tagger"):
        ask("bilstm-tager")


def test_signals_are_those_of_the_learner_and_its_objective() -> None:
    for name in TAGGERS:
        assert registry.signals(name) == COMMON | OF_SENTENCES
    assert registry.signals("show-attend-tell") == COMMON
    for name in registry.names():
        gained = registry.signals(name, "adversarial") - registry.signals(name)
        assert gained == {"discriminator"}


def test_without_a_learner_signals_are_those_of_any() -> None:
    assert registry.signals() == COMMON | OF_SENTENCES
    assert registry.signals(None, "adversarial") == registry.signals() | {"discriminator"}
