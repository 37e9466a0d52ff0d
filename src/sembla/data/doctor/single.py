"""What the doctor says of one photo and its label map, as they are opened to be worked on.

What a single pair cannot tell (classes never seen, ids beyond the others') is left out, and so is what a reader of
colour maps copes with without loss (a palette, alpha).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sembla.core.types import Picture
from sembla.data.doctor.alignment import explained, label_thumbnail, photo_thumbnail, turned
from sembla.data.doctor.colours import SOFT_IN_CASES
from sembla.data.doctor.ids import ALL, IGNORE, SOFT
from sembla.data.doctor.pixels import LabelFacts, array_facts, without_copies
from sembla.data.doctor.report import Fault
from sembla.data.doctor.scenes import MIRRORED

__all__ = ["examine_pair"]

_MIDDLE = 1024  # of larger colour maps, this many pixels each way are looked at closely
_SEEN = 256  # pixels each way from which a thumbnail of the photo is made
_TURNS = {3: "upside down", 6: "turned to the right", 8: "turned to the left"}


def examine_pair(photo: Picture, labels: NDArray[np.uint8], *, name: str = "the label map") -> tuple[Fault, ...]:
    """Look at a photo (H, W, 3) and its label map, ids (H, W) or colours (H, W, 3); `name` is what sentences call it.

    The faults name no files. At 512 px this takes some 10 ms, and not much more for larger maps.
    """
    pixels = without_copies(labels) if labels.ndim == 3 else labels
    facts = array_facts(_middle(pixels) if pixels.ndim == 3 else pixels)
    return (*_of_sizes(photo, labels, name), *_of_map(facts, name), *_of_both(photo, pixels, facts, name=name))


def _middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    down, across = (max(0, (side - _MIDDLE) // 2) for side in pixels.shape[:2])
    return pixels[down : down + _MIDDLE, across : across + _MIDDLE]


def _of_sizes(photo: Picture, labels: NDArray[np.uint8], name: str) -> Iterator[Fault]:
    (height, width), (high, wide) = photo.shape[:2], labels.shape[:2]
    if (height, width) != (high, wide):
        sentence = f"{name} is {wide}x{high}, but the photo {width}x{height}."
        yield Fault(
            "sizes_differ", sentence, (), "Find the map that was made for this photo, or scale it without blending."
        )


def _of_map(facts: LabelFacts, name: str) -> Iterator[Fault]:
    """Faults of the label map alone."""
    if facts.ripples:
        sentence = (
            f"{name} shows colours along its borders that nobody chose, as JPEG and scaling with blending leave them: "
            "some pixels there are guessed."
        )
        yield Fault("jpeg_noise", sentence, (), "Take the map as it was before, and save it as PNG.")
    elif facts.in_colour and facts.stray > SOFT_IN_CASES:
        sentence = (
            f"{name} has soft edges: {facts.stray:.0%} of its pixels are blends, which are given to a class nearby."
        )
        yield Fault("anti_aliased", sentence, (), "Draw and resize label maps without smoothing.")
    elif facts.mixed > SOFT:
        sentence = f"{name} was resized with blending: its borders show ids between those of the two sides."
        yield Fault("blurred_labels", sentence, (), "Resize the original map again, with nearest neighbour.")
    else:
        yield from _of_values(facts, name)


def _of_values(facts: LabelFacts, name: str) -> Iterator[Fault]:
    """Faults of sharp maps."""
    if facts.areas is None or not len(facts.areas):
        return
    shares = facts.areas / facts.areas.sum()
    values = [] if facts.values is None else facts.values.tolist()
    if len(values) > 2 and values[-1] == IGNORE and values[-2] < IGNORE // 2:
        sentence = (
            f"{name} holds 255 in {shares[-1]:.1%} of its pixels, far above its other ids: elsewhere that marks pixels "
            "without a class, here it is a class like the others."
        )
        yield Fault("ignore_value", sentence, (), "Paint these pixels in the classes that they belong to.")
    if len(shares) > 1 and shares.max() > ALL:
        sentence = f"{shares.max():.1%} of {name} is one class; there is next to nothing to learn about the others."
        yield Fault("one_class", sentence, (), "Check that the map shows what you expect.")


def _of_both(photo: Picture, pixels: NDArray[np.uint8], facts: LabelFacts, *, name: str) -> Iterator[Fault]:
    """A label map that fits its photo far better when it is mirrored or turned."""
    if facts.ripples:
        return
    step = max(1, min(photo.shape[:2]) // _SEEN)
    shown, small = photo_thumbnail(Image.fromarray(photo[::step, ::step])), label_thumbnail(pixels)
    fit = explained(shown, small)
    if explained(shown, small[:, ::-1]) - fit > MIRRORED:
        sentence = (
            f"the photo fits the mirror image of {name} far better: one of the two was flipped without the other."
        )
        yield Fault("mirrored", sentence, (), "Flip the label map (or the photo) back.")
        return
    fits = {told: explained(shown, turned(small, turn)) - fit for turn, told in _TURNS.items()}
    best = max(fits, key=lambda told: fits[told])
    if fits[best] > MIRRORED:
        sentence = (
            f"{name} fits the photo far better {best}: photos are shown upright, as their EXIF mark says, and this map "
            "seems to be drawn for the pixels as they are stored."
        )
        yield Fault("exif_rotation", sentence, (), "Turn the label map.")
