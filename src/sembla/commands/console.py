"""What the command line says, and where: results on stdout; notes, the progress bar and errors on stderr."""

import json
import logging
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sembla.api import Moment, OnStep
    from sembla.core.tasks import OnPreview, Preview

__all__ = ["begin", "counting", "fail", "notes", "progress", "say", "say_json", "server_log", "training"]

_RECENT = 30  # steps that a speed is taken over


def say(text: str) -> None:
    """Print a line of the result."""
    sys.stdout.write(f"{text}\n")


def say_json(values: Mapping[str, object]) -> None:
    """Print the result as one JSON object."""
    say(json.dumps(values))


def fail(message: str) -> None:
    """Print an error as the one line that it is, whatever line breaks a file's name may hold."""
    sys.stderr.write(f"sembla: error: {' '.join(message.split())}\n")


class _Notes(logging.Handler):
    """Shows what the library notes, each note once.

    Notes on the inputs are held until the inputs have proved usable: an error stands alone. The stream is looked up for
    each line, for a progress bar replaces it while it runs.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.held: list[str] | None = []
        self.seen: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Hold or show a note."""
        line = f"sembla: note: {' '.join(record.getMessage().split())}\n"
        if line in self.seen:
            return
        self.seen.add(line)
        if self.held is None:
            sys.stderr.write(line)
        else:
            self.held.append(line)

    def show_held(self) -> None:
        """Show what was held, and from now on every note at once."""
        sys.stderr.write("".join(self.held or ()))
        self.held = None


@contextmanager
def notes() -> Iterator[None]:
    """Show the notes of the library on stderr, unless the block fails before any work was begun."""
    logger, handler = logging.getLogger("sembla"), _Notes()
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logging.getLogger("PIL").addHandler(logging.NullHandler())  # its remarks on damaged files; ours say it in one line
    try:
        yield
        handler.show_held()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def server_log() -> Iterator[None]:
    """Show on stderr what goes wrong in a server while it runs, with tracebacks; notes belong to its pages."""
    logger, handler = logging.getLogger("sembla.studio"), logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("sembla: %(asctime)s %(message)s", "%H:%M:%S"))
    logger.addHandler(handler)
    logging.getLogger("PIL").addHandler(logging.NullHandler())  # as for `notes`
    try:
        yield
    finally:
        logger.removeHandler(handler)


def begin() -> None:
    """Say that the inputs are good and work begins: held notes are shown."""
    for handler in logging.getLogger("sembla").handlers:
        if isinstance(handler, _Notes):
            handler.show_held()


@contextmanager
def progress(pictures: int) -> Iterator["OnPreview | None"]:
    """Show a bar on stderr while `pictures` pictures are made, if that is a terminal; None stands for no bar."""
    begin()
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # only for a terminal
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("painting", total=pictures)
        finished = 0

        def show(preview: "Preview") -> None:
            nonlocal finished
            left = preview.levels - 1 - preview.level
            finished += left == 0
            bar.update(task, completed=finished if left == 0 else finished + 0.4**left)  # a level costs 2.5 times more

        yield show


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show on stderr how many of all pictures are done, if that is a terminal; None stands for no bar."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # only for a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def training() -> Iterator["OnStep"]:
    """Show on stderr how far and how fast a training is, if that is a terminal; held notes with the first step."""
    if not sys.stderr.isatty():
        yield lambda _moment: begin()
        return
    from rich.console import Console  # only for a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    speed = TextColumn("{task.fields[speed]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), speed, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("training", total=None, speed="")
        recent: deque[tuple[int, float]] = deque(maxlen=_RECENT)

        def show(moment: "Moment") -> None:
            begin()
            recent.append((moment.images, moment.seconds))
            images, seconds = recent[-1][0] - recent[0][0], recent[-1][1] - recent[0][1]
            speed = f"{images / seconds:.3g} img/s" if seconds else ""
            bar.update(task, completed=moment.step, total=moment.steps, speed=speed)

        yield show
