"""`sembla export`: a trained method as a file for other programs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from sembla.commands.console import say, say_json
from sembla.commands.options import Flag

__all__ = ["Export"]


@dataclass(frozen=True)
class Export:
    """Write a trained method as ONNX or TorchScript, checked against PyTorch: outputs within 1e-4, or no file."""

    run_folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(name="run", metavar="RUN")]
    """A bundled pack by its name, the folder of a run, or one with its weights.safetensors and method.json."""
    out: Annotated[Path, tyro.conf.arg(metavar="PATH")]
    """The file: .onnx, or .pt for TorchScript."""
    to: Annotated[Literal["onnx", "torchscript"], tyro.conf.arg(metavar="onnx|torchscript")] = "onnx"
    """The format; onnx needs the extra [export]."""
    force: Flag = False
    """Replace a file that exists."""
    json: Flag = False
    """Print one JSON object: out, to, difference."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what was written."""
        from sembla import api  # loads after the options are read: --help stays fast

        difference = api.export(self.run_folder, self.out, to=self.to, force=self.force)
        if self.json:
            say_json({"out": str(self.out), "to": self.to, "difference": difference})
        else:
            say(f"{self.out}: outputs differ from PyTorch's by {difference:.1e} at most")
