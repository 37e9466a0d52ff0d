"""Make a bundled model of a trained run: its weights in half precision, and what it is of.

    python -m scripts.make_pack RUN NAME [PARSER]

writes src/sembla/packs/NAME/weights.safetensors and method.json; the card, README.md, is written by hand. PARSER is a
run of the recipe `parser` of portrait, whose face parser takes the place of that of RUN.
"""

import sys
from dataclasses import replace
from pathlib import Path

import torch

from sembla import api
from sembla.core.errors import InputError
from sembla.runs.description import read_description, read_weights, write_description
from sembla.runs.folder import RunFolder
from sembla.runs.tensors import write_tensors

PACKS = Path(__file__).parent.parent / "src" / "sembla" / "packs"


_SCORES = ("segmenter.score.weight", "segmenter.score.bias")


def never_made(name: str, scores: torch.Tensor) -> torch.Tensor:
    """The last layer of a parser, of four rows for each score, with the first score of those that tell what is made."""
    unlikely = torch.full_like(scores[:4], -30.0 if name.endswith("bias") else 0.0)
    return torch.cat([unlikely, scores])


def main(run: Path, name: str, parser: Path | None = None) -> None:
    """Write the two files and say how large they are."""
    folder = PACKS / name
    description = read_description(run)
    place, bracket, about = description.data.partition(" (")
    used = api.load(run).parameters
    tensors = {name: each for name, each in read_weights(run).items() if name.partition(".")[0] in used}
    if parser is not None:
        its = read_description(parser).config
        if its["classes"] != description.config["classes"]:
            raise InputError(f"{parser} knows other classes than {run}; give one of the same.")
        own = {"segmenter_width": its["width"], "parser_side": its["side"]}
        description = replace(description, config={**description.config, **own})
        tensors = {name: each for name, each in tensors.items() if not name.startswith("segmenter.")}
        its_own = {name: each for name, each in read_weights(parser).items() if name.startswith("segmenter.")}
        tensors |= its_own | {name: never_made(name, its_own[name]) for name in _SCORES}
    folder.mkdir(exist_ok=True)
    write_description(RunFolder(folder), replace(description, data=Path(place).name + bracket + about))
    half = {name: each.half() if each.dtype == torch.float32 else each for name, each in tensors.items()}
    write_tensors(folder / "weights.safetensors", half)
    print(f"{folder}: {(folder / 'weights.safetensors').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *map(Path, sys.argv[3:]))
