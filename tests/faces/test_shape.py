"""Shapes of faces: completing what is hidden, aligning, maps, files."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from sembla.core.errors import InputError, LabelError, OutputError
from sembla.core.types import LabelMap
from sembla.data.labelsets import CELEBAMASK_HQ_19, CITYSCAPES_19, LANDMARKS_68
from sembla.faces.alignment import Alignment, align
from sembla.faces.face_map import face_map, published_face_map
from sembla.faces.landmarks import (
    Landmarks,
    bridged,
    check_landmarks,
    read_landmarks,
    read_track,
    smoothed,
    write_landmarks,
)
from sembla.faces.parsing import landmarks_of_map
from sembla.faces.shape import complete, complete_hidden, learn_shapes, shape_model, similarity

SIZE = (100, 120)


def face(seed: int = 0, *, scale: float = 25.0, turn: float = 0.1) -> Landmarks:
    """A likely face in the middle of a picture of SIZE."""
    its, rng = shape_model(), np.random.default_rng(seed)
    shape = its.mean + np.tensordot(rng.normal(0, 0.7, len(its.ways)) * its.deviations, its.ways, axes=1)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points: Landmarks = (shape @ rotation * scale + (60, 50)).astype(np.float32)
    return points


def test_the_mean_face_stands_upright_and_is_symmetric() -> None:
    mean = shape_model().mean
    assert mean[8, 1] > mean[57, 1] > mean[33, 1] > mean[36, 1] > mean[19, 1]  # chin, lip, nose, eye, brow
    assert mean[36, 0] < mean[45, 0]  # the person's right eye at the left
    order = np.arange(68)
    for one, other in LANDMARKS_68.swaps:
        order[one], order[other] = other, one
    np.testing.assert_allclose(mean[order] * (-1, 1), mean, atol=0.02)
    assert np.sqrt((mean**2).sum(axis=1).mean()) == pytest.approx(1, abs=1e-3)


@given(st.floats(-3, 3), st.floats(0.2, 5), st.floats(-50, 50), st.floats(-50, 50))
def test_a_similarity_is_found_again(angle: float, scale: float, right: float, down: float) -> None:
    points = np.random.default_rng(0).normal(size=(20, 2))
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    found, shift = similarity(points, points @ turn + (right, down))
    np.testing.assert_allclose(found, turn, atol=1e-9)
    np.testing.assert_allclose(shift, (right, down), atol=1e-9)


def test_a_model_of_few_ways_is_learned_from_its_shapes() -> None:
    """Shapes that vary in two ways, moved about, leave a model whose third way is next to nothing."""
    rng = np.random.default_rng(1)
    base, ways = rng.normal(size=(68, 2)), rng.normal(size=(2, 68, 2)) * 0.01
    shapes = np.stack([base + np.tensordot(rng.normal(size=2), ways, axes=1) + rng.normal(size=2) for _ in range(200)])
    model = learn_shapes(shapes, ways=3)
    assert model.deviations[2] < 0.1 * model.deviations[1]


@pytest.mark.parametrize("hidden", [range(48, 68), range(36, 48), range(9, 27), range(30, 36)])
def test_hidden_points_are_completed(hidden: range) -> None:
    """Nearer to the truth than the mean face laid over what is seen."""
    errors, plain = [], []
    for seed in range(8):
        truth, seen = face(seed), np.ones(68, np.bool_)
        seen[list(hidden)] = False
        damaged = np.where(seen[:, None], truth, 999).astype(np.float32)
        found = complete(damaged, seen)
        np.testing.assert_array_equal(found[seen], truth[seen])
        errors.append(np.abs(found - truth)[~seen].mean())
        turn, shift = similarity(shape_model().mean[seen], truth[seen].astype(float))
        plain.append(np.abs(shape_model().mean @ turn + shift - truth)[~seen].mean())
    assert np.mean(errors) < 0.75 * np.mean(plain)
    assert np.mean(errors) < 1.5  # pixels, of a face 50 wide


def test_too_few_visible_points_are_told() -> None:
    with pytest.raises(InputError, match="3 of 68 landmarks are visible"):
        complete(face(), np.arange(68) < 3)


def test_alignment_puts_every_face_in_its_place() -> None:
    for seed, (scale, turn) in enumerate([(10, 0.5), (25, -0.3), (18, 0.0)]):
        points = face(seed, scale=scale, turn=turn)
        there = align(points, 64)
        inside = there.points(points)
        assert np.abs(inside[36:48].mean(axis=0) - (31.5, 26)).max() < 4
        assert abs(inside[36:42].mean(axis=0)[1] - inside[42:48].mean(axis=0)[1]) < 2.5
        np.testing.assert_allclose(there.back(inside), points, atol=1e-3)


def test_what_is_cut_out_and_put_back_is_what_was_there() -> None:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    picture = np.stack([rows * 2, columns * 2, 120 + 60 * np.sin(columns / 9)], axis=2).astype(np.uint8)
    there = align(face(), 96)
    made = there.cut(picture)
    assert made.shape == (96, 96, 3)
    region = np.zeros(SIZE, np.bool_)
    region[40:60, 45:75] = True
    pasted, beyond = there.paste(picture, made, region)
    assert not beyond.any()
    np.testing.assert_array_equal(pasted[~region], picture[~region])
    assert np.abs(pasted[region].astype(int) - picture[region]).mean() < 1.5


def test_beyond_a_cut_out_nothing_is_painted() -> None:
    there = align(((face() - (60, 50)) * 0.3 + (15, 15)).astype(np.float32), 32)
    made, every = np.full((32, 32, 3), 77, np.uint8), np.ones((400, 500), np.bool_)
    pasted, beyond = there.paste(np.zeros((400, 500, 3), np.uint8), made, every)
    np.testing.assert_array_equal((pasted == 77).all(axis=2), ~beyond)
    assert 0.9 < beyond.mean() < 1
    assert not there.paste(pasted, made, ~every)[1].any()


def test_beyond_a_picture_its_border_goes_on() -> None:
    """However far a face sticks out."""
    picture = np.full((40, 30, 3), 77, np.uint8)
    for away in (0, 60, 500):
        assert (align(face() - away, 64).cut(picture) == 77).all()
    assert align(face() - 500, 64).cut_hole(np.zeros((40, 30), np.bool_)).all()


def test_a_cut_out_shows_the_points_where_it_says() -> None:
    points = face(3)
    picture = np.zeros((*SIZE, 3), np.uint8)
    x, y = np.rint(points[30]).astype(int)
    picture[y - 1 : y + 2, x - 1 : x + 2] = 255
    there = align(points, 200)
    bright = np.argwhere(there.cut(picture)[..., 0] > 128).mean(axis=0)[::-1]
    np.testing.assert_allclose(bright, there.points(np.array([[x, y]], np.float32))[0], atol=0.7)


def test_the_published_map_has_its_colours() -> None:
    points = face(scale=30, turn=0)
    drawn = published_face_map(points, SIZE, box=(15, 5, 105, 95))
    assert drawn.shape == (128, 128, 3)
    colours = {tuple(int(value) for value in colour) for colour in drawn.reshape(-1, 3)}
    wanted = {(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 255), (65, 255, 255), (0, 0, 255), (255, 255, 0)}
    assert wanted <= colours
    assert (205, 66, 133) in colours


def test_the_published_map_pins_its_range_within_the_box() -> None:
    whole = published_face_map(face(), (140, 140), box=(0, 0, 140, 140), side=140)
    assert tuple(whole[0, 0]) == (0, 0, 0)
    assert tuple(whole[127, 127]) == (255, 255, 255)
    assert tuple(whole[2, 2]) == (10, 10, 10)  # the range being pinned, the ground is not stretched


def test_the_corrected_map_does_not_depend_on_its_surroundings() -> None:
    points = face(scale=20, turn=0)
    small, large = face_map(points, SIZE), face_map(points, (130, 150))
    np.testing.assert_array_equal(large[: SIZE[0] - 1, : SIZE[1] - 1], small[:-1, :-1])
    assert tuple(small[0, 0]) == (0, 0, 0)
    x, y = np.rint(points[27:36].mean(axis=0)).astype(int)
    assert tuple(small[y, x]) == (255, 255, 0)


def test_the_corrected_nose_is_whole() -> None:
    points = face(scale=30, turn=0)
    mirrored = points.copy()
    order = np.arange(68)
    for one, other in LANDMARKS_68.swaps:
        order[one], order[other] = other, one
    mirrored = points[order] * (-1, 1) + (SIZE[1] - 1, 0)
    yellow = [
        (drawn == (255, 255, 0)).all(axis=2)
        for drawn in (face_map(points, SIZE)[:, ::-1], face_map(mirrored.astype(np.float32), SIZE))
    ]
    assert (yellow[0] != yellow[1]).mean() < 0.002


@pytest.mark.parametrize("suffix", ["json", "pts", "txt", "csv"])
def test_points_are_read_from_files(suffix: str, tmp_path: Path) -> None:
    points, file = face(), tmp_path / f"face.{suffix}"
    lines = "\n".join(f"{x:.3f}{',' if suffix == 'csv' else ' '}{y:.3f}" for x, y in points)
    text = {"json": json.dumps(points.tolist()), "pts": f"version: 1\nn_points: 68\n{{\n{lines}\n}}\n"}
    file.write_text(text.get(suffix, lines))
    np.testing.assert_allclose(read_landmarks(file, SIZE), points, atol=1e-3)


@pytest.mark.parametrize("suffix", ["json", "pts", "txt", "csv"])
def test_points_are_written_a_line_each_and_read_again(suffix: str, tmp_path: Path) -> None:
    file, x = tmp_path / f"face.{suffix}", f"{face()[36, 0]:.3f}"
    write_landmarks(file, face())
    np.testing.assert_allclose(read_landmarks(file, SIZE), face(), atol=1e-3)
    assert sum(x in line for line in file.read_text().splitlines()) == 1
    with pytest.raises(OutputError, match="--force"):
        write_landmarks(file, face())
    write_landmarks(file, face(1), force=True)
    np.testing.assert_allclose(read_landmarks(file, SIZE), face(1), atol=1e-3)


def test_points_are_not_written_as_anything(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write \.png; use \.json, \.pts, \.txt, \.csv"):
        write_landmarks(tmp_path / "face.png", face())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["json", "pts", "txt", "csv"])
def test_points_that_a_file_lacks_follow_from_the_others(suffix: str, tmp_path: Path) -> None:
    file, known = tmp_path / f"face.{suffix}", np.ones(68, np.bool_)
    known[48:68] = False
    write_landmarks(file, face())
    lines = file.read_text().splitlines()
    for x, y in face()[~known].tolist():
        (at,) = (number for number, line in enumerate(lines) if f"{x:.3f}" in line and f"{y:.3f}" in line)
        lines[at] = ("null," if at < 68 else "null") if suffix == "json" else "nan,nan"
    file.write_text("\n".join(lines))
    found = read_landmarks(file, SIZE)
    np.testing.assert_allclose(found, complete(face(), known), atol=0.05)
    np.testing.assert_allclose(found[known], face()[known], atol=1e-3)


def test_a_few_points_by_their_numbers_are_a_face(tmp_path: Path) -> None:
    """Corners of the eyes and of the mouth, the tip of the nose, the chin."""
    which = [36, 39, 42, 45, 33, 48, 54, 8]
    (tmp_path / "few.json").write_text(json.dumps({str(number): face()[number].tolist() for number in which}))
    found = read_landmarks(tmp_path / "few.json", SIZE)
    np.testing.assert_allclose(found[which], face()[which], atol=1e-3)
    assert np.linalg.norm(found - face(), axis=1).mean() < 2  # pixels, of a face 50 wide


def test_points_within_a_hole_follow_from_the_others() -> None:
    hole = np.zeros(SIZE, np.bool_)
    hole[60:] = True
    points = face()
    found = complete_hidden(points, hole)
    beyond = points[:, 1] > 60
    np.testing.assert_array_equal(found[points[:, 1] < 56], points[points[:, 1] < 56])
    np.testing.assert_allclose(found, complete(points, points[:, 1] < 58.5))
    assert (found[beyond] != points[beyond]).any()


def test_points_on_one_spot_say_nothing_of_the_others() -> None:
    with pytest.raises(InputError, match="the 5 landmarks that are visible lie on one point"):
        complete(np.full((68, 2), 7, np.float32), np.arange(68) < 5)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.json", "[1, 2", "damaged JSON"),
        ("a.json", "[[1, 2]]", r"shape \(1, 2\)"),
        ("a.json", '{"a": 1}', "names a point 'a'; give 68 points, or some by their numbers, 0 to 67"),
        ("a.json", '{"68": [1, 2]}', "names a point '68'"),
        ("a.json", '{"0": [1, 2, 3]}', "68 points"),
        ("a.json", "7", "68 points"),
        ("a.txt", "nothing", "68 points"),
        ("a.png", "", "landmarks are read from"),
        ("a.txt", "\n".join("500 500" for _ in range(68)), "on one point or line"),
        ("a.txt", "\n".join("nan 1" for _ in range(68)), "of a.txt: 0 of 68 landmarks are visible"),
        ("a.txt", "\n".join("50 50" for _ in range(68)), "on one point or line"),
        ("a.txt", "\n".join(f"{at} {at}" for at in range(68)), "on one point or line"),
    ],
)
def test_files_that_cannot_be_used_are_told(name: str, text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=told):
        read_landmarks(tmp_path / name, SIZE)


def test_points_of_another_picture_are_told() -> None:
    with pytest.raises(InputError, match="68 of the 68 landmarks lie outside the picture, 120x100"):
        check_landmarks(face() + 500, SIZE)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_landmarks(tmp_path / "none.json", SIZE)


def test_numbers_that_are_none_are_told() -> None:
    with pytest.raises(InputError, match="no numbers"):
        check_landmarks([["a", "b"]] * 68, SIZE)


def test_frames_without_points_have_those_between_their_neighbours() -> None:
    track = np.stack([face() + 3 * number for number in range(8)]).astype(np.float32)
    holey = track.copy()
    holey[[0, 3, 4, 7]] = np.nan
    found = bridged(holey)
    np.testing.assert_allclose(found[1:7], track[1:7], atol=1e-4)
    np.testing.assert_array_equal(found[[1, 2, 5, 6]], track[[1, 2, 5, 6]])
    np.testing.assert_allclose(found[[0, 7]], track[[1, 6]], atol=1e-4)


def test_points_of_frames_are_read_from_one_file(tmp_path: Path) -> None:
    track = np.stack([face(seed) for seed in range(3)])
    np.save(tmp_path / "a.npy", track.astype(np.float64))
    np.savez(tmp_path / "a.npz", names=np.array(["a", "b", "c"]), points=track)
    for name in ("a.npy", "a.npz"):
        np.testing.assert_array_equal(read_track(tmp_path / name), track)


def test_files_of_frames_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", face())
    np.save(tmp_path / "code.npy", np.array([{}], object))
    np.savez(tmp_path / "other.npz", shapes=face()[None])
    (tmp_path / "text.npy").write_text("no points")
    (tmp_path / "empty.npz").touch()
    for name, told in (
        ("gone.npy", "cannot be read"),
        ("one.npy", r"shape \(68, 2\); give one \(F, 68, 2\)"),
        ("code.npy", "no points of frames"),
        ("other.npz", "no points of frames"),
        ("text.npy", "no points of frames"),
        ("empty.npz", "no points of frames"),
    ):
        with pytest.raises(InputError, match=told) as caught:
            read_track(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_trembling_is_smoothed_and_movement_is_not_dragged() -> None:
    rng = np.random.default_rng(0)
    still = np.stack([face()] * 30)
    trembling = (still + rng.normal(0, 0.5, still.shape)).astype(np.float32)
    assert np.abs(smoothed(trembling) - still).mean() < 0.6 * np.abs(trembling - still).mean()
    moving = still + (np.arange(30) * 8.0)[:, None, None].astype(np.float32)
    np.testing.assert_allclose(smoothed(moving.astype(np.float32)), moving, atol=1.0)
    np.testing.assert_array_equal(smoothed(trembling, reach=0), trembling)
    np.testing.assert_array_equal(smoothed(trembling[:1]), trembling[:1])


def parsed(points: Landmarks) -> LabelMap:
    """A parsing map drawn from points."""
    from PIL import Image, ImageDraw

    sheet = Image.new("L", (SIZE[1], SIZE[0]))
    draw, names = ImageDraw.Draw(sheet), CELEBAMASK_HQ_19.names
    jaw = [tuple(point) for point in points[:17]] + [tuple(point) for point in points[26:16:-1]]
    parts: list[tuple[str, list[tuple[float, ...]]]] = [("skin", jaw)]
    for name, which in (
        ("r_brow", range(17, 22)),
        ("l_brow", range(22, 27)),
        ("r_eye", range(36, 42)),
        ("l_eye", range(42, 48)),
    ):
        parts.append((name, [tuple(point) for point in points[list(which)]]))
    parts.append(("nose", [tuple(points[at]) for at in (27, 31, 32, 33, 34, 35)]))
    parts.append(("u_lip", [tuple(points[at]) for at in (*range(48, 55), 64, 63, 62, 61, 60)]))
    parts.append(("l_lip", [tuple(points[at]) for at in (*range(54, 60), 48, 60, 67, 66, 65, 64)]))
    for name, corners in parts:
        draw.polygon(corners, fill=names.index(name), outline=names.index(name))
    labels: NDArray[np.uint8] = np.asarray(sheet)
    return labels


@pytest.mark.parametrize("seed", range(4))
def test_points_are_read_from_a_parsing_map(seed: int) -> None:
    points = face(seed, scale=30, turn=0.05)
    found = landmarks_of_map(parsed(points), CELEBAMASK_HQ_19)
    away = np.linalg.norm(found - points, axis=1)
    assert away[36:48].mean() < 2  # eyes, in pixels of a face 60 wide
    assert away[48:60].mean() < 3
    assert away[:17].mean() < 6
    assert away.mean() < 4


def test_parts_that_a_map_lacks_are_guessed() -> None:
    points = face(2, scale=30, turn=0)
    labels = parsed(points)
    for name in ("u_lip", "l_lip"):
        labels = np.where(labels == CELEBAMASK_HQ_19.names.index(name), 1, labels).astype(np.uint8)
    found = landmarks_of_map(labels, CELEBAMASK_HQ_19)
    assert np.linalg.norm(found[48:68] - points[48:68], axis=1).mean() < 6


def test_maps_without_a_face_are_told() -> None:
    with pytest.raises(LabelError, match="lacks l_eye, nose, r_eye, skin"):
        landmarks_of_map(np.zeros(SIZE, np.uint8), CITYSCAPES_19)
    with pytest.raises(LabelError, match="fewer than two parts"):
        landmarks_of_map(np.zeros(SIZE, np.uint8), CELEBAMASK_HQ_19)


def turned() -> Alignment:
    """A cut-out of 40 pixels, turned and smaller than what it shows."""
    return align(face(turn=0.3), 40)


def test_maps_are_cut_out_as_pictures_are_and_come_back() -> None:
    there = turned()
    rows, columns = np.indices(SIZE)
    labels = (1 + (columns > 60) + 2 * (rows > 50)).astype(np.uint8)
    colours = np.array([0, 60, 120, 180, 240], np.uint8)
    picture = np.repeat(colours[labels][..., None], 3, axis=2)
    near = np.abs(there.cut(picture)[..., 0].astype(int) - colours[there.cut_map(labels)]) < 30
    assert near.mean() > 0.9  # all but the edges, where a picture is in between
    back = there.map_back(there.cut_map(labels), SIZE)
    inside = there.covers(SIZE)
    assert 0 < inside.mean() < 1
    assert (back[inside] == labels[inside]).mean() > 0.95
    assert not back[~ndimage.binary_dilation(inside, iterations=2)].any()


def test_the_border_of_a_map_is_repeated_beyond_it() -> None:
    away = align(face() - 500, 32)
    assert (away.cut_map(np.full(SIZE, 3, np.uint8)) == 3).all()


def test_a_cut_out_of_another_size_shows_the_same() -> None:
    small, large = turned(), turned().of_side(120)
    corners = np.array([[0, 0], [100, 20], [50, 90]], np.float32)
    np.testing.assert_allclose(large.points(corners), (small.points(corners) + 0.5) * 3 - 0.5, atol=1e-3)
    assert large.covers(SIZE).mean() == pytest.approx(small.covers(SIZE).mean(), abs=0.01)


def test_a_map_is_carried_to_where_it_lies_in_another_picture() -> None:
    """A square about the left eye of one face lies about the left eye of the other."""
    mine, theirs = face(1, turn=0.3), face(2, scale=20, turn=-0.1)
    labels = np.zeros(SIZE, np.uint8)
    column, row = np.rint(theirs[42:48].mean(axis=0)).astype(int)
    labels[row - 3 : row + 4, column - 3 : column + 4] = 7
    carried = align(theirs, 64).carry_map(labels, align(mine, 64), SIZE)
    rows, columns = np.nonzero(carried == 7)
    eye = mine[42:48].mean(axis=0)
    assert np.hypot(columns.mean() - eye[0], rows.mean() - eye[1]) < 4
    np.testing.assert_array_equal(align(mine, 64).carry_map(labels, align(mine, 64), SIZE), labels)
