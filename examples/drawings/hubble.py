"""The Hubble eXtreme Deep Field: thousands of galaxies."""

import numpy as np
from scipy import ndimage
from skimage.color import rgb2lab

from drawings.canvas import Canvas, Drawing
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture, Region

__all__ = ["draw"]

LABELS = LabelSet(("space", "galaxy"), ((20, 20, 50), (250, 230, 150)))

HEART = (
    *((500, 255), (545, 170), (640, 110), (745, 115), (830, 190), (850, 310), (800, 440), (700, 570), (500, 770)),
    *((300, 570), (200, 440), (150, 310), (170, 190), (255, 115), (360, 110), (455, 170)),
)


def draw(photo: Picture) -> Drawing:
    """Label the photo (872, 1000, 3) and draw its new layouts."""
    canvas = Canvas(photo, LABELS, ground="space")
    canvas.paint("galaxy", bright_spots(photo))
    return Drawing(LABELS, canvas.labels, layouts(canvas), "NASA, ESA; public domain")


def layouts(canvas: Canvas) -> dict[str, LabelMap]:
    """The new layouts: the same galaxies, gathered into figures."""
    heart, spiral = canvas.copy(), canvas.copy()
    heart.labels = gathered(canvas.labels, canvas.curve(HEART), copies=2)
    spiral.labels = gathered(canvas.labels, spiral_arms(canvas.labels.shape), copies=2)
    return {"heart": heart.labels, "spiral": spiral.labels}


def bright_spots(photo: Picture) -> Region:
    """Galaxies of some size, with their glow."""
    light = ndimage.gaussian_filter(rgb2lab(photo)[..., 0], 1.5)
    spots, _ = ndimage.label(light > 22)
    sizes = np.bincount(spots.ravel())
    sizes[0] = 0
    grown: Region = ndimage.binary_dilation(sizes[spots] >= 40, iterations=2)
    return grown


def spiral_arms(shape: tuple[int, ...]) -> Region:
    """Two arms of a logarithmic spiral and a round heart, (H, W)."""
    y, x = np.indices(shape, float)
    across, down = (x - shape[1] / 2) / 0.48 / shape[1], (y - shape[0] / 2) / 0.48 / shape[0]
    radius, angle = np.hypot(across, down), np.arctan2(down, across)
    wave = np.cos(2 * (angle - 3.2 * np.log(radius + 1e-3)))
    arms: Region = (radius < 0.12) | ((radius < 1) & (wave > 0.55))
    return arms


def gathered(labels: LabelMap, figure: Region, *, copies: int) -> LabelMap:
    """Lay each galaxy `copies` times at a free place of `figure`, largest first; space everywhere else."""
    galaxies, _ = ndimage.label(labels)
    boxes = ndimage.find_objects(galaxies)
    shapes = [np.pad(galaxies[box] == number, 2) for number, box in enumerate(boxes, start=1)]
    chance = np.random.default_rng(0)
    places = np.argwhere(figure)
    free, laid = figure.copy(), np.zeros_like(labels)
    for shape in sorted(shapes * copies, key=np.sum, reverse=True):
        for top, left in places[chance.integers(len(places), size=400)]:
            spot = np.s_[top : top + shape.shape[0], left : left + shape.shape[1]]
            if free[spot].shape == shape.shape and free[spot][shape].all():
                laid[spot] |= shape
                free[spot] &= ~ndimage.binary_dilation(shape, iterations=2)
                break
    return laid
