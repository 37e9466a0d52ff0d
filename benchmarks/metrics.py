"""Measure scores of folders against torchmetrics on the same extractor: seconds, difference, peak memory.

Folders of pictures of 256 px are made from ../shared/data/bedrooms: photos, and the same darker and with noise. Both
sides read the same files and run SqueezeNet 1.1 (squeezenet1.1-caffe) with the same weights, resize filter and batch,
each in a process of its own, in turns. Weights are read from the folder in SEMBLA_WEIGHTS, or ../shared/data/weights.
Precision, recall, density and coverage, which torchmetrics lacks, are compared with their definitions on the features
of its side; SSIM with torchmetrics' map without the windows that hang over the border, which its MS-SSIM counts on the
coarsest scale (a few 1e-5). Prints the tables and writes results/metrics.json and results/metrics.md.

    python -m benchmarks.metrics [PICTURES ...]
"""

import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.tables import table
from sembla.evaluation.folders import FolderSettings, evaluate_folders
from sembla.evaluation.networks import LPIPS_NETWORKS, load_extractor
from sembla.nn.weights import FOLDER_VARIABLE, SQUEEZENET_CAFFE

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
RESULTS = Path(__file__).parent / "results"
COUNTS = (200, 2000)
TURNS = 3
BATCH = FolderSettings().batch
SIDE = 256
SUBSETS, SUBSET_SIZE, NEAREST = 100, 1000, 5

Row = dict[str, object]
Measured = dict[str, Any]


def make_folders(root: Path, count: int) -> None:
    """Write root/real, and root/made with a known difference; root/pairs holds both under shared names."""
    photos = sorted((DATA / "bedrooms" / "images_128").glob("*.jpg"))
    for number in range(count):
        generator = np.random.default_rng(number)
        with Image.open(photos[number % len(photos)]) as image:
            small = image.convert("RGB")
        left, top = generator.integers(0, np.array(small.size) // 4)
        box = (left, top, left + small.width * 3 // 4, top + small.height * 3 // 4)
        photo = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box))
        noisy = (photo * 0.8 + generator.normal(0, 12, photo.shape)).clip(0, 255).astype(np.uint8)
        for side, picture in (("real", photo), ("made", noisy)):
            for path in (root / side / f"{side} {number}.png", root / "pairs" / side / f"{number}.png"):
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture).save(path, compress_level=1)


def files(folder: Path) -> list[Path]:
    """Pictures of a folder, in the order of their numbers."""
    return sorted(folder.iterdir(), key=lambda path: int(path.stem.split()[-1]))


def pictures(folder: Path) -> Iterator[list[NDArray[np.uint8]]]:
    """Batches of pictures as one would read them for torchmetrics."""
    paths = files(folder)
    for start in range(0, len(paths), BATCH):
        batch = []
        for path in paths[start : start + BATCH]:
            with Image.open(path) as image:
                batch.append(np.asarray(image.convert("RGB")))
        yield batch


def sembla_sets(root: Path) -> Measured:
    """Distribution scores by `evaluate_folders`."""
    settings = FolderSettings(extractors=(SQUEEZENET_CAFFE.name,), subset_size=SUBSET_SIZE, nearest=NEAREST)
    scores = evaluate_folders(root / "made", root / "real", settings).scores
    return {score.name.partition("[")[0]: score.value for score in scores}


def sembla_pairs(root: Path) -> Measured:
    """Scores of pairs by `evaluate_folders`."""
    scores = evaluate_folders(root / "pairs" / "made", root / "pairs" / "real", FolderSettings()).scores
    return {score.name: score.value for score in scores}


def torchmetrics_sets(root: Path) -> Measured:
    """Frechet distance and KID by torchmetrics, which keep one pass of the extractor for both."""
    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchmetrics.image.kid import KernelInceptionDistance

    extractor = load_extractor(SQUEEZENET_CAFFE.name, {})
    given: Any = torch.nn.Identity()
    given.num_features = extractor.dimension
    count = len(files(root / "real"))
    frechet = FrechetInceptionDistance(feature=given)
    kernel = KernelInceptionDistance(feature=given, subsets=SUBSETS, subset_size=min(SUBSET_SIZE, count))
    for side in ("real", "made"):
        for batch in pictures(root / side):
            rows = torch.from_numpy(extractor(batch))
            for metric in (frechet, kernel):
                metric.update(rows, real=side == "real")
    found = {"frechet": float(frechet.compute()), "kid of subsets": float(kernel.compute()[0])}
    return {**found, "features": {side: getattr(kernel, f"{side}_features") for side in ("real", "fake")}}


