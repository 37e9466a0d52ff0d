"""The published priors: their numbers of weights, their sizes, what depends on what."""

from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import nn

from sembla.latents.drawing import draw_codes
from sembla.methods.preserve.batches import PhotoBatch
from sembla.methods.preserve.config import RECIPES, Began, Sembla, Wgan
from sembla.methods.preserve.learned import PARTS
from sembla.methods.preserve.light_networks import RegionEncoder
from sembla.methods.preserve.light_objective import LightObjective
from sembla.methods.preserve.networks import Autoencoder, BeganGenerator, WganCritic, WganGenerator
from sembla.methods.preserve.objective import BeganObjective, WganObjective
from sembla.nn.perceptual import pixel_pyramid


def weights(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_numbers_of_weights_are_those_published() -> None:
    assert weights(BeganGenerator(Began())) == 2_896_771
    assert weights(WganGenerator(Wgan())) == 8_540_483
    assert weights(WganCritic(Wgan())) == 7_491_841


def test_the_autoencoder_ends_in_a_generator_of_its_own() -> None:
    autoencoder = Autoencoder(Began())
    assert weights(autoencoder.decoder) == 2_896_771
    assert autoencoder.code.out_features == 64
    assert [half.weight.shape[0] for half in autoencoder.halves if isinstance(half, nn.Conv2d)] == [128, 256, 384]


@pytest.mark.parametrize("side", [32, 128])
@pytest.mark.parametrize("recipe", [name for name in RECIPES if name.endswith("-small")])
def test_pictures_have_the_side_that_was_asked_for(recipe: str, side: int) -> None:
    config = replace(RECIPES[recipe], side=side, width=8)
    networks = PARTS.networks(replace(config, features="none") if isinstance(config, Sembla) else config)
    codes = draw_codes(config, 3, like=torch.zeros(()))
    assert networks["generator"](codes).shape == (3, 3, side, side)


@pytest.mark.parametrize("running", [True, False])
def test_a_batch_s_statistics_couple_pictures_and_running_ones_do_not(running: bool) -> None:
    torch.manual_seed(0)
    generator = WganGenerator(Wgan(width=8, running=running))
    codes = torch.randn(6, 128)
    for _ in range(3):
        generator(codes)
    generator.eval()
    alone, together = generator(codes[:2]), generator(codes)[:2]
    assert torch.allclose(alone, together, atol=1e-5) == running


def test_codes_are_drawn_as_published() -> None:
    chance = torch.Generator().manual_seed(0)
    even = draw_codes(Began(), 4000, like=torch.zeros(()), chance=chance)
    assert even.shape == (4000, 64)
    assert even.abs().max() <= 1
    assert float(even.var()) == pytest.approx(1 / 3, rel=0.02)
    normal = draw_codes(Wgan(), 4000, like=torch.zeros(()), chance=chance)
    assert normal.shape == (4000, 128)
    assert float(normal.var()) == pytest.approx(1, rel=0.02)


def test_the_balance_follows_the_losses_and_stays_between_its_ends() -> None:
    """Eq. 6 of BEGAN: k + rate * (diversity * real - made), clipped to 0 to 1."""
    config = Began(width=8, side=32, balance_rate=0.5)
    networks = PARTS.networks(config)
    objective, batch = BeganObjective(config, networks), PhotoBatch(torch.rand(2, 3, 32, 32) * 2 - 1)
    autoencoder = networks["discriminator"]
    assert isinstance(autoencoder, Autoencoder)
    for before in (0.0, 0.3, 1.0):
        autoencoder.balance.fill_(before)
        terms = objective.tell(batch)
        values = {name: float(term.value.detach()) for name, term in terms.items()}
        after = float(autoencoder.balance)
        assert 0 <= after <= 1
        if before and 0 < after < 1:
            made = -values["made"] / before
            assert after == pytest.approx(before + 0.5 * (0.5 * values["real"] - made), abs=1e-5)


def test_the_penalty_of_a_critic_with_slope_one_is_nothing() -> None:
    class Slope(nn.Module):
        def __init__(self, steep: float) -> None:
            super().__init__()
            self.steep = steep

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return self.steep * pictures.flatten(1)[:, :1]

    config = Wgan(width=8, side=32)
    for steep, wanted in ((1.0, 0.0), (3.0, 4.0)):
        networks = nn.ModuleDict({"generator": WganGenerator(config), "discriminator": Slope(steep)})
        batch = PhotoBatch(torch.rand(10, 3, 32, 32))
        penalty = WganObjective(config, networks).tell(batch, part=0)["penalty"]
        assert float(penalty.value) == pytest.approx(wanted, abs=1e-4)
        assert penalty.weight == 10


def test_each_turn_of_the_critic_sees_its_own_part() -> None:
    config = Wgan(width=8, side=32)
    objective = WganObjective(config, PARTS.networks(config))
    batch = PhotoBatch(torch.arange(10.0)[:, None, None, None].expand(10, 3, 32, 32))
    parts = [objective._part(batch, part)[:, 0, 0, 0].tolist() for part in range(5)]
    assert [number for part in parts for number in part] == list(range(10))
    assert [turn.player for turn in objective.turns(0)] == ["discriminator"] * 5 + ["generator"]
    assert all(len(objective._part(PhotoBatch(batch.photo[:2]), part)) for part in range(5))


def test_rates_fall_as_they_should() -> None:
    began, ours = Began(), Sembla()
    rates = [PARTS.rate(began, "generator", images) for images in (0, 1_599_999, 1_600_000, 3_200_000, 9_000_000)]
    assert rates == [1, 1, 0.5, 0.25, 0.25]
    assert PARTS.rate(ours, "generator", ours.game) == 0
    assert PARTS.rate(ours, "generator", ours.settled) == PARTS.rate(ours, "encoder", ours.game) == 1
    assert PARTS.rate(ours, "encoder", ours.images) == 0
    assert PARTS.rate(Wgan(), "generator", 10**9) == 1


def test_an_encoder_that_says_nothing_pays_what_a_normal_distribution_pays() -> None:
    """Codes of length sqrt(L) are 1 in the mean square: a Gaussian of mean 0 and variance 1 pays a half for each."""
    config = Sembla(side=32, width=8, discriminator_width=8, encoder_width=8, features="none")
    networks = PARTS.networks(config)
    encoder = networks["encoder"]
    assert isinstance(encoder, RegionEncoder)
    for weight in encoder.codes.parameters():
        nn.init.zeros_(weight)
    objective = LightObjective(config, networks, pixel_pyramid)
    (term,) = objective.encode(PhotoBatch(torch.zeros(4, 3, 32, 32))).values()
    assert term.value.item() == pytest.approx(0.5, abs=1e-5)


def test_the_encoder_learns_when_the_game_is_over() -> None:
    config = Sembla(images=1000)
    learning = {
        name: [at for at in range(0, 1000, 10) if PARTS.rate(config, name, at)] for name in PARTS.players(config)
    }
    assert learning["generator"] == learning["discriminator"] == list(range(0, 700, 10))
    assert learning["encoder"] == list(range(700, 1000, 10))
