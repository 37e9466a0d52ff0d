"""Portraits on the page: parts are those that the model sees, pictures those of the library."""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

from numpy.typing import NDArray
from tests.methods.portrait.support import untrained
from tests.studio.generators import answered, noise, record
from tests.studio.support import Frame, Server, message, packed, png
from tests.studio.test_routes import refusal, unpacked
from tests.surfaces.test_portrait_model import square

import sembla
from sembla import api
from sembla.api import facing
from sembla.data.labelsets import CELEBAMASK_HQ_19

MODEL = "model:portraits"
NAMES = CELEBAMASK_HQ_19.names
HAIR = NAMES.index("hair")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    untrained(folder / "portraits")
    untrained(folder / "published", recipe="pix2pix")
    return folder


@pytest.fixture(scope="module")
def studio(server: Server, runs: Path) -> Iterator[Server]:
    """It opens after the common one and is closed before it, as notes that both hear need."""
    assert server.server.started
    with Server(runs=runs) as running:
        yield running


@pytest.fixture
def client(studio: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setattr(facing, "has_faces", lambda: False)  # square photos are taken as they are
    with studio.client() as opened:
        yield opened


def held(client: httpx.Client, picture: NDArray[np.uint8]) -> str:
    """The id of a photo that the server holds from now on."""
    answer: str = client.post("/api/photos", content=png(picture)).json()["id"]
    return answer


def made(studio: Server, photo: str, maps: dict[str, NDArray[np.uint8]], **asked: Any) -> Frame:
    """The picture that a live request gives."""
    content = {name: zlib.compress(ids.tobytes()) for name, ids in maps.items()}
    told = [
        {"name": name, "width": ids.shape[1], "height": ids.shape[0], "bytes": len(content[name])}
        for name, ids in maps.items()
    ]
    seed = asked.pop("seed", 0)
    header = {"number": 1, "task": "portrait", "photo": photo, "settings": {"seed": seed}, "maps": told}
    heard = answered(studio, message({**header, "portrait": {"model": MODEL, **asked}}, *content.values()))
    assert heard.end["kind"] == "done", heard.end
    (frame,) = heard.pictures
    return frame


def test_models_that_see_parts_are_listed(client: httpx.Client) -> None:
    cards = client.get("/api/portraits").json()
    assert cards == {"models": [{"name": MODEL, "title": "portraits"}], "problems": []}
    assert client.get("/api/generators").json()["models"] == []


def test_the_parts_of_a_face(client: httpx.Client, runs: Path) -> None:
    picture = square(1)[0]
    answer = client.post(f"/api/portraits/{MODEL}/photos/{held(client, picture)}/parts").json()
    assert [entry["name"] for entry in answer["classes"]] == list(NAMES)
    expected = sembla.parse(picture, model=sembla.load(runs / "portraits")).labels
    np.testing.assert_array_equal(unpacked(answer["map"]), expected)
    assert "taken to stand as the faces of CelebA-HQ do" in " ".join(answer["notes"])


@pytest.mark.parametrize("parts", [[], [HAIR]])
def test_what_another_face_lends_lies_where_it_would(client: httpx.Client, runs: Path, parts: list[int]) -> None:
    (mine, own), (theirs, _), (_, layout) = square(1), square(3), square(2)
    photo, reference = held(client, mine), held(client, theirs)
    body = {"labels": packed(own), "layout": packed(layout), "parts": parts}
    answer = client.post(f"/api/portraits/{MODEL}/photos/{photo}/other", params={"reference": reference}, json=body)
    model = sembla.load(runs / "portraits")
    face, other = api.labelled_face(mine, own, model=model), api.face_photo(theirs, None, model=model)
    expected = api.layout_from(other, face, layout, parts=parts)
    np.testing.assert_array_equal(unpacked(answer.json()), expected)
    assert (expected != layout).any()


def test_a_part_that_there_is_none_of_cannot_be_lent(client: httpx.Client) -> None:
    (mine, own), (theirs, _) = square(1), square(3)
    photo, reference = held(client, mine), held(client, theirs)
    body = {"labels": packed(own), "layout": packed(own), "parts": [19]}
    answer = client.post(f"/api/portraits/{MODEL}/photos/{photo}/other", params={"reference": reference}, json=body)
    assert "part 19 came; there are 0 to 18" in refusal(answer)


def test_a_live_portrait_is_that_of_the_library(studio: Server, client: httpx.Client, runs: Path) -> None:
    (mine, own), (theirs, _), (_, layout) = square(1), square(3), square(2)
    photo, reference = held(client, mine), held(client, theirs)
    maps = {"labels": own, "layout": layout}
    frame = made(studio, photo, maps, reference=reference, lent=[HAIR], drawn={1: 7}, seed=3)
    model = sembla.load(runs / "portraits")
    face, other = api.labelled_face(mine, own, model=model), api.face_photo(theirs, None, model=model)
    request = api.portrait_of(face, layout, model=model, other=other, lent=[HAIR], drawn={1: 7}, seed=3)
    np.testing.assert_array_equal(frame.pixels, api.run_portrait(request, engine=model).picture)
    assert frame.header["resemblance"]["distance"] is None
    chunk = json.loads(record(frame))
    assert (chunk["verb"], chunk["parts"], chunk["redraw"], chunk["seed"]) == ("portrait", ["hair"], {"skin": 7}, 3)


def test_a_picture_in_which_no_face_can_be_found_is_looked_at_only_where_it_lends(
    studio: Server, client: httpx.Client
) -> None:
    (mine, own), (_, layout) = square(1), square(2)
    photo, reference = held(client, mine), held(client, noise(0, (40, 60)))
    maps = {"labels": own, "layout": layout}
    alone, beside = (made(studio, photo, maps, reference=each).pixels for each in (None, reference))
    np.testing.assert_array_equal(alone, beside)
    body = {"labels": packed(own), "layout": packed(layout), "parts": [HAIR]}
    answer = client.post(f"/api/portraits/{MODEL}/photos/{photo}/other", params={"reference": reference}, json=body)
    assert "the face in the reference cannot be looked for" in refusal(answer)


def test_maps_of_another_size_are_refused(client: httpx.Client) -> None:
    (mine, own), (theirs, _) = square(1), square(3)
    photo, reference = held(client, mine), held(client, theirs)
    body = {"labels": packed(own), "layout": packed(own[:64, :64].copy()), "parts": []}
    answer = client.post(f"/api/portraits/{MODEL}/photos/{photo}/other", params={"reference": reference}, json=body)
    assert "layout of 64x64 came, and a photo of 96x96" in refusal(answer)


def test_a_layout_that_asks_for_nothing_gives_the_photo(studio: Server, client: httpx.Client) -> None:
    mine, own = square(1)
    frame = made(studio, held(client, mine), {"labels": own, "layout": own})
    np.testing.assert_array_equal(frame.pixels, mine)


def test_parts_that_nobody_shows_are_told(studio: Server, client: httpx.Client) -> None:
    (mine, own), (_, layout) = square(1), square(3)
    frame = made(studio, held(client, mine), {"labels": own, "layout": layout})
    assert any("nobody shows eye_g" in note for note in frame.header["resemblance"]["notes"])


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/api/portraits/model:gone/photos/{photo}/parts", 404, "gone"),
        ("/api/portraits/pack:gone/photos/{photo}/parts", 404, "nothing here makes portraits"),
        (f"/api/portraits/{MODEL}/photos/{'0' * 32}/parts", 404, "photo"),
        (f"/api/portraits/{MODEL}/photos/{{oblong}}/parts", 400, "cannot be looked for"),
    ],
)
def test_what_cannot_be_is_refused(client: httpx.Client, path: str, status: int, told: str) -> None:
    ids = {"photo": held(client, square(1)[0]), "oblong": held(client, noise(0, (40, 60)))}
    answer = client.post(path.format(**ids))
    assert told in refusal(answer, status)
