"""Measure the data floor: formats, preparing, loading (pairs a second and memory), the doctor.

Works on the facades of ../shared/data at 256 px, with as many threads and processes as there are cores, two at most.
Prints the tables and writes results/data.json and results/data.md.

    python -m benchmarks.data [--quick]
"""

import io
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.tables import load, table
from sembla.data.augment import Augmentation
from sembla.data.catalog import KINDS
from sembla.data.doctor import examine
from sembla.data.labelsets import FACADES_12
from sembla.data.loading import batches
from sembla.data.prepare import prepare
from sembla.data.prepared import Prepared

FACADES = Path(__file__).parent.parent.parent / "shared" / "data" / "facades"
RESULTS = Path(__file__).parent / "results"
SIZE = (256, 256)
BATCH = 16
WORKERS = min(2, os.cpu_count() or 1)

Row = dict[str, object]

COLOURS = {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.05}

AUGMENTATIONS = {
    "off": None,
    "flip": Augmentation(),
    "flip, crop": Augmentation(zoom=(1.0, 1.12)),
    "flip, crop, colour": Augmentation(zoom=(1.0, 1.12), **COLOURS),
    "flip, crop, colour, warp": Augmentation(zoom=(1.0, 1.12), warp=0.05, **COLOURS),
}

FORMATS: dict[str, tuple[str, dict[str, object]]] = {
    "WebP, lossless": ("WEBP", {"lossless": True, "method": 0}),
    "PNG, level 4": ("PNG", {"compress_level": 4}),
    "JPEG 95, 4:4:4": ("JPEG", {"quality": 95, "subsampling": 0}),
    "BMP": ("BMP", {}),
}


def formats(count: int = 60) -> list[Row]:
    """Size and time of each format that pictures could have, one thread, seconds of the processor."""
    files = sorted((FACADES / "train/images").glob("*.jpg"))[:count]
    pictures = [Image.open(file).convert("RGB").resize(SIZE) for file in files]
    return [{"format": name, **measure_format(pictures, *how), "load": load()} for name, how in FORMATS.items()]


def measure_format(pictures: list[Image.Image], encoding: str, options: dict[str, object]) -> Row:
    """Milliseconds a picture to encode and to decode, bytes, and whether every pixel comes back."""
    started = time.process_time()
    blobs = [encode(picture, encoding, options) for picture in pictures]
    encoded = time.process_time() - started
    seconds = min(timed(lambda: [decode(blob) for blob in blobs]) for _ in range(3))
    exact = all(
        np.array_equal(decode(blob), np.asarray(picture)) for blob, picture in zip(blobs, pictures, strict=True)
    )
    return {
        "encode, ms": round(1000 * encoded / len(pictures), 2),
        "decode, ms": round(1000 * seconds / len(pictures), 2),
        "kB": round(sum(map(len, blobs)) / len(blobs) / 1000, 1),
        "exact": exact,
    }


def encode(picture: Image.Image, encoding: str, options: dict[str, object]) -> bytes:
    """The picture as a file of that format."""
    file = io.BytesIO()
    picture.save(file, encoding, **options)
    return file.getvalue()


def decode(blob: bytes) -> NDArray[np.uint8]:
    """The pixels of a file."""
    return np.asarray(Image.open(io.BytesIO(blob)))


def timed(work: Callable[[], object]) -> float:
    """Seconds of the processor."""
    started = time.process_time()
    work()
    return time.process_time() - started


def preparing(folder: Path) -> tuple[list[Row], dict[str, Prepared]]:
    """Pairs a second of a first run, and seconds of a second one, which only verifies."""
    rows: list[Row] = []
    sets = {}
    for form, shard in (("single files", None), ("tars", 128)):
        seconds = []
        for _ in range(2):
            started = time.perf_counter()
            done = prepare(KINDS["facades"], FACADES, folder / form, size=SIZE[0], shard=shard, workers=WORKERS)
            seconds.append(time.perf_counter() - started)
        sets[form] = done.prepared
        total = done.prepared.total
        row = {"form": form, "pairs": total, "first run, pairs/s": round(total / seconds[0])}
        rows.append(row | {"second run, s": round(seconds[1], 2), "load": load()})
        print(rows[-1], flush=True)
    return rows, sets


