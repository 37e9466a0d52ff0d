"""First guesses for a nearest-neighbour field, by the shapes of the regions."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sembla.core.types import LabelMap

__all__ = ["Guess", "guesses"]

Guess = tuple[NDArray[np.int32], NDArray[np.int32]]
"""Source rows and columns, (h, w) each."""

MOST_REGIONS = 12
"""Only the largest source regions of a label are tried as models of a target region."""

TINY = 1e-6


def guesses(
    labels: LabelMap, layout: LabelMap, *, wanted_labels: Iterable[int], chance: np.random.Generator | None = None
) -> list[Guess]:
    """Propose fields that bring each target pixel a source pixel of its own label.

    Three proposals: the nearest pixel of the label to the same place of the picture; the best-fitting source region
    moved onto each target region; and the same stretched to the region's bounding box.

    Args:
        labels: (H, W), the source's label map.
        layout: (h, w), the target's; all of its labels must occur in `labels`.
        wanted_labels: The labels to propose for; pixels of the others are left at (0, 0).
        chance: Adds a fourth proposal, each label shifted by chance.
    """
    count = 3 if chance is None else 4
    proposals = [(np.zeros(layout.shape, np.int32), np.zeros(layout.shape, np.int32)) for _ in range(count)]
    for label in wanted_labels:
        wanted = layout == label
        if not wanted.any():
            continue
        _, nearest = ndimage.distance_transform_edt(labels != label, return_indices=True)
        rows, columns = np.nonzero(wanted)
        scale = labels.shape[0] / layout.shape[0], labels.shape[1] / layout.shape[1]
        _fill(proposals[0], (rows, columns), ((rows + 0.5) * scale[0], (columns + 0.5) * scale[1]), nearest)
        if chance is not None:
            shift = chance.uniform(-0.4, 0.4, 2) * labels.shape
            _fill(proposals[3], (rows, columns), (rows * scale[0] + shift[0], columns * scale[1] + shift[1]), nearest)
        for places, moved in _regions(labels, layout, label):
            for proposal, there in zip(proposals[1:3], moved, strict=True):
                _fill(proposal, places, there, nearest)
    return proposals


Places = tuple[NDArray[np.intp], NDArray[np.intp]]
Points = tuple[NDArray[np.floating], NDArray[np.floating]]


def _fill(guess: Guess, places: Places, there: Points, nearest: NDArray[np.int32]) -> None:
    """Write the label's pixels nearest to the points `there`."""
    y = np.clip(np.floor(there[0]).astype(np.intp), 0, nearest.shape[1] - 1)
    x = np.clip(np.floor(there[1]).astype(np.intp), 0, nearest.shape[2] - 1)
    guess[0][places] = nearest[0][y, x]
    guess[1][places] = nearest[1][y, x]


def _regions(labels: LabelMap, layout: LabelMap, label: int) -> Iterator[tuple[Places, tuple[Points, Points]]]:
    """For each target region of a label: its pixels, and where they are when moved and stretched."""
    marked, _ = ndimage.label(labels == label)
    boxes = ndimage.find_objects(marked)
    areas = np.bincount(marked.ravel(), minlength=len(boxes) + 1)[1:]
    largest = np.argsort(-areas, kind="stable")[:MOST_REGIONS]
    targets, _ = ndimage.label(layout == label)
    for number, box in enumerate(ndimage.find_objects(targets), start=1):
        rows, columns = np.nonzero(targets[box] == number)
        rows, columns = rows + box[0].start, columns + box[1].start
        fits = [_fit(labels == label, (rows, columns), box, boxes[index], int(areas[index])) for index in largest]
        best = max(range(len(fits)), key=lambda index: fits[index][0])
        _, shift = fits[best]
        model = boxes[largest[best]]
        moved = rows + shift[0] + 0.5, columns + shift[1] + 0.5
        down = (rows - box[0].start + 0.5) / (box[0].stop - box[0].start)
        right = (columns - box[1].start + 0.5) / (box[1].stop - box[1].start)
        height, width = model[0].stop - model[0].start, model[1].stop - model[1].start
        stretched = model[0].start + down * height, model[1].start + right * width
        yield (rows, columns), (moved, stretched)


Box = tuple[slice, ...]


def _fit(inside: NDArray[np.bool_], places: Places, box: Box, model: Box, area: int) -> tuple[float, tuple[int, int]]:
    """Find the shift that lays a target region best over a source region: the overlap, and the shift."""
    best = -1.0, (0, 0)
    centred = tuple((model[axis].start + model[axis].stop - box[axis].start - box[axis].stop) // 2 for axis in (0, 1))
    first = tuple(model[axis].start - box[axis].start for axis in (0, 1))
    last = tuple(model[axis].stop - box[axis].stop for axis in (0, 1))
    for shift in ((0, 0), centred, first, last, (last[0], first[1]), (first[0], last[1])):
        y, x = places[0] + shift[0], places[1] + shift[1]
        visible = (y >= 0) & (x >= 0) & (y < inside.shape[0]) & (x < inside.shape[1])
        overlap = int(np.count_nonzero(inside[y[visible], x[visible]]))
        score = overlap / (len(places[0]) + area - overlap + TINY)
        if score > best[0] + TINY:
            best = score, (int(shift[0]), int(shift[1]))
    return best
