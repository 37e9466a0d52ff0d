"""From a draft to the photo's own pixels."""

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sembla.methods.analogy import copying
from sembla.methods.analogy.copying import GRAIN, Pixels, copied, described, reduced


def photo(height: int = 48, width: int = 64, *, seed: int = 0) -> Tensor:
    """Smooth noise, no two places of it alike."""
    chance = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, height // GRAIN, width // GRAIN, generator=chance) * 2 - 1
    return F.interpolate(coarse, size=(height, width), mode="bilinear")


def halves(height: int = 48, width: int = 64, *, border: int = 32) -> Tensor:
    """Class 0 on the left, class 1 from the column `border` on."""
    right = (torch.arange(width) >= border).float().expand(height, width)
    return torch.stack([1 - right, right])[None]


def test_a_description_is_the_cosine_transform_of_a_window_under_a_gaussian() -> None:
    planes = torch.randn(1, 2, 9, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ticks = torch.arange(9, dtype=torch.float64)
    gaussian = torch.exp(-((ticks - 4) ** 2) / 36)  # its squares have a standard deviation of 3
    gaussian = (gaussian[:, None] * gaussian) / gaussian.square().sum()
    middle = described(planes, orders=3)[0, :, 4, 4].view(2, 6)
    for channel in range(2):
        index = 0
        for down in range(3):
            for across in range(3 - down):
                waves = [torch.cos(torch.pi * order * (2 * ticks + 1) / 18) for order in (down, across)]
                wave = waves[0][:, None] * waves[1]
                wave = wave / wave.square().sum().sqrt()
                expected = (planes[0, channel] * gaussian * wave).sum()
                torch.testing.assert_close(middle[channel, index], expected, atol=1e-6, rtol=1e-5)
                index += 1


def test_the_photo_of_its_own_draft_is_the_photo() -> None:
    layout = halves()
    torch.testing.assert_close(
        copied(reduced(photo()), photo(), source=layout, target=layout), photo(), atol=1e-5, rtol=1e-5
    )


def test_large_pixels_are_copied_by_what_is_compared_small() -> None:
    large, layout = photo(96, 128, seed=3), halves()
    small = F.avg_pool2d(large, 2)
    ids = halves(96, 128, border=64)[:, 1:]
    pixels = Pixels(large, ids, ids)
    made = copied(reduced(small), small, source=layout, target=layout, pixels=pixels)
    torch.testing.assert_close(made, large, atol=1e-5, rtol=1e-5)


def test_what_is_drafted_elsewhere_is_copied_from_where_it_was() -> None:
    moved, layout = photo().roll(8, dims=3), halves().roll(8, dims=3)
    made = copied(reduced(moved), photo(), source=halves(), target=layout)
    inside = (slice(None), slice(None), slice(16, 32), slice(44, 52))  # no description there sees a border
    torch.testing.assert_close(made[inside], moved[inside], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("border", [30, 32, 37])
def test_pixels_come_from_their_own_class_alone(border: int) -> None:
    """Also where a border runs through places: left is red, right is blue, whatever was drafted."""
    source, target = halves(border=32), halves(border=border)
    picture = torch.cat([source[:, :1], torch.zeros(1, 1, 48, 64), source[:, 1:]], dim=1) * 2 - 1
    draft = torch.rand(1, 3, 12, 16, generator=torch.Generator().manual_seed(border)) * 2 - 1
    made = copied(draft, picture, source=source, target=target)
    wanted = torch.cat([target[:, :1], torch.zeros(1, 1, 48, 64), target[:, 1:]], dim=1) * 2 - 1
    torch.testing.assert_close(made, wanted, atol=1e-3, rtol=0)


def test_photos_of_another_size_and_classes_without_a_place_are_served() -> None:
    none = torch.zeros(1, 1, 48, 64)
    source, target = torch.cat([halves(), none], 1), torch.cat([none, halves()], 1)[:, :, :32, :40]
    made = copied(reduced(photo(32, 40, seed=1)), photo(), source=source, target=target)
    assert made.shape == (1, 3, 32, 40)
    assert made.abs().max() <= 1 + 1e-5


def test_pieces_and_autocast_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    draft, target = reduced(photo(seed=2)), halves(border=24)
    made = copied(draft, photo(), source=halves(), target=target)
    monkeypatch.setattr(copying, "_CHUNK", 1000)
    torch.testing.assert_close(copied(draft, photo(), source=halves(), target=target), made)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(copied(draft, photo(), source=halves(), target=target), made)


def test_a_place_continues_its_neighbours_where_that_costs_little() -> None:
    """One place of a field that is shifted by (1, 2) has another match, which is a little better, or much better."""
    down, right = torch.meshgrid(torch.arange(6), torch.arange(6), indexing="ij")
    theirs, ours = torch.zeros(144, 1), torch.zeros(36, 1)
    rows, columns = down + 1, right + 2
    rows[3, 3], columns[3, 3] = 9, 9
    for better, expected in ((1.0, (4, 5)), (100.0, (9, 9))):
        ours[21] = theirs[9 * 12 + 9] = better**0.5
        matches = torch.stack([rows, columns])
        rated = (theirs[rows * 12 + columns].flatten() - ours.flatten().view(36)).square()
        found, distances = copying._coherent((matches, rated.view(6, 6)), (ours, theirs), (12, 12))
        assert (found[0][3, 3].item(), found[1][3, 3].item()) == expected
        assert distances[3, 3].item() == pytest.approx(better if expected == (4, 5) else 0)
        others = torch.ones(6, 6, dtype=torch.bool)
        others[3, 3] = False
        assert torch.equal(found[0][others], rows[others])
        assert torch.equal(found[1][others], columns[others])