def loading(sets: dict[str, Prepared], *, count: int) -> list[Row]:
    """Pairs a second; beside it pairs a second of one busy core, which other work on the machine disturbs less."""
    rows: list[Row] = []
    for name, augmentation in AUGMENTATIONS.items():
        row: Row = {"augmentation": name}
        for form, prepared in sets.items():
            loader = batches(prepared, "train", batch=BATCH, size=SIZE, augmentation=augmentation, threads=WORKERS)
            next(loader)
            started, busy = time.perf_counter(), time.process_time()
            for _ in islice(loader, count // BATCH):
                pass
            row[f"{form}, pairs/s"] = round(count / (time.perf_counter() - started))
            row[f"{form}, pairs per busy second"] = round(count / (time.process_time() - busy))
            loader.close()
        rows.append(row | {"load": load()})
        print(rows[-1], flush=True)
    return rows


def memory(sets: dict[str, Prepared], *, count: int) -> list[Row]:
    """Resident memory in MB along a long run with everything on, at every eighth of it."""
    rows: list[Row] = []
    for form, prepared in sets.items():
        augmentation = AUGMENTATIONS["flip, crop, colour, warp"]
        loader = batches(prepared, "train", batch=BATCH, size=SIZE, augmentation=augmentation, threads=WORKERS)
        row: Row = {"form": form, "pairs": count}
        for eighth in range(1, 9):
            for _ in islice(loader, count // 8 // BATCH):
                pass
            row[f"MB at {eighth}/8"] = resident()
        loader.close()
        rows.append(row)
        print(row, flush=True)
    return rows


def resident() -> float:
    """Resident memory of this process in MB; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def doctor(folder: Path, *, count: int) -> list[Row]:
    """Seconds for the doctor to look at many pairs at 256 px: crops of the facades, each a little different.

    The maps are ids; or, which takes longest to judge, colours that were JPEGs and are PNGs now.
    """
    rows: list[Row] = []
    for name, write in (("ids", write_ids), ("colours, once JPEGs", write_ruined)):
        write_many(folder / name, count, write)
        started = time.perf_counter()
        report = examine(folder / name)
        seconds = time.perf_counter() - started
        codes = ", ".join(sorted({fault.code for fault in report.faults})) or "none"
        row: Row = {"maps": name, "pairs": report.pairs, "seconds": round(seconds, 1), "faults": codes}
        rows.append(row | {"load": load()})
        print(rows[-1], flush=True)
    return rows


def write_ids(labels: Image.Image, path: Path) -> None:
    """Write a label map as it is."""
    labels.save(path)


def write_ruined(labels: Image.Image, path: Path) -> None:
    """Write a label map in colours that have been a JPEG."""
    blob = encode(Image.fromarray(FACADES_12.palette[np.asarray(labels)]), "JPEG", {"quality": 85})
    Image.fromarray(decode(blob)).save(path)


def write_many(folder: Path, count: int, write: Callable[[Image.Image, Path], None]) -> None:
    """Write distinct pairs, images/N.jpg and labels/N.png."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for number, (picture, labels) in enumerate(islice(cycle_pairs(), count)):
        across, down = number * 7 % 57, number * 13 % 53
        box = (across, down, across + 200, down + 200)
        turned = picture.resize(SIZE, Image.Resampling.BILINEAR, box=box)
        turned.save(folder / f"images/{number:05}.jpg", quality=90)
        write(labels.resize(SIZE, Image.Resampling.NEAREST, box=box), folder / f"labels/{number:05}.png")


def cycle_pairs() -> Iterator[tuple[Image.Image, Image.Image]]:
    """The training pairs of the facades, over and over."""
    files = sorted((FACADES / "train/images").glob("*.jpg"))
    pairs = [(Image.open(file), Image.open(FACADES / f"train/labels/{file.stem}.png")) for file in files[:50]]
    for picture, labels in pairs:
        picture.load()
        labels.load()
    return cycle(pairs)


def main() -> None:
    """Measure everything and write the results."""
    if not FACADES.is_dir():
        print("no facades in ../shared/data: nothing was measured")
        return
    quick = "--quick" in sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        made, sets = preparing(Path(name))
        report = {
            "formats at 256 px, one core": formats(),
            f"preparing, {WORKERS} processes": made,
            f"loading at 256 px, batches of {BATCH}, {WORKERS} threads": loading(sets, count=800 if quick else 3200),
            "memory over a long run": memory(sets, count=1600 if quick else 12800),
            "the doctor": doctor(Path(name) / "many", count=500 if quick else 10000),
        }
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    text = [f"# Data\n\n`python -m benchmarks.data`, {machine}. Load: processes that wanted to run meanwhile."]
    text += [f"## {title.capitalize()}\n\n{table(rows)}" for title, rows in report.items()]
    if not quick:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "data.md").write_text("\n\n".join(text) + "\n")
        (RESULTS / "data.json").write_text(json.dumps({"machine": machine, **report}, indent=1) + "\n")
    print("\n\n".join(text))


if __name__ == "__main__":
    main()
