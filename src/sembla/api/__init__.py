"""What Sembla does, as functions: the surfaces, and Python by `import sembla`, call these and nothing below.

Inputs are paths, Pillow images or NumPy arrays everywhere. Every function raises the errors of `core.errors`.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING

from sembla.api.analogies import (
    AnalogyRequest,
    AnalogyScores,
    analogy,
    analogy_sequence,
    evaluate_analogy,
    for_engine,
    read_analogy,
    run,
    run_sequence,
    warm_up,
)
from sembla.api.checking import check, output_size
from sembla.api.datasets import examine_pair, kinds, prepare
from sembla.api.evaluations import (
    check_comparison,
    check_run,
    compare_runs,
    comparison_json,
    comparison_text,
    evaluate_cases,
    evaluate_folders,
    evaluate_sequences,
    evaluate_variations,
    make_study,
    read_run,
    run_json,
    run_text,
    score_study,
    study_json,
    study_text,
    write_comparison,
    write_run,
)
from sembla.api.facing import (
    FACE_CLASSES,
    FacePhoto,
    apart,
    check_portrait,
    face_photo,
    labelled_face,
    layout_from,
    parse,
)
from sembla.api.inpaint_experiments import (
    evaluate_inpaint_codes,
    evaluate_inpaint_completeness,
    evaluate_inpaint_consistency,
    evaluate_inpaint_maps,
)
from sembla.api.inpainting import DamagedFace, check_inpaint, damage, inpaint, run_inpaint
from sembla.api.labelling import Labelling, fill_scribbles, label, match_map, read_own_labels, segments
from sembla.api.pointing import (
    complete_landmarks,
    draw_landmarks,
    find_landmarks,
    has_faces,
    landmarks,
    landmarks_of_parsing,
    mean_landmarks,
    parse_landmarks,
)
from sembla.api.portraits import (
    PortraitResult,
    portrait,
    portrait_frames,
    portrait_of,
    run_portrait,
)
from sembla.api.preserving import (
    VIEWS,
    check_preserve,
    is_strange,
    keep,
    middle_square,
    model_side,
    preserve,
    run_preserve,
    strangeness_note,
    views_of,
)
from sembla.api.scenes import (
    bank_labels,
    bank_photo,
    check_scene,
    open_bank,
    read_scene,
    run_scene,
    scene,
    scene_classes,
    scene_config,
    scene_size,
    warm_up_bank,
)
from sembla.api.sequences import DamagedFrames, damage_frames, inpaint_frames
from sembla.api.synthesis import export, load, model_folder, pack_folders
from sembla.api.training import (
    OnStep,
    Trained,
    TrainingPlan,
    choose,
    count_parameters,
    has_models,
    methods,
    plan_training,
    train,
)
from sembla.core.labels import LabelSet
from sembla.core.method import Method
from sembla.core.tasks import (
    AnalogyResult,
    AnalogyTask,
    Damaged,
    InpaintResult,
    InpaintTask,
    InventTask,
    Kept,
    OnPreview,
    ParseTask,
    PortraitTask,
    PreserveResult,
    PreserveTask,
    Preview,
    SceneResult,
    SceneTask,
)
from sembla.core.ways import Bedrooms, Faces, Pixels, Predicted, Search, Searched, Steered, Weighted
from sembla.data.augment import Augmentation
from sembla.data.classes import write_declared
from sembla.data.doctor import Fault, Mended, Report, examine, repair
from sembla.data.doctor import as_json as report_json
from sembla.data.doctor import check_place as check_repair
from sembla.data.doctor import lines as report_lines
from sembla.data.loading import Batch, batches, batches_once
from sembla.data.prepare import Preparation
from sembla.data.prepared import Prepared, open_prepared
from sembla.data.shards import Share
from sembla.evaluation.results import Evaluation, Judged, OnProgress
from sembla.examples import Example
from sembla.examples import load as load_example
from sembla.examples import names as example_names
from sembla.faces.landmarks import SUFFIXES as LANDMARK_SUFFIXES
from sembla.faces.landmarks import TRACK_SUFFIXES, write_landmarks
from sembla.imaging.animate import ANIMATION_SUFFIXES, check_animation, write_animation
from sembla.imaging.folders import CaseFolder, find_case, find_pictures
from sembla.imaging.holes import HOLES, draw_hole, read_mask
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
from sembla.imaging.sheet import contact_sheet, thumbnail, tiled
from sembla.imaging.video import VIDEO_SUFFIXES, Video, check_video, open_video, write_video
from sembla.methods import find_method
from sembla.metrics.protocol import Protocol, Score
from sembla.train.stopping import SignalStop

if TYPE_CHECKING:
    from sembla.api.scenes import SceneConfig as SceneConfig
    from sembla.api.scenes import SceneEngine as SceneEngine
    from sembla.engine.base import Precision as Precision
    from sembla.methods.scene.bank import Bank as Bank
    from sembla.runs.exporting import Target as Target
    from sembla.runs.synthesizer import Synthesizer as Synthesizer
    from sembla.train.choices import Choices as Choices
    from sembla.train.trainer import Moment as Moment

__all__ = [
    "ANIMATION_SUFFIXES",
    "FACE_CLASSES",
    "HOLES",
    "LANDMARK_SUFFIXES",
    "PICTURE_SUFFIXES",
    "TRACK_SUFFIXES",
    "VIDEO_SUFFIXES",
    "VIEWS",
    "AnalogyRequest",
    "AnalogyResult",
    "AnalogyScores",
    "AnalogyTask",
    "Augmentation",
    "Batch",
    "Bedrooms",
    "CaseFolder",
    "Damaged",
    "DamagedFace",
    "DamagedFrames",
    "Evaluation",
    "Example",
    "FacePhoto",
    "Faces",
    "Fault",
    "InpaintResult",
    "InpaintTask",
    "InventTask",
    "Judged",
    "Kept",
    "LabelSet",
    "Labelling",
    "Mended",
    "Method",
    "OnPreview",
    "OnProgress",
    "OnStep",
    "ParseTask",
    "Pixels",
    "PortraitResult",
    "PortraitTask",
    "Predicted",
    "Preparation",
    "Prepared",
    "PreserveResult",
    "PreserveTask",
    "Preview",
    "Protocol",
    "Report",
    "SceneResult",
    "SceneTask",
    "Score",
    "Search",
    "Searched",
    "Share",
    "SignalStop",
    "Steered",
    "Trained",
    "TrainingPlan",
    "Video",
    "Weighted",
    "__version__",
    "analogy",
    "analogy_sequence",
    "apart",
    "bank_labels",
    "bank_photo",
    "batches",
    "batches_once",
    "check",
    "check_animation",
    "check_comparison",
    "check_inpaint",
    "check_output",
    "check_portrait",
    "check_preserve",
    "check_repair",
    "check_run",
    "check_scene",
    "check_video",
    "choose",
    "colourize",
    "compare_runs",
    "comparison_json",
    "comparison_text",
    "complete_landmarks",
    "contact_sheet",
    "count_parameters",
    "damage",
    "damage_frames",
    "digest",
    "draw_hole",
    "draw_landmarks",
    "evaluate_analogy",
    "evaluate_cases",
    "evaluate_folders",
    "evaluate_inpaint_codes",
    "evaluate_inpaint_completeness",
    "evaluate_inpaint_consistency",
    "evaluate_inpaint_maps",
    "evaluate_sequences",
    "evaluate_variations",
    "examine",
    "examine_pair",
    "example_names",
    "export",
    "face_photo",
    "fill_scribbles",
    "find_case",
    "find_landmarks",
    "find_method",
    "find_pictures",
    "for_engine",
    "has_faces",
    "has_models",
    "inpaint",
    "inpaint_frames",
    "is_strange",
    "keep",
    "kinds",
    "label",
    "labelled_face",
    "landmarks",
    "landmarks_of_parsing",
    "layout_from",
    "load",
    "load_example",
    "make_study",
    "match_map",
    "mean_landmarks",
    "methods",
    "middle_square",
    "model_folder",
    "model_side",
    "open_bank",
    "open_prepared",
    "open_video",
    "output_size",
    "pack_folders",
    "parse",
    "parse_landmarks",
    "plan_training",
    "portrait",
    "portrait_frames",
    "portrait_of",
    "prepare",
    "preserve",
    "read_analogy",
    "read_mask",
    "read_own_labels",
    "read_picture",
    "read_run",
    "read_scene",
    "read_settings",
    "repair",
    "report_json",
    "report_lines",
    "run",
    "run_inpaint",
    "run_json",
    "run_portrait",
    "run_preserve",
    "run_scene",
    "run_sequence",
    "run_text",
    "scene",
    "scene_classes",
    "scene_config",
    "scene_size",
    "score_study",
    "segments",
    "strangeness_note",
    "study_json",
    "study_text",
    "thumbnail",
    "tiled",
    "train",
    "views_of",
    "warm_up",
    "warm_up_bank",
    "write_animation",
    "write_comparison",
    "write_declared",
    "write_label_map",
    "write_landmarks",
    "write_picture",
    "write_run",
    "write_video",
]

__version__ = version("sembla")
