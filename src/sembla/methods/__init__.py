"""The methods, by name. One more is a folder of its own and two lines here; those of other packages join by themselves.

Nothing here asks for PyTorch: a method is a value, and `Method.load` brings the rest.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, TypeAlias

from sembla.core.errors import InputError
from sembla.core.method import Method
from sembla.methods import analogy, inpaint, portrait, preserve, scene

__all__ = ["METHODS", "AnyMethod", "all_methods", "find_method"]

AnyMethod: TypeAlias = Method[Any, Any, Any]
"""A method, whatever its config, source and batches are."""

METHODS: tuple[AnyMethod, ...] = (
    analogy.METHOD,
    inpaint.METHOD,
    portrait.METHOD,
    preserve.METHOD,
    scene.METHOD,
)
"""Those of Sembla itself."""

_GROUP = "sembla.methods"


def all_methods() -> Mapping[str, AnyMethod]:
    """By name: ours, then those that other packages offer as entry points of the group `sembla.methods`.

    Raises `InputError` for an entry point that is no method, or that takes a name in use.
    """
    found = {method.name: method for method in METHODS}
    for point in entry_points(group=_GROUP):
        package = point.dist.name if point.dist else point.module
        try:
            method = point.load()
        except Exception as error:
            raise InputError(
                f"the method {point.name} of {package} does not load ({error}); remove {package}."
            ) from error
        if not isinstance(method, Method) or method.name in found:
            raise InputError(f"{package} offers {point.value}, which is no new method; remove {package}.")
        found[method.name] = method
    return found


def find_method(name: str) -> AnyMethod:
    """The method of that name. Raises `InputError` that lists them for one that is unknown, and as `all_methods`."""
    found = all_methods()
    if name not in found:
        raise InputError(f"method {name!r} came; there are {', '.join(sorted(found)) or 'none yet'}.")
    return found[name]
