"""Which files an analogy reads and which it writes."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sembla.commands.folders import make_folder
from sembla.core.errors import InputError, OutputError

__all__ = ["Plan", "plan_analogy"]


@dataclass(frozen=True)
class Plan:
    """Inputs and outputs of one call."""

    image: Path
    labels: Path
    layouts: tuple[Path, ...]
    outs: tuple[tuple[Path, ...], ...]
    """For each layout one path a variation."""
    folder: Path | None = None
    """Where results and contact sheet go together; None for a single layout."""

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Every file that is read."""
        return (self.image, self.labels, *self.layouts)

    @property
    def sheet(self) -> Path | None:
        """Where the contact sheet goes."""
        return self.folder / "sheet.png" if self.folder else None

    def claim(self, *, force: bool, animation: Path | None = None) -> None:
        """Make the folder and see that every output, the `animation` too, can be written. Raises `OutputError`."""
        if self.folder is None:
            self._check_outputs(animation, force=force)
            return
        fresh = not self.folder.exists()
        make_folder(self.folder)
        try:
            self._check_outputs(animation, force=force)
        except OutputError:
            if fresh:
                with suppress(OSError):
                    self.folder.rmdir()
            raise

    def _check_outputs(self, animation: Path | None, *, force: bool) -> None:
        from sembla import api  # loads after the options are read: --help stays fast

        outs: list[tuple[Path, tuple[str, ...]]] = [(out, api.PICTURE_SUFFIXES) for paths in self.outs for out in paths]
        outs += [(self.sheet, (".png",))] if self.sheet else []
        outs += [(animation, api.ANIMATION_SUFFIXES)] if animation else []
        for out, suffixes in outs:
            api.check_output(out, suffixes=suffixes, force=force, inputs=self.inputs)
        place, uses = Counter(out.resolve() for out, _ in outs).most_common(1)[0]
        if uses > 1:
            raise OutputError(f"{place} would be written {uses} times; give files of different names.")


def plan_analogy(inputs: tuple[Path, ...], out: Path | None, *, variations: int) -> Plan:
    """Turn what stands on the command line into a plan: a case folder, or photo, map and one or many layouts."""
    from sembla import api

    if len(inputs) == 1:
        case = api.find_case(inputs[0])
        return _plan_folder((case.image, case.labels), case.layouts, out, variations=variations)
    if len(inputs) != 3:
        raise InputError(
            f"{len(inputs)} inputs came; expected IMAGE LABELS LAYOUT, IMAGE LABELS LAYOUTS_DIR or CASE_DIR."
        )
    image, labels, layout = inputs
    if layout.is_dir():
        return _plan_folder((image, labels), api.find_pictures(layout), out, variations=variations)
    out = out or Path()
    if out.is_dir():
        out = out / f"{layout.stem}-analogy.png"
    return Plan(image, labels, (layout,), (_numbered(out, variations),))


def _plan_folder(source: tuple[Path, Path], layouts: tuple[Path, ...], folder: Path | None, *, variations: int) -> Plan:
    """One result a layout, named after it; the suffix joins the name where the stem alone would not do."""
    if folder is None:
        raise InputError(f"{len(layouts)} layouts give {len(layouts)} results; say where to put them with --out DIR.")
    stems = Counter(layout.stem for layout in layouts)
    stems["sheet"] += 1
    names = [path.stem if stems[path.stem] == 1 else f"{path.stem}-{path.suffix[1:]}" for path in layouts]
    outs = tuple(_numbered(folder / f"{name}.png", variations) for name in names)
    return Plan(*source, layouts, outs, folder)


def _numbered(out: Path, variations: int) -> tuple[Path, ...]:
    if variations <= 1:
        return (out,)
    return tuple(out.with_name(f"{out.stem}-{number}{out.suffix}") for number in range(1, variations + 1))