def by_definition(features: dict[str, Any]) -> Measured:
    """KID over all pairs by torchmetrics, and the four shares of neighbours by their definitions; not timed."""
    import torch
    from torchmetrics.image.kid import KernelInceptionDistance

    real, made = (torch.cat(features[side]) for side in ("real", "fake"))
    given: Any = torch.nn.Identity()
    given.num_features = real.shape[1]
    kernel = KernelInceptionDistance(feature=given, subsets=1, subset_size=len(real))
    kernel.update(real, real=True)
    kernel.update(made, real=False)
    found = {"kid": float(kernel.compute()[0])}
    real, made = real.double(), made.double()
    reaches = [torch.cdist(rows, rows).kthvalue(NEAREST + 1, dim=1).values for rows in (real, made)]
    distances = torch.cdist(made, real)
    in_real, in_made = distances <= reaches[0][None], distances <= reaches[1][:, None]
    shares = {"precision": in_real.any(1), "recall": in_made.any(0), "coverage": in_real.any(0)}
    found |= {name: float(share.double().mean()) for name, share in shares.items()}
    return {**found, "density": float(in_real.sum()) / NEAREST / len(made)}


def torchmetrics_pairs(root: Path) -> Measured:
    """PSNR, SSIM and MS-SSIM of each pair by torchmetrics, and their means."""
    import torch
    from torchmetrics.functional.image import (
        multiscale_structural_similarity_index_measure,
        peak_signal_noise_ratio,
        structural_similarity_index_measure,
    )

    found: dict[str, list[float]] = {"psnr": [], "ssim": [], "ms_ssim": []}
    for batch in zip(pictures(root / "pairs" / "made"), pictures(root / "pairs" / "real"), strict=True):
        made, real = (torch.from_numpy(np.stack(side)).permute(0, 3, 1, 2).float() for side in batch)
        psnr = peak_signal_noise_ratio(made, real, data_range=255.0, reduction="none", dim=(1, 2, 3))
        found["psnr"] += psnr.tolist()
        _, full = structural_similarity_index_measure(made, real, data_range=255.0, return_full_image=True)
        assert isinstance(full, torch.Tensor)
        found["ssim"] += full[..., 5:-5, 5:-5].mean(dim=(1, 2, 3)).tolist()
        several = multiscale_structural_similarity_index_measure(made, real, data_range=255.0, reduction="none")
        found["ms_ssim"] += several.tolist()
    return {name: float(np.mean(values)) for name, values in found.items()}


SIDES: dict[str, dict[str, Callable[[Path], Measured]]] = {
    "sets": {"sembla": sembla_sets, "torchmetrics": torchmetrics_sets},
    "pairs": {"sembla": sembla_pairs, "torchmetrics": torchmetrics_pairs},
}
TITLES = {
    "sets": "Frechet distance and KID; sembla also precision, recall, density and coverage",
    "pairs": "PSNR, SSIM and MS-SSIM; sembla also L1 and CIEDE2000",
}


def measure(what: str, side: str, folder: str) -> Measured:
    """Seconds, peak memory and values of one side; to be called in a process of its own."""
    work = SIDES[what][side]
    if what == "sets":
        load_extractor(SQUEEZENET_CAFFE.name, {})  # imports are not timed
    if side == "torchmetrics":
        import torchmetrics.image  # noqa: F401
    started = time.perf_counter()
    values = work(Path(folder))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if "features" in values:
        values |= by_definition(values.pop("features"))
    return {"seconds": seconds, "peak": peak, "values": values}


