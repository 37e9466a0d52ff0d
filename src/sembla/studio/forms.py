"""The settings of a task as a form: names, help, kinds and limits, all read from the task's own fields."""

import ast
import inspect
import itertools
import textwrap
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType, NoneType
from typing import Any, Literal, get_args, get_type_hints

from sembla.core.errors import InputError
from sembla.core.ranges import ranges
from sembla.core.tasks import AnalogyTask, PortraitTask, SceneTask
from sembla.core.types import LabelMap
from sembla.studio.wire import Form, Setting

__all__ = ["BOARDS", "FORMS", "PORTRAIT", "SCENE", "TASKS", "check_settings", "form_of", "map_names"]

TASKS: Mapping[str, type[AnalogyTask]] = MappingProxyType({"analogy": AnalogyTask})
"""What the studio can be asked to make of a photo, by the names that pages use."""

SCENE = "scene"
"""The name of the task that needs no photo."""

PORTRAIT = "portrait"
"""The name of the task of faces, which trained models alone make here."""

BOARDS = ("preserve", "inpaint")
"""The names of the tasks of pictures side by side, whose settings have requests of their own."""


def form_of(name: str, task_type: type) -> Form:
    """The form of a task type: its whole numbers (`core.tasks.ranges`) and switches, in the order of its fields."""
    helps = _field_docs(task_type)
    hints = get_type_hints(task_type)
    limits = ranges(task_type)
    settings = []
    for field in fields(task_type):
        shared: dict[str, Any] = {"name": field.name, "help": helps.get(field.name, ""), "default": field.default}
        if hints[field.name] is bool:
            settings.append(Setting(kind="switch", least=None, most=None, **shared))
        elif field.name in limits:
            kind: Literal["whole", "optional_whole"] = (
                "optional_whole" if NoneType in get_args(hints[field.name]) else "whole"
            )
            least, most = limits[field.name].least, limits[field.name].most
            settings.append(Setting(kind=kind, least=least, most=most, **shared))
    return Form(name=name, summary=(inspect.getdoc(task_type) or "").partition("\n")[0], settings=settings)


def map_names(task_type: type) -> tuple[str, ...]:
    """The label maps that a task takes: its fields of that type, but for the photo, which has the same."""
    hints = get_type_hints(task_type)
    return tuple(field.name for field in fields(task_type) if hints[field.name] == LabelMap and field.name != "picture")


def check_settings(form: Form, given: Mapping[str, bool | int | None]) -> None:
    """Raise `InputError` for a name that the form lacks and a value of another kind or out of its range."""
    known = {setting.name: setting for setting in form.settings}
    for name, value in given.items():
        if name not in known:
            raise InputError(f"there is no setting {name[:100]!r}; the settings are {', '.join(known)}.")
        if not _fits(known[name], value):
            raise InputError(f"{name} {repr(value)[:40]} came; expected {_expected(known[name])}.")


def _fits(setting: Setting, value: bool | int | None) -> bool:
    if setting.kind == "switch":
        return isinstance(value, bool)
    if value is None:
        return setting.kind == "optional_whole"
    in_range = setting.least is None or setting.most is None or setting.least <= value <= setting.most
    return in_range and not isinstance(value, bool)


def _expected(setting: Setting) -> str:
    if setting.kind == "switch":
        return "true or false"
    return f"a whole number {setting.least} to {setting.most}" + (
        " or null" if setting.kind == "optional_whole" else ""
    )


def _field_docs(task_type: type) -> dict[str, str]:
    """The docstring under each field; nothing where the source is not at hand."""
    try:
        source = textwrap.dedent(inspect.getsource(task_type))
    except OSError:
        return {}
    (body,) = (node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    docs = {}
    for node, after in itertools.pairwise(body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(after, ast.Expr):
            docs[node.target.id] = inspect.cleandoc(str(ast.literal_eval(after.value)))
    return docs


_ALL: Mapping[str, type] = {**TASKS, SCENE: SceneTask, PORTRAIT: PortraitTask}

FORMS: Mapping[str, Form] = MappingProxyType({name: form_of(name, task_type) for name, task_type in _ALL.items()})
"""The form of each task."""
