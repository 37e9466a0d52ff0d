"""Compare ways to fill holes in faces, over models that were trained on one prepared set.

    python -m benchmarks.inpainting PREPARED RUN [RUN ...]

Each of the first FACES (4) held-out faces is filled under every kind of mask with each RUN (of sembla train inpaint, or
a pack): the same faces for all. Points are those of the set. The first RUN is what the targets are held against: it is
searched as published and as Yeh et al. have it, with its own generator. Of the others, the baselines, each is searched
in the way that its authors published (Yeh's paper and code weigh pixels differently), and by the encoder that all have.

- dB: PSNR in the hole alone, seams blended, by kind of mask and over all
- consistency: mean squared error of all pairs of fillings of a face under 8 masks, over the holes of a pair; 0 to 4
- ms: the median for one 128x128 frame, from its pixels and points to the filled picture, by the default way; also of
  the full recipe `sembla` for 128 pixels, trained for a step, as the time it takes depends on no weight

Published searches take minutes on a GPU and hours on two cores. What is scored is kept below build/inpainting, and a
measurement that was stopped goes on; DEVICE=cuda scores on a GPU, frames are always timed on the CPU by two threads.
STEPS=COUNT cuts searches short to try it out, and writes results/inpainting-quick instead.

Writes results/inpainting.md and .json.
"""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from benchmarks.tables import load, publish
from sembla import api
from sembla.core.ways import Fill, Predicted, Searched, Weighted
from sembla.data.prepared import open_prepared
from sembla.evaluation.faces import WholeFaces, whole_faces
from sembla.evaluation.results import SCORES, Evaluation
from sembla.imaging.holes import HOLES, draw_hole
from sembla.runs.synthesizer import Synthesizer

Row = dict[str, object]

FACES, DEVICE = int(os.environ.get("FACES", "4")), os.environ.get("DEVICE", "cpu")
STEPS = int(os.environ.get("STEPS", "0")) or 10_000
KEPT = Path(__file__).parents[1] / "build" / "inpainting"
KINDS = tuple(kind for kind in HOLES if kind != "full")
SIDE, REPEATS = 128, 30
OURS, PUBLISHED = "predicted", "searched, as published"
YEH = ("Yeh et al., by missing neighbours", "Yeh et al., by known neighbours")
WAYS: Mapping[str, Fill] = {
    OURS: Predicted(),
    "predicted, 8 steps": Predicted(min(8, STEPS)),
    PUBLISHED: Searched(min(1500, STEPS)),
    YEH[0]: Weighted(min(3000, STEPS)),
    YEH[1]: Weighted(min(3000, STEPS), released=True),
}
FIRST = tuple(way for way in WAYS if way != YEH[1])


def kept(root: str, run: str, name: str, evaluate: Callable[[], Evaluation]) -> Mapping[str, float]:
    """Scores by name, evaluated once for each set, model and number of faces."""
    data = open_prepared(root).sha256[:8]
    weights = api.digest(api.model_folder(run) / "weights.safetensors")[:8]
    folder = KEPT / f"{Path(run).name}-{weights}-{data}-{FACES}-{STEPS}" / name.replace(" ", "-").replace(",", "")
    if not (folder / SCORES).exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        print(f"{Path(run).name}: {name}", file=sys.stderr)
        api.write_run(evaluate(), folder)
    return {score.name: score.value for score in api.read_run(folder).scores}


def its_ways(model: Synthesizer) -> tuple[str, ...]:
    """The encoder, and what was published for the model's recipe."""
    recipe = model.description.recipe.removesuffix("-small")
    return (OURS, *{"conditional": (PUBLISHED,), "dcgan": YEH}.get(recipe, ()))


def fillings(root: str, run: str, model: Synthesizer, ways: Iterable[str]) -> Iterator[Row]:
    """How right each way is."""
    for way in ways:
        evaluate = partial(api.evaluate_inpaint_completeness, model, root, fill=WAYS[way], masks=KINDS, faces=FACES)
        scores = kept(root, run, f"completeness {way}", evaluate)
        yield {
            "model": Path(run).name,
            "way": way,
            "steps": WAYS[way].steps,
            **{kind: f"{scores[f'psnr.holes.{kind}']:.2f}" for kind in KINDS},
            "all": f"{scores['psnr.holes']:.2f}",
            "before blending": f"{scores['pasted_psnr.holes']:.2f}",
            "SSIM": f"{scores['ssim.holes']:.3f}",
        }


