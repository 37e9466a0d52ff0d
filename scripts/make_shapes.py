"""Make the model of face shapes that completes hidden landmarks.

    python -m scripts.make_shapes LANDMARKS.npz [LANDMARKS.npz ...]

reads `points` (N, 68, 2) of each file and writes src/sembla/faces/shape.npz; its card, README.md, is written by hand.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sembla.data.labelsets import LANDMARKS_68
from sembla.faces.shape import learn_shapes, similarity

Shapes = NDArray[np.float32]

OUT = Path(__file__).parent.parent / "src" / "sembla" / "faces" / "shape.npz"
_ODD = 4.0  # standard deviations of a shape's distance from the mean, beyond which its points are mistaken


def main(files: list[Path]) -> None:
    """Learn, leave out what is odd, learn again and write."""
    points = np.concatenate([np.load(file)["points"] for file in files])
    points = np.concatenate([points, _mirrored(points)])
    first = learn_shapes(points)
    away = np.stack([_distance(each, first.mean) for each in points])
    points = points[away < away.mean() + _ODD * away.std()]
    model = learn_shapes(points)
    np.savez_compressed(
        OUT,
        mean=model.mean.astype(np.float32),
        ways=model.ways.astype(np.float16),
        deviations=model.deviations.astype(np.float32),
    )
    print(f"{OUT}: {OUT.stat().st_size / 1000:.1f} kB of {len(points)} shapes")


def _mirrored(
    points: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:

    order = np.arange(points.shape[1])
    for one, other in LANDMARKS_68.swaps:
        order[one], order[other] = other, one
    return points[:, order] * np.array([-1, 1], np.float32)


def _distance(
    points: np.ndarray[tuple[int, ...], np.dtype[np.float32]], mean: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> float:

    turn, shift = similarity(points.astype(np.float64), mean)
    return float(np.abs(points @ turn + shift - mean).mean())


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
