"""Look for the points of faces behind every kind of hole, and compare with those that are found in the whole faces.

    python -m benchmarks.hidden_points FOLDER

takes pictures of FOLDER, of 256 pixels a side, until dlib (the extra `faces`) has found a face in FACES (24) of them.
Errors are mean distances of the 68 points over the distance of the eyes. Writes results/hidden_points.md and .json.
"""

import os
import platform
import statistics
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.tables import publish
from sembla import api
from sembla.core.errors import InputError
from sembla.core.types import Picture
from sembla.faces.detection import find_faces, landmarks_in, landmarks_of_damaged
from sembla.faces.landmarks import Landmarks
from sembla.imaging.holes import HOLES, draw_hole

SIDE = 256
FACES = int(os.environ.get("FACES", "24"))
KINDS = tuple(kind for kind in HOLES if kind != "full")


def faces(folder: Path) -> Iterator[tuple[Picture, Landmarks]]:
    """Faces and their points, one by one."""
    for file in api.find_pictures(folder):
        picture = api.middle_square(api.read_picture(file), SIDE)
        found = find_faces(picture)
        if found:
            yield picture, landmarks_in(picture, found[0])


def errors(known: list[tuple[Picture, Landmarks]], kind: str) -> Iterator[float]:
    """Of each face whose points are found behind a hole."""
    hole = draw_hole(kind, (SIDE, SIDE))
    for picture, points in known:
        eyes = np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0))
        try:
            found = landmarks_of_damaged(picture, hole)
        except InputError:
            continue
        yield float(np.linalg.norm(found - points, axis=1).mean() / eyes)


def main(folder: Path) -> None:
    """Compare and publish."""
    known = list(islice(faces(folder), FACES))
    rows: list[dict[str, object]] = []
    for kind in KINDS:
        off = sorted(errors(known, kind))
        middle, largest = (f"{value:.3f}" for value in (statistics.median(off), off[-1])) if off else ("", "")
        rows.append({"hole": kind, "found": len(off), "of": len(known), "median error": middle, "largest": largest})
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    head = (
        f"# Points behind holes\n\n`python -m benchmarks.hidden_points`, {machine}. The first {len(known)} pictures of "
        f"{folder.name} in which dlib finds a face; errors over the distance of the eyes."
    )
    publish("hidden_points", {"Points": rows}, head=head, machine=machine)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
