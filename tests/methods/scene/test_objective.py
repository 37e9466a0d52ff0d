"""What each player is taught: whom a loss reaches, and what it compares."""

from dataclasses import replace
from typing import cast

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from tests.methods.scene.support import prepared
from torch import Tensor, nn

from sembla.core.method import Feed, Term
from sembla.losses.matching import feature_matching
from sembla.losses.moves import Made
from sembla.losses.segmentation import class_weights
from sembla.methods.scene.batches import SceneBatch, batches
from sembla.methods.scene.config import Config, Critic, Sembla, Spade, Ulbp, fitted
from sembla.methods.scene.learned import PARTS
from sembla.methods.scene.light_objective import LightObjective
from sembla.methods.scene.objective import CriticObjective, SpadeObjective, UlbpObjective
from sembla.methods.scene.painters import LightPainter
from sembla.nn.segmentation import SegmentationDiscriminator

SIZE = (64, 96)


def learning(config: Config) -> tuple[Config, nn.ModuleDict]:
    torch.manual_seed(0)
    config = fitted(replace(config, size=SIZE), prepared())
    return config, PARTS.networks(config)


def batch(config: Config) -> SceneBatch:
    return next(batches(config, prepared(), Feed(2)))


def reached(term: Term, network: nn.Module) -> bool:
    """Whether a loss has a gradient in any weight of a network."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    found = torch.autograd.grad(term.value, weights, retain_graph=True, allow_unused=True, materialize_grads=True)
    return any(gradient.abs().sum().item() > 0 for gradient in found)


def ulbp(**settings: float) -> tuple[UlbpObjective, dict[str, Term]]:
    config, networks = learning(
        replace(Ulbp(width=4, discriminator_width=4, texture_width=4, weighted=False), **settings)  # type: ignore[arg-type]
    )
    assert isinstance(config, Ulbp)
    objective = UlbpObjective(config, networks, None)
    paint, judge = objective.turns(0)
    terms = dict(paint.losses(seen := batch(config)))
    assert set(judge.losses(seen)) == {"adversarial", "texture"}
    return objective, terms


def test_coupling_teaches_the_photo_and_not_the_patterns_it_is_held_to() -> None:
    """The photo is made from the patterns, so that these learn through it alone: held still, they learn nothing."""
    objective, terms = ulbp(modulated=False)
    assert reached(terms["coupling"], objective.both.generator)
    assert not reached(terms["coupling"], objective.both.patterns)
    assert reached(terms["texture"], objective.both.patterns)
    assert not reached(terms["texture"], objective.both.generator)


def test_each_loss_has_a_weight_of_its_own() -> None:
    given = {
        **{"adversarial": 2.0, "matching": 3.0, "texture": 4.0, "texture_adversarial": 5.0},
        **{"unified_adversarial": 6.0, "texture_matching": 7.0, "coupling": 8.0},
    }
    _, terms = ulbp(**given)
    assert {name: term.weight for name, term in terms.items()} == {
        **{name: weight for name, weight in given.items() if name != "unified_adversarial"},
        "unified": 6.0,
    }


def test_the_unified_discriminator_teaches_the_photo_where_patterns_are_soft() -> None:
    objective, terms = ulbp()
    assert reached(terms["unified"], objective.both.generator)
    for settings in ({"soft": False}, {"unified": False}):
        _, others = ulbp(**settings)
        assert "unified" not in others


def test_features_are_matched_over_all_layers_and_scales() -> None:
    config, networks = learning(Spade(width=4, discriminator_width=4))
    assert isinstance(config, Spade)
    objective, seen = SpadeObjective(config, networks.eval(), None), batch(config)
    with torch.no_grad():
        made = objective.painter(seen.layout)
        terms = objective.turns(0)[0].losses(seen)
        pairs = [zip(*both, strict=True) for both in zip(
            objective.critic(seen.layout, made), objective.critic(seen.layout, seen.photo), strict=True
        )]  # fmt: skip
        sums = [sum(feature_matching([one], [other]) for one, other in list(layers)[:-1]) for layers in pairs]
    assert terms["matching"].value.item() == pytest.approx(float(sum(sums)) / 2, rel=1e-4)


class _Names(SegmentationDiscriminator):
    """Scores of each pixel that are its red value: so that what was mixed can be read."""

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures[:, :1].repeat(1, 4, 1, 1)


def test_a_mixture_is_of_the_photo_and_what_was_made() -> None:
    """A discriminator that looks at single pixels is consistent about mixtures, so the term is zero."""
    config, networks = learning(Critic(width=4, discriminator_width=4))
    networks["discriminator"] = _Names(3, width=4)
    made: Made[SceneBatch] = Made()
    objective, seen = CriticObjective(cast("Critic", config), networks), batch(config)
    made.keep(seen, -seen.photo)
    assert objective.judge(seen, made)["mix"].value.item() == 0


def test_ours_is_taught_by_windows_classes_and_the_photo() -> None:
    """Each term reaches the generator; the look of the photo itself is asked for, so its encoder learns as well."""
    config, networks = learning(Sembla(width=4, discriminator_width=4, segmenter_width=4))
    assert isinstance(config, Sembla)
    objective = LightObjective(config, networks, lambda pictures: [pictures])
    lessons = {turn.player: dict(turn.losses(seen)) for seen in [batch(config)] for turn in objective.turns(0)}
    assert {name: term.weight for name, term in lessons["generator"].items()} == {
        **{"segmentation": 5.0, "adversarial": 1.0, "matching": 10.0, "perceptual": 10.0}
    }
    for term in lessons["generator"].values():
        assert reached(term, objective.painter.generator)
        assert reached(term, objective.painter.encoder)
    for player, name in (("discriminator", "adversarial"), ("segmenter", "segmentation")):
        (term,) = lessons[player].values()
        assert lessons[player][name] is term
        assert [other for other in lessons if reached(term, networks[other])] == [player]


def test_the_segmenter_learns_from_photos_alone() -> None:
    """What it is taught is the weighted cross entropy of the photos' classes, rare ones by the root of their weight."""
    config, networks = learning(Sembla(width=4, discriminator_width=4, segmenter_width=4))
    objective, seen = LightObjective(cast("Sembla", config), networks, None), batch(config)
    scores = objective.segmenter(seen.photo)
    chances = scores.softmax(1).gather(1, seen.labels.clamp(max=config.count - 1)[:, None])[:, 0]
    wanted = -(chances.log() * class_weights(seen.labels, config.count).sqrt()).mean()
    torch.testing.assert_close(objective.name(seen)["segmentation"].value, wanted)


