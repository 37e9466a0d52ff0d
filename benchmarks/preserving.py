"""Compare searches for kept regions, over priors that were trained on one prepared set.

    python -m benchmarks.preserving NAME PREPARED RUN [RUN ...]

Of each of the first held-out photos three regions are kept in turn: the middle, the left half, and what lies under the
middle (of an aligned face: its mouth). 36 candidates are looked for at once, by each search with the first RUN (of
sembla train preserve, or a pack), and with all others by the published one for faces, and by ours if they have an
encoder. What a search asks for is not what it is judged by: distances in the region are taken in the bottleneck of a
network that parses faces, which no search looks through and no recipe learns from; for photos that are no faces there
is no such network here, and the deepest depth of SqueezeNet stands for it, which `Steered` looks through among others.

- region: mean absolute difference of planes within the region, over their mean absolute value in the photo
- same class: pixels of the region that are parsed as the same part of a face (faces alone)
- diversity: mean absolute difference of two candidates' pixels outside the region, of 255, over all pairs; this is what
  `Steered` itself asks for, to a bound
- spread: the same of the judge's planes outside, over their mean absolute value in the photo; no search asks for it
- KID: kernel distance of SqueezeNet 1.1's features of all candidates to those of the held-out photos
- s: the median for 36 candidates

Writes results/preserving_NAME.md and .json, and results/preserving_NAME.png of what the first model makes (no photo).
"""

import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor

from benchmarks.scene_quality import effort, kid
from benchmarks.tables import RESULTS, load, publish
from sembla import api
from sembla.core.tasks import Kept, PreserveTask
from sembla.core.types import Picture, Region
from sembla.core.ways import Bedrooms, Faces, Pixels, Search, Steered
from sembla.data.loading import held_out_batch
from sembla.data.prepared import Prepared, open_prepared
from sembla.imaging.holes import rectangle
from sembla.imaging.sheet import tiled
from sembla.nn.features import squeezenet_caffe
from sembla.nn.perceptual import find_depths
from sembla.nn.planes import to_planes
from sembla.nn.segmenters import FaceParsingUNet, face_parsing_unet
from sembla.runs.synthesizer import Synthesizer

Row = dict[str, object]
Planes = Callable[[Sequence[Picture]], tuple[Tensor, Tensor | None]]
"""Pictures to planes (N, C, h, w), and to the classes of their pixels (N, H, W) where there are such."""

CANDIDATES = 36
PHOTOS = int(os.environ.get("PHOTOS", "3"))
SLOW = 1  # photos for a search of hundreds of steps
SEARCHES: Mapping[str, Search] = {
    "steered": Steered(),
    "steered, no step": Steered(steps=0),
    "faces, 40 steps of Adam": Faces(),
    "pixels, 40 steps of Adam": Pixels(),
    "bedrooms, 400 plain steps": Bedrooms(),
}
FOR_ALL = ("steered", "faces, 40 steps of Adam")
"""The searches that are made with each prior; all others with the first alone."""


@dataclass(frozen=True)
class Request:
    """What is kept of a photo."""

    photo: Picture
    region: Region

    @property
    def kept(self) -> tuple[Kept]:
        """As tasks have it."""
        return (Kept(self.photo, self.region),)


def regions(side: int) -> list[Region]:
    """The middle, the left half, and what lies under the middle."""
    size, part = (side, side), side // 8
    return [
        rectangle(size, left=2 * part, top=2 * part, width=4 * part, height=4 * part),
        rectangle(size, left=0, top=0, width=4 * part, height=side),
        rectangle(size, left=2 * part, top=5 * part, width=4 * part, height=2 * part),
    ]


def parser() -> Planes:
    """The bottleneck of a network that parses faces, and what it says of each pixel."""
    network = face_parsing_unet().network
    assert isinstance(network, FaceParsingUNet)
    seen: list[Tensor] = []
    network.bottleneck.register_forward_hook(lambda _, __, planes: seen.append(planes))

    def look(pictures: Sequence[Picture]) -> tuple[Tensor, Tensor]:
        classes = []
        seen.clear()
        with torch.inference_mode():
            for each in pictures:  # one by one: 256 pixels a side take memory
                large = F.interpolate(to_planes([each]), (256, 256), mode="bilinear")
                found = F.interpolate(network(large).softmax(1), each.shape[:2], mode="area")
                classes.append(found.argmax(1))
        return torch.cat(seen), torch.cat(classes)

    return look


def deepest() -> Planes:
    """The deepest planes of SqueezeNet 1.1."""
    depths = find_depths("squeezenet", torch.device("cpu"))

    def look(pictures: Sequence[Picture]) -> tuple[Tensor, None]:
        with torch.inference_mode():
            return depths(to_planes(list(pictures)))[-1], None

    return look


def seen_scores(planes: Planes, request: Request, made: Sequence[Picture]) -> Row:
    """How far candidates are from the photo within the region, and from one another outside."""
    (wanted, known), (found, classes) = planes([request.photo]), planes(made)
    inside = torch.from_numpy(request.region)[None, None].float()
    cells = F.adaptive_avg_pool2d(inside, (wanted.shape[2], wanted.shape[3]))
    apart = ((found - wanted).abs() * cells).mean() / (wanted.abs() * cells).mean()
    outside = (found * (1 - cells)).flatten(1)
    spread = torch.pdist(outside, p=1).mean() / (wanted.abs() * (1 - cells)).sum().clamp(min=1e-9)
    scores: Row = {"region": float(apart), "spread": float(spread)}
    if known is not None and classes is not None:
        scores["same class, %"] = float((classes == known)[:, request.region].float().mean()) * 100
    return scores


