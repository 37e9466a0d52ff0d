"""Forms come from the task types themselves."""

from dataclasses import dataclass
from typing import Annotated

import pytest

from sembla.core.errors import InputError
from sembla.core.ranges import Whole
from sembla.core.tasks import AnalogyTask
from sembla.studio.forms import check_settings, form_of, map_names


@dataclass(frozen=True)
class Repaint:
    """Paint it anew.

    More on that.
    """

    picture: bytes
    """Not a setting."""
    depth: Annotated[int, Whole(-2, 9)] = 4
    """How deep, in px."""
    bare: Annotated[int, Whole(0, 1)] = 0
    shiny: bool = False
    """Whether it
    shines."""
    width: Annotated[int, Whole(1, 5)] | None = None
    """Or none."""


def test_a_form_lists_the_settings_in_order_with_help_and_limits() -> None:
    form = form_of("repaint", Repaint)
    assert (form.name, form.summary) == ("repaint", "Paint it anew.")
    assert [tuple(setting.model_dump().values()) for setting in form.settings] == [
        ("depth", "How deep, in px.", "whole", 4, -2, 9),
        ("bare", "", "whole", 0, 0, 1),
        ("shiny", "Whether it\nshines.", "switch", False, None, None),
        ("width", "Or none.", "optional_whole", None, 1, 5),
    ]


def test_the_analogy_has_a_form_whose_defaults_are_the_tasks() -> None:
    form = form_of("analogy", AnalogyTask)
    assert {"seed", "keep", "size", "variations"} <= {setting.name for setting in form.settings}
    assert not {"picture", "labels", "layout"} & {setting.name for setting in form.settings}
    for setting in form.settings:
        assert setting.default == getattr(AnalogyTask, setting.name)
        assert setting.help
    check_settings(form, {setting.name: setting.default for setting in form.settings})


@pytest.mark.parametrize("given", [{"depth": -2}, {"depth": 9}, {"shiny": True}, {"width": None}, {"width": 5}, {}])
def test_settings_in_their_ranges_pass(given: dict[str, int | None]) -> None:
    check_settings(form_of("repaint", Repaint), given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"depth": -3}, "depth -3 came; expected a whole number -2 to 9"),
        ({"depth": 10}, "-2 to 9"),
        ({"depth": True}, "whole number"),
        ({"depth": None}, "whole number"),
        ({"shiny": 1}, "true or false"),
        ({"width": 6}, "1 to 5 or null"),
        ({"picture": 1}, "no setting 'picture'; the settings are depth, bare, shiny, width"),
    ],
)
def test_other_settings_are_refused(given: dict[str, int | None], told: str) -> None:
    with pytest.raises(InputError, match=told):
        check_settings(form_of("repaint", Repaint), given)


def test_the_maps_of_a_task_are_its_label_maps_without_the_photo() -> None:
    assert map_names(AnalogyTask) == ("labels", "layout")
    assert map_names(Repaint) == ()


def test_a_number_beyond_all_measure_is_refused_in_few_words() -> None:
    with pytest.raises(InputError) as caught:
        check_settings(form_of("analogy", AnalogyTask), {"seed": 10**4000})
    assert len(str(caught.value)) < 200
