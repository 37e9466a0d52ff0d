"""How `fast` learns: what it copies, which patches it asks for, and how its discriminator adapts."""

from dataclasses import replace

import pytest
from tests.methods.analogy.support import case

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import Tensor

from sembla.core.method import Feed
from sembla.methods.analogy.config import Fast, fitted
from sembla.methods.analogy.copying import reduced
from sembla.methods.analogy.fast_batches import FastBatch, batches
from sembla.methods.analogy.fast_objective import FastObjective, _at, players, rate
from sembla.methods.analogy.learned import FAST

SMALL = Fast(lessons=2, photos=1.0, width=8, discriminator_width=8, longest=96, sampled_patches=10_000)


def config(small: Fast = SMALL) -> Fast:
    found = fitted(small, case())
    assert isinstance(found, Fast)
    return found


def objective(settings: Fast) -> FastObjective:
    found = FAST.objective(settings, FAST.networks(settings))
    assert isinstance(found, FastObjective)
    return found


@pytest.fixture
def batch() -> FastBatch:
    """Two lessons."""
    return next(batches(config(), case(), Feed(2)))


def own(batch: FastBatch) -> FastBatch:
    """As if the photo's own layout were asked for."""
    return replace(batch, picture=batch.photo, layout=batch.labels)


def test_the_photos_patches_are_the_photos_own(batch: FastBatch) -> None:
    """The draft of the photo scores zero; brighter, it does not."""
    torch.manual_seed(0)  # of the networks too
    its, draft = objective(config()), reduced(batch.photo)
    same, brighter = its.distribution(draft, own(batch)), its.distribution(draft + 0.2, own(batch))
    assert same.item() == pytest.approx(0, abs=1e-5)
    assert brighter.item() > 0.1
    assert its.coherence(draft, own(batch)).item() == pytest.approx(0, abs=1e-3)
    assert its.coherence(draft + 0.2, own(batch)).item() > 0.01


def test_patches_are_asked_for_class_by_class(batch: FastBatch) -> None:
    """The photo with its classes exchanged has the right patches in the wrong places."""
    its, draft = objective(config()), reduced(batch.photo)
    other = replace(own(batch), layout=(batch.labels + 1) % config().classes)
    torch.manual_seed(0)
    assert its.distribution(draft, other).item() > 0.1
    assert its.coherence(draft, other).item() > 0.01


def test_a_step_is_the_discriminators_turn_and_then_the_generators(batch: FastBatch) -> None:
    settings = config(replace(SMALL, warm_up=10, picture=10.0, picture_later=1.0))
    its = objective(settings)
    assert [turn.player for turn in its.turns(3)] == ["discriminator", "generator"]
    weights = {step: its.turns(step)[1].losses(batch)["picture"].weight for step in (0, 5, 10, 99)}
    assert weights == {0: 10.0, 5: 5.5, 10: 1.0, 99: 1.0}
    judged, made = (turn.losses(batch) for turn in its.turns(0))
    assert judged.keys() == {"adversarial"}
    assert made.keys() == {"picture", "adversarial", "distribution", "patches"}
    assert {name: term.weight for name, term in made.items() if name != "picture"} == {
        "adversarial": settings.adversarial,
        "distribution": settings.distribution,
        "patches": settings.patches,
    }


def test_every_term_teaches_the_generator(batch: FastBatch) -> None:
    its = objective(config())
    for name in ("picture", "adversarial", "distribution", "patches"):
        its.generate.zero_grad()
        torch.autograd.backward(its.turns(0)[1].losses(batch)[name].value)
        norms = [weight.grad.norm() for weight in its.generate.parameters() if weight.grad is not None]
        assert torch.stack(norms).isfinite().all()
        assert torch.stack(norms).sum() > 0, name


def test_what_is_seen_is_augmented_as_often_as_the_discriminator_is_sure() -> None:
    its = objective(config(replace(SMALL, target_sign=0.5, adaptation=10)))
    sure, unsure = torch.ones(1, 1, 4, 4), -torch.ones(1, 1, 4, 4)

    def after(scores: Tensor, count: int) -> float:
        its._adapt([scores], count)
        return round(its.judge.strength.item(), 4)

    assert [after(sure, 2), after(sure, 2), after(unsure, 1), after(unsure, 9)] == [0.2, 0.4, 0.3, 0.0]
    picture, layout = torch.rand(1, 3, 16, 16), torch.rand(1, 2, 16, 16)
    assert its._augmented(picture, layout) == (picture, layout)  # not at all, at strength 0


def test_rates_and_players() -> None:
    settings = Fast(decay=100)
    assert [rate(settings, "generator", images) for images in (0, 50, 100, 900)] == pytest.approx([1, 0.55, 0.1, 0.1])
    assert {name: player.learning_rate for name, player in players(settings).items()} == {
        "generator": settings.generator_rate,
        "discriminator": settings.discriminator_rate,
    }
    assert players(settings)["generator"].half_life == settings.half_life


def test_a_label_map_at_a_quarter_has_the_labels_in_the_middle_of_places() -> None:
    labels = torch.arange(8 * 12).view(1, 8, 12)
    size = reduced(labels[:, None].float()).shape[2:]
    assert torch.equal(_at(labels, size), labels[:, 2::4, 2::4])
