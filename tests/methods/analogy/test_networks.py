"""The published networks, held against their published counts and definitions."""

from itertools import pairwise

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import Tensor, nn

from sembla.methods.analogy import fast_networks
from sembla.methods.analogy.fast_networks import Change, FastDiscriminator, FastGenerator
from sembla.methods.analogy.networks import (
    Attention,
    Generator,
    HalfDropout,
    PyramidDiscriminator,
    Segmenter,
    modulated,
)


def planes(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_the_networks_have_as_many_weights_as_published() -> None:
    generator = Generator()
    assert count(generator) == 5_511_686
    assert count(generator.layout_encoder) == count(generator.image_encoder) == 1_502_640
    assert count(generator.decoder) == 2_148_902
    assert count(generator.to_scale) == count(generator.to_shift) == 178_752
    assert count(PyramidDiscriminator()) == 1_058_625
    assert count(Segmenter()) == 221_315


def test_modulation_normalises_each_channel_over_its_places() -> None:
    features = planes(2, 3, 5, 4) * 7 + 2
    scale, shift = planes(2, 3, 5, 4, seed=1), planes(2, 3, 5, 4, seed=2)
    mean = features.mean(dim=(2, 3), keepdim=True)
    spread = (features.var(dim=(2, 3), keepdim=True, unbiased=False) + 1e-5).sqrt()
    torch.testing.assert_close(modulated(features, scale, shift), scale * (features - mean) / spread + shift)


def test_equal_layouts_give_ratio_one_and_difference_zero() -> None:
    generator = Generator(8)
    seen: list[Tensor] = []
    generator.to_scale.register_forward_pre_hook(lambda _module, given: seen.extend(given[0]))
    generator.to_shift.register_forward_pre_hook(lambda _module, given: seen.extend(given[0]))
    layout = planes(1, 3, 32, 40)
    made, modulation = generator(planes(1, 3, 32, 40, seed=1), layout, layout)
    assert made.shape == (1, 3, 32, 40)
    assert [tuple(part.shape) for part in modulation.scales] == [(1, 16, 16, 20), (1, 32, 8, 10), (1, 64, 4, 5)]
    assert all(torch.equal(part, torch.ones_like(part)) for part in seen[:3])
    assert all(torch.equal(part, torch.zeros_like(part)) for part in seen[3:])


def test_the_same_layout_twice_is_the_same_as_one_passed_as_both() -> None:
    generator = Generator(8).eval()
    picture, layout = planes(1, 3, 32, 32), planes(1, 3, 32, 32, seed=1)
    once, twice = (generator(picture, layout, other)[0] for other in (layout, layout.clone()))
    torch.testing.assert_close(once, twice)


def test_every_convolution_of_generator_and_discriminator_has_spectral_norm_one() -> None:
    for network in (Generator(8), PyramidDiscriminator(8)):
        with torch.no_grad():
            for _ in range(80):  # of the power iteration, one a look
                layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
                weights = [layer.weight for layer in layers]
        norms = [
            torch.linalg.matrix_norm(
                (weight.transpose(0, 1) if isinstance(layer, nn.ConvTranspose2d) else weight).flatten(1), 2
            )
            for layer, weight in zip(layers, weights, strict=True)
        ]
        torch.testing.assert_close(torch.stack(norms), torch.ones(len(norms)), atol=0.03, rtol=0)


def test_switches_add_attention_that_changes_nothing_at_first_and_skips_that_do() -> None:
    torch.manual_seed(0)
    plain, attentive = Generator(32).eval(), Generator(32, attention=True).eval()
    attentive.load_state_dict(plain.state_dict(), strict=False)
    skipping = Generator(32, skips=True).eval()
    skipping.load_state_dict(plain.state_dict())
    picture, one, other = planes(1, 3, 32, 32), planes(1, 3, 32, 32, seed=1), planes(1, 3, 32, 32, seed=2)
    made = [network(picture, one, other)[0] for network in (plain, attentive, skipping)]
    assert torch.equal(made[0], made[1])
    assert not torch.allclose(made[0], made[2])


def test_attention_takes_the_value_where_the_key_is() -> None:
    """Layout features that differ by place: the place that moved is looked up where it was."""
    attention = Attention(64).eval()
    with torch.no_grad():
        attention.weight.fill_(1)
    before = planes(1, 64, 3, 3) * 1e4  # so different that attention falls on one place
    after = before.flip(3)
    values = planes(1, 64, 3, 3, seed=1)
    with torch.no_grad():
        found = attention(values, before, after) - values
        everywhere = attention.value(values)
        keys, queries = attention.key(before).flatten(2)[0], attention.query(before).flatten(2)[0]
        best = (queries.T @ keys).argmax(1)
    torch.testing.assert_close(
        found.flatten(2)[0].T, everywhere.flip(3).flatten(2)[0].T[flipped(best)], atol=1e-3, rtol=0
    )


def flipped(best: Tensor) -> Tensor:
    """Where a place of a 3x3 map looks, both mirrored, as places of the mirrored map."""
    mirrored = best.view(3, 3).flip(1).flatten()
    return mirrored // 3 * 3 + 2 - mirrored % 3


def test_the_discriminator_scores_a_quarter_and_an_eighth() -> None:
    scores, taps = PyramidDiscriminator(8)(planes(2, 3, 48, 40))
    assert [tuple(part.shape) for part in scores] == [(2, 1, 12, 10), (2, 1, 6, 5)]
    assert [tuple(part.shape) for part in taps] == [(2, 16, 12, 10), (2, 32, 6, 5)]


def test_the_segmenter_joins_its_branches_as_one_layer_would() -> None:
    network = Segmenter(8).eval()
    picture = planes(1, 3, 40, 40)
    mean = network.whole(picture.mean(dim=(2, 3), keepdim=True)).expand(-1, -1, 40, 40)
    branches = torch.cat([network.point(picture), network.near(picture), network.far(picture), mean], dim=1)
    torch.testing.assert_close(network(picture), network.head(network.join(branches.relu())))


def test_dropout_keeps_every_second_value_doubled() -> None:
    torch.manual_seed(0)
    dropout = HalfDropout()
    kept = torch.stack([dropout(torch.ones(7, 91)) for _ in range(400)])
    assert set(torch.unique(kept).tolist()) == {0.0, 2.0}
    shares = (kept > 0).float().mean(dim=0)
    assert 0.35 < shares.min() < shares.max() < 0.65  # six deviations of 400 tosses
    assert abs(shares.mean() - 0.5) < 0.01
    values = (kept > 0).float() - 0.5
    assert (values[:, :, 1:] * values[:, :, :-1]).mean().abs() < 0.005  # neighbours decide apart
    assert torch.equal(dropout.eval()(kept), kept)


def test_no_change_of_layout_changes_nothing_in_fast() -> None:
    features = planes(1, 16, 6, 6)
    modulation = Change(16)(features, features)
    assert torch.equal(modulation.log_scale, torch.zeros_like(features))
    assert torch.equal(modulation.shift, torch.zeros_like(features))
    torch.testing.assert_close(modulation(features), nn.functional.instance_norm(features))


def test_fast_is_bounded_and_noise_and_layout_matter() -> None:
    generator = FastGenerator(3, width=8)
    picture, noise = planes(1, 3, 32, 40), planes(1, 1, 8, 10, seed=1)
    source = torch.zeros(1, 3, 32, 40)
    source[:, 0] = 1
    target = source.roll(1, dims=1)
    made = [
        generator(picture * 50, source, target, noise=noise),
        generator(picture * 50, source, target, noise=-noise),
        generator(picture * 50, source, source, noise=noise),
    ]
    assert all(part.shape == (1, 3, 8, 10) and part.abs().max() <= 1 for part in made)
    assert all(not torch.allclose(one, other) for one, other in pairwise(made))


def test_fast_makes_a_batch_of_layouts_from_one_photo() -> None:
    generator = FastGenerator(2, width=8).eval()
    picture, source = planes(1, 3, 32, 32), torch.nn.functional.one_hot(torch.zeros(1, 32, 32).long(), 2).movedim(3, 1)
    targets, noise = planes(3, 2, 32, 32, seed=1), planes(3, 1, 8, 8, seed=2)
    whole = generator(picture, source.float(), targets, noise=noise)
    alone = generator(picture, source.float(), targets[1:2], noise=noise[1:2])
    torch.testing.assert_close(whole[1:2], alone, atol=1e-5, rtol=1e-5)


def test_the_discriminator_of_fast_sees_the_layout() -> None:
    judge = FastDiscriminator(2, width=8).eval()
    picture, layout = planes(1, 3, 32, 32), planes(1, 2, 32, 32)
    scores, others = judge(picture, layout), judge(picture, -layout)
    assert [tuple(part.shape[2:]) for part in scores] == [(32, 32), (16, 16), (8, 8)]
    assert not any(torch.allclose(one, other) for one, other in zip(scores, others, strict=True))


def test_a_look_up_in_pieces_is_that_of_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = fast_networks.LookUp(16)
    values, before, after = planes(1, 16, 6, 6), planes(1, 16, 6, 6, seed=1), planes(1, 16, 6, 6, seed=2)
    whole = look_up(values, before, after)
    monkeypatch.setattr(fast_networks, "_SCORES", 36 * 5)
    torch.testing.assert_close(look_up(values, before, after), whole)
