"""Compare portrait models that were trained on one prepared set, over faces that none of them learned from.

    python -m benchmarks.portraits PREPARED OURS BASELINE [--fasseg FASSEG] [--pack PACK] [--budget TEXT]

OURS and BASELINE are runs of sembla train portrait, trained for the same time of one core, as TEXT says; PREPARED has a
split val, and identities. FASSEG is the folder of that set: its faces are made by PACK, and scored in its six classes;
PACK, or else OURS, is what is timed.

The published recipe paints no background, so faces are held against photos whose background is black, and shown so to
the networks that score them, whoever made them; the rows `photo` say what the photos themselves get that way. Layouts
of others are the next face's. Scores name the networks that they rest on. SqueezeNet is what OURS saw pictures through
while it learned, so KID is also told of dlib's numbers, which are the baseline's input and nothing to OURS, as is
identity, and of the means of the innermost planes of the segmenter, which taught nobody.

- L1, PSNR, SSIM: of faces made of their own parts, over all but the background
- delta-E: CIEDE2000 of such, the mean over the parts of a face
- mIoU: of the parts that a segmenter sees again, in a face's own layout and in another's
- KID: of all faces in their own layouts, and in others', to all photos
- identity: cosine and Euclidean distance of dlib's numbers to the photo's, by the points of the layout; those of two
  strangers have a cosine of some 0.84 already
- parts named: by the parser of PACK or OURS
- seconds: from a 256x256 photo with its map and a new layout to the edited photo; the median of 20, two threads

LPIPS is left out: its backbones are not among the weights at hand. Needs the extra `faces`, and the weights of the
networks named. Writes results/portraits.md and .json.
"""

import argparse
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.fasseg import to_six, with_sides
from benchmarks.portrait_packs import meetings, near, parts_named, seconds
from benchmarks.tables import publish
from sembla import api
from sembla.core.tasks import PortraitMade, PortraitTask
from sembla.core.types import LabelMap, Picture, Region
from sembla.data.catalog import KINDS
from sembla.data.labelsets import CELEBAMASK_HQ_19, FASSEG_6
from sembla.data.loading import Batch, held_out_batch
from sembla.data.prepared import open_prepared
from sembla.data.records import IDENTITY
from sembla.faces.alignment import CELEBA_HQ, align
from sembla.faces.detection import identity
from sembla.faces.parsing import landmarks_of_map
from sembla.methods.portrait.edits import with_parts
from sembla.metrics.agreement import Confusion
from sembla.metrics.identity import identity_cosines
from sembla.metrics.kernel import kernel_distance
from sembla.metrics.pixels import delta_e_by_region, l1, psnr, ssim
from sembla.nn.features import squeezenet_caffe
from sembla.nn.segmenters import FaceParsingUNet, face_parsing_unet
from sembla.runs.synthesizer import Synthesizer

Row = dict[str, object]
Numbers = NDArray[np.floating]

NAMES = CELEBAMASK_HQ_19.names
HAIR = NAMES.index("hair")
MOST, AT_ONCE, LARGE, SAME = 1000, 10, 256, 0.6


@dataclass(frozen=True)
class Faces:
    """Held-out faces, and the layouts that are asked for."""

    pictures: list[Picture]
    labels: list[LabelMap]
    others: list[LabelMap]
    """The next face's."""
    edits: list[LabelMap]
    """With the next face's hair."""
    identities: list[NDArray[np.float32] | None]


@dataclass(frozen=True)
class Made:
    """What a model made of them."""

    again: list[Picture]
    """In their own layout."""
    moved: list[Picture]
    """In another's."""
    edited: list[Picture]
    """With another's hair, as the model itself leaves the rest."""


def with_hair(labels: LabelMap, other: LabelMap) -> LabelMap:
    """A map with another's hair."""
    return with_parts(labels, other, [HAIR], names=NAMES)


def faces_of(batch: Batch) -> Faces:
    """The faces of a batch."""
    assert batch.labels is not None
    labels = list(batch.labels)
    others = [*labels[1:], labels[0]]
    who = [None] * len(labels) if batch.identities is None else list(batch.identities)
    edits = [with_hair(*pair) for pair in zip(labels, others, strict=True)]
    return Faces(list(batch.pictures), labels, others, edits, who)


