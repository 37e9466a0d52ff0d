"""What portrait networks are taught, in closed forms."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import Tensor, nn

from sembla.core.labels import Classes
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.losses.moves import Made
from sembla.losses.segmentation import class_weights
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


def near(values: list[float]) -> Any:
    return pytest.approx(values, rel=1e-3)


def ramp(planes: Tensor) -> Tensor:
    """A number that tells planes (1, C, 2, 2) from others."""
    return (planes * torch.arange(1.0, 1 + planes[0].numel()).view(planes.shape)).mean()


def judged(condition: Tensor, picture: Tensor) -> Tensor:
    """A critic's score, which tells all conditions and pictures apart."""
    return (3 * ramp(condition) + ramp(picture)).view(1, 1, 1, 1)


def planes_of(skin: list[int], eyes: list[int]) -> Tensor:
    """Groups, of which only the first two occur."""
    groups = torch.zeros(1, GROUPS, 4)
    groups[0, 0], groups[0, 1] = torch.tensor(skin), torch.tensor(eyes)
    return groups.view(1, GROUPS, 2, 2)


def taken(score: Tensor, *, real: bool) -> float:
    """Cross entropy with one or zero."""
    wanted = torch.ones_like(score) if real else torch.zeros_like(score)
    return float(nn.functional.binary_cross_entropy_with_logits(score, wanted))


OWN_GROUPS, OTHER_GROUPS = planes_of([0, 1, 1, 0], [0, 0, 0, 1]), planes_of([0, 1, 0, 1], [0, 0, 1, 0])
ON_BLACK = torch.tensor([[[-1.0, 0.2], [0.6, -0.8]]]).expand(3, 2, 2)[None]
AGAIN, MOVED = torch.full((1, 3, 2, 2), 0.3), torch.full((1, 3, 2, 2), -0.5)


class Two(Fixed):
    """Makes `AGAIN`, then `MOVED`."""

    def __init__(self) -> None:
        super().__init__(AGAIN)

    def forward(self, groups: Tensor, shown: Tensor, **more: Tensor) -> Tensor:
        super().forward(groups, shown, **more)
        return AGAIN if len(self.shown) == 1 else MOVED


def game(config: Any, critic: Any) -> tuple[list[float], list[float]]:
    """What the generator is told by the critic, and what the critic is."""
    its = objective(config, cast("nn.ModuleDict", {"generator": Two(), "discriminator": critic}), TABLE)
    one, made = batch(), Made[PortraitBatch]()
    painted, found = its.paint(one, made), its.judge(one, made)
    names = [name for name in ("again", "moved") if name in painted]
    return [float(painted[name].value) for name in names], [float(term.value) for term in found.values()]


def test_each_map_is_judged_with_what_was_made_of_it() -> None:
    told, found = game(Pix2Pix(), judged)
    again, moved = judged(OWN_GROUPS, AGAIN), judged(OTHER_GROUPS, MOVED)
    assert told == near([taken(again, real=True), taken(moved, real=True)])
    photo = judged(OWN_GROUPS, ON_BLACK)
    assert found == near([taken(photo, real=True), taken(again, real=False), taken(moved, real=False)])


def test_the_second_version_judges_by_maps_of_colours_and_reads_those_of_photos() -> None:
    def critic(condition: Tensor, picture: Tensor) -> tuple[Tensor, Tensor]:
        return judged(condition, picture), torch.zeros(1, 3, 2, 2)

    told, found = game(MapHead(), critic)
    own = torch.tensor([[[-1.0, 0.4], [0.4, -0.8]]]).expand(3, 2, 2)[None]
    other = torch.tensor([[[-1.0, 0.4], [-0.8, 0.4]]]).expand(3, 2, 2)[None]
    again, moved = judged(own, AGAIN), judged(other, MOVED)
    assert told == near([taken(again, real=True)])
    photo = judged(own, ON_BLACK)
    wanted = [taken(photo, real=True), taken(again, real=False), taken(moved, real=False), float(own.abs().mean())]
    assert found == near(wanted)


def test_the_third_version_judges_photos_background_and_all() -> None:
    told, found = game(Reconstruction(), judged)
    again, photo = judged(OWN_GROUPS, AGAIN), judged(OWN_GROUPS, PHOTO)
    assert told == near([taken(again, real=True)])
    assert found == near([taken(photo, real=True), taken(again, real=False)])


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


