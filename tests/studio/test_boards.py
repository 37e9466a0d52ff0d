"""Boards: pictures are those of the library, regions and holes those that are marked, points those of faces."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

from PIL import Image, ImageDraw
from tests.faces.test_shape import face
from tests.studio.generators import SIDE, answered, asked, board, inside, noise, parts, record, write_generators
from tests.studio.support import PATIENCE, Server, packed, page, png
from tests.studio.test_routes import refusal, unpacked

from sembla import api
from sembla.core.ways import Faces, Steered
from sembla.core.ways import Pixels as ByPixels
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.studio.board_tasks import Tile
from sembla.studio.boards import find_points

ROOMS, FACES = "model:rooms", "model:faces"
FEW: dict[str, Any] = {"model": ROOMS, "regions": [{}], "candidates": 6, "shown": 2, "steps": 1}
FACE_SIZE = (128, 128)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    write_generators(folder)
    return folder


@pytest.fixture(scope="module")
def studio(server: Server, runs: Path) -> Iterator[Server]:
    """It opens after the common one and is closed before it, as notes that both hear need."""
    assert server.server.started
    with Server(runs=runs) as running:
        yield running


@pytest.fixture
def client(studio: Server) -> Iterator[httpx.Client]:
    with studio.client() as opened:
        yield opened


def test_generators_are_listed_with_boards_alone(client: httpx.Client) -> None:
    cards = client.get("/api/generators").json()
    told = {(card["name"], card["title"], card["method"]) for card in cards["models"]}
    assert told == {(ROOMS, "rooms", "preserve"), (FACES, "faces", "inpaint")}
    assert cards["finds_faces"] is api.has_faces()
    assert set(cards["holes"]) == set(api.HOLES) - {"full"}
    assert client.get("/api/runs").json()["runs"] == []
    assert client.get("/api/scenes").json()["engines"] == []


def test_pictures_lie_side_by_side_bit_for_bit(studio: Server, client: httpx.Client) -> None:
    pictures = [noise(number, size) for number, size in enumerate([(40, 60), (64, 32), (20, 20)])]
    made = board(studio, *pictures)
    shown = np.array(Image.open(io.BytesIO(client.get(f"/api/photos/{made['photo']['id']}").content)))
    assert shown.shape == (made["photo"]["height"], made["photo"]["width"], 3)
    rest = np.ones(shown.shape[:2], np.bool_)
    for tile, picture in zip(made["tiles"], pictures, strict=True):
        np.testing.assert_array_equal(shown[inside(tile)], picture)
        rest[inside(tile)] = False
    assert (shown[rest] == 128).all()

    again = {"photo": made["photo"]["id"], "part": made["tiles"][1], "name": "second"}
    one = client.post("/api/boards", json={"parts": [again]}).json()
    assert [tile["name"] for tile in one["tiles"]] == ["second"]
    shown = np.array(Image.open(io.BytesIO(client.get(f"/api/photos/{one['photo']['id']}").content)))
    np.testing.assert_array_equal(shown, pictures[1])


def test_squares_are_the_middle_of_pictures_at_one_size(studio: Server, client: httpx.Client) -> None:
    pictures = [noise(0, (40, 60)), noise(1, (640, 600))]
    made = board(studio, *pictures, square=True)
    shown = np.array(Image.open(io.BytesIO(client.get(f"/api/photos/{made['photo']['id']}").content)))
    for tile, picture in zip(made["tiles"], pictures, strict=True):
        assert (tile["width"], tile["height"]) == (512, 512)
        np.testing.assert_array_equal(shown[inside(tile)], api.middle_square(picture, 512))


def test_boards_that_cannot_be_are_refused(studio: Server, client: httpx.Client) -> None:
    made = board(studio, noise(0))
    lost = {"photo": "0" * 32}
    assert "upload it again" in refusal(client.post("/api/boards", json={"parts": [lost]}), 404)
    outside = {"photo": made["photo"]["id"], "part": {**made["tiles"][0], "left": 1}}
    assert "the board is only 80x64" in refusal(client.post("/api/boards", json={"parts": [outside]}), 400)
    large = client.post("/api/photos", content=png(np.zeros((2500, 2500, 3), np.uint8))).json()["id"]
    many = [{"photo": large}] * 3
    assert "Take fewer" in refusal(client.post("/api/boards", json={"parts": many}), 400)


def test_a_published_search_compares_as_asked(studio: Server, runs: Path) -> None:
    made = board(studio, noise(0), square=True)
    marks = np.zeros((made["photo"]["height"], made["photo"]["width"]), np.uint8)
    marks[100:300, 100:400] = 1
    regions = [{"weight": 1, "locked": False}]
    search = {"search": "faces", "steps": 1, "features": "none", "gram": True, "hard": True}
    heard = answered(studio, asked("preserve", made, marks, **{**FEW, "regions": regions, **search}, seed=3))
    assert heard.end["kind"] == "done", heard.end
    model = api.load(runs / "rooms")
    kept = [api.keep(api.middle_square(noise(0), 512), model=model, mask=marks == 1)]
    way = Faces(1, gram=True, hard=True)
    result = api.preserve(kept, model=model, seed=3, candidates=6, shown=2, search=way, features="none")
    for frame, picture in zip(parts(heard, "candidate"), result.pictures, strict=True):
        np.testing.assert_array_equal(frame.pixels, picture)


def test_what_is_kept_is_what_python_gives(studio: Server, runs: Path) -> None:
    """Two regions of two pictures, on one canvas."""
    made = board(studio, noise(0), noise(1), square=True)
    marks = np.zeros((made["photo"]["height"], made["photo"]["width"]), np.uint8)
    first, second = (marks[inside(tile)] for tile in made["tiles"])
    first[100:300, 100:400] = 1
    second[250:400, 50:250] = 2
    regions = [{"weight": 1, "locked": False}, {"weight": 2.5, "locked": True}]
    heard = answered(studio, asked("preserve", made, marks, **{**FEW, "regions": regions}, seed=3, meaning=0.25))
    assert heard.end["kind"] == "done", heard.end

    model = api.load(runs / "rooms")
    squares = [api.middle_square(noise(number), 512) for number in range(2)]
    kept = [
        api.keep(squares[0], model=model, mask=first == 1),
        api.keep(squares[1], model=model, mask=second == 2, weight=2.5, locked=True),
    ]
    result = api.preserve(kept, model=model, seed=3, candidates=6, shown=2, search=Steered(1, meaning=0.25))
    candidates = parts(heard, "candidate")
    for frame, picture, distance in zip(candidates, result.pictures, result.distances, strict=True):
        np.testing.assert_array_equal(frame.pixels, picture)
        assert frame.header["piece"]["distance"] == pytest.approx(distance)
    views = {"reference": result.reference, "mean": result.mean, "deviation": result.deviation}
    for name, picture in {**views, "all": api.tiled(result.candidates)}.items():
        (frame,) = parts(heard, name)
        np.testing.assert_array_equal(frame.pixels, picture)
    (frame,) = parts(heard, "region")
    np.testing.assert_array_equal(frame.pixels[..., 0] > 0, result.region)
    settings = json.loads(record(candidates[0]))
    assert (settings["verb"], settings["seed"], settings["model"]["name"]) == ("preserve", 3, "rooms")
    assert settings["regions"] == regions


def test_candidates_are_seen_while_they_form(studio: Server) -> None:
    made = board(studio, noise(0), square=True)
    marks = np.zeros((512, 512), np.uint8)
    marks[100:300, 100:400] = 1
    heard = answered(studio, asked("preserve", made, marks, **{**FEW, "steps": 5}))
    previews = [frame for frame in heard.frames if frame.header["kind"] == "preview"]
    assert previews
    assert all(frame.header["levels"] == 5 and frame.header["piece"] is None for frame in previews)
    assert previews[0].pixels.shape == (2 * SIDE, 3 * SIDE, 3)


def test_pictures_of_another_kind_are_noted(studio: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made = board(studio, noise(0), square=True)
    marks = np.zeros((512, 512), np.uint8)
    marks[100:300, 100:400] = 1
    for strange in (False, True):
        monkeypatch.setattr(api, "is_strange", lambda _, strange=strange: strange)
        heard = answered(studio, asked("preserve", made, marks, **FEW))
        (frame,) = parts(heard, "all")
        notes = frame.header["piece"]["notes"]
        assert bool(notes) is strange
        assert all("times as far from what rooms makes" in note for note in notes)


@pytest.mark.parametrize("task", ["preserve", "inpaint"])
def test_work_that_is_cancelled_gives_nothing(studio: Server, task: str) -> None:
    made = board(studio, noise(0, FACE_SIZE), square=task == "preserve")
    marks = np.zeros((made["photo"]["height"], made["photo"]["width"]), np.uint8)
    marks[40:80, 40:80] = 1
    what: dict[str, Any] = {**FEW, "search": "pixels", "steps": 10_000}
    if task == "inpaint":
        what = {"model": FACES, "points": [face().tolist()], "search": "searched", "steps": 10_000}
    with page(studio) as opened:
        opened.send(asked(task, made, marks, **what))
        assert opened.words()["kind"] == "started"
        opened.receive()  # a preview
        opened.send(json.dumps({"cancel": 1}))
        heard = opened.listen(1)
    assert (heard.end["kind"], heard.pictures) == ("cancelled", [])


@pytest.mark.parametrize("search", ["steered", "faces", "bedrooms", "pixels"])
def test_every_search_can_be_asked_for(studio: Server, search: str) -> None:
    made = board(studio, noise(0), square=True)
    marks = np.zeros((512, 512), np.uint8)
    marks[100:300, 100:400] = 1
    heard = answered(studio, asked("preserve", made, marks, **{**FEW, "search": search}, diverse=True))
    assert heard.end["kind"] == "done", heard.end
    assert len(parts(heard, "candidate")) == 2


def test_the_search_is_the_one_that_was_chosen(studio: Server, runs: Path) -> None:
    made = board(studio, noise(0), square=True)
    marks = np.zeros((512, 512), np.uint8)
    marks[100:300, 100:400] = 1
    heard = answered(studio, asked("preserve", made, marks, **{**FEW, "search": "pixels", "steps": 2}))
    model = api.load(runs / "rooms")
    kept = api.keep(api.middle_square(noise(0), 512), model=model, mask=marks == 1)
    result = api.preserve(kept, model=model, candidates=6, shown=2, search=ByPixels(2))
    np.testing.assert_array_equal(parts(heard, "candidate")[0].pixels, result.picture)


def test_what_cannot_be_kept_is_told_in_a_line(studio: Server) -> None:
    made = board(studio, noise(0), square=True)
    marks = np.zeros((512, 512), np.uint8)
    marked = marks + np.uint8(1)
    for words, map_, what in (
        ("nothing is marked", marks, {}),
        ("region 2 is marked, but there are 1", marks + np.uint8(2), {}),
        ("there is no model 'pack:none'", marked, {"model": "pack:none"}),
        ("the model is of method inpaint, which keeps no regions", marked, {"model": FACES}),
        ("steps of steered 1001 came; expected a whole number 0 to 1000", marked, {"steps": 1001}),
    ):
        heard = answered(studio, asked("preserve", made, map_, **{**FEW, **what}))
        assert heard.end["kind"] == "failed"
        assert words in heard.end["message"]
        assert "\n" not in heard.end["message"]


def test_holes_are_filled_as_python_fills_them(studio: Server, runs: Path) -> None:
    """Two frames of one person; known pixels come back bit for bit."""
    pictures = [noise(number, FACE_SIZE) for number in range(2)]
    made = board(studio, *pictures)
    marks = np.zeros((made["photo"]["height"], made["photo"]["width"]), np.uint8)
    for tile in made["tiles"]:
        marks[inside(tile)][50:90, 40:80] = 1
    hole = marks[inside(made["tiles"][0])] > 0
    points = [face(number).tolist() for number in range(2)]
    heard = answered(studio, asked("inpaint", made, marks, model=FACES, points=points, steps=1))
    assert heard.end["kind"] == "done", heard.end
    damaged = [api.damage(picture, hole, landmarks=its) for picture, its in zip(pictures, points, strict=True)]
    result = api.inpaint(damaged, model=api.load(runs / "faces"), fill=api.Predicted(1))
    for frame, picture, before in zip(parts(heard, "whole"), result.pictures, pictures, strict=True):
        np.testing.assert_array_equal(frame.pixels, picture)
        np.testing.assert_array_equal(frame.pixels[~hole], before[~hole])
    for frame, picture in zip(parts(heard, "made"), result.made, strict=True):
        np.testing.assert_array_equal(frame.pixels, picture)
    assert "points" not in json.loads(record(parts(heard, "whole")[0]))


def test_several_fillings_are_those_of_seeds_in_a_row(studio: Server, runs: Path) -> None:
    picture = noise(0, FACE_SIZE)
    made = board(studio, picture)
    marks = np.zeros(FACE_SIZE, np.uint8)
    marks[50:90, 40:80] = 1
    how: dict[str, Any] = {"search": "searched", "steps": 2, "seed": 5, "fillings": 2}
    heard = answered(studio, asked("inpaint", made, marks, model=FACES, points=[face().tolist()], **how))
    assert heard.end["kind"] == "done", heard.end
    damaged = api.damage(picture, marks > 0, landmarks=face())
    whole = parts(heard, "whole")
    assert [frame.header["variation"] for frame in whole] == [0, 1]
    for seed, frame in zip((5, 6), whole, strict=True):
        result = api.inpaint(damaged, model=api.load(runs / "faces"), seed=seed, fill=api.Searched(2))
        np.testing.assert_array_equal(frame.pixels, result.picture)


def test_what_cannot_be_filled_is_told_in_a_line(studio: Server) -> None:
    made = board(studio, noise(0, FACE_SIZE))
    marks = np.zeros(FACE_SIZE, np.uint8)
    hole = marks.copy()
    hole[50:90, 40:80] = 1
    outside = (face() + 500).tolist()
    for words, map_, points in (
        ("nothing of 0.png is missing", marks, [face().tolist()]),
        ("white everywhere", marks + np.uint8(1), [face().tolist()]),
        ("1 pictures came with points for 0", hole, []),
        ("lie outside the picture, 128x128", hole, [outside]),
        ("came with shape (2, 2)", hole, [[[1, 1], [2, 2]]]),
    ):
        heard = answered(studio, asked("inpaint", made, map_, model=FACES, points=points))
        assert heard.end["kind"] == "failed"
        assert words in heard.end["message"]


def test_masks_are_kinds_and_files(client: httpx.Client) -> None:
    for kind in ("center", "freehand"):
        given = client.post("/api/holes", json={"kind": kind, "width": 60, "height": 40})
        np.testing.assert_array_equal(unpacked(given.json()), api.draw_hole(kind, (40, 60)))
    told = refusal(client.post("/api/holes", json={"kind": "round", "width": 60, "height": 40}), 400)
    assert "hole 'round' came; there are center" in told
    white = np.zeros((40, 60, 3), np.uint8)
    white[5:20, 30:50] = 255
    read = client.post("/api/masks", params={"width": 60, "height": 40}, content=png(white))
    np.testing.assert_array_equal(unpacked(read.json()), white[..., 0] > 0)
    told = refusal(client.post("/api/masks", params={"width": 61, "height": 40}, content=png(white)), 400)
    assert "the picture is 61x40" in told


def test_points_are_read_from_files_and_parsing_maps(client: httpx.Client) -> None:
    points, size = face(), {"width": 128, "height": 128}
    content = json.dumps(points.tolist()).encode()
    read = client.post("/api/points", params={**size, "name": "face.json"}, content=content).json()
    np.testing.assert_allclose(read["points"], points, atol=1e-3)
    told = refusal(client.post("/api/points", params={**size, "name": "face.json"}, content=b"[1, 2]"), 400)
    assert "give 68 points" in told
    labels = parsing_map(points)
    read = client.post("/api/points", params={**size, "name": "map.png"}, content=png(labels)).json()
    expected = api.landmarks_of_parsing(Image.fromarray(labels), FACE_SIZE)
    np.testing.assert_allclose(read["points"], expected, atol=1e-3)
    told = refusal(client.post("/api/points", params={**size, "name": "map.png"}, content=png(labels[:64])), 400)
    assert "map is 128x64, the picture 128x128" in told


def parsing_map(points: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A face of which skin, nose, eyes and lips are drawn, in the ids of CelebAMask-HQ."""
    image = Image.new("L", (128, 128))
    draw, names = ImageDraw.Draw(image), CELEBAMASK_HQ_19.names
    outlines = {"skin": [*range(17), *range(26, 16, -1)], "r_eye": range(36, 42), "l_eye": range(42, 48)}
    outlines |= {"nose": [27, 31, 33, 35], "u_lip": range(48, 55), "l_lip": [*range(54, 60), 48]}
    for name, which in outlines.items():
        draw.polygon([tuple(points[at]) for at in which], fill=names.index(name))
    return np.asarray(image)


