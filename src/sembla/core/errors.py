"""Everything that Sembla raises on purpose.

    SemblaError
    ├── InputError          what came in cannot be used
    │   ├── ImageError      not a picture, truncated, too small, wrong dtype
    │   ├── LabelError      a label map or palette that cannot be used
    │   ├── NoFaceError     a picture in which no face is found
    │   └── SizeError       sizes that do not fit one another
    ├── OutputError         the result cannot be written where it was asked for
    ├── MemoryNeedError     the job is predicted not to fit into memory
    ├── DivergedError       a training has gone wrong
    ├── MissingExtraError   an optional package is needed
    └── Cancelled           a callback asked to stop

Every message is one line that says what came, what was expected, and what to do.
"""

__all__ = [
    "Cancelled",
    "DivergedError",
    "ImageError",
    "InputError",
    "LabelError",
    "MemoryNeedError",
    "MissingExtraError",
    "NoFaceError",
    "NothingAskedError",
    "OutputError",
    "SemblaError",
    "SizeError",
]


class SemblaError(Exception):
    """Base of every error that Sembla raises on purpose."""


class InputError(SemblaError):
    """What came in cannot be used."""


class ImageError(InputError):
    """Not a picture, or a picture that cannot be used."""


class LabelError(InputError):
    """A label map or palette that cannot be used."""


class NoFaceError(InputError):
    """A picture in which a face was looked for, and none found."""


class NothingAskedError(InputError):
    """What is wanted of a picture is what it is."""


class SizeError(InputError):
    """Sizes that do not fit one another, or lie outside what is supported."""


class OutputError(SemblaError):
    """The result cannot be written where it was asked for."""


class MemoryNeedError(SemblaError):
    """The job is predicted not to fit into the memory at hand."""


class DivergedError(SemblaError):
    """A loss or gradient of a training is infinite or not a number."""


class MissingExtraError(SemblaError):
    """An optional package is needed and not installed."""


class Cancelled(SemblaError):
    """A callback asked the running work to stop."""