def alike(root: str, run: str, model: Synthesizer, ways: Iterable[str]) -> Iterator[Row]:
    """How alike fillings of a face are."""
    for way, shared in ((OURS, True), *((way, False) for way in ways)):
        code = "one for all masks" if shared else "one for each mask"
        evaluate = partial(
            api.evaluate_inpaint_consistency, model, root, fill=WAYS[way], shared=shared, faces=FACES, masks=8
        )
        scores = kept(root, run, f"consistency {way} {code}", evaluate)
        yield {
            "model": Path(run).name,
            "way": way,
            "code": code,
            "consistency": f"{scores['consistency.holes']:.4f}",
            "before blending": f"{scores['pasted_consistency.holes']:.4f}",
            "dB": f"{scores['psnr.holes']:.2f}",
        }


def frame(run: str, faces: WholeFaces, model: Synthesizer) -> Row:
    """How long a frame takes on the CPU by two threads, and whether known pixels stay."""
    picture, same, seconds = faces.pictures[0], True, []
    for kind in KINDS:
        hole = draw_hole(kind, faces.size)
        damaged = api.DamagedFace(picture, hole, faces.landmarks[0])
        for _ in range(REPEATS):
            began = time.perf_counter()
            filled = api.inpaint(damaged, model=model).picture
            seconds.append(time.perf_counter() - began)
        same &= bool((filled[~hole] == picture[~hole]).all())
    return {
        "model": Path(run).name,
        "recipe": model.description.recipe,
        "side": model.config.side,
        "weights": f"{sum(model.parameters.values()):,}",
        "ms a frame": round(1000 * statistics.median(seconds), 1),
        "load": load(),
        "known pixels identical": "yes" if same else "no",
    }


def full_recipe(root: str) -> str:
    """A run of the recipe `sembla` for frames of 128 pixels, after one step."""
    run = KEPT / f"sembla-{SIDE}"
    if not (run / "weights.safetensors").exists():
        choices = api.choose("inpaint", recipe="sembla", steps=1, batch=2)
        api.train("inpaint", root, run, choices=replace(choices, config=replace(choices.config, side=SIDE)))
    return str(run)


def targets(right: Sequence[Row], consistent: Sequence[Row], frames: Sequence[Row]) -> Iterator[Row]:
    """What was aimed at, and what the first model reaches."""
    (ours, theirs), (shared, searched) = (
        (table[0], next(row for row in table if row["way"] == PUBLISHED)) for table in (right, consistent)
    )
    gain = float(str(ours["all"])) - float(str(theirs["all"]))
    share = float(str(shared["consistency"])) / float(str(searched["consistency"]))
    found: Sequence[tuple[str, object, bool]] = (
        ("at least +2 dB in the hole over the published search", f"{gain:+.2f}", gain >= 2),
        ("consistency at most 0.1 of the published search for each mask", f"{share:.3f}", share <= 0.1),
        ("a 128x128 frame in at most 60 ms", (taken := frames[0]["ms a frame"]), float(str(taken)) <= 60),
        ("known pixels identical", (same := frames[0]["known pixels identical"]), same == "yes"),
    )
    for aim, figure, reached in found:
        yield {"target": aim, "found": figure, "reached": "yes" if reached else "no"}


def main(root: str, runs: Sequence[str]) -> None:
    """Compare and publish."""
    torch.set_num_threads(2)
    right: list[Row] = []
    consistent: list[Row] = []
    frames: list[Row] = []
    for run in runs:
        frames.append(frame(run, whole_faces(open_prepared(root), side=SIDE, count=1), api.load(run, device="cpu")))
        model = api.load(run, exact=True, device=DEVICE)
        first = not right
        right += list(fillings(root, run, model, FIRST if first else its_ways(model)))
        consistent += list(alike(root, run, model, (OURS, PUBLISHED) if first else its_ways(model)[:2]))
    run = full_recipe(root)
    frames.append(frame(run, whole_faces(open_prepared(root), side=SIDE, count=1), api.load(run, device="cpu")))
    machine = f"2 threads, {platform.machine()}, Python {platform.python_version()}; scored on {DEVICE}, fp32"
    head = (
        f"# Holes filled\n\n`python -m benchmarks.inpainting`, {machine}. The first {FACES} held-out faces, the same "
        "for all; points as the set has them. Each model's searches are made with its own generator."
    )
    report = {
        "Targets": list(targets(right, consistent, frames)),
        "PSNR in the hole, dB": right,
        "Consistency over holes": consistent,
        "One 128x128 frame": frames,
    }
    publish("inpainting-quick" if os.environ.get("STEPS") else "inpainting", report, head=head, machine=machine)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
