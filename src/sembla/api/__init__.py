"""What Sembla does, as functions: the surfaces, and Python by `import sembla`, call these and nothing below.

Inputs are paths, Pillow images or NumPy arrays everywhere. Every function raises the errors of `core.errors`.
"""

from importlib.metadata import version

from sembla.api.analogies import (
    AnalogyRequest,
    AnalogyScores,
    analogy,
    analogy_sequence,
    evaluate_analogy,
    read_analogy,
    run,
    run_sequence,
    warm_up,
)
from sembla.api.checking import check, output_size
from sembla.api.labelling import Labelling, fill_scribbles, label, match_map, read_own_labels, segments
from sembla.core.labels import LabelSet
from sembla.core.tasks import AnalogyResult, AnalogyTask, OnPreview, Preview
from sembla.examples import Example
from sembla.examples import load as load_example
from sembla.examples import names as example_names
from sembla.imaging.animate import ANIMATION_SUFFIXES, check_animation, write_animation
from sembla.imaging.folders import CaseFolder, find_case, find_pictures
from sembla.imaging.io import read_picture
from sembla.imaging.palette import colourize
from sembla.imaging.save import (
    PICTURE_SUFFIXES,
    check_output,
    digest,
    read_settings,
    write_label_map,
    write_picture,
)
from sembla.imaging.sheet import contact_sheet, thumbnail

__all__ = [
    "ANIMATION_SUFFIXES",
    "PICTURE_SUFFIXES",
    "AnalogyRequest",
    "AnalogyResult",
    "AnalogyScores",
    "AnalogyTask",
    "CaseFolder",
    "Example",
    "LabelSet",
    "Labelling",
    "OnPreview",
    "Preview",
    "__version__",
    "analogy",
    "analogy_sequence",
    "check",
    "check_animation",
    "check_output",
    "colourize",
    "contact_sheet",
    "digest",
    "evaluate_analogy",
    "example_names",
    "fill_scribbles",
    "find_case",
    "find_pictures",
    "label",
    "load_example",
    "match_map",
    "output_size",
    "read_analogy",
    "read_own_labels",
    "read_picture",
    "read_settings",
    "run",
    "run_sequence",
    "segments",
    "thumbnail",
    "warm_up",
    "write_animation",
    "write_label_map",
    "write_picture",
]

__version__ = version("sembla")
