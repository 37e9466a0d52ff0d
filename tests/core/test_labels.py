"""Label sets: what they refuse, and that a flip undoes itself."""

import numpy as np
import pytest

from sembla.core.errors import LabelError
from sembla.core.labels import MAX_LABELS, LabelSet

THREE = (("sky", "l_eye", "r_eye"), ((0, 0, 0), (1, 0, 0), (2, 0, 0)))


def greys(count: int) -> tuple[tuple[int, int, int], ...]:
    return tuple((value // 2, value, 0) for value in range(count))


def test_holds_as_many_classes_as_bytes_allow() -> None:
    most = LabelSet(tuple(str(label) for label in range(MAX_LABELS)), greys(MAX_LABELS), ignore=255)
    assert most.count == len(most.palette) == 255
    with pytest.raises(LabelError, match="256 classes came"):
        LabelSet(tuple(str(label) for label in range(256)), greys(256))


@pytest.mark.parametrize(
    ("names", "colours", "reason"),
    [
        (("a", "b"), greys(1), "2 names came with 1 colours"),
        ((), (), "0 classes came"),
        (("a", "a"), greys(2), "repeats a name"),
        (("a", "b"), (*greys(1), *greys(1)), "repeats a colour"),
    ],
)
def test_names_and_colours_must_fit(
    names: tuple[str, ...], colours: tuple[tuple[int, int, int], ...], reason: str
) -> None:
    with pytest.raises(LabelError, match=reason):
        LabelSet(names, colours)


@pytest.mark.parametrize("ignore", [-1, 0, 2, 256])
def test_the_value_to_ignore_is_no_class(ignore: int) -> None:
    with pytest.raises(LabelError, match=f"{ignore} came as the value to ignore; give one from 3 to 255"):
        LabelSet(*THREE, ignore=ignore)
    assert LabelSet(*THREE, ignore=3).ignore == 3


@pytest.mark.parametrize("swaps", [((1, 3),), ((-1, 0),), ((1, 1),), ((0, 1), (1, 2))])
def test_swaps_name_classes_once(swaps: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(LabelError, match="to swap"):
        LabelSet(*THREE, swaps=swaps)


def test_a_flip_exchanges_left_and_right_and_undoes_itself() -> None:
    label_set = LabelSet(*THREE, ignore=255, swaps=((1, 2),))
    labels = np.array([[0, 1, 2, 255], [1, 1, 0, 0]], np.uint8)
    flipped = label_set.flip(labels)
    assert flipped.tolist() == [[255, 1, 2, 0], [0, 0, 2, 2]]
    assert np.array_equal(label_set.flip(flipped), labels)
    assert np.array_equal(LabelSet(*THREE).flip(labels), labels[:, ::-1])