def made_by(model: Synthesizer, faces: Faces, *, whole: bool) -> Made:
    """All of it; `whole` makes edits as the published recipe does: all of the picture."""

    def make(layouts: Sequence[LabelMap], *, region: bool) -> list[Picture]:
        found = []
        for picture, own, layout, who in zip(faces.pictures, faces.labels, layouts, faces.identities, strict=True):
            hole = layout != own if region else None
            result = model(PortraitTask(picture, own, layout, hole, identity=who))
            assert isinstance(result, PortraitMade)
            found.append(result.picture)
        return found

    return Made(make(faces.labels, region=False), make(faces.others, region=False), make(faces.edits, region=not whole))


def on_black(pictures: Sequence[Picture], maps: Sequence[LabelMap]) -> list[Picture]:
    """Pictures whose background is black."""
    return [np.where((labels > 0)[:, :, None], picture, 0) for picture, labels in zip(pictures, maps, strict=True)]


def likeness(name: str, faces: Faces, again: Sequence[Picture]) -> Row:
    """How near faces made of their own parts are."""
    shown: list[Region] = [labels > 0 for labels in faces.labels]
    pairs = list(zip(faces.pictures, again, shown, strict=True))
    colours = [
        np.mean([value for label, value in delta_e_by_region(a, b, labels=labels).items() if label])
        for (a, b, _), labels in zip(pairs, faces.labels, strict=True)
    ]
    return {
        "model": name,
        "L1": round(float(np.mean([l1(a, b, region=where) for a, b, where in pairs])), 4),
        "PSNR, dB": round(float(np.mean([psnr(a, b, region=where) for a, b, where in pairs])), 2),
        "SSIM": round(float(np.mean([ssim(a, b, region=where) for a, b, where in pairs])), 3),
        "delta-E by part": round(float(np.mean(colours)), 2),
    }


def agreement(pictures: Sequence[Picture], maps: Sequence[LabelMap]) -> float:
    """MIoU of the parts that are seen again; pictures on black."""
    confusion = Confusion(len(NAMES))
    for found, wanted in zip(parsed(on_black(pictures, maps)), maps, strict=True):
        confusion.add(found, wanted)
    return confusion.mean_iou


def parsed(pictures: Sequence[Picture]) -> Iterator[LabelMap]:
    """What the segmenter sees, some pictures at a time."""
    for first in range(0, len(pictures), AT_ONCE):
        yield from face_parsing_unet()(pictures[first : first + AT_ONCE])


def innermost(pictures: Sequence[Picture]) -> Numbers:
    """The means (N, 128) of the segmenter's innermost planes."""
    segmenter, found = face_parsing_unet(), []
    deep = cast("FaceParsingUNet", segmenter.network).bottleneck
    deep.register_forward_hook(lambda _layer, _given, planes: found.append(planes.mean((2, 3)).numpy()))
    for first in range(0, len(pictures), AT_ONCE):
        segmenter(pictures[first : first + AT_ONCE])
    return np.concatenate(found)


def distance(made: Numbers, real: Numbers) -> float:
    """KID of features (N, D); those of 128 numbers are made as large as that, so that the kernel sees them."""
    scale = np.sqrt(real.shape[1] / np.square(real).sum(1).mean()) if real.shape[1] == IDENTITY else 1.0
    return kernel_distance(made * scale, real * scale, subset_size=len(made), subsets=1).value


def persons(pictures: Sequence[Picture], maps: Sequence[LabelMap]) -> NDArray[np.float64]:
    """Dlib's numbers (N, 128), faces on black, by the points of their layouts."""
    found = []
    for picture, labels in zip(on_black(pictures, maps), maps, strict=True):
        side = max(LARGE, len(picture))
        points = (landmarks_of_map(labels, CELEBAMASK_HQ_19) + 0.5) * (side / len(picture)) - 0.5
        large = np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))
        found.append(identity(large, points.astype(np.float32)))
    return np.stack(found)


def who(name: str, real: Numbers, sets: Mapping[str, Numbers]) -> Row:
    """How much each set of faces, as dlib's numbers, is like the photos' persons."""
    row: Row = {"model": name}
    for what, its in sets.items():
        apart = np.linalg.norm(its - real, axis=1)
        row[f"{what}: cosine"] = round(float(identity_cosines(its, real).mean()), 4)
        row[f"{what}: within {SAME}"] = round(float((apart < SAME).mean()), 3)
    return row


