"""The 68 points of a face from its parsing map: where parts begin and end, and even steps between."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import LabelError
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Region
from sembla.faces.landmarks import COUNT, Landmarks
from sembla.faces.shape import complete

__all__ = ["landmarks_of_map"]

_NEEDED = 2
_LEAST = 6  # pixels of a part that says anything
_JAW = 17
_MIDDLE = [*range(36, 48), *range(48, 60)]  # eyes and mouth
_WINDOW = np.pi / 34
_NEAREST, _FARTHEST = 0.6, 1.5  # shares of the way to a guess, beyond which the outline is something else
_FACE = ("skin", "nose", "l_eye", "r_eye", "eye_g", "l_brow", "r_brow", "u_lip", "l_lip", "mouth")

Points = NDArray[np.float64]


def landmarks_of_map(labels: LabelMap, label_set: LabelSet) -> Landmarks:
    """Points (68, 2) of a parsing map (H, W) whose classes have the names of CelebAMask-HQ.

    Eyes, brows, lips and nose are read from their outlines; parts that the map lacks follow from those that it has
    (`shape.complete`), and so does the jaw at first, which is then brought to the outline of the face. Names are the
    person's own: "l_eye" lies at the right of the picture. Raises `LabelError` for a set without such names, and for a
    map with fewer than two such parts.
    """
    lacking = {"skin", "nose", "l_eye", "r_eye"} - set(label_set.names)
    if lacking:
        raise LabelError(
            f"the label set lacks {', '.join(sorted(lacking))}; landmarks are read from CelebAMask-HQ's classes."
        )
    parts = {name: labels == label_set.names.index(name) for name in label_set.names}
    found, seen = np.zeros((COUNT, 2)), np.zeros(COUNT, np.bool_)
    read = 0
    for which, points in _read(parts).items():
        if points is not None:
            found[list(which)], seen[list(which)] = points, True
            read += 1
    if read < _NEEDED:
        raise LabelError("the map shows fewer than two parts of a face; give a parsing map of one face.")
    whole = complete(found.astype(np.float32), seen)
    face = np.logical_or.reduce([parts[name] for name in _FACE if name in parts])
    whole[:_JAW] = _jaw(face, whole)
    return whole


def _read(parts: Mapping[str, Region]) -> dict[range, Points | None]:
    """What each part says of its points; None where it is missing."""
    nothing = np.zeros_like(parts["skin"])

    def of(*names: str) -> Region:
        found: Region = np.logical_or.reduce([parts.get(name, nothing) for name in names])
        return found

    lips, mouth = of("u_lip", "l_lip", "mouth"), of("mouth")
    return {
        range(17, 22): _brow(of("r_brow")),
        range(22, 27): _brow(of("l_brow")),
        range(27, 36): _nose(of("nose")),
        range(36, 42): _eye(of("r_eye")),
        range(42, 48): _eye(of("l_eye")),
        range(48, 60): _ring(lips, (0, 1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6, 1)),
        range(60, 68): _inner(mouth if mouth.sum() >= _LEAST else nothing, of("u_lip"), of("l_lip")),
    }


def _edges(part: Region, shares: NDArray[np.float64]) -> tuple[Points, Points] | None:
    """Points on the upper and on the lower edge of a part, at shares of its width."""
    columns = np.flatnonzero(part.any(axis=0))
    if part.sum() < _LEAST or len(columns) < 3:
        return None
    at = columns[0] + shares * (columns[-1] - columns[0])
    above, below = [], []
    for x in at:
        column = columns[np.abs(columns - x).argmin()]
        rows = np.flatnonzero(part[:, column])
        above.append((x, rows[0]))
        below.append((x, rows[-1]))
    return np.array(above, np.float64), np.array(below, np.float64)


def _ring(part: Region, shares: tuple[float, ...]) -> Points | None:
    """From the left end along the upper edge to the right end, and back along the lower edge."""
    edges = _edges(part, np.array(shares))
    if edges is None:
        return None
    above, below = edges
    for side in (0, -1):
        above[side, 1] = (above[side, 1] + below[side, 1]) / 2
    return np.concatenate([above, below[-2:0:-1]])


def _eye(part: Region) -> Points | None:
    return _ring(part, (0, 1 / 3, 2 / 3, 1))


def _brow(part: Region) -> Points | None:
    """Along its upper edge, from the left."""
    edges = _edges(part, np.linspace(0, 1, 5))
    return None if edges is None else (edges[0] + (edges[1] - edges[0]) * np.array([[0, 0.35]]))


def _nose(part: Region) -> Points | None:
    """Four down its ridge to the tip, five along its lower edge."""
    rows = np.flatnonzero(part.any(axis=1))
    edges = _edges(part, np.array([0.2, 0.35, 0.5, 0.65, 0.8]))
    if edges is None or len(rows) < 3:
        return None
    middle = float(np.flatnonzero(part[rows[0]]).mean())
    tip = edges[1][2]
    ridge = [(middle + (tip[0] - middle) * t, rows[0] + (rows[-1] - rows[0]) * t * 0.75) for t in np.linspace(0, 1, 4)]
    return np.concatenate([np.array(ridge, np.float64), edges[1]])


def _inner(mouth: Region, upper: Region, lower: Region) -> Points | None:
    """The opening of the mouth, or the line between closed lips."""
    if mouth.any():
        return _ring(mouth, (0, 1 / 4, 1 / 2, 3 / 4, 1))
    edges, others = (_edges(each, np.linspace(0.12, 0.88, 5)) for each in (upper, lower))
    if edges is None or others is None:
        return None
    line = (edges[1] + others[0]) / 2
    return np.concatenate([line, line[-2:0:-1]])


def _jaw(face: Region, guess: Landmarks) -> Points:
    """Where the outline of the face lies on the way from its middle to where its jaw is guessed, or that guess."""
    jaw = guess[:_JAW].astype(np.float64)
    rows, columns = np.nonzero(face)
    if len(rows) < _LEAST:
        return jaw
    middle = guess[_MIDDLE].mean(axis=0).astype(np.float64)
    away = np.stack([columns, rows], axis=1) - middle
    angles, reach = np.arctan2(away[:, 1], away[:, 0]), np.hypot(*away.T)
    for number, (x, y) in enumerate(jaw - middle):
        near = np.abs(np.angle(np.exp(1j * (angles - np.arctan2(y, x))))) < _WINDOW
        share = float(np.quantile(reach[near], 0.98)) / float(np.hypot(x, y)) if near.any() else 0.0
        if _NEAREST < share < _FARTHEST:
            jaw[number] = middle + share * np.array([x, y])
    return jaw
