"""Looking at pairs: their files are opened once, in threads, and everything that the checks ask about is measured."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sembla.core.errors import InputError
from sembla.core.types import MIN_SIDE
from sembla.data.doctor.alignment import explained, label_thumbnail, photo_thumbnail, turned
from sembla.data.doctor.pairs import Pair
from sembla.data.doctor.pixels import LabelFacts, PhotoFacts, decode, label_facts, label_pixels, photo_facts

__all__ = ["Look", "Thumbnails", "in_threads", "look_at", "look_at_labels"]

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")

_REDUCED = 128  # no side of a photo is decoded to fewer pixels


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """A pair made small, for comparing it with its neighbours."""

    photo: NDArray[np.uint8]
    labels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Look:
    """All that was measured of a pair."""

    photo: PhotoFacts
    labels: LabelFacts
    fit: float = 0.0
    """How much of the photo its label map explains; see `alignment`."""
    mirrored: float = 0.0
    """The same for the mirrored map."""
    as_shown: float = 0.0
    """For a photo with an EXIF rotation: the same for the photo as viewers show it."""
    thumbnails: Thumbnails | None = None

    @property
    def is_whole(self) -> bool:
        """Whether both files can be read."""
        return not (self.photo.problem or self.labels.problem)


def look_at(pair: Pair, *, keep: bool) -> Look:
    """Open both files of a pair and measure them; `keep` the thumbnails."""
    image, image_problem = _made(pair.show) if pair.show else decode(pair.image, reduce=_REDUCED)
    if not image_problem and min(image.info["stored"]) < MIN_SIDE:
        image_problem = "small"
    map_, map_problem = _made(pair.draw) if pair.draw else decode(pair.labels)
    photo = photo_thumbnail(image)
    facts = photo_facts(image, image_problem, photo)
    pixels = label_pixels(map_)
    labels = label_facts(map_, map_problem, pixels)
    if image_problem or map_problem:
        return Look(facts, labels)
    small = label_thumbnail(pixels)
    shown = 0.0
    if facts.turn != 1:
        inverse = {6: 8, 8: 6}.get(facts.turn, facts.turn)
        shown = explained(photo, turned(small, inverse))
    return Look(
        facts,
        labels,
        fit=explained(photo, small),
        mirrored=explained(photo, small[:, ::-1]),
        as_shown=shown,
        thumbnails=Thumbnails(photo, small) if keep else None,
    )


def _made(make: Callable[[], NDArray[np.uint8]]) -> tuple[Image.Image, str]:
    """What a reader gives, and its complaint, as `decode` does."""
    try:
        image = Image.fromarray(make())
    except InputError as error:
        return Image.new("L", (1, 1)), str(error)
    image.info["stored"] = image.size
    return image, ""


def look_at_labels(path: Path) -> LabelFacts:
    """Open a label map that has no photo."""
    image, problem = decode(path)
    return label_facts(image, problem, label_pixels(image))


def in_threads(act: Callable[[Thing], Answer], things: Iterable[Thing], *, workers: int) -> Iterator[Answer]:
    """Yield act(thing) for each, in order; only a few answers wait at a time, so memory stays flat."""
    Image.init()  # Pillow loads its plugins when first asked, and not safely from several threads at once
    waiting: deque[Future[Answer]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for thing in things:
                waiting.append(pool.submit(act, thing))
                if len(waiting) > 8 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
