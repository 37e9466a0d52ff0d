"""Recipes and searches of inpaint: numbers of weights, and fillings whose answers are known."""

import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.faces.test_shape import face

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from tests.methods.inpaint.support import faces
from tests.methods.scene.support import prepared as streets
from torch import Tensor, nn

from sembla.core.errors import Cancelled, InputError, SizeError
from sembla.core.method import Feed
from sembla.core.tasks import Damaged, InpaintTask, InventTask, PersonTask, Preview, Watch
from sembla.core.types import Picture
from sembla.core.ways import Fill, Predicted, Searched, Weighted
from sembla.faces.landmarks import Landmarks
from sembla.imaging.holes import draw_hole
from sembla.methods.inpaint import synthesis
from sembla.methods.inpaint.batches import batches
from sembla.methods.inpaint.config import RECIPES, Conditional, Dcgan, Sembla, fitted
from sembla.methods.inpaint.learned import PARTS
from sembla.methods.inpaint.networks import ConditionalGenerator, Discriminator, Posterior
from sembla.methods.inpaint.people_synthesis import people
from sembla.methods.inpaint.searches import fuse, weights_of
from sembla.methods.inpaint.synthesis import inpaint, recognise
from sembla.nn.planes import to_picture

SIDE = 32
CONFIG = Conditional(side=SIDE, latent=12, features="none")
POINTS: Landmarks = ((face(turn=0) - (60, 50)) * 0.4 + 16).astype(np.float32)
FILLS: dict[str, Fill] = {
    "read": Predicted(),
    "read and brought nearer": Predicted(60),
    "searched": Searched(150, realism=0),
    "weighted": Weighted(400, realism=0),
}