def test_points_that_are_hidden_follow_from_the_others(client: httpx.Client) -> None:
    points = face()
    wrong = points.copy()
    wrong[48:] += 20
    right = list(range(48))
    given = {"points": wrong.tolist(), "right": right, "width": 128, "height": 128}
    found = np.array(client.post("/api/points/guess", json=given).json()["points"])
    np.testing.assert_allclose(found[:48], points[:48], atol=1e-3)
    assert np.abs(found[48:] - points[48:]).mean() < np.abs(wrong[48:] - points[48:]).mean() / 2
    told = refusal(client.post("/api/points/guess", json={**given, "right": [0, 1, 2]}), 400)
    assert "too few for a guess" in told
    endless = {**given, "points": [[1e300, 1.0]] * 68}
    assert "give 68 points" in refusal(client.post("/api/points/guess", json=endless), 400)


def test_without_a_face_a_mean_one_stands_in_each_picture(studio: Server, client: httpx.Client) -> None:
    made = board(studio, noise(0, (60, 90)), noise(1, (60, 90)))
    size = (made["photo"]["height"], made["photo"]["width"])
    asked_for = {"tiles": made["tiles"], "missing": packed(np.zeros(size, np.uint8))}
    found = client.post(f"/api/photos/{made['photo']['id']}/points", json=asked_for, timeout=PATIENCE).json()
    for each in found:
        assert not each["found"]
        assert each["note"]
        points = np.array(each["points"])
        np.testing.assert_allclose(points, api.mean_landmarks((60, 90)), atol=1e-3)
        assert (points >= 0).all()
        assert (points < (90, 60)).all()


def test_faces_are_found_in_each_picture_of_a_board(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds them is given one picture at a time, and its hole."""
    pictures, seen = [noise(0, FACE_SIZE), noise(1, FACE_SIZE)], list[Any]()

    def found(picture: Any, hole: Any, *, name: str) -> Any:
        seen.append((picture, hole, name))
        return face(len(seen))

    monkeypatch.setattr(api, "find_landmarks", found)
    side_by_side = np.concatenate(pictures, axis=1)
    marks = np.zeros((128, 256), np.uint8)
    marks[10:20, 140:150] = 1
    tiles = [Tile(name=f"{at}", left=128 * at, top=0, width=128, height=128) for at in range(2)]
    answers = find_points(side_by_side, tiles, marks)
    for at, (answer, (picture, hole, name)) in enumerate(zip(answers, seen, strict=True)):
        np.testing.assert_array_equal(picture, pictures[at])
        np.testing.assert_array_equal(hole, marks[:, 128 * at : 128 * at + 128] > 0)
        assert (answer.found, name) == (True, f"{at}")
        np.testing.assert_allclose(answer.points, face(at + 1), atol=1e-3)