def test_looks_are_read_by_class_and_from_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    config, networks = learning(Sembla(width=4, discriminator_width=4, segmenter_width=4))
    assert isinstance(config, Sembla)
    objective, seen = LightObjective(config, networks, None), batch(config)
    encoder, classes = objective.painter.encoder, seen.layout[:, : objective.painter.classes]
    for chance, expected in (
        (0.9, encoder.of_classes(encoder(seen.photo), classes)),
        (0.1, encoder.of_all(encoder(seen.photo))),
    ):
        monkeypatch.setattr(torch, "rand", lambda *shape, chance=chance, **_: torch.full(shape, chance))
        placed = objective.painter.placed(seen.layout, expected.expand(-1, classes.shape[1], -1))[0]
        torch.testing.assert_close(objective._looks(seen)[0], placed)


def test_looks_of_photos_are_remembered() -> None:
    """Those of the batches that were seen last, class by class; what is drawn is between one of them and their mean."""
    config, networks = learning(Sembla(width=4, discriminator_width=4, segmenter_width=4))
    assert isinstance(config, Sembla)
    objective, seen = LightObjective(config, networks, None), batch(config)
    objective.paint(seen, Made())
    encoder, classes = objective.painter.encoder, seen.layout[:, : objective.painter.classes]
    read = encoder.of_classes(encoder(seen.photo), classes)
    assert int(encoder.at) == 2
    known = classes.flatten(2).any(2)
    torch.testing.assert_close(encoder.looks[:2][known], read[known])
    assert encoder.looks.flatten(1).any(1).all()  # where nothing was, the first photos are
    encoder.looks[::2], encoder.looks[1::2] = read[0], read[1]
    towards = config.truncation * (read - read.mean(0)) + read.mean(0)  # whichever is drawn
    drawn = objective.painter.recalled(8, like=seen.layout)
    assert all(any(torch.allclose(one, each) for each in towards) for one in drawn)
    torch.manual_seed(1)
    drawn = objective.painter.recalled(2, like=seen.layout)
    torch.manual_seed(1)
    torch.testing.assert_close(objective.painter.drawn(seen.layout)[0], objective.painter.placed(seen.layout, drawn)[0])


def test_a_class_that_does_not_occur_keeps_its_older_look() -> None:
    _, networks = learning(Sembla(width=4, discriminator_width=4, segmenter_width=4))
    encoder = cast("LightPainter", networks["generator"]).encoder
    layout = torch.zeros(1, encoder.looks.shape[1], 8, 8)
    layout[:, 1] = 1
    encoder.looks.fill_(0.5)
    for _ in range(len(encoder.looks) + 1):  # the last takes the place of the first
        encoder.remember(torch.rand(1, *encoder.looks.shape[1:]) - 2, layout)
    assert (encoder.looks[:, 1] < -1).all()
    assert (encoder.looks[:, [0, *range(2, len(layout[0]))]] == 0.5).all()


@pytest.mark.parametrize(
    "recipe", [Spade(width=4, style=True, latent=4), Ulbp(width=4, texture_width=4), Critic(width=4), Sembla(width=4)]
)
def test_half_precision_and_one_photo_do(recipe: Config) -> None:
    config, networks = learning(replace(recipe, discriminator_width=4))  # type: ignore[call-arg]  # all have it
    one = next(batches(config, prepared(), Feed(1)))
    with torch.autocast("cpu", torch.bfloat16):
        for turn in PARTS.objective(config, networks).turns(0):
            assert all(term.value.isfinite() for term in turn.losses(one).values())