def quality(models: Mapping[str, tuple[Synthesizer, bool]], faces: Faces) -> dict[str, list[Row]]:
    """All tables over the held-out faces."""
    extractor = squeezenet_caffe()
    real: dict[str, Numbers] = {
        extractor.label: extractor(on_black(faces.pictures, faces.labels)),
        face_parsing_unet().label: innermost(on_black(faces.pictures, faces.labels)),
        "dlib": persons(faces.pictures, faces.labels),
    }
    alike: list[Row] = []
    layouts: list[Row] = [
        {"model": "photo", "own": round(agreement(faces.pictures, faces.labels), 3), "another's": "-"}
    ]
    kids: list[Row] = []
    people = [who("photo of the next", real["dlib"], {"own": np.roll(real["dlib"], -1, axis=0)})]
    drift: list[Row] = []
    for name, (model, whole) in models.items():
        its = made_by(model, faces, whole=whole)
        alike.append(likeness(name, faces, its.again))
        layouts.append(
            {
                "model": name,
                "own": round(agreement(its.again, faces.labels), 3),
                "another's": round(agreement(its.moved, faces.others), 3),
            }
        )
        sets = {
            "own": (its.again, faces.labels),
            "edited": (its.edited, faces.edits),
            "another's": (its.moved, faces.others),
        }
        numbers: dict[str, Numbers] = {what: persons(*pair) for what, pair in sets.items()}
        people.append(who(name, real["dlib"], numbers))
        row: Row = {"model": name}
        for what in ("own", "another's"):
            shown = on_black(*sets[what])
            for by, features in zip(real, (extractor(shown), innermost(shown), numbers[what]), strict=True):
                row[f"{what}, {by}"] = float(f"{distance(features, real[by]):.3g}")
        kids.append(row)
        outside = [
            np.abs(made.astype(int) - photo)[~near(edit != own)]
            for made, photo, edit, own in zip(its.edited, faces.pictures, faces.edits, faces.labels, strict=True)
        ]
        drift.append(
            {
                "model": name,
                "mean": round(float(np.concatenate(outside).mean()), 2),
                "most": int(max(each.max(initial=0) for each in outside)),
            }
        )
    heads = {**dict.fromkeys(people[-1], "-")}
    return {
        "Made of their own parts": alike,
        f"mIoU of the parts seen again, {face_parsing_unet().label}": layouts,
        "KID": kids,
        "Who it is, dlib": [{**heads, **row} for row in people],
        "Change further than 5 px from an edit of the hair, 0 to 255": drift,
    }


def fasseg(root: Path, model: Synthesizer) -> list[Row]:
    """Faces of another source, in its six classes: made of their own parts, and how those are seen again."""
    kind, side = KINDS["fasseg"], int(model.config.side)
    pictures, maps = [], []
    for record in kind.records(root):
        sample = kind.read(record)
        assert sample.labels is not None
        labels = with_sides(sample.labels)
        place = align(landmarks_of_map(labels, CELEBAMASK_HQ_19), side, CELEBA_HQ)
        pictures.append(place.cut(sample.picture))
        maps.append(place.cut_map(labels))
    faces = Faces(pictures, maps, maps, maps, [None] * len(maps))
    again = made_by(model, faces, whole=True).again
    row = likeness("faces", faces, again)
    for what, shown in (("photos", pictures), ("made", again)):
        confusion = Confusion(FASSEG_6.count)
        for found, wanted in zip(parsed(on_black(shown, maps)), maps, strict=True):
            confusion.add(to_six(found), to_six(wanted))
        row[f"mIoU, {what}"] = round(confusion.mean_iou, 3)
    row["model"] = f"{len(maps)} faces"
    return [row]


