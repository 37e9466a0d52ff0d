"""Draw the label maps and layouts of the bundled examples.

usage: python examples/draw_maps.py [FOLDER]

Rewrites the PNGs and classes.json files under FOLDER (default: src/sembla/examples). The outlines lie in
`drawings/`, one module a photo; their borders move to the photo's own edges, see `drawings/canvas.py`.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from drawings import astronaut, chelsea, coffee, hubble, rocket
from drawings.canvas import Drawing
from PIL import Image
from skimage import data

from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture

__all__ = ["DRAWINGS", "main", "write"]

DRAWINGS: Mapping[str, tuple[Callable[[], Picture], Callable[[Picture], Drawing]]] = {
    "astronaut": (data.astronaut, astronaut.draw),
    "chelsea": (data.chelsea, chelsea.draw),
    "coffee": (data.coffee, coffee.draw),
    "hubble": (data.hubble_deep_field, hubble.draw),
    "rocket": (data.rocket, rocket.draw),
}
"""How to read each photo, and how to draw its maps."""


def write_map(path: Path, labels: LabelMap, label_set: LabelSet) -> None:
    """Write a label map (H, W) as an index PNG whose palette is the label set's colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(labels)
    image.putpalette(label_set.palette.tobytes())
    image.save(path, optimize=True, bits=4 if label_set.count <= 16 else 8)


def write(drawing: Drawing, folder: Path) -> None:
    """Write one example's maps and class list into `folder`."""
    write_map(folder / "labels.png", drawing.labels, drawing.label_set)
    for name, layout in drawing.layouts.items():
        write_map(folder / "layouts" / f"{name}.png", layout, drawing.label_set)
    names = zip(drawing.label_set.names, drawing.label_set.colours, strict=True)
    classes = [{"name": name, "colour": "#{:02x}{:02x}{:02x}".format(*colour)} for name, colour in names]
    text = json.dumps({"credit": drawing.credit, "classes": classes}, indent=1, ensure_ascii=False)
    (folder / "classes.json").write_text(text + "\n", encoding="utf-8")


def main(target: Path) -> None:
    """Draw every example anew into `target`/NAME."""
    for name, (read, draw) in DRAWINGS.items():
        write(draw(np.ascontiguousarray(read())), target / name)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "src" / "sembla" / "examples")
