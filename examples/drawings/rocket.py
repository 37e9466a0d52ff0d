"""A rocket on its launch pad at dusk, between lattice towers."""

from drawings.canvas import Canvas, Drawing
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture

__all__ = ["draw"]

LABELS = LabelSet(
    ("sky", "cloud", "tower", "gantry", "rocket", "lamp", "pad"),
    ((70, 110, 190), (60, 60, 84), (120, 84, 52), (176, 140, 96), (244, 244, 240), (255, 210, 60), (214, 140, 70)),
)

CLOUD = (
    *((-5, 372), (20, 371), (40, 375), (70, 374), (100, 369), (120, 365), (160, 368), (200, 366), (222, 373)),
    *((250, 369), (275, 373), (300, 376), (340, 378), (370, 377), (400, 371), (430, 373), (470, 370), (520, 370)),
    *((560, 369), (600, 371), (645, 372), (645, 432), (-5, 432)),
)
TOWERS = (
    (
        (45, -3),
        (52, 10),
        (40, 95),
        (19, 222),
        (-4, 352),
        (-4, 432),
        (71, 432),
        (76, 350),
        (82, 200),
        (87, 10),
        (90, -3),
    ),
    (
        (198, 123),
        (204, 123),
        (204, 192),
        (204, 250),
        (201, 432),
        (162, 432),
        (176, 320),
        (185, 230),
        (189, 191),
        (196, 191),
    ),
    (
        (443, 122),
        (450, 122),
        (452, 190),
        (457, 191),
        (462, 245),
        (473, 355),
        (480, 432),
        (440, 432),
        (440, 300),
        (441, 192),
        (447, 191),
    ),
    (
        (560, -3),
        (599, -3),
        (612, 80),
        (624, 165),
        (645, 250),
        (645, 432),
        (582, 432),
        (574, 330),
        (567, 210),
        (561, 60),
    ),
)
GANTRY = (
    *((309, 155), (311, 155), (311, 178), (335, 178), (336, 190), (335, 270), (336, 340), (357, 362), (356, 404)),
    *((285, 404), (288, 365), (309, 342), (308, 270), (309, 190)),
)
ROCKET = (
    *((322, 126), (317, 130), (313, 138), (311, 147), (311, 174), (314, 180), (314, 300), (313, 406), (331, 406)),
    *((331, 300), (330, 180), (333, 174), (333, 147), (331, 138), (327, 130)),
)
PAD = ((267, 407), (372, 407), (380, 424), (380, 432), (176, 432), (176, 428), (194, 424), (222, 424), (267, 425))
LAMPS = ((82, 349), (150, 377), (192, 394), (111, 416), (363, 396), (432, 394), (450, 418))

# The rocket's upper part with its tower, and the part of it that has to be on top.
UPPER_STAGE = ((290, 0), (360, 0), (360, 270), (290, 270))
NOSE = ((290, 0), (360, 0), (360, 192), (290, 192))
STORM = (
    *((-20, 350), (30, 338), (90, 342), (150, 330), (230, 326), (300, 340), (380, 334), (460, 322), (540, 330)),
    *((600, 340), (660, 336), (660, 440), (-20, 440)),
)


def draw(photo: Picture) -> Drawing:
    """Label the photo (427, 640, 3) and draw its new layouts."""
    canvas = Canvas(photo, LABELS, ground="sky")
    canvas.paint("cloud", canvas.polygon(CLOUD))
    for tower in TOWERS:
        canvas.paint("tower", canvas.polygon(tower))
    canvas.paint("gantry", canvas.polygon(GANTRY))
    canvas.paint("rocket", canvas.polygon(ROCKET), reach=1)
    canvas.paint("pad", canvas.polygon(PAD), reach=1)
    for centre in LAMPS:
        canvas.paint("lamp", canvas.ellipse(centre, (14, 14)))
    return Drawing(LABELS, canvas.labels, layouts(canvas), "SpaceX; public domain")


def layouts(canvas: Canvas) -> dict[str, LabelMap]:
    """The new layouts, each drawn on a copy of the photo's own map."""
    bare = canvas.copy()
    inner = bare.region("tower") & bare.polygon(((120, 0), (520, 0), (520, 432), (120, 432)))
    bare.paint("sky", inner)
    bare.paint("cloud", inner & bare.polygon(CLOUD))
    twins = canvas.copy()
    twins.stamp(canvas, twins.region("rocket", "gantry") | (twins.polygon(PAD) & ~twins.region("lamp")), right=-74)
    tall = canvas.copy()
    upper = tall.region("rocket", "gantry") & tall.polygon(UPPER_STAGE)
    tall.paint("sky", upper)
    tall.stamp(canvas, upper, down=-75)
    tall.stamp(canvas, upper & ~tall.polygon(NOSE))
    storm = canvas.copy()
    storm.paint("cloud", storm.curve(STORM) & storm.region("sky"))
    return {
        "no-masts": bare.labels,
        "two-rockets": twins.labels,
        "tall-rocket": tall.labels,
        "high-clouds": storm.labels,
    }
