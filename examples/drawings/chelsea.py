"""The face of Chelsea, a tabby cat."""

from drawings.canvas import Canvas, Drawing
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture

__all__ = ["draw"]

LABELS = LabelSet(
    ("background", "fur", "body", "ear", "eyelid", "iris", "pupil", "glint", "nose"),
    (
        *((150, 150, 170), (196, 140, 84), (226, 200, 176), (226, 130, 130), (96, 48, 40)),
        *((180, 190, 60), (10, 10, 20), (200, 220, 255), (190, 70, 40)),
    ),
)

RIGHT_BACKGROUND = (
    *((399, -5), (385, 17), (375, 45), (362, 65), (356, 80), (358, 95), (361, 110), (363, 125), (362, 140)),
    *((359, 153), (354, 167), (346, 187), (337, 202), (324, 214), (317, 223), (313, 240), (312, 262), (307, 277)),
    *((304, 305), (460, 305), (460, -5)),
)
LEFT_BACKGROUND = ((-5, -5), (41, -5), (38, 30), (35, 60), (32, 88), (24, 110), (10, 121), (-5, 128))
BODY = (
    *((-5, 128), (10, 121), (24, 112), (34, 125), (42, 150), (52, 170), (70, 178), (95, 182), (125, 188), (148, 197)),
    *((156, 212), (154, 228), (146, 243), (150, 264), (180, 274), (205, 282), (232, 286), (270, 289), (304, 285)),
    *((305, 305), (-5, 305)),
)
EARS = (
    ((51, -5), (53, 10), (57, 22), (66, 22), (78, 28), (88, 20), (98, 8), (100, -5)),
    (
        (322, -5),
        (328, 10),
        (336, 20),
        (343, 34),
        (348, 50),
        (352, 65),
        (357, 70),
        (364, 60),
        (375, 42),
        (385, 16),
        (398, -5),
    ),
)
EYELIDS = (
    (
        *((134, 104), (137, 95), (143, 89), (152, 86), (165, 85), (178, 87), (190, 92), (200, 99), (207, 107)),
        *((211, 118), (215, 132), (217, 143), (213, 149), (203, 148), (190, 149), (178, 149), (167, 146)),
        *((156, 141), (146, 133), (138, 122), (134, 112)),
    ),
    (
        *((294, 146), (296, 136), (301, 127), (309, 119), (318, 113), (328, 110), (338, 110), (343, 114)),
        *((344, 125), (342, 138), (336, 150), (327, 158), (318, 163), (309, 164), (301, 161), (295, 155)),
    ),
)
IRISES = (
    (
        *((140, 107), (142, 98), (148, 91), (158, 88), (168, 87), (180, 89), (190, 95), (198, 102), (202, 111)),
        *((203, 119), (202, 126), (197, 133), (190, 139), (180, 143), (170, 143), (160, 139), (150, 133)),
        *((143, 124), (140, 115)),
    ),
    (
        *((296, 146), (298, 136), (304, 127), (312, 119), (320, 114), (330, 111), (336, 114), (339, 122)),
        *((339, 132), (334, 144), (326, 153), (317, 159), (308, 159), (300, 156)),
    ),
)
PUPILS = (
    (
        *((168, 99), (171, 95), (175, 92), (179, 95), (182, 103), (183, 110), (181, 119), (177, 124), (170, 129)),
        *((166, 124), (163, 116), (165, 106)),
    ),
    (
        *((307, 124), (311, 120), (316, 118), (320, 119), (323, 126), (323, 136), (319, 143), (313, 147)),
        *((309, 142), (307, 133)),
    ),
)
GLINTS = (
    (
        (166, 99),
        (168, 96),
        (171, 99),
        (176, 101),
        (179, 106),
        (179, 113),
        (177, 119),
        (174, 119),
        (174, 110),
        (170, 104),
    ),
    ((309, 121), (313, 119), (316, 124), (317, 132), (313, 133), (310, 127)),
)
NOSE = (
    *((239, 235), (246, 231), (258, 230), (270, 233), (283, 232), (291, 233), (290, 238), (282, 243), (273, 250)),
    *((269, 256), (262, 263), (257, 266), (254, 263), (251, 255), (249, 245), (246, 240)),
)

# Centre, radii and turn of each pupil in the dark.
WIDE_PUPILS = (((172, 112), (21, 24), 0), ((315, 135), (15, 19), 20))
# What lies above the line of the closed lid, which follows the lower rim of the eye.
CLOSING = (
    *((100, 60), (230, 60), (230, 140), (213, 141), (204, 139), (195, 139), (180, 139), (170, 138), (160, 134)),
    *((151, 128), (144, 120), (139, 112), (130, 106), (100, 106)),
)
LEFT_HALF = ((100, 60), (230, 60), (230, 160), (100, 160))


def draw(photo: Picture) -> Drawing:
    """Label the photo (300, 451, 3) and draw its new layouts."""
    canvas = Canvas(photo, LABELS, ground="fur")
    canvas.paint("body", canvas.polygon(BODY))
    canvas.paint("background", canvas.polygon(RIGHT_BACKGROUND), reach=4)
    canvas.paint("background", canvas.polygon(LEFT_BACKGROUND), reach=4)
    for ear in EARS:
        canvas.paint("ear", canvas.polygon(ear) & canvas.region("fur"), reach=3)
    for eyelid, iris, pupil in zip(EYELIDS, IRISES, PUPILS, strict=True):
        canvas.paint("eyelid", canvas.curve(eyelid), reach=2)
        canvas.paint("iris", canvas.curve(iris), reach=2)
        canvas.paint("pupil", canvas.curve(pupil), reach=2)
    canvas.paint("nose", canvas.polygon(NOSE), reach=2)
    canvas.smooth()
    for glint in GLINTS:
        canvas.paint("glint", canvas.polygon(glint) & canvas.region("pupil"))
    return Drawing(LABELS, canvas.labels, layouts(canvas), "Stéfan van der Walt; CC0")


def layouts(canvas: Canvas) -> dict[str, LabelMap]:
    """The new layouts, each drawn on a copy of the photo's own map."""
    night = canvas.copy()
    for centre, radii, turn in WIDE_PUPILS:
        night.paint("pupil", night.ellipse(centre, radii, turn) & night.region("iris"))
    wink = canvas.copy()
    above = wink.polygon(CLOSING)
    wink.paint("fur", above & wink.region("eyelid", "iris", "pupil", "glint"))
    wink.paint("eyelid", wink.polygon(LEFT_HALF) & wink.region("iris"))
    return {"wide-pupils": night.labels, "wink": wink.labels}
