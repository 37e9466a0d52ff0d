"""What portrait networks are taught, in closed forms."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import Tensor, nn

from sembla.losses.moves import Made
from sembla.methods.portrait.batches import PortraitBatch
from sembla.methods.portrait.config import MapHead, Pix2Pix, Reconstruction, Sembla
from sembla.methods.portrait.light_objective import LightObjective, _colours_apart
from sembla.methods.portrait.networks import GROUPS
from sembla.methods.portrait.objective import objective

TABLE = torch.tensor([GROUPS, 0, 1])  # background, skin, eyes
OWN = torch.tensor([[[0, 1], [1, 2]]])
OTHER = torch.tensor([[[0, 1], [2, 1]]])
PHOTO = torch.tensor([[[0.4, 0.2], [0.6, -0.8]]]).expand(3, 2, 2)[None].clone()


def batch() -> PortraitBatch:
    return PortraitBatch(PHOTO, OWN, OTHER, torch.ones(1, 1, 2, 2), torch.zeros(1, 128))


class Fixed(nn.Module):
    """Makes `made`, whatever it is shown, and remembers what that was."""

    def __init__(self, made: Tensor) -> None:
        super().__init__()
        self.made, self.shown = made, []  # type: ignore[var-annotated]

    def forward(self, groups: Tensor, shown: Tensor, **_: Tensor) -> Tensor:
        self.shown.append((groups, shown))
        return self.made


def terms(config: Any, made: Tensor, critic: Any = None) -> tuple[dict[str, float], Fixed]:
    """The generator's terms, weighted."""
    generator = Fixed(made)
    critic = critic or (lambda *_: torch.zeros(1, 1, 1, 1))
    its = objective(config, cast("nn.ModuleDict", {"generator": generator, "discriminator": critic}), TABLE)
    found = its.paint(batch(), Made())
    return {name: float(term.value * term.weight) for name, term in found.items()}, generator


def test_the_first_version_asks_for_the_photo_on_black_where_maps_agree_and_for_something_else_elsewhere() -> None:
    found, generator = terms(Pix2Pix(), torch.zeros(1, 3, 2, 2))
    on_black = torch.tensor([-1.0, 0.2, 0.6, -0.8])
    assert found["reconstruction"] == pytest.approx(100 * float(on_black.abs().mean()))
    assert found["same"] == pytest.approx(100 * 0.2 / 4)  # the one pixel of skin in both
    far = [0.04, 0.08, 0.04, 0.04]  # halved, 0.4, 0.6 and 0.8 are far from the photo; where maps agree nothing is asked
    assert found["different"] == pytest.approx(100 * sum(far) / 4)
    assert found["again"] == found["moved"] == pytest.approx(float(torch.tensor(2.0).log()))
    (own, _), (other, coloured) = generator.shown
    assert own[0, :2].flatten(1).tolist() == [[0, 1, 1, 0], [0, 0, 0, 1]]
    assert other[0, :2].flatten(1).tolist() == [[0, 1, 0, 1], [0, 0, 1, 0]]
    assert coloured[0, 0].flatten().tolist() == pytest.approx([-1.0, 0.4, -0.8, 0.4], abs=1e-3)


def test_what_is_pushed_away_learns_only_while_it_is_near() -> None:
    made = (PHOTO + torch.tensor([0.02, 0.02, 0.12, 0.3]).view(1, 1, 2, 2)).requires_grad_()
    generator = Fixed(made)
    networks = cast("nn.ModuleDict", {"generator": generator, "discriminator": lambda *_: torch.zeros(1, 1, 1, 1)})
    objective(Pix2Pix(), networks, TABLE).paint(batch(), Made())["different"].value.backward()  # type: ignore[no-untyped-call]
    assert made.grad is not None
    moves = made.grad[0].abs().sum(0).flatten() > 0
    assert moves.tolist() == [True, False, False, False]  # background of both; the same; too far


def test_the_second_version_asks_for_the_colours_of_the_other_map() -> None:
    told = torch.zeros(1, 3, 2, 2)
    found, _ = terms(MapHead(), torch.zeros(1, 3, 2, 2), lambda *_: (torch.zeros(1, 1), told))
    assert found["again"] == pytest.approx(100 * float(torch.tensor(2.0).log()))
    assert found["map"] == pytest.approx(100 * (1.0 + 0.4 + 0.8 + 0.4) / 4, rel=1e-3)
    assert set(found) == {"again", "reconstruction", "map"}


@pytest.mark.parametrize("condition", ["colours", "photograph"])
def test_reconstruction_asks_for_the_photo_background_and_all(condition: Any) -> None:
    found, generator = terms(Reconstruction(condition=condition), torch.zeros(1, 3, 2, 2))
    assert found["reconstruction"] == pytest.approx(100 * float(PHOTO.abs().mean()))
    ((_, shown),) = generator.shown
    assert torch.equal(shown, PHOTO) == (condition == "photograph")


def test_colours_of_regions_are_compared_where_both_have_them() -> None:
    layout = nn.functional.one_hot(OWN, 3).permute(0, 3, 1, 2).float()
    other = nn.functional.one_hot(OTHER, 3).permute(0, 3, 1, 2).float()
    flat = torch.zeros(1, 3, 2, 2)
    means = torch.tensor([0.4, 0.4, 0.8])
    assert float(_colours_apart(flat, other, PHOTO, layout)) == pytest.approx(float(means.mean()), rel=1e-3)
    assert float(_colours_apart(PHOTO, layout, PHOTO, layout)) == 0
    lacking = other.clone()
    lacking[:, 2] = 0
    assert float(_colours_apart(flat, lacking, PHOTO, layout)) == pytest.approx(0.4, rel=1e-3)


def test_pixels_are_asked_for_of_photos_in_their_own_layout_alone_and_most_in_the_hole() -> None:
    config = Sembla(pixels=1.0)
    networks: Any = {"generator": None, "discriminator": None, "segmenter": None}
    its = LightObjective(config, networks, lambda pictures: [pictures], None)
    photo, hole = torch.zeros(2, 3, 4, 4), torch.zeros(2, 1, 4, 4)
    hole[:, :, :2] = 1
    face = torch.ones(2, 3, 4, 4) * hole  # wrong by 1 in the hole alone
    given = cast("PortraitBatch", SimpleNamespace(photo=photo, hole=hole))
    both = its._alike(face, given, torch.tensor([True, True]))["pixels"].value
    one = its._alike(face, given, torch.tensor([True, False]))["pixels"].value
    none = its._alike(face, given, torch.tensor([False, False]))["pixels"].value
    assert float(both) == pytest.approx(1.05 / 1.1)  # the known half counts for a twentieth
    assert float(one) == pytest.approx(float(both) / 2)
    assert float(none) == 0
