"""`sembla methods` and `sembla recipes`: what can be trained, and with which settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from sembla.commands.console import say, say_json
from sembla.commands.options import Flag
from sembla.commands.settings import described, typed
from sembla.core.errors import InputError

if TYPE_CHECKING:
    from sembla.api import Method

__all__ = ["Methods", "Recipes"]

_CLASSES = 3  # of the photo that weights are counted for: first layers grow with it


@dataclass(frozen=True)
class Methods:
    """List the methods that can be trained."""

    json: Flag = False
    """Print one JSON object: methods, each with name, summary, paper, recipes."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it."""
        from sembla import api  # loads after the options are read: --help stays fast

        methods = api.methods().values()
        if self.json:
            told = [
                {"name": each.name, "summary": each.summary, "paper": each.paper, "recipes": list(each.recipes)}
                for each in methods
            ]
            say_json({"methods": told})
            return
        for each in methods:
            say(f"{each.name}: {each.summary}\n  {each.paper}\n  recipes: {', '.join(each.recipes)}")
        if not methods:
            say("none yet")


@dataclass(frozen=True)
class Recipes:
    """List the recipes of a method, or the settings of one."""

    method: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="METHOD")]
    """One of those that sembla methods lists."""
    recipe: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="NAME", help_behavior_hint="")] = None
    """Show the settings of this one: as sembla train takes them, what they are, and what they mean."""
    json: Flag = False
    """Print one JSON object: method, classes that weights are counted for, recipes (summary, ...); or settings."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it."""
        from sembla import api

        method = api.find_method(self.method)
        if self.recipe is None:
            self._list(method)
        elif self.recipe in method.recipes:
            self._show(method.recipes[self.recipe])
        else:
            raise InputError(f"recipe {self.recipe!r} came; {method.name} has {', '.join(method.recipes)}.")

    def _list(self, method: "Method[Any, Any, Any]") -> None:
        recipes = list(_recipes(method))
        if self.json:
            say_json({"method": method.name, "classes": _CLASSES, "recipes": recipes})
            return
        for told in recipes:
            first = " (the one without --recipe)" if told["default"] else ""
            say(f"{told['name']}{first}: {told['summary']}")
            images = "1 image" if told["batch"] == 1 else f"{told['batch']} images"
            say(f"  {told['steps']:,} steps of {images}{_sizes(told['parameters'])}")

    def _show(self, config: object) -> None:
        settings = list(described(config))
        if self.json:
            say_json({"settings": [{"option": o, "value": v, "help": h} for o, v, h in settings]})
            return
        for option, value, told in settings:
            line = typed(option, value)
            say(f"{line}\n    {told}" if told else line)


def _recipes(method: "Method[Any, Any, Any]") -> Iterator[dict[str, Any]]:
    from sembla import api

    for number, (name, config) in enumerate(method.recipes.items()):
        pace = method.pace(config)
        yield {
            "name": name,
            "default": number == 0,
            "summary": method.notes.get(name) or (type(config).__doc__ or "").partition("\n")[0],
            "steps": pace.steps,
            "batch": pace.batch,
            "parameters": api.count_parameters(method, config, classes=_CLASSES),
        }


def _sizes(parameters: dict[str, int] | None) -> str:
    if parameters is None:
        return ""
    return f"; weights, for {_CLASSES} classes: " + ", ".join(f"{name} {count:,}" for name, count in parameters.items())
