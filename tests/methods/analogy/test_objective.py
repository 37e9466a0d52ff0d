"""How `semia` learns: whose turn it is, from what, and with which schedule."""

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from tests.methods.analogy.support import case

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import Tensor, nn

from sembla.core.method import Feed
from sembla.methods.analogy.batches import augmentation, batches, strength
from sembla.methods.analogy.config import Semia, fitted
from sembla.methods.analogy.learned import SEMIA
from sembla.methods.analogy.networks import Modulation
from sembla.methods.analogy.objective import SemiaObjective, fixed_point, players, rate

SMALL = Semia(width=8, discriminator_width=8, segmenter_width=8)


def config(small: Semia = SMALL) -> Semia:
    found = fitted(small, case())
    assert isinstance(found, Semia)
    return found


def objective(settings: Semia, networks: nn.ModuleDict) -> SemiaObjective:
    found = SEMIA.objective(settings, networks)
    assert isinstance(found, SemiaObjective)
    return found


def test_turns_are_as_published() -> None:
    """Every fifth step reconstructs; the discriminator moves before and after ten moves of the generator."""
    settings = config()
    its = objective(settings, SEMIA.networks(settings))
    moves = ["generator"] * 10
    for step in range(11):
        found = [turn.player for turn in its.turns(step)]
        segmenter = ["segmenter"] if step % 5 == 0 else []
        assert found == ["discriminator", *segmenter, *moves, "discriminator"]
    batch = next(batches(settings, case(), Feed(1)))
    reconstructing, sampling = (its.turns(step)[2].losses(batch) for step in (5, 6))
    assert reconstructing.keys() == {"adversarial", "matching", "reconstruction", "fixed_point"}
    assert sampling.keys() == {"adversarial", "matching", "patches", "alignment"}
    assert {name: term.weight for name, term in {**sampling, **reconstructing}.items()} == {
        **dict.fromkeys(("adversarial", "matching", "fixed_point", "patches", "alignment"), 1.0),
        "reconstruction": 5.0,
    }


def test_alignment_teaches_the_generator_except_with_the_bugs_of_the_release() -> None:
    for bugs in (False, True):
        settings = config(replace(SMALL, paper_bugs=bugs))
        its = objective(settings, SEMIA.networks(settings))
        made = torch.zeros(1, 3, *settings.size, requires_grad=True)
        value = its.alignment(made, torch.ones(1, 3, *settings.size))
        assert value.requires_grad is not bugs
        assert value.item() > 0


def test_a_photo_is_coherent_with_itself_and_nothing_else() -> None:
    settings = config()

    def colours(pictures: Tensor) -> list[Tensor]:
        return [pictures, pictures[:, :, ::2, ::2]]

    its = SemiaObjective(replace(settings, neighbours=1), SEMIA.networks(settings), colours)
    batch = next(batches(settings, case(), Feed(1)))
    known = its.turns(1)[1].losses.keywords["known"]  # type: ignore[attr-defined]
    rows = known.rows(batch, batch.photo)
    assert its.coherence(batch.photo, rows).item() == 0
    assert its.coherence(torch.full_like(batch.photo, 3.0), rows).item() > 1
    assert known.rows(batch, torch.zeros(1)) is rows  # looked at once a step


def test_the_fixed_point_in_numbers() -> None:
    scales, shifts = [torch.tensor([1.0, 3.0]), torch.tensor([0.0])], [torch.tensor([-2.0]), torch.tensor([0.0])]
    assert fixed_point(Modulation(scales, shifts)).item() == 1 + 1 + 2 + 0
    assert fixed_point(Modulation([torch.ones(3)], [torch.zeros(3)])).item() == 0


def test_rates_fall_to_a_tenth_but_for_the_segmenter() -> None:
    settings = Semia()
    for player in ("generator", "discriminator"):
        assert [rate(settings, player, images) for images in (0, 1000, 1750, 2500, 9999)] == pytest.approx(
            [1, 1, 0.55, 0.1, 0.1]
        )
    assert rate(settings, "segmenter", 2500) == 1
    assert {name: player.learning_rate for name, player in players(settings).items()} == {
        "generator": 0.005,
        "discriminator": 0.02,
        "segmenter": 0.005,
    }
    assert {player.learning_rate for player in players(replace(settings, two_rates=False)).values()} == {0.01}


def test_augmentation_grows_in_hundredths_to_its_full_strength() -> None:
    assert [strength(images, 1000) for images in (0, 4, 6, 500, 1000, 5000)] == [0, 0, 0.01, 0.5, 1, 1]
    settings = config()
    weak = [augmentation(settings, np.random.default_rng(seed), 0.0) for seed in range(40)]
    height, width = settings.size
    assert {(each.flip, each.crop) for each in weak} == {(False, (0, 0, width, height))}
    strong = [augmentation(settings, np.random.default_rng(seed), 1.0) for seed in range(400)]
    assert 160 < sum(each.flip for each in strong) < 240
    assert 160 < sum(each.warp is not None for each in strong) < 240
    moved = np.array([each.warp.offsets for each in strong if each.warp]) * (width, height)
    assert 0.019 * width < np.abs(moved).max() <= 0.02 * width
    assert all(each.crop[2] >= width / 1.2 - 1 for each in strong)


def test_the_photo_is_itself_at_first_but_for_a_grain() -> None:
    settings = config()
    batch = next(batches(settings, case(), Feed(1)))
    height, width = settings.size
    photo = torch.from_numpy(case().picture[:height, :width].copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    assert 0 < (batch.photo - photo).abs().max() <= 1 / 255 + 1e-6
    assert 0 < (batch.other - photo).abs().max() <= 1 / 255 + 1e-6
    assert torch.equal(batch.layout, batch.other_layout)
    colours = {tuple(colour) for colour in case().palette.tolist()}
    shown = torch.unique(((batch.layout + 1) * 127.5).round().long()[0].flatten(1).T, dim=0)
    assert {tuple(colour) for colour in shown.tolist()} <= colours


def test_pairs_are_swapped_every_second_time() -> None:
    settings = config()
    drawn = [bool(batch.swapped[0]) for batch in islice(batches(settings, case(), Feed(1)), 200)]
    assert 70 < sum(drawn) < 130


@pytest.mark.parametrize(
    "switch", [{"attention": True}, {"skips": True}, {"paper_bugs": True}, {"features": "discriminator"}]
)
def test_every_switch_trains(switch: dict[str, Any]) -> None:
    settings = config(replace(SMALL, **switch))
    networks = SEMIA.networks(settings)
    its, batch = objective(settings, networks), next(batches(settings, case(), Feed(2)))
    for turn in (its.turns(5)[2], its.turns(6)[1]):
        terms = turn.losses(batch)
        torch.autograd.backward(torch.stack([term.value * term.weight for term in terms.values()]).sum())
    gradients = [weight.grad for weight in networks["generator"].parameters() if weight.grad is not None]
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert len(gradients) > 100
