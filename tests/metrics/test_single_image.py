from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from sembla.core.errors import ImageError, LabelError, SizeError
from sembla.core.types import LabelMap, Picture
from sembla.metrics.single_image import layout_agreement, patch_distance, source_agreement
from sembla.patches.sliced import sliced_wasserstein

DATA = Path(__file__).parents[3] / "shared" / "data" / "single_image"


def two_textures(height: int = 64, width: int = 96, *, seed: int = 0) -> tuple[Picture, LabelMap]:
    """Reddish blotches in the left half, bluish grain in the right one."""
    rng = np.random.default_rng(seed)
    blotches = gaussian_filter(rng.normal(0, 150, (height, width)), 2)
    grain = gaussian_filter(rng.normal(0, 60, (height, width)), 0.7)
    labels = np.zeros((height, width), np.uint8)
    labels[:, width // 2 :] = 1
    left, right = (
        np.stack([blotches + 190, blotches + 90, grain + 60], 2),
        np.stack([grain + 50, grain, grain + 190], 2),
    )
    return np.where(labels[..., None] == 0, left, right).clip(0, 255).astype(np.uint8), labels


def lookalikes(seed: int) -> tuple[Picture, LabelMap]:
    """Two classes of the same coarse noise, so that many nearest patches have the wrong label and many are tied."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((30, 34), np.uint8)
    labels[:, 20:] = 1
    labels[22:, 4:] = 1
    return (rng.integers(0, 2, (30, 34, 3), dtype=np.uint8) * 255) * (rng.random((30, 34, 1)) < 0.02), labels


def blurred(picture: Picture, sigma: float) -> Picture:
    return gaussian_filter(picture.astype(float), (sigma, sigma, 0)).round().astype(np.uint8)


def noisy(picture: Picture, sigma: float) -> Picture:
    noise = np.random.default_rng(9).normal(0, sigma, picture.shape)
    return (picture + noise).clip(0, 255).round().astype(np.uint8)


def with_blocks_shuffled(picture: Picture, labels: LabelMap, *, within_labels: bool) -> Picture:
    """The picture with its 16x16 blocks in another order, moved between labels or not."""
    rng = np.random.default_rng(3)
    places = [(y, x) for y in range(0, picture.shape[0], 16) for x in range(0, picture.shape[1], 16)]
    result = picture.copy()
    groups = [[p for p in places if labels[p] == label] for label in (0, 1)] if within_labels else [places]
    for group in groups:
        for (y, x), k in zip(group, rng.permutation(len(group)), strict=True):
            v, u = group[k]
            result[y : y + 16, x : x + 16] = picture[v : v + 16, u : u + 16]
    return result


def agreement_by_loops(result: Picture, layout: LabelMap, source: Picture, labels: LabelMap, apart: int) -> float:
    """Layout agreement of small pictures as its definition reads, with a tree for the distances."""
    corners = [(y, x) for y in range(source.shape[0] - 6) for x in range(source.shape[1] - 6)]
    rows = np.array([source[y : y + 7, x : x + 7].ravel() for y, x in corners], float)
    given = np.array([labels[y + 3, x + 3] for y, x in corners])
    tree, votes = cKDTree(rows), []
    for y, x in np.ndindex(result.shape[0] - 6, result.shape[1] - 6):
        wanted = layout[y + 3, x + 3]
        others = np.argwhere(layout != wanted)
        if len(others) and np.hypot(*(others - (y + 3, x + 3)).T).min() <= 4:
            continue
        found = tree.query(result[y : y + 7, x : x + 7].ravel().astype(float), k=len(corners))
        distances, order = np.asarray(found[0]), np.asarray(found[1])
        allowed = [max(abs(corners[i][0] - y), abs(corners[i][1] - x)) >= apart for i in order]
        distances, order = np.rint(distances[allowed] ** 2), order[allowed]
        if len(order):
            votes.append(wanted in given[order[distances == distances.min()]])
    return float(np.mean(votes))


@pytest.mark.parametrize("seed", range(3))
def test_agreement_is_what_plain_loops_find(seed: int) -> None:
    source, labels = lookalikes(seed)
    result, layout = lookalikes(seed + 50)
    layout = layout[::-1].copy()
    expected = agreement_by_loops(result, layout, source, labels, apart=0)
    assert 0 < expected < 1
    assert layout_agreement(result, layout, source=source, labels=labels) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_the_sources_own_agreement_is_what_plain_loops_find(seed: int) -> None:
    source, labels = lookalikes(seed)
    expected = agreement_by_loops(source, labels, source, labels, apart=7)
    assert 0 < expected < 1
    assert source_agreement(source, labels) == pytest.approx(expected)


def test_a_copy_agrees_wholly_and_is_at_no_distance() -> None:
    source, labels = two_textures()
    assert layout_agreement(source, labels, source=source, labels=labels) == 1
    assert patch_distance(source, labels, source=source, labels=labels) == 0


def test_halves_swapped_under_an_unchanged_layout_never_agree() -> None:
    source, labels = two_textures()
    swapped = np.roll(source, source.shape[1] // 2, axis=1)
    assert layout_agreement(swapped, labels, source=source, labels=labels) == 0
    assert layout_agreement(swapped, 1 - labels, source=source, labels=labels) == 1


def test_the_share_of_a_wrong_region_is_what_is_missing() -> None:
    source, labels = two_textures(64, 96)
    layout = labels.copy()
    layout[32:, 48:] = 0  # asked for, not done: a quarter of the picture
    assert layout_agreement(source, layout, source=source, labels=labels) == pytest.approx(0.75, abs=0.03)


def test_what_two_classes_share_counts_for_either() -> None:
    source, labels = two_textures()
    source[:32] = 255
    assert layout_agreement(source, labels, source=source, labels=labels) == 1
    white = np.full_like(source, 255)
    assert layout_agreement(white, 1 - labels, source=source, labels=labels) == 1


def test_a_class_that_the_source_lacks_never_agrees() -> None:
    source, labels = two_textures()
    assert layout_agreement(source, np.full_like(labels, 5), source=source, labels=labels) == 0


def test_wrong_pixels_beside_a_border_do_not_count() -> None:
    # Columns 47 and 48 meet at the border; scored are centres up to 43 and from 52, whose patches end at 46 and 49.
    source, labels = two_textures()
    result = source.copy()
    result[:, 47:49] = np.roll(source, 48, axis=1)[:, 47:49]
    assert layout_agreement(result, labels, source=source, labels=labels) == 1


@pytest.mark.parametrize("factor", [2, 3])
def test_a_result_of_another_size_scores_alike(factor: int) -> None:
    source, labels = two_textures()
    layout = labels.copy()
    layout[32:, 48:] = 0
    made, asked = (np.repeat(np.repeat(plane, factor, 0), factor, 1) for plane in (source, layout))
    small = layout_agreement(source, layout, source=source, labels=labels)
    assert layout_agreement(made, asked, source=source, labels=labels) == pytest.approx(small, abs=0.01)
    assert layout_agreement(made, layout, source=source, labels=labels) == pytest.approx(small, abs=0.01)
    own = patch_distance(made, np.repeat(np.repeat(labels, factor, 0), factor, 1), source=source, labels=labels)
    assert own < patch_distance(blurred(source, 1), labels, source=source, labels=labels)


def test_pictures_above_256_px_are_scored_at_256_px() -> None:
    source, labels = two_textures(40, 600)
    reduced = np.asarray(Image.fromarray(source).resize((256, 17), Image.Resampling.LANCZOS))
    reduced_labels = np.asarray(Image.fromarray(labels).resize((256, 17), Image.Resampling.NEAREST))
    assert source_agreement(source, labels) == source_agreement(reduced, reduced_labels)
    other = patch_distance(reduced, reduced_labels, source=source, labels=labels)
    assert other == 0


def test_a_result_of_another_shape_is_scored() -> None:
    source, labels = two_textures(64, 96)
    assert layout_agreement(source[:40, 20:], labels[:40, 20:], source=source, labels=labels) > 0.97


def test_the_source_scores_high_where_classes_differ_and_half_where_they_do_not() -> None:
    assert source_agreement(*two_textures()) == 1
    rng = np.random.default_rng(0)
    labels = np.zeros((64, 96), np.uint8)
    labels[:, 48:] = 1
    alike = rng.integers(0, 256, (64, 96, 3), dtype=np.uint8)
    assert source_agreement(alike, labels) == pytest.approx(0.5, abs=0.1)


def test_patch_distance_of_plain_colours_is_that_of_one_patch() -> None:
    labels = np.zeros((64, 64), np.uint8)
    dark, light = np.full((64, 64, 3), 20, np.uint8), np.full((64, 64, 3), 71, np.uint8)
    expected = sliced_wasserstein(np.zeros((1, 147)), np.full((1, 147), (71 - 20) / 255), projections=256, seed=2)
    distance = patch_distance(light, labels, source=dark, labels=labels, seed=2)
    assert distance == pytest.approx(expected, rel=1e-3)


def test_patch_distance_weighs_labels_by_their_area() -> None:
    # Only a quarter of the layout differs, so the whole has about a quarter of that label's distance.
    labels = np.zeros((128, 128), np.uint8)
    labels[:, 96:] = 1
    dark = np.zeros((128, 128, 3), np.uint8)
    part = np.where(labels[..., None] == 1, np.uint8(200), dark)
    whole = patch_distance(dark + np.uint8(200), labels, source=dark, labels=labels)
    assert patch_distance(part, labels, source=dark, labels=labels) == pytest.approx(whole / 4, rel=0.05)


def test_patch_distance_passes_over_labels_that_the_source_lacks() -> None:
    source, labels = two_textures()
    layout = labels.copy()
    layout[:16] = 7
    kept = np.where(layout == 7, 0, 255).astype(np.uint8)
    result = np.where(kept[..., None] == 0, np.uint8(0), source)
    assert patch_distance(result, layout, source=source, labels=labels) > 0
    with pytest.raises(LabelError, match="share no class"):
        patch_distance(source, np.full_like(labels, 7), source=source, labels=labels)


def test_patch_distance_grows_with_blur_and_with_noise() -> None:
    source, labels = two_textures()

    def distance(result: Picture) -> float:
        return patch_distance(result, labels, source=source, labels=labels)

    assert 0 < distance(blurred(source, 0.6)) < distance(blurred(source, 1.2)) < distance(blurred(source, 3))
    assert 0 < distance(noisy(source, 5)) < distance(noisy(source, 15)) < distance(noisy(source, 40))


def test_patches_moved_within_their_label_stay_near_and_across_labels_do_not() -> None:
    source, labels = two_textures(128, 128)

    def distance(result: Picture) -> float:
        return patch_distance(result, labels, source=source, labels=labels)

    near = distance(with_blocks_shuffled(source, labels, within_labels=True))
    far = distance(with_blocks_shuffled(source, labels, within_labels=False))
    assert near < distance(blurred(source, 1)) < far
    assert near < 0.1 * far


def test_the_seed_decides_the_patch_distance() -> None:
    source, labels = two_textures()
    result = noisy(source, 10)
    first, again, other = (patch_distance(result, labels, source=source, labels=labels, seed=s) for s in (0, 0, 1))
    assert first == again
    assert first != other
    assert first == pytest.approx(other, rel=0.3)


def test_the_smallest_pictures_are_scored() -> None:
    source, labels = two_textures(16, 16)
    assert layout_agreement(source, labels, source=source, labels=labels) == 1
    assert patch_distance(source, labels, source=source, labels=labels) == 0
    assert 0 <= source_agreement(source, labels) <= 1


def test_what_cannot_be_scored_is_refused() -> None:
    source, labels = two_textures()
    with pytest.raises(SizeError, match="96x64 came with a label map of 64x64"):
        layout_agreement(source, labels[:, :64], source=source, labels=labels)
    with pytest.raises(ImageError, match="float64"):
        source_agreement(source / 255, labels)  # type: ignore[arg-type]
    with pytest.raises(ImageError, match=r"\(64, 96\)"):
        patch_distance(labels, labels, source=source, labels=labels)
    with pytest.raises(LabelError, match="int64"):
        source_agreement(source, labels.astype(np.int64))
    with pytest.raises(SizeError, match="700x16"):
        source_agreement(np.zeros((16, 700, 3), np.uint8), np.zeros((16, 700), np.uint8))
    stripes = (np.arange(96, dtype=np.uint8) // 6 % 2)[None].repeat(64, axis=0)
    with pytest.raises(LabelError, match="4 px from a border"):
        layout_agreement(source, stripes, source=source, labels=labels)


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the real images are not at ../shared/data")
def test_a_photo_agrees_with_its_own_labels_and_not_with_others() -> None:
    folder = DATA / "semia_hill"
    photo = np.asarray(Image.open(folder / "img.jpg").convert("RGB").resize((170, 100)))
    labels = np.asarray(Image.open(folder / "label_idx.png").resize((170, 100), Image.Resampling.NEAREST))
    rolled = (labels + 1) % 3
    assert layout_agreement(photo, labels, source=photo, labels=labels) == 1
    assert source_agreement(photo, labels) > 0.9
    assert layout_agreement(photo, rolled, source=photo, labels=labels) < 0.1
    own, other = (patch_distance(noisy(photo, 4), m, source=photo, labels=labels) for m in (labels, rolled))
    assert own < 0.2 * other
