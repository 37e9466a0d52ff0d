import numpy as np
import pytest

from sembla.core.errors import InputError, LabelError, SizeError
from sembla.core.types import LabelMap
from sembla.metrics.agreement import Confusion


def maps(seed: int) -> tuple[LabelMap, LabelMap]:
    generator = np.random.default_rng(seed)
    wanted = generator.integers(0, 5, (30, 40), dtype=np.uint8)
    predicted = np.where(generator.random((30, 40)) < 0.6, wanted, generator.integers(0, 5, (30, 40)))
    return predicted.astype(np.uint8), wanted


def test_scores_are_those_of_sets_of_pixels() -> None:
    confusion = Confusion(6)
    pairs = [maps(seed) for seed in range(4)]
    for predicted, wanted in pairs:
        confusion.add(predicted, wanted)
    predicted, wanted = (np.concatenate(part) for part in zip(*pairs, strict=True))
    assert confusion.pixel_accuracy == pytest.approx((predicted == wanted).mean())
    for label in range(5):
        has, should = predicted == label, wanted == label
        assert confusion.class_iou[label] == pytest.approx((has & should).sum() / (has | should).sum())
    assert np.isnan(confusion.class_iou[5])  # neither wanted nor predicted
    assert confusion.mean_iou == pytest.approx(np.mean(confusion.class_iou[:5]))


def test_perfect_and_disjoint_maps() -> None:
    _, wanted = maps(0)
    perfect, wrong = Confusion(5), Confusion(5)
    perfect.add(wanted, wanted)
    wrong.add((wanted + 1) % 5, wanted)
    assert (perfect.pixel_accuracy, perfect.mean_iou) == (1, 1)
    assert (wrong.pixel_accuracy, wrong.mean_iou) == (0, 0)


def test_ignored_pixels_count_nowhere() -> None:
    predicted, wanted = maps(1)
    void = np.zeros(wanted.shape, np.bool_)
    void[:10] = True
    masked, cut = Confusion(5, ignore=255), Confusion(5)
    masked.add(predicted, np.where(void, 255, wanted).astype(np.uint8))
    cut.add(predicted[10:], wanted[10:])
    assert np.array_equal(masked.counts, cut.counts)


def test_a_class_that_is_only_predicted_counts_against() -> None:
    confusion = Confusion(3)
    confusion.add(np.array([[0, 2]], np.uint8), np.array([[0, 0]], np.uint8))
    assert confusion.class_iou[2] == 0
    assert confusion.mean_iou == pytest.approx((0.5 + 0) / 2)


def test_what_cannot_be_compared_is_refused() -> None:
    confusion = Confusion(3, ignore=255)
    with pytest.raises(SizeError, match=r"\(2, 2\)"):
        confusion.add(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
    with pytest.raises(LabelError, match="predicted map holds id 7"):
        confusion.add(np.full((2, 2), 7, np.uint8), np.zeros((2, 2), np.uint8))
    with pytest.raises(LabelError, match="wanted map holds id 3"):
        confusion.add(np.zeros((2, 2), np.uint8), np.full((2, 2), 3, np.uint8))
    confusion.add(np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8))
    with pytest.raises(InputError, match="no pixel"):
        _ = confusion.mean_iou
    with pytest.raises(InputError, match="no pixel"):
        _ = confusion.pixel_accuracy
