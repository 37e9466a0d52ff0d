"""People made of codes and maps, by models and onlookers whose answers are known."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data
from tests.evaluation.test_inpainting import COUNT, FACES, SIDE, values

from sembla.core.errors import InputError
from sembla.core.tasks import InventTask, Result
from sembla.core.types import Picture
from sembla.evaluation import recognition
from sembla.evaluation.people import PeopleSettings, evaluate_codes, evaluate_maps
from sembla.evaluation.recognition import Onlooker, Seen, find_onlooker
from sembla.faces.detection import has_faces
from sembla.metrics.landmarks import normalised_mean_error

FOUR = PeopleSettings(codes=4)
MAP, CODE = (0, 0, 0), (0, 0, 1)  # pixels that say what a picture was made of


def numbered(code: int, face: int) -> Picture:
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[MAP], picture[CODE] = face, code
    return picture


def separate(task: InventTask) -> Result:
    """Maps decide how a face stands, codes who it is."""
    return Result(tuple(numbered(c, f) for c in range(task.people) for f in range(len(task.landmarks))), task.seed, 0.0)


def blind(task: InventTask) -> Result:
    """Maps are not looked at: all stand as the first does."""
    return Result(tuple(numbered(c, 0) for c in range(task.people) for _ in task.landmarks), task.seed, 0.0)


def look(picture: Picture) -> Seen:
    """Reads the numbers; real faces, which have none, are seen as the first person, two pixels too far right."""
    real = np.flatnonzero((FACES.pictures == picture).all(axis=(1, 2, 3)))
    if len(real):
        return Seen(FACES.landmarks[real[0]] + np.array([2, 0], np.float32), np.array([10.0 * real[0]]))
    return Seen(FACES.landmarks[picture[MAP]], np.array([float(picture[CODE])]))


ONLOOKER = Onlooker(look, lambda one, other: float(abs(one - other)[0]), "eye", "mind")


def test_a_model_that_keeps_both_apart_is_told() -> None:
    maps = values(evaluate_maps(separate, FACES, FOUR, name="it", onlooker=ONLOOKER))
    assert maps["nme[eye]"] == 0
    assert maps["found[eye]"] == maps["found.real[eye]"] == 1
    assert maps["identity_distance[mind]"] == 0
    codes = values(evaluate_codes(separate, FACES, FOUR, name="it", onlooker=ONLOOKER))
    assert codes["identity_distance[mind]"] == pytest.approx(np.mean([1, 2, 3, 1, 2, 1]))
    assert {name: value for name, value in codes.items() if "identity" not in name} == {
        name: value for name, value in maps.items() if "identity" not in name
    }


def test_faces_themselves_say_what_the_onlooker_sees() -> None:
    found = values(evaluate_maps(separate, FACES, FOUR, name="it", onlooker=ONLOOKER))
    shifted = [normalised_mean_error(points + np.array([2, 0]), points) for points in FACES.landmarks]
    assert found["nme.real[eye]"] == pytest.approx(np.mean(shifted), rel=1e-5)
    assert found["identity_distance.real[mind]"] == pytest.approx(np.mean([10, 20, 10]))


def test_a_model_that_ignores_maps_is_seen() -> None:
    found = values(evaluate_maps(blind, FACES, FOUR, name="it", onlooker=ONLOOKER))
    wanted = [normalised_mean_error(FACES.landmarks[0], points) for points in FACES.landmarks]
    assert found["nme[eye]"] == pytest.approx(np.mean(wanted), rel=1e-5)
    assert wanted[1] > 0.02


def test_faces_that_are_not_found_are_counted_and_left_out() -> None:
    def half(picture: Picture) -> Seen:
        return look(picture) if picture[CODE] != 1 else Seen()

    found = evaluate_maps(separate, FACES, FOUR, name="it", onlooker=replace(ONLOOKER, look=half))
    scores = {score.name: score for score in found.scores}
    assert scores["found[eye]"].value == 0.75
    assert len(scores["nme[eye]"].per_picture) == 3 * COUNT
    assert set(scores["identity_distance[mind]"].per_picture) == {"code 1", "code 3", "code 4"}
    none = values(evaluate_maps(separate, FACES, FOUR, name="it", onlooker=replace(ONLOOKER, look=lambda _: Seen())))
    assert none == {"found[eye]": 0, "found.real[eye]": 0}


def test_what_nobody_can_see_is_left_out_and_told() -> None:
    found = evaluate_codes(separate, FACES, FOUR, name="it", onlooker=Onlooker(lambda _: Seen(), lambda *_: 0.0))
    assert found.scores == ()
    assert [note.partition(" ")[0] for note in found.notes] == ["nme", "identity_distance"]
    assert set(found.maps) == {"people"}


def test_one_person_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="1 codes and 3 maps came"):
        evaluate_maps(separate, FACES, replace(FOUR, codes=1), name="it", onlooker=ONLOOKER)


def test_without_dlib_and_weights_nothing_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(recognition, "has_faces", lambda: False)
    monkeypatch.setenv("SEMBLA_WEIGHTS", str(tmp_path))
    onlooker = find_onlooker()
    assert (onlooker.points, onlooker.persons, onlooker.look(numbered(0, 0))) == ("", "", Seen())


@pytest.mark.skipif(not has_faces(), reason="needs the extra faces (dlib)")
def test_dlib_sees_points_and_persons_in_small_pictures() -> None:
    astronaut: Callable[[], Picture] = data.astronaut
    large = Image.fromarray(astronaut()[20:212, 128:320])
    small, large_seen = np.asarray(large.resize((64, 64))), find_onlooker().look(np.asarray(large))
    seen = find_onlooker().look(small)
    assert seen.points is not None
    assert seen.person is not None
    assert large_seen.points is not None
    assert large_seen.person is not None
    assert normalised_mean_error(seen.points, (large_seen.points + 0.5) / 3 - 0.5) < 0.08
    assert find_onlooker().apart(seen.person, large_seen.person) < 0.6
    assert find_onlooker().look(np.full((64, 64, 3), 90, np.uint8)) == Seen()
