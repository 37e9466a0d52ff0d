"""Searches on a prior whose pictures are known: a code says the colours of four quarters."""

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import Tensor, nn

from sembla.core.errors import Cancelled, InputError, SizeError
from sembla.core.tasks import Kept, PreserveTask, Preview, Watch
from sembla.core.types import Picture, Region
from sembla.core.ways import Bedrooms, Faces, Pixels, Search, Steered
from sembla.imaging.holes import rectangle
from sembla.methods.preserve.canvas import check_kept, lay_out
from sembla.methods.preserve.config import Began, Config, Sembla, Wgan
from sembla.methods.preserve.distance import Likeness, depth_weights, differences
from sembla.methods.preserve.learned import PARTS
from sembla.methods.preserve.searches import Sought, plan_of
from sembla.methods.preserve.synthesis import preserve
from sembla.nn.perceptual import pixel_pyramid
from sembla.nn.planes import to_planes

SIDE = 32
CONFIG = Sembla(side=SIDE, latent=12, features="none")
CORNER = rectangle((SIDE, SIDE), left=0, top=0, width=SIDE // 2, height=SIDE // 2)
SEARCHES: dict[str, Search] = {
    "steered": Steered(60, meaning=0.3),
    "pixels": Pixels(60),
    "faces": Faces(60),
    "bedrooms": Bedrooms(3000),
}


class Quarters(nn.Module):
    """Codes (N, 12) to pictures whose quarters have the colours that the code says."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, codes: Tensor) -> Tensor:
        colours = torch.tanh(self.scale * codes).reshape(-1, 3, 2, 2)
        return nn.functional.interpolate(colours, scale_factor=float(SIDE // 2))


def networks() -> nn.ModuleDict:
    return nn.ModuleDict({"generator": Quarters()}).eval().requires_grad_(requires_grad=False)


def photo() -> Picture:
    values: NDArray[np.uint8] = np.full((SIDE, SIDE, 3), (200, 90, 40), np.uint8)
    return values


def task(search: Search, *, kept: Kept | None = None) -> PreserveTask:
    return PreserveTask((kept or Kept(photo(), CORNER),), candidates=8, shown=3, search=search, seed=4)


def apart(picture: Picture, region: Region) -> float:
    return float(np.abs(picture[region].astype(float) - photo()[region]).mean())


@pytest.mark.parametrize("name", SEARCHES)
def test_what_is_kept_is_found_and_the_rest_differs(name: str) -> None:
    found = preserve(CONFIG, networks(), task(SEARCHES[name]))
    before = preserve(CONFIG, networks(), task(Steered(0)))
    assert len(found.pictures) == 3
    assert len(found.candidates) == 8
    now = np.mean([apart(picture, CORNER) for picture in found.candidates])
    then = np.mean([apart(picture, CORNER) for picture in before.candidates])
    assert now < 0.4 * then
    rest = np.stack(found.candidates)[:, ~CORNER].astype(float)
    assert rest.std(axis=0).mean() > 20
    assert found.deviation[~CORNER].mean() > 2 * found.deviation[CORNER].mean()


@pytest.mark.parametrize("name", ["steered", "pixels", "bedrooms"])
def test_the_best_come_first(name: str) -> None:
    found = preserve(CONFIG, networks(), task(replace(SEARCHES[name], steps=5)))
    assert list(found.distances) == sorted(found.distances)
    for chosen, first in zip(found.pictures, found.candidates, strict=False):
        np.testing.assert_array_equal(chosen, first)


def test_the_published_search_for_faces_keeps_the_order_of_its_candidates() -> None:
    few = preserve(CONFIG, networks(), task(Faces(1)))
    distances = [apart(picture, CORNER) for picture in few.candidates]
    assert distances != sorted(distances)
    assert not few.reference[~CORNER].any()


def test_diverse_ones_differ_more_than_the_best() -> None:
    def spread(pictures: tuple[Picture, ...]) -> float:
        stack = np.stack(pictures).astype(float)
        return float(np.abs(stack[:, None] - stack).mean())

    many = replace(task(Steered(20)), candidates=24, shown=6)
    best, diverse = (preserve(CONFIG, networks(), replace(many, diverse=each)) for each in (False, True))
    assert spread(diverse.pictures) > spread(best.pictures)
    assert diverse.distances[0] == best.distances[0]


def test_the_same_seed_gives_the_same_pictures() -> None:
    one, again, other = (
        preserve(CONFIG, networks(), replace(task(Steered(3)), seed=seed)).candidates for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(np.stack(one), np.stack(again))
    assert not np.array_equal(np.stack(one), np.stack(other))


def test_locked_regions_come_back_bit_for_bit() -> None:
    noisy = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    found = preserve(CONFIG, networks(), task(Steered(2), kept=Kept(noisy, CORNER, locked=True)))
    for picture in found.candidates:
        np.testing.assert_array_equal(picture[CORNER], noisy[CORNER])


@pytest.mark.parametrize("kind", [Faces, Bedrooms])
def test_the_gram_form_is_another_search(kind: type[Faces] | type[Bedrooms]) -> None:
    plain, gram = (preserve(CONFIG, networks(), task(kind(steps=2, gram=each))) for each in (False, True))
    assert all(np.isfinite(gram.distances))
    assert gram.distances != plain.distances


def test_hard_cells_lie_within_the_region_wholly() -> None:
    """What is outside those cells of 8 pixels is of no account, and a region without such a cell is told."""
    changed = photo()
    changed[3:13, 3:8] = changed[3:8, 3:13] = 0
    odd = rectangle((SIDE, SIDE), left=3, top=3, width=13, height=13)
    for hard in (True, False):
        one, other = (
            preserve(CONFIG, networks(), task(Faces(1, hard=hard), kept=Kept(each, odd))) for each in (photo(), changed)
        )
        assert (one.distances == other.distances) == hard
    thin = rectangle((SIDE, SIDE), left=3, top=3, width=12, height=12)
    with pytest.raises(InputError, match="no cell"):
        preserve(CONFIG, networks(), task(Faces(1, hard=True), kept=Kept(photo(), thin)))


def test_the_reference_itself_is_at_no_distance_whatever_its_weights() -> None:
    """By the published search for faces: weights say what counts, and not how bright it shall be."""
    halves = [rectangle((SIDE, SIDE), left=left, top=0, width=16, height=SIDE) for left in (0, 16)]
    kept = tuple(Kept(photo(), half, weight=weight) for half, weight in zip(halves, (1, 0.2), strict=True))
    canvas = lay_out(kept)
    planes = to_planes([canvas.alone])
    weights = torch.from_numpy(canvas.weights)[None, None]
    sought = Sought(planes, planes, weights, torch.zeros(1, 12), pixel_pyramid, 2)
    loss, _ = plan_of(Faces(), sought)
    assert float(loss(planes, torch.zeros(1, 12))["region"].value) == 0


def test_a_search_is_seen_and_can_be_stopped() -> None:
    seen: list[Preview] = []

    def show(preview: Preview) -> bool:
        seen.append(preview)
        return len(seen) < 3

    with pytest.raises(Cancelled):
        preserve(CONFIG, networks(), task(Steered(10)), watch=Watch(show))
    assert [(one.level, one.levels) for one in seen] == [(0, 10), (1, 10), (2, 10)]
    last: list[Preview] = []
    preserve(CONFIG, networks(), task(Steered(0)), watch=Watch(last.append))
    assert [(one.level, one.levels) for one in last] == [(0, 1)]
    assert seen[0].picture.shape == (3 * SIDE, 3 * SIDE, 3)
    with pytest.raises(Cancelled):
        preserve(CONFIG, networks(), task(Steered(10)), watch=Watch(stop=lambda: True))


def test_several_regions_meet_on_one_canvas() -> None:
    red, blue = (np.full((SIDE, SIDE, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))
    wide = rectangle((SIDE, SIDE), left=8, top=8, width=20, height=20)
    canvas = lay_out((Kept(red, CORNER, weight=2), Kept(blue, wide, locked=True)))
    assert (canvas.alone[CORNER & ~wide] == (255, 0, 0)).all()
    assert (canvas.alone[wide] == (0, 0, 255)).all()
    assert not canvas.alone[~CORNER & ~wide].any()
    assert (canvas.within[~wide] == (255, 0, 0)).all()
    assert set(np.unique(canvas.weights)) == {0.0, 0.5, 1.0}
    np.testing.assert_array_equal(canvas.locked, wide)
    np.testing.assert_array_equal(canvas.region, CORNER | wide)


@pytest.mark.parametrize(
    ("kept", "error", "told"),
    [
        ((), InputError, "no region came"),
        ((Kept(photo(), np.zeros((SIDE, SIDE), np.bool_)),), InputError, "region 1 is empty"),
        ((Kept(photo()[:16], CORNER),), SizeError, "are not 32x32"),
        ((Kept(photo(), CORNER, weight=0),), InputError, "the weight 0"),
        (
            (Kept(photo(), CORNER), Kept(photo(), CORNER, weight=float("nan"))),
            InputError,
            "region 2 has the weight nan",
        ),
    ],
)
def test_regions_that_cannot_be_used_are_told(kept: tuple[Kept, ...], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        check_kept(kept, SIDE)


def test_a_picture_of_another_kind_is_strange() -> None:
    white = Kept(np.full((SIDE, SIDE, 3), 255, np.uint8), CORNER)
    for candidates in (1, 64):
        tasks = [replace(task(Steered(0), kept=kept), candidates=candidates) for kept in (None, white)]
        its, other = (preserve(CONFIG, networks(), one) for one in tasks)
        assert its.strangeness < 1.5 < other.strangeness


@pytest.mark.parametrize("meaning", [0.0, 0.4, 1.0])
def test_depths_share_one_weight_about_what_is_meant(meaning: float) -> None:
    weights = depth_weights(4, meaning)
    assert sum(weights) == pytest.approx(1)
    assert int(np.argmax(weights)) == round(meaning * 4)


def test_a_distance_ignores_what_lies_outside() -> None:
    """Even to planes that see beyond the region: the surroundings are the candidate's own."""
    reference = torch.rand(1, 3, SIDE, SIDE) * 2 - 1
    weights = torch.from_numpy(CORNER)[None, None].float()
    candidate = torch.rand(2, 3, SIDE, SIDE) * 2 - 1
    alike = torch.where(weights > 0, reference, candidate)
    likeness = Likeness(pixel_pyramid, reference, weights, meaning=0.5)
    assert torch.equal(likeness(alike), torch.zeros(2))
    assert (likeness(candidate) > 0.05).all()
    residuals = likeness.residuals(candidate)
    torch.testing.assert_close(sum(each.abs().flatten(1).sum(1) for each in residuals), likeness(candidate))


class Reader(nn.Module):
    """An encoder that knows the colours of a region, and nothing of the others."""

    def forward(self, pictures: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
        seen = (pictures * regions).sum((2, 3)) / regions.sum((2, 3))
        means, unsure = torch.zeros(1, 3, 4), torch.zeros(1, 3, 4)
        means[..., 0], unsure[..., 0] = torch.atanh(seen), -20.0
        return means.flatten(1), unsure.flatten(1)


def test_what_an_encoder_reads_needs_no_step_and_leaves_the_rest_open() -> None:
    reading = networks()
    reading["encoder"] = Reader()
    result = preserve(CONFIG, reading, task(Steered(0, tries=1)))
    assert all(apart(picture, CORNER) <= 1 for picture in result.candidates)
    assert np.stack(result.candidates)[:, ~CORNER].std(axis=0).min() > 10


def test_more_tries_begin_nearer() -> None:
    tasks = [replace(task(Steered(0, tries=tries)), shown=8) for tries in (1, 8, 64)]
    once, some, many = (sum(preserve(CONFIG, networks(), each).distances) for each in tasks)
    assert once > some > many


CRITICS: dict[str, Config] = {
    "began": Began(side=SIDE, width=8, latent=12, features="critic"),
    "wgan": Wgan(side=SIDE, width=8, latent=12, features="critic"),
}


def with_critic(name: str) -> nn.ModuleDict:
    """The known generator beside a critic that was never taught."""
    torch.manual_seed(0)
    critic = PARTS.networks(CRITICS[name])["discriminator"]
    return nn.ModuleDict({"generator": Quarters(), "discriminator": critic}).eval().requires_grad_(requires_grad=False)


@pytest.mark.parametrize("kind", [Steered, Faces])
@pytest.mark.parametrize("name", CRITICS)
def test_regions_can_be_compared_through_the_critic(name: str, kind: type[Steered | Faces]) -> None:
    """Searches find what is kept in its planes, and one that sees nothing finds nothing."""
    seeing, blind = with_critic(name), with_critic(name)
    nn.init.zeros_(cast("nn.Conv2d", blind["discriminator"].first).weight)
    found, lost = (preserve(CRITICS[name], each, task(kind(60))) for each in (seeing, blind))
    now, then = (np.mean([apart(picture, CORNER) for picture in each.candidates]) for each in (found, lost))
    assert now < 0.6 * then


@pytest.mark.parametrize("name", CRITICS)
def test_the_critic_is_part_of_a_model_that_is_searched_through_it(name: str) -> None:
    for features, teaches in (("critic", False), ("", True)):
        config = replace(CRITICS[name], features=features)  # type: ignore[call-arg]
        assert PARTS.players(config)["discriminator"].teacher is teaches


def test_candidates_are_driven_apart_outside_the_region() -> None:
    """Of the same codes: many steps bring them further apart, to a bound, and nearer to what is kept."""
    once, later = (preserve(CONFIG, networks(), task(Steered(steps, tries=1, meaning=0.3))) for steps in (0, 200))
    spread = [np.stack(found.candidates)[:, ~CORNER].astype(float).std(axis=0).mean() for found in (once, later)]
    assert 1.1 * spread[0] < spread[1] < 1.6 * spread[0]
    near = [np.mean([apart(picture, CORNER) for picture in found.candidates]) for found in (once, later)]
    assert near[1] < 0.4 * near[0]


def test_differences_are_means_over_the_other_pictures_where_they_count() -> None:
    colours = torch.tensor([0.0, 0.5, -1.0])
    pictures = colours.view(3, 1, 1, 1).expand(3, 3, SIDE, SIDE).clone()
    outside = torch.from_numpy(~CORNER)[None, None].float()
    pictures[0, :, : SIDE // 2, : SIDE // 2] = 7.0  # within the corner, which does not count
    torch.testing.assert_close(differences(pictures, outside), torch.tensor([0.75, 1.0, 1.25]))
    assert differences(pictures[:1], outside).tolist() == [0.0]
    assert differences(pictures, torch.zeros_like(outside)).tolist() == [0.0, 0.0, 0.0]
