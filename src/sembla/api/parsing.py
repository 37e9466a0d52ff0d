"""Maps of the parts of faces, as people have them, in one order of ids."""

import logging

from sembla.api.checking import told_size
from sembla.api.scenes import read_scene
from sembla.core.errors import SizeError
from sembla.core.types import LabelMap
from sembla.data.face_order import detect_celebamask_order
from sembla.data.labelsets import CELEBAMASK_HQ_19, CELEBAMASK_HQ_19_PARSING, PARSING_TO_CELEBAMASK_HQ
from sembla.imaging.io import Source, source_name

__all__ = ["read_parsing"]

_LIKELY = 0.5  # share of what is said of a face's parts that holds in any map of one, however it is painted

_log = logging.getLogger("sembla")


def read_parsing(source: Source, size: tuple[int, int], *, name: str = "the parsing map") -> LabelMap:
    """The parts of the face in a picture (H, W), as ids of `CELEBAMASK_HQ_19` (h, w) of the picture's shape.

    The map holds ids or colours of CelebAMask-HQ; ids of face-parsing.PyTorch's order are seen from the face and
    converted, and a line of the log says so, as one does of parts that lie as in no face. Raises `SizeError` for a map
    of another shape than the picture, and `LabelError` for values that are no class.
    """
    labels = read_scene(source, CELEBAMASK_HQ_19).labels
    height, width = labels.shape
    if height * size[1] != width * size[0]:
        raise SizeError(
            f"{source_name(source, name)} is {told_size(labels)}, the picture {size[1]}x{size[0]}; give a map of the "
            "same shape."
        )
    guess = detect_celebamask_order([labels])
    if guess.label_set is None and guess.true < _LIKELY:
        _log.info(
            "the parts in %s lie as in no face; it is read as CelebAMask-HQ numbers them: 1 skin, 2 nose, 3 glasses",
            source_name(source, name),
        )
    if guess.label_set is CELEBAMASK_HQ_19_PARSING:
        _log.info(
            "%s numbers the parts as face-parsing.PyTorch does; it was converted to the order of CelebAMask-HQ.",
            source_name(source, name),
        )
        labels = PARSING_TO_CELEBAMASK_HQ(labels)
    return labels