def weights(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_numbers_of_weights_are_those_published() -> None:
    assert weights(ConditionalGenerator(Conditional())) == 35_164_035
    assert weights(Discriminator(Conditional())) == 4_321_345
    assert weights(Discriminator(Conditional(side=128))) == 17_439_809


@pytest.mark.parametrize("side", [32, 64, 128])
@pytest.mark.parametrize("recipe", [name for name in RECIPES if name.endswith("-small")])
def test_faces_have_the_side_that_was_asked_for(recipe: str, side: int) -> None:
    config = replace(RECIPES[recipe], side=side, width=8, features="none")
    networks, maps = PARTS.networks(config), torch.zeros(2, 3, side, side)
    assert networks["generator"](torch.zeros(2, config.latent), maps).shape == (2, 3, side, side)
    judged = networks["discriminator"]
    if isinstance(judged, Discriminator):
        assert judged(maps, maps).shape == (2, 1)


class Quarters(nn.Module):
    """Codes (N, 12) to faces whose quarters have the colours that the code says; a map is not looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, codes: Tensor, maps: Tensor) -> Tensor:
        del maps
        return nn.functional.interpolate((self.scale * codes).reshape(-1, 3, 2, 2), scale_factor=float(SIDE // 2))


class Means(nn.Module):
    """Reads the mean colour of what is known of each quarter, and is unsure of what it does not see."""

    def forward(self, faces: Tensor, holes: Tensor, maps: Tensor) -> Posterior:
        del maps
        known = nn.functional.adaptive_avg_pool2d(1 - holes, 2)
        sums = nn.functional.adaptive_avg_pool2d(faces * (1 - holes), 2) / known.clamp(min=1e-6)
        return sums.flatten(1), torch.where(known > 0.05, -6.0, 2.0).expand(-1, 3, -1, -1).flatten(1)


def networks() -> nn.ModuleDict:
    return nn.ModuleDict({"generator": Quarters(), "encoder": Means()}).eval().requires_grad_(requires_grad=False)


def person() -> Picture:
    """A face whose quarters have colours of their own."""
    colours = np.random.default_rng(1).integers(40, 215, (2, 2, 3), dtype=np.uint8)
    whole: NDArray[np.uint8] = colours.repeat(SIDE // 2, axis=0).repeat(SIDE // 2, axis=1)
    return whole


def damaged(kind: str, seed: int = 0) -> Damaged:
    hole = draw_hole(kind, (SIDE, SIDE), np.random.default_rng(seed))
    picture = person()
    picture[hole] = 0
    return Damaged(picture, hole, POINTS)


@pytest.mark.parametrize("name", FILLS)
def test_a_hole_is_filled_with_what_was_there(name: str) -> None:
    found = inpaint(CONFIG, networks(), InpaintTask((damaged("center"),), fill=FILLS[name]))
    hole = damaged("center").hole
    assert np.abs(found.picture[hole].astype(int) - person()[hole]).mean() < 6
    np.testing.assert_array_equal(found.picture[~hole], person()[~hole])


def test_what_a_hole_holds_is_never_looked_at() -> None:
    frame = damaged("freehand")
    other = frame.picture.copy()
    other[frame.hole] = 255
    for fill in FILLS.values():
        one, same = (
            inpaint(CONFIG, networks(), InpaintTask((replace(frame, picture=each),), fill=fill)).picture
            for each in (frame.picture, other)
        )
        np.testing.assert_array_equal(one, same)


def test_a_shared_code_takes_from_every_frame_what_it_shows() -> None:
    """One frame shows the left half, one the right: together they show all."""
    left, right = draw_hole("left", (SIDE, SIDE)), ~draw_hole("left", (SIDE, SIDE))
    frames = tuple(Damaged(np.where(hole[..., None], 0, person()), hole, POINTS) for hole in (left, right))
    for fill in (Predicted(), Searched(200, realism=0)):
        found = inpaint(CONFIG, networks(), InpaintTask(frames, fill=fill, blend=False))
        for picture in found.pictures:
            assert np.abs(picture.astype(int) - person()).mean() < 6
        np.testing.assert_array_equal(found.made[0], found.made[1])
    alone = inpaint(CONFIG, networks(), InpaintTask(frames, shared=False, blend=False))
    assert not np.array_equal(alone.made[0], alone.made[1])


def test_frames_of_several_persons_are_filled_as_if_alone() -> None:
    frames = tuple(damaged("center", seed) for seed in range(70))
    together = inpaint(CONFIG, networks(), InpaintTask(frames, shared=False))
    assert len(together.pictures) == 70
    for number in (0, 69):
        alone = inpaint(CONFIG, networks(), InpaintTask(frames[number : number + 1]))
        np.testing.assert_array_equal(together.pictures[number], alone.picture)


class Read:
    """Damaged frames that are made when they are asked for; counts how many are alive."""

    def __init__(self, count: int) -> None:
        self.count, self.alive, self.most = count, 0, 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Damaged]:
        for seed in range(self.count):
            frame = damaged("freehand", seed)
            weakref.finalize(frame, self._gone)
            self.alive += 1
            self.most = max(self.most, self.alive)
            yield frame

    def _gone(self) -> None:
        self.alive -= 1


@pytest.mark.parametrize("fill", [Predicted(), Predicted(3), Searched(3, realism=0), Weighted(3, realism=0)])
def test_frames_made_one_by_one_of_a_person_are_those_made_together(fill: Fill) -> None:
    frames = tuple(Read(5))
    found = recognise(CONFIG, networks(), PersonTask(frames, seed=4, fill=fill))
    together = inpaint(CONFIG, networks(), InpaintTask(frames, seed=4, fill=fill))
    apart = [inpaint(CONFIG, networks(), InpaintTask((frame,), code=found.code)) for frame in frames]
    np.testing.assert_array_equal(np.stack(together.pictures), np.stack([each.picture for each in apart]))
    np.testing.assert_array_equal(found.picture, together.made[0])


def test_of_many_frames_few_are_kept() -> None:
    frames = Read(300)
    for fill in (Predicted(1), Searched(1, realism=0)):
        assert recognise(CONFIG, networks(), PersonTask(frames, fill=fill)).code.shape == (12,)
    assert frames.most <= 130


def test_the_code_of_another_model_is_told() -> None:
    for code in (np.zeros(5, np.float32), np.full(12, np.nan, np.float32)):
        with pytest.raises(InputError, match="this model's have 12 numbers"):
            inpaint(CONFIG, networks(), InpaintTask((damaged("left"),), code=code))
    with pytest.raises(InputError, match="no frame came"):
        recognise(CONFIG, networks(), PersonTask(()))


def test_a_seam_is_only_where_it_is_asked_for() -> None:
    """A generator that is 20 levels too bright."""

    class Bright(Quarters):
        def forward(self, codes: Tensor, maps: Tensor) -> Tensor:
            return super().forward(codes, maps) + 20 / 127.5

    its = networks()
    its["generator"] = Bright()
    frame = damaged("center")
    seamless, hard = (inpaint(CONFIG, its, InpaintTask((frame,), blend=each)).picture for each in (True, False))
    assert np.abs(seamless[frame.hole].astype(int) - person()[frame.hole]).mean() < 6
    assert (hard[frame.hole].astype(int) - person()[frame.hole]).mean() == pytest.approx(20, abs=3)


def test_the_same_seed_gives_the_same_filling() -> None:
    its, task = networks(), InpaintTask((damaged("left"),), fill=Searched(3, realism=0))
    one, again, other = (inpaint(CONFIG, its, replace(task, seed=seed)).picture for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_search_is_seen_and_can_be_stopped() -> None:
    seen: list[Preview] = []

    def show(preview: Preview) -> bool:
        seen.append(preview)
        return len(seen) < 2

    task = InpaintTask((damaged("left"),), fill=Searched(10))
    with pytest.raises(Cancelled):
        inpaint(CONFIG, networks(), task, watch=Watch(show))
    assert [(one.level, one.levels) for one in seen] == [(0, 10), (1, 10)]
    with pytest.raises(Cancelled):
        inpaint(CONFIG, networks(), replace(task, fill=Predicted()), watch=Watch(stop=lambda: True))


@pytest.mark.parametrize(
    ("recipe", "is_asked"), [("sembla-small", False), ("conditional-small", True), ("dcgan-small", True)]
)
def test_the_discriminator_of_published_recipes_is_asked(recipe: str, is_asked: bool) -> None:
    config = replace(RECIPES[recipe], side=SIDE, width=8, discriminator_width=8, encoder_width=8, features="none")
    torch.manual_seed(0)
    its = PARTS.networks(config).eval()
    task = InpaintTask((damaged("center"),), fill=Searched(60, realism=1e7), seed=1)
    asked = inpaint(config, its, task).made[0]
    unasked = inpaint(config, its, replace(task, fill=Searched(60, realism=0.0))).made[0]
    assert np.array_equal(asked, unasked) != is_asked


def light() -> tuple[Sembla, nn.ModuleDict]:
    """A small model of ours, whose encoder reads something."""
    torch.manual_seed(0)
    config = Sembla(side=SIDE, width=8, discriminator_width=8, encoder_width=8, refiner_width=8, features="none")
    return config, PARTS.networks(config).eval().requires_grad_(requires_grad=False)


def test_the_refiner_begins_with_no_change_and_is_for_read_codes_alone() -> None:
    config, its = light()
    frame = damaged("freehand")
    read, searched = (InpaintTask((frame,), fill=fill) for fill in (Predicted(), Searched(1)))
    before = [inpaint(config, its, task).made[0] for task in (read, searched)]
    code = recognise(config, its, PersonTask((frame,))).code
    maps = synthesis._maps((frame,), torch.device("cpu"))
    np.testing.assert_array_equal(before[0], to_picture(its["generator"](torch.from_numpy(code)[None], maps)[0]))
    nn.init.normal_(its["generator"].refiner.last.weight)  # type: ignore[union-attr, arg-type]
    after = [inpaint(config, its, task).made[0] for task in (read, searched)]
    assert not np.array_equal(after[0], before[0])
    np.testing.assert_array_equal(after[1], before[1])
    inside = replace(frame, picture=np.where(frame.hole[..., None], 255, frame.picture).astype(np.uint8))
    np.testing.assert_array_equal(inpaint(config, its, replace(read, frames=(inside,))).made[0], after[0])


def test_the_refiner_learns_from_holes_and_leaves_the_generator_alone() -> None:
    config, its = light()
    its.requires_grad_()
    batch = next(batches(replace(config, flip=0.0), faces(), Feed(batch=8)))
    nn.init.normal_(its["generator"].refiner.last.weight)  # type: ignore[union-attr, arg-type]
    objective: Any = PARTS.objective(config, its)
    terms, made = (with_seed(each, batch) for each in (objective.make, objective._made))
    assert set(terms) == {"adversarial", "divergence", "pixels", "refined", "perceptual"}
    count = len(made.refined)
    photo, holes = batch.photo[:count], batch.holes[:count]
    off = (made.refined - photo).abs()
    torch.testing.assert_close(terms["refined"].value, (1.1 * holes * off + 0.1 * (1 - holes) * off).mean())
    torch.testing.assert_close(made.shown[:count], torch.where(holes > 0, made.refined, photo))
    torch.testing.assert_close(made.shown[count:], made.made[count:])
    terms["refined"].value.backward()
    moved = {name.partition(".")[0] for name, its in its["generator"].named_parameters() if its.grad is not None}
    assert moved == {"refiner"}


def with_seed(work: Any, batch: Any) -> Any:
    torch.manual_seed(5)
    return work(batch)


def test_a_model_from_before_refiners_has_none() -> None:
    config = replace(light()[0], refiner_width=0)
    networks = PARTS.networks(config)
    assert not any(name.startswith("refiner") for name, _ in networks["generator"].named_parameters())
    found = inpaint(config, networks.requires_grad_(requires_grad=False).eval(), InpaintTask((damaged("left"),)))
    assert found.picture.shape == (SIDE, SIDE, 3)
    batch = next(batches(config, faces(), Feed(batch=8)))
    terms = PARTS.objective(config, networks).make(batch)  # type: ignore[attr-defined]
    assert set(terms) == {"adversarial", "divergence", "pixels", "perceptual"}


@pytest.mark.parametrize(
    ("task", "error", "told"),
    [
        (InpaintTask(()), InputError, "no frame came"),
        (InpaintTask((replace(damaged("left"), picture=person()[:16]),)), SizeError, "not 32x32"),
        (InpaintTask((replace(damaged("left"), landmarks=POINTS[:5]),)), InputError, r"shape \(5, 2\)"),
    ],
)
def test_frames_that_cannot_be_used_are_told(task: InpaintTask, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        inpaint(CONFIG, networks(), task)


def test_people_are_one_a_code_by_the_map_of_every_face() -> None:
    poses = (POINTS, POINTS + 2)
    task = InventTask(poses, people=3, seed=5)
    found = people(CONFIG, networks(), task).pictures
    for one, same in zip(found[::2], found[1::2], strict=True):
        np.testing.assert_array_equal(one, same)  # quarters of a colour know no map
    assert len({picture.tobytes() for picture in found}) == 3
    again, other = (people(CONFIG, networks(), replace(task, seed=seed)).pictures for seed in (5, 6))
    assert all(np.array_equal(*pair) for pair in zip(found, again, strict=True))
    assert not any(np.array_equal(*pair) for pair in zip(found, other, strict=True))


def test_people_are_seen_and_can_be_stopped_and_need_points() -> None:
    seen: list[Preview] = []
    people(CONFIG, networks(), InventTask((POINTS,), people=2), watch=Watch(seen.append))
    assert [(one.level, one.levels) for one in seen] == [(0, 2), (1, 2)]
    with pytest.raises(Cancelled):
        people(CONFIG, networks(), InventTask((POINTS,)), watch=Watch(stop=lambda: True))
    for points, told in (((), "no points came"), ((POINTS[:5],), r"face 1 has landmarks of shape \(5, 2\)")):
        with pytest.raises(InputError, match=told):
            people(CONFIG, networks(), InventTask(points))


def test_a_set_without_points_is_told() -> None:
    with pytest.raises(InputError, match="has 5 landmarks a picture, not 68"):
        fitted(Sembla(), streets())


def test_weights_are_the_shares_of_missing_neighbours() -> None:
    hole = torch.zeros(1, 1, 16, 16)
    hole[..., 6:10, 6:10] = hole[..., 0:3, 1:5] = 1
    for released in (False, True):
        found = weights_of(hole, window=5, released=released)[0, 0].numpy()
        padded = np.pad(hole[0, 0].numpy(), 2, mode="symmetric")
        for row in range(16):
            for column in range(16):
                share = padded[row : row + 5, column : column + 5].mean()
                wanted = 0 if hole[0, 0, row, column] else (1 - share if released else share)
                assert found[row, column] == pytest.approx(wanted, abs=1e-6)


def test_codes_are_fused_as_gaussians_multiply() -> None:
    rng = np.random.default_rng(0)
    means, widths = rng.normal(size=(4, 3)), rng.uniform(0.2, 3, (4, 3))
    codes, unsure = torch.from_numpy(means), torch.from_numpy(2 * np.log(widths))
    grid = np.linspace(-12, 12, 20001)
    for normal in (False, True):
        found = fuse(codes, unsure, normal=normal)[0].numpy()
        for number in range(3):
            log = -(((grid[:, None] - means[:, number]) / widths[:, number]) ** 2 / 2).sum(axis=1)
            log = log - grid**2 / 2 if normal else log
            density = np.exp(log - log.max())
            assert found[number] == pytest.approx((grid * density).sum() / density.sum(), abs=1e-4)


def test_one_sure_frame_counts_more_than_many_unsure_ones() -> None:
    codes = torch.tensor([[1.0], [0.0], [0.0], [0.0]])
    found = fuse(codes, torch.tensor([[-6.0], [2.0], [2.0], [2.0]]), normal=False)
    assert found.item() == pytest.approx(1, abs=1e-2)


def test_batches_have_maps_of_their_faces_and_holes_of_many_kinds() -> None:
    config = replace(Dcgan(), side=64)
    batch = next(batches(config, faces(), Feed(24, seed=1)))
    assert batch.photo.shape == batch.maps.shape == (24, 3, 64, 64)
    assert batch.holes.shape == (24, 1, 64, 64)
    assert ((batch.holes == 0) | (batch.holes == 1)).all()
    shares = batch.holes.mean((1, 2, 3))
    assert shares.max() > 1.5 * shares.min()
    white = (batch.maps > 0.9).all(1).float().mean((1, 2))
    assert (white > 0.05).all()
    assert (white < 0.6).all()