def targets(tables: Mapping[str, list[Row]], speed: Row, models: Sequence[str]) -> Iterator[Row]:
    """What was asked for, and what was found."""

    def rows(title: str) -> dict[str, Row]:
        return {str(row["model"]): row for name, found in tables.items() if name.startswith(title) for row in found}

    def of(title: str, model: str, column: str) -> float:
        return float(str(next(v for k, v in rows(title)[model].items() if k.startswith(column))))

    ours, theirs = models
    better = [
        of("Made", ours, "L1") < of("Made", theirs, "L1"),
        of("Made", ours, "SSIM") > of("Made", theirs, "SSIM"),
        of("Made", ours, "delta-E") < of("Made", theirs, "delta-E"),
    ]
    miou = {what: of("mIoU", ours, what) / of("mIoU", theirs, what) for what in ("own", "another's")}
    kid = {by: of("KID", ours, by) / of("KID", theirs, by) for by in rows("KID")[ours] if by != "model"}
    kept = of("Who", ours, "edited: cosine") / of("Who", ours, "own: cosine")
    moved = of("Who", ours, "another's: cosine") / of("Who", ours, "own: cosine")
    stranger = of("Who", "photo of the next", "own: cosine")
    known = of("Who", ours, "own: cosine") - stranger
    above = {what: (of("Who", ours, f"{what}: cosine") - stranger) / known for what in ("edited", "another's")}
    exact = speed["most change further than 5 px"]
    found: Sequence[tuple[str, object, bool]] = (
        ("edit at 256x256 in at most 0.3 s", speed["seconds"], float(str(speed["seconds"])) <= 0.3),
        ("change further than 5 px from the edit exactly 0", exact, exact == 0),
        ("identity after an edit at least 0.9 of the reconstruction's", round(kept, 3), kept >= 0.9),
        ("the same, what strangers have in common taken off", round(above["edited"], 2), above["edited"] >= 0.9),
        ("identity in another's layout at least 0.9 of the reconstruction's", round(moved, 3), moved >= 0.9),
        ("the same, what strangers have in common taken off", round(above["another's"], 2), above["another's"] >= 0.9),
        ("mIoU at least 1.3 of the baseline's, own layout", round(miou["own"], 2), miou["own"] >= 1.3),
        ("the same in another's layout", round(miou["another's"], 2), miou["another's"] >= 1.3),
        *((f"KID at most 0.7 of the baseline's, {by}", round(its, 2), its <= 0.7) for by, its in kid.items()),
        ("L1, SSIM and delta-E better than the baseline's", f"{sum(better)} of {len(better)}", all(better)),
    )
    for aim, figure, reached in found:
        yield {"target": aim, "found": figure, "reached": "yes" if reached else "no"}


def main(make: Callable[[], argparse.Namespace]) -> None:
    """Compare and publish."""
    asked = make()
    torch.set_num_threads(2)
    runs = {Path(asked.ours).name: asked.ours, Path(asked.baseline).name: asked.baseline}
    prepared = open_prepared(asked.prepared)
    if "val" not in prepared.counts or len(runs) < 2:
        raise SystemExit("give a set with a split val, and two runs whose folders have different names")
    models = {name: (api.load(run, device="cpu", exact=True), run == asked.baseline) for name, run in runs.items()}
    ours = next(iter(models.values()))[0]
    side = int(ours.config.side)
    faces = faces_of(held_out_batch(prepared, size=(side, side), most=MOST))
    tables = quality(models, faces)
    tables["An edit at 256x256"] = seconds(asked.pack or asked.ours, faces.pictures, faces.labels, edits=faces.edits)
    tables["How an edit of the hair meets the photo"] = meetings(
        asked.pack or asked.ours, faces.pictures, faces.labels, edits=faces.edits
    )
    tables["Parts named"] = parts_named(asked.pack or asked.ours, prepared)
    if asked.fasseg:
        pack = api.load(asked.pack, device="cpu", exact=True) if asked.pack else ours
        tables["FASSEG, another source of faces"] = fasseg(Path(asked.fasseg), pack)
    report = {"Targets": list(targets(tables, tables["An edit at 256x256"][0], list(models))), **tables}
    machine = f"2 threads, {platform.machine()}, Python {platform.python_version()}; scored in fp32"
    told = f"{len(faces.pictures)} held-out faces of {side}x{side}. {asked.budget}".rstrip()
    head = f"# Portraits\n\n`python -m benchmarks.portraits`, {machine}. {told}"
    publish("portraits", report, head=head, machine=machine)


def options() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser()
    for name in ("prepared", "ours", "baseline"):
        parser.add_argument(name)
    for name in ("--fasseg", "--pack", "--budget"):
        parser.add_argument(name, default="")
    return parser.parse_args()


if __name__ == "__main__":
    main(options)