def in_a_process(what: str, side: str, root: Path) -> Measured:
    """What `measure` gives."""
    script = (
        "import json, warnings; warnings.simplefilter('ignore'); from benchmarks.metrics import measure; "
        f"print(json.dumps(measure({what!r}, {side!r}, {str(root)!r})))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent)
    found: Measured = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(what: str, root: Path, count: int) -> tuple[Row, list[Row]]:
    """The times of both sides, the medians of their turns, and the differences of their values."""
    turns: dict[str, list[Measured]] = {side: [] for side in SIDES[what]}
    for _ in range(TURNS):
        for side, measured in turns.items():
            measured.append(in_a_process(what, side, root))
            print(count, what, side, f"{measured[-1]['seconds']:.1f} s", flush=True)
    row: Row = {"pictures a side": count}
    for head, key, digits in (("s", "seconds", 2), ("peak MB", "peak", 0)):
        for side, measured in turns.items():
            row[f"{side}: {head}"] = round(statistics.median(each[key] for each in measured), digits)
    ours, theirs = (turns[side][0]["values"] for side in SIDES[what])
    values = [
        {
            "score": name,
            "pictures a side": count,
            "sembla": f"{ours[name]:.6g}",
            "other": f"{theirs[name]:.6g}",
            "relative difference": f"{abs(ours[name] - theirs[name]) / max(abs(theirs[name]), 1e-12):.1e}",
        }
        for name in ours
        if name in theirs
    ]
    return {**row, "load": round(os.getloadavg()[0], 1)}, values


def lpips_note() -> str:
    """Why LPIPS is not in the table, where it is not."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    network = LPIPS_NETWORKS["squeeze"][0]
    if not any((folder / name).is_file() for name in network.files):
        return f"LPIPS: skipped, {network.files[0]} is not in the folder of weights."
    return "LPIPS: skipped, torchmetrics needs torchvision for it."


def lpips(root: Path) -> tuple[list[Row], str]:
    """LPIPS over SqueezeNet of up to 50 pairs by both sides, where both can."""
    folder, network = Path(os.environ[FOLDER_VARIABLE]), LPIPS_NETWORKS["squeeze"][0]
    there = any((folder / name).is_file() for name in network.files)
    if not there or importlib.util.find_spec("torchvision") is None:
        return [], lpips_note()
    import torch
    from torchmetrics.functional.image import learned_perceptual_image_patch_similarity as theirs

    from sembla.evaluation.networks import load_lpips

    distance, rows = load_lpips("squeeze", {}), []
    for made, real in list(zip(files(root / "pairs" / "made"), files(root / "pairs" / "real"), strict=True))[:50]:
        a, b = (np.asarray(Image.open(path).convert("RGB")) for path in (made, real))
        x, y = (torch.from_numpy(each.copy()).permute(2, 0, 1)[None] / 127.5 - 1 for each in (a, b))
        rows.append((distance(a, b), float(theirs(x, y, net_type="squeeze"))))
    ours, other = np.mean(rows, axis=0)
    row = {"score": "lpips", "pictures a side": len(rows), "sembla": f"{ours:.6g}", "other": f"{other:.6g}"}
    return [{**row, "relative difference": f"{abs(ours - other) / other:.1e}"}], ""


def write(times: dict[str, list[Row]], values: list[Row], note: str) -> None:
    """Print the tables, and write them."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    text = [f"# Scores of folders\n\n`python -m benchmarks.metrics`, {machine}."]
    text.append(f"Pictures of {SIDE} px, batches of {BATCH}, medians of {TURNS} turns; reading is timed, imports not.")
    text += [f"## {TITLES[what]}\n\n{table(rows)}" for what, rows in times.items()]
    text += [f"## Values\n\n{table(values)}", *([note] if note else [])]
    RESULTS.mkdir(exist_ok=True)
    report = {"machine": machine, "times": times, "values": values, "note": note}
    (RESULTS / "metrics.md").write_text("\n\n".join(text) + "\n")
    (RESULTS / "metrics.json").write_text(json.dumps(report, indent=1) + "\n")
    print("\n\n".join(text))


def main(counts: Sequence[int]) -> None:
    """Measure everything and write the results."""
    os.environ.setdefault(FOLDER_VARIABLE, str(DATA / "weights"))
    missing = [name for name in ("torch", "torchmetrics") if importlib.util.find_spec(name) is None]
    if missing or not DATA.is_dir():
        print(f"{' and '.join(missing) or '../shared/data'} is not there: nothing was measured")
        return
    times: dict[str, list[Row]] = {what: [] for what in SIDES}
    values: list[Row] = []
    note = ""
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            make_folders(Path(folder), count)
            for what, rows in times.items():
                row, found = compare(what, Path(folder), count)
                rows.append(row)
                values += found
            found, note = lpips(Path(folder))
            values += found
    write(times, values, note)


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or COUNTS)
