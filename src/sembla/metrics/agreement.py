"""How far two label maps agree: pixel accuracy and intersection over union, from a confusion matrix."""

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError, LabelError, SizeError
from sembla.core.types import LabelMap

__all__ = ["Confusion"]


class Confusion:
    """Counts of pixels by wanted and predicted class, over any number of label maps.

    Scores follow Long, Shelhamer & Darrell 2015, section 5, over the pixels of all maps together (not a mean of means
    of maps). A segmenter's name and hash belong into the name of what is reported: `miou[SEGMENTER:HASH]`.
    """

    def __init__(self, classes: int, *, ignore: int | None = None) -> None:
        self.classes, self.ignore = classes, ignore
        self.counts: NDArray[np.int64] = np.zeros((classes, classes), np.int64)
        """(K, K): wanted class down, predicted class across."""

    def add(self, predicted: LabelMap, wanted: LabelMap) -> None:
        """Count one pair of maps (H, W); pixels whose wanted class is `ignore` are left out.

        Raises `SizeError` for sizes that differ, and `LabelError` for ids beyond the classes.
        """
        if predicted.shape != wanted.shape:
            raise SizeError(
                f"the predicted map is {predicted.shape} and the wanted one {wanted.shape}; resize one by its nearest "
                "pixels first."
            )
        counted = np.ones(wanted.shape, np.bool_) if self.ignore is None else wanted != self.ignore
        truth, guess = wanted[counted].astype(np.int64), predicted[counted].astype(np.int64)
        for name, ids in (("wanted", truth), ("predicted", guess)):
            if ids.size and (ids.max() >= self.classes or ids.min() < 0):
                worst = int(ids.max())
                raise LabelError(
                    f"the {name} map holds id {worst}; the ids of {self.classes} classes go to {self.classes - 1}."
                )
        pairs = np.bincount(truth * self.classes + guess, minlength=self.classes**2)
        self.counts += pairs.reshape(self.classes, self.classes)

    @property
    def pixel_accuracy(self) -> float:
        """Share of pixels with the wanted class, 0 to 1. Raises `InputError` where no pixel was counted."""
        return float(self._counted().trace() / self.counts.sum())

    @property
    def class_iou(self) -> NDArray[np.float64]:
        """Intersection over union of each class (K,), 0 to 1; NaN for a class neither wanted nor predicted."""
        both = self.counts.diagonal()
        either = self.counts.sum(axis=0) + self.counts.sum(axis=1) - both
        shares = np.full(self.classes, np.nan)
        np.divide(both, either, out=shares, where=either > 0)
        return shares

    @property
    def mean_iou(self) -> float:
        """Mean of `class_iou` over the classes that are wanted or predicted anywhere. Raises as `pixel_accuracy`."""
        self._counted()
        return float(np.nanmean(self.class_iou))

    def _counted(self) -> NDArray[np.int64]:
        if not self.counts.any():
            raise InputError("no pixel was compared; add maps with pixels that are not to be ignored.")
        return self.counts
