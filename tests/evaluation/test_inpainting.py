"""Experiments of inpaint with models whose answers are known."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.faces.test_shape import face

from sembla.core.errors import InputError
from sembla.core.tasks import Damaged, InpaintResult, InpaintTask
from sembla.core.types import Picture
from sembla.core.ways import Predicted, Searched, Weighted
from sembla.evaluation.faces import WholeFaces
from sembla.evaluation.inpainting import (
    CompletenessSettings,
    ConsistencySettings,
    evaluate_completeness,
    evaluate_consistency,
    fill_words,
    sequence_holes,
)
from sembla.evaluation.results import Evaluation
from sembla.imaging.blend import Poisson
from sembla.imaging.holes import HOLES, draw_hole
from sembla.metrics.consistency import consistency
from sembla.metrics.pixels import psnr, ssim

SIDE, COUNT = 32, 3
SIZE = (SIDE, SIDE)
FACES = WholeFaces(
    "people",
    "val",
    tuple("abc"),
    np.random.default_rng(0).integers(60, 196, (COUNT, SIDE, SIDE, 3), dtype=np.uint8),
    np.stack([((face(n) - (60, 50)) * 0.4 + 16).astype(np.float32) for n in range(COUNT)]),
)
ALL = CompletenessSettings(Predicted())
EIGHT = ConsistencySettings(Predicted())


def whole(frame: Damaged) -> Picture:
    """The face that a frame was, known by its points."""
    (place,) = np.flatnonzero((FACES.landmarks == frame.landmarks).all(axis=(1, 2)))
    picture: Picture = FACES.pictures[place]
    return picture


class Painter:
    """A model that paints what it is told to; fillings are blended by the very equations."""

    def __init__(self, paint: Any) -> None:
        self.paint = paint
        self.tasks: list[InpaintTask] = []

    def __call__(self, task: InpaintTask) -> InpaintResult:
        self.tasks.append(task)
        made = tuple(self.paint(frame) for frame in task.frames)
        filled = tuple(Poisson(frame.hole)(frame.picture, its) for frame, its in zip(task.frames, made, strict=True))
        return InpaintResult(filled, task.seed, 0.0, made)


PERFECT = Painter(whole)


def darker(frame: Damaged) -> Picture:
    """All of the face, 40 grey levels darker."""
    return np.asarray(whole(frame) - 40, np.uint8)


def values(evaluation: Evaluation) -> dict[str, float]:
    return {score.name: score.value for score in evaluation.scores}


def test_a_perfect_model_has_no_error() -> None:
    found = values(evaluate_completeness(PERFECT, FACES, ALL, name="perfect"))
    assert {value for name, value in found.items() if "psnr" in name} == {float("inf")}
    assert {value for name, value in found.items() if "ssim" in name} == {1.0}
    alike = values(evaluate_consistency(PERFECT, FACES, EIGHT, name="perfect"))
    assert {value for name, value in alike.items() if "consistency" in name} == {0.0}
    assert alike["psnr.holes"] == float("inf")


def test_every_kind_is_scored_whole_and_in_its_hole_before_and_after_blending() -> None:
    found = evaluate_completeness(Painter(darker), FACES, ALL, name="darker")
    names = {score.name for score in found.scores}
    kinds = [kind for kind in HOLES if kind != "full"]
    every = {
        f"{seam}{metric}{where}" for seam in ("", "pasted_") for metric in ("psnr", "ssim") for where in ("", ".holes")
    }
    assert names == {
        *every,
        *(f"{name}.{kind}" for name in every for kind in kinds),
        *("inversion_psnr", "inversion_ssim"),
    }
    assert set(found.maps) == set(HOLES)
    assert all(score.protocol.real_sha256 == FACES.sha256 for score in found.scores)


def test_colours_that_are_off_are_seen_before_blending_and_gone_after() -> None:
    """A constant is no gradient; where the rim is seen, it goes away, and of 40 levels PSNR is known."""
    found = values(evaluate_completeness(Painter(darker), FACES, replace(ALL, masks=("center", "full")), name="darker"))
    wanted = 20 * np.log10(255 / 40)
    assert found["psnr.holes.center"] == float("inf")
    assert found["pasted_psnr.holes.center"] == pytest.approx(wanted)
    share = draw_hole("center", SIZE).mean()
    assert found["pasted_psnr.center"] == pytest.approx(wanted - 10 * np.log10(share))
    assert found["inversion_psnr"] == pytest.approx(wanted)


def test_scores_are_those_of_each_filling() -> None:
    noise = np.random.default_rng(7).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    found = evaluate_completeness(Painter(lambda _: noise), FACES, replace(ALL, masks=("left", "grid")), name="noise")
    by_name = {score.name: score for score in found.scores}
    for kind in ("left", "grid"):
        hole = draw_hole(kind, SIZE)
        for name, picture in zip(FACES.names, FACES.pictures, strict=True):
            pasted = np.where(hole[..., None], noise, picture)
            key, blended = f"{kind}/{name}", Poisson(hole)(picture, noise)
            assert by_name[f"psnr.holes.{kind}"].per_picture[key] == psnr(blended, picture, region=hole)
            assert by_name["pasted_ssim"].per_picture[key] == ssim(pasted, picture)
    psnrs = by_name["psnr"].per_picture
    assert len(psnrs) == 2 * COUNT
    assert by_name["psnr"].value == pytest.approx(np.mean(list(psnrs.values())))


def test_no_model_is_shown_what_its_holes_held() -> None:
    mirror = Painter(lambda frame: frame.picture)
    evaluate_completeness(mirror, FACES, ALL, name="mirror")
    evaluate_consistency(mirror, FACES, EIGHT, name="mirror")
    frames = [frame for task in mirror.tasks for frame in task.frames]
    assert len(frames) == (len(HOLES) + 8) * COUNT
    for frame in frames:
        assert (frame.picture[frame.hole] == 128).all()


def test_many_faces_are_given_in_parts_and_each_is_held_against_itself() -> None:
    many = WholeFaces(
        "people",
        "val",
        tuple(map(str, range(10))),
        np.arange(60, 160, 10, dtype=np.uint8)[:, None, None, None].repeat(SIDE, 1).repeat(SIDE, 2).repeat(3, 3),
        np.repeat(FACES.landmarks[:1], 10, axis=0),
    )
    model = Painter(lambda frame: np.full_like(frame.picture, frame.picture[~frame.hole].max()))
    found = evaluate_completeness(model, many, replace(ALL, masks=("left", "freehand")), name="it")
    assert values(found)["pasted_psnr"] == float("inf")
    assert [len(task.frames) for task in model.tasks] == [16, 4]
    assert found.scores[0].protocol.count_made == 20


def test_consistency_is_that_of_fillings_and_not_of_the_face() -> None:
    """The published code held the undamaged face against a filling, where both should be fillings."""
    greys = iter(range(80, 80 + 8 * COUNT))
    shades = Painter(lambda _: np.full((SIDE, SIDE, 3), next(greys), np.uint8))
    found = evaluate_consistency(shades, FACES, EIGHT, name="shades")
    holes, before, after = sequence_holes(8, SIZE, seed=0), [], []
    for place, picture in enumerate(FACES.pictures):
        made = [np.full_like(picture, 80 + 8 * place + number) for number in range(8)]
        pasted = [np.where(hole[..., None], its, picture) for hole, its in zip(holes, made, strict=True)]
        blended = [Poisson(hole)(picture, its) for hole, its in zip(holes, made, strict=True)]
        before.append(consistency(pasted, holes))
        after.append(consistency(blended, holes))
    for prefix, alike in (("pasted_", before), ("", after)):
        assert values(found)[f"{prefix}consistency"] == pytest.approx(np.mean([one.whole for one in alike]))
        assert values(found)[f"{prefix}consistency.holes"] == pytest.approx(np.mean([one.holes or 0 for one in alike]))
    assert found.scores[0].protocol.count_made == 8 * COUNT
    assert set(found.maps) == {"fillings"}


def test_what_ignores_its_holes_is_less_consistent_than_what_paints_the_face() -> None:
    """The same grey under every mask: fillings differ from what other versions know."""
    grey = values(
        evaluate_consistency(Painter(lambda _: np.full((SIDE, SIDE, 3), 9, np.uint8)), FACES, EIGHT, name="grey")
    )
    assert grey["pasted_consistency"] > 0
    assert grey["pasted_consistency.holes"] > grey["pasted_consistency"]


def test_the_order_of_masks_is_of_no_consequence() -> None:
    model = Painter(darker)
    one, other = (
        values(evaluate_completeness(model, FACES, replace(ALL, masks=masks), name="darker"))
        for masks in (("left", "checkboard"), ("checkboard", "left"))
    )
    assert {name: pytest.approx(value) for name, value in one.items()} == other


def test_a_code_is_shared_or_not_and_what_is_asked_for_is_told() -> None:
    for shared in (True, False):
        model = Painter(whole)
        found = evaluate_consistency(model, FACES, replace(EIGHT, shared=shared, fill=Searched(5), seed=3), name="it")
        assert [(len(task.frames), task.shared, task.fill, task.seed) for task in model.tasks] == [
            (8, shared, Searched(5), 3)
        ] * COUNT
        assert found.made == f"it, searched with 5 steps, a code for {'all masks' if shared else 'each mask'}"
    strangers = Painter(whole)
    evaluate_completeness(strangers, FACES, replace(ALL, masks=("left",), seed=4), name="it")
    assert [(task.shared, task.seed) for task in strangers.tasks] == [(False, 4)]


def test_ways_are_told_apart_in_words() -> None:
    ways = (Predicted(), Predicted(8), Searched(), Weighted(), Weighted(released=True))
    assert len({fill_words(way) for way in ways}) == len(ways)
    assert fill_words(Weighted(released=True)) == "weighted by known neighbours with 3000 steps"


def test_masks_of_a_sequence_are_of_every_kind_and_follow_from_the_seed() -> None:
    holes = sequence_holes(14, SIZE, seed=1)
    again, other = sequence_holes(14, SIZE, seed=1), sequence_holes(14, SIZE, seed=2)
    assert all(np.array_equal(*pair) for pair in zip(holes, again, strict=True))
    assert not all(np.array_equal(*pair) for pair in zip(holes, other, strict=True))
    assert all(hole.any() and not hole.all() for hole in holes)


@pytest.mark.parametrize(
    ("masks", "told"), [((), "masks none came"), (("left", "left"), "each once"), (("ring",), "ring")]
)
def test_masks_that_cannot_be_used_are_told(masks: tuple[str, ...], told: str) -> None:
    with pytest.raises(InputError, match=told):
        evaluate_completeness(PERFECT, FACES, replace(ALL, masks=masks), name="it")


def test_one_mask_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="1 masks came"):
        evaluate_consistency(PERFECT, FACES, replace(EIGHT, masks=1), name="it")