class Portraitist:
    """Makes faces of one colour, whatever is asked for, and remembers what that was."""

    def __init__(self, colour: float) -> None:
        self.colour, self.asked, self.encoder = colour, {}, SimpleNamespace(remember=lambda *_: None)  # type: ignore[var-annotated]

    def layout(self, labels: Tensor) -> Tensor:
        return nn.functional.one_hot(labels, 3).permute(0, 3, 1, 2).float()

    def looks(self, photo: Tensor, layout: Tensor) -> Tensor:
        return torch.stack([photo.mean((1, 2, 3)), layout[:, 1].mean((1, 2))])

    def completed(self, looks: Tensor) -> Tensor:
        return looks

    def person(self, photo: Tensor) -> Tensor:
        return photo.mean((1, 2, 3))

    def noise(self, layout: Tensor) -> Tensor:
        return torch.zeros_like(layout)

    def __call__(self, layout: Tensor, looks: Tensor, **more: Tensor) -> Tensor:
        self.asked = {"layout": layout, "looks": looks, **more}
        return torch.full_like(more["photo"], self.colour)


def test_ours_is_judged_in_the_photo_named_by_the_wanted_map_and_known_by_the_photo_s_face(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two photos of 0.5; the first is asked for in its own layout, the second in one that differs at one pixel."""
    for change in ("augmented", "recoloured"):
        monkeypatch.setattr(f"sembla.methods.portrait.light_objective.{change}", lambda faces: faces)
    labels = OWN.repeat(2, 1, 1)
    wanted = labels.clone()
    wanted[1, 0, 0] = 2
    photo, hole = torch.full((2, 3, 2, 2), 0.5), torch.zeros(2, 1, 2, 2)
    hole[:, :, :, 0] = 1
    one = PortraitBatch(photo, labels, wanted, hole, torch.zeros(2, 128))
    shown = torch.where(hole > 0, -0.5, photo)
    scores = torch.arange(160.0).view(2, 20, 2, 2).sin()  # the first says that it was made
    named: list[Tensor] = []

    def parser(pictures: Tensor) -> Tensor:
        named.append(pictures)
        return scores

    def critic(faces: Tensor, _depths: object) -> list[Tensor]:
        return [(3 * faces.mean((1, 2, 3), keepdim=True))]

    def embeds(pictures: Tensor) -> Tensor:
        angle = pictures.mean((1, 2, 3))
        return torch.stack([angle.cos(), angle.sin()], dim=1)

    portraitist = Portraitist(-0.5)
    networks: Any = {"generator": portraitist, "discriminator": critic, "segmenter": parser}
    config = Sembla(classes=Classes.of(CELEBAMASK_HQ_19))
    its = LightObjective(config, networks, lambda pictures: [pictures], embeds)
    made = Made[PortraitBatch]()
    found = {name: float(term.value) for name, term in its.paint(one, made).items()}
    assert torch.equal(portraitist.asked["layout"].argmax(1), wanted)
    assert torch.equal(portraitist.asked["looks"][1], torch.full((2,), 0.5))  # those of the photo, in its own layout
    assert torch.equal(named[0], shown)
    assert found["adversarial"] == pytest.approx(0.0, abs=1e-6)  # the mean of what is shown is 0
    assert found["identity"] == pytest.approx(1 - float(torch.tensor(0.5).cos()))
    assert found["pixels"] == pytest.approx(0.5)  # 1 off, in the first photo alone
    assert found["perceptual"] == pytest.approx(0.5)
    weights = class_weights(wanted, 19)
    entropy = nn.functional.cross_entropy(scores, wanted + 1, reduction="none")
    assert found["segmentation"] == pytest.approx(float((entropy * weights).mean()))
    judged_by = float(its.judge(one, made)["adversarial"].value)
    assert judged_by == pytest.approx(max(0, 1 - 1.5) + 1.0)  # photos score 1.5, what is made 0
    told = {name: float(term.value) for name, term in its.name(one, made).items()}
    assert torch.equal(named[1], shown)
    assert torch.equal(named[2], photo)
    entropy = nn.functional.cross_entropy(scores, labels + 1, reduction="none")
    assert told["segmentation"] == pytest.approx(float((entropy * class_weights(labels, 19).sqrt()).mean()))
    assert told["made"] == pytest.approx(float((scores.logsumexp(1) - scores[:, 0])[:, :, 0].sum() / 8))  # in the hole