def diversity(request: Request, made: Sequence[Picture]) -> float:
    """Mean absolute difference outside the region, of 255, over all pairs."""
    outside = np.stack([picture[~request.region].reshape(-1) for picture in made]).astype(np.float32)
    apart = torch.pdist(torch.from_numpy(outside), p=1) / outside.shape[1]
    return float(apart.mean())


def search_row(
    model: Synthesizer, search: Search, *, requests: Sequence[Request], planes: Planes
) -> tuple[Row, list[Picture]]:
    """The mean over requests; and all candidates."""
    model(PreserveTask(requests[0].kept, candidates=CANDIDATES, shown=1, search=type(search)(steps=1)))
    scores: list[Row] = []
    every: list[Picture] = []
    for number, request in enumerate(requests):
        result = api.preserve(
            request.kept, model=model, seed=number, candidates=CANDIDATES, shown=CANDIDATES, search=search
        )
        made = list(result.candidates)
        every += made
        scores.append(
            {**seen_scores(planes, request, made), "diversity": diversity(request, made), "s": result.seconds}
        )
    means = {name: statistics.fmean(float(str(one[name])) for one in scores) for name in scores[0]}
    means["s"] = statistics.median(float(str(one["s"])) for one in scores)
    return {name: round(value, 3) for name, value in means.items()}, every


def photos_of(prepared: Prepared, model: Synthesizer, most: int) -> list[Picture]:
    """The first held-out photos, as a model sees them."""
    side = model.config.side
    return list(held_out_batch(prepared, size=(side, side), most=most).pictures)


def rows(prepared: Prepared, models: Mapping[str, Synthesizer], planes: Planes) -> Iterator[Row]:
    """Each model with each search."""
    extractor = squeezenet_caffe()
    for name, model in models.items():
        real = extractor(photos_of(prepared, model, 400))
        photos = photos_of(prepared, model, PHOTOS)
        requests = [Request(photo, region) for photo in photos for region in regions(model.config.side)]
        for search, its in SEARCHES.items():
            if name != next(iter(models)) and search not in FOR_ALL:
                continue
            if isinstance(its, Steered) and "encoder" not in model.parameters:
                continue
            few = requests[: SLOW * 3] if isinstance(its, Bedrooms) else requests
            scores, made = search_row(model, its, requests=few, planes=planes)
            about = {"prior": name, "search": search, "requests": len(few)}
            yield {**about, **scores, "KID": kid(extractor, made, real)}


def about(runs: Sequence[str], models: Iterable[Synthesizer]) -> Iterator[Row]:
    """What the priors are."""
    for run, model in zip(runs, models, strict=True):
        logged = (Path(run) / "log.jsonl").is_file()
        effort_of = effort(Path(run)) if logged else {"images seen": "see its card", "minutes": ""}
        size = ", ".join(f"{part} {count:,}" for part, count in model.parameters.items())
        yield {"prior": Path(run).name, "recipe": model.description.recipe, **effort_of, "parameters": size}


def targets(table: Sequence[Row]) -> Iterator[Row]:
    """What the first model reaches, beside what was asked of its default search."""
    ours, published = (
        next(row for row in table if row["search"] == name) for name in ("steered", "faces, 40 steps of Adam")
    )
    figures = {
        f"s for {CANDIDATES} candidates": (float(str(ours["s"])), "<=", 1.5),
        "region, over that of 40 steps of Adam": (_over(ours, published, "region"), "<=", 1.0),
        "diversity, over that of 40 steps of Adam": (_over(ours, published, "diversity"), ">=", 1.2),
        "spread, over that of 40 steps of Adam": (_over(ours, published, "spread"), ">=", 1.2),
    }
    for name, (figure, sign, asked) in figures.items():
        reached = figure <= asked if sign == "<=" else figure >= asked
        yield {"": name, "steered": round(figure, 3), "asked": f"{sign} {asked}", "reached": "yes" if reached else "no"}


def _over(ours: Row, theirs: Row, name: str) -> float:
    return float(str(ours[name])) / float(str(theirs[name]))


def sheet(path: Path, model: Synthesizer, prepared: Prepared) -> None:
    """What a model makes of the middle of each of some photos; the photos are not ours to publish."""
    made: list[Picture] = []
    for photo in photos_of(prepared, model, 6):
        kept = (Kept(photo, regions(model.config.side)[0]),)
        made += api.preserve(kept, model=model, candidates=CANDIDATES, shown=9, diverse=True).pictures
    Image.fromarray(tiled(made)).save(path)


def main(name: str, root: str, runs: Sequence[str]) -> None:
    """Compare and publish."""
    prepared = open_prepared(Path(root))
    faces = prepared.kind == "faces"
    models = {Path(run).name: api.load(run, exact=True) for run in runs}
    assert len(models) == len(runs), "runs of one name"
    assert "encoder" in next(iter(models.values())).parameters, "the first is searched by Steered"
    table = list(rows(prepared, models, parser() if faces else deepest()))
    sheet(RESULTS / f"preserving_{name}.png", next(iter(models.values())), prepared)
    threads = f"{torch.get_num_threads()} threads, load {load()}"
    machine = f"{threads}, {platform.machine()}, Python {platform.python_version()}"
    judge = "a parser of faces" if faces else "the deepest planes of SqueezeNet 1.1"
    head = (
        f"# Regions kept: {name}\n\n`python -m benchmarks.preserving {name}`, {machine}; {CANDIDATES} candidates, "
        f"fp32. Judged by {judge}; less is better but for same class, diversity and spread."
    )
    report = {"Targets": list(targets(table)), "Searches": table, "Priors": list(about(runs, models.values()))}
    publish(f"preserving_{name}", report, head=head, machine=machine)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
