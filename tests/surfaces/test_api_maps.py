"""What a session asks of `api`: label maps read one at a time, tasks checked by hand, work that is ended early."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from tests.surfaces.support import COLOURS, layout, photo, with_a_foreign_class

import sembla
from sembla import api
from sembla.core import memory
from sembla.core.ranges import Whole, ranges
from sembla.core.tasks import AnalogyTask, Preview

TASK = AnalogyTask(photo(), layout(6), layout(14))


def file(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], kind: str = "PNG") -> io.BytesIO:
    """A picture file that is open."""
    opened = io.BytesIO()
    Image.fromarray(pixels).save(opened, kind)
    opened.seek(0)
    return opened


def test_an_open_file_reads_as_the_same_file_on_disk() -> None:
    assert np.array_equal(api.read_picture(file(photo())), photo())
    with pytest.raises(sembla.ImageError, match="holiday"):
        api.read_picture(io.BytesIO(b"no picture"), name="holiday")


def test_a_photos_own_map_comes_with_its_colours() -> None:
    made = api.read_own_labels(photo(), file(COLOURS[layout(6)]))
    assert np.array_equal(made.palette[made.labels], COLOURS[layout(6)])
    with pytest.raises(sembla.SizeError, match=r"64x48.*label map.*32x24"):
        api.read_own_labels(photo(), file(COLOURS[layout(6)][::2, ::2]))
    resized = api.read_own_labels(photo(), file(COLOURS[layout(6)][::2, ::2]), resize=True)
    assert resized.labels.shape == (48, 64)


def test_ids_get_colours_that_can_be_told_apart() -> None:
    made = api.read_own_labels(photo(), file(layout(6)))
    assert np.array_equal(made.labels, layout(6))
    apart = np.linalg.norm(made.palette[:, None].astype(int) - made.palette, axis=2)
    assert apart[~np.eye(3, dtype=bool)].min() > 80


def test_a_map_is_matched_with_known_colours_in_their_order() -> None:
    for order in ([0, 1, 2], [2, 0, 1]):
        palette = COLOURS[order]
        matched = api.match_map(file(COLOURS[layout(14)]), palette)
        assert np.array_equal(palette[matched], COLOURS[layout(14)])


def test_a_map_of_ids_is_taken_as_it_is() -> None:
    assert np.array_equal(api.match_map(file(layout(14)), COLOURS), layout(14))


def test_colours_blurred_by_jpeg_are_matched() -> None:
    matched = api.match_map(file(COLOURS[layout(14)], "JPEG"), COLOURS)
    assert (matched == layout(14)).mean() > 0.97


def test_a_foreign_class_is_refused_or_adopted() -> None:
    colours, adopted = with_a_foreign_class(layout(14))
    with pytest.raises(sembla.LabelError, match="#ff00ff"):
        api.match_map(file(colours), COLOURS, name="wanted")
    assert np.array_equal(api.match_map(file(colours), COLOURS, adopt_nearest=True), adopted)


def test_a_map_of_more_ids_than_classes_is_refused() -> None:
    ids = layout(14)
    ids[:20, :20] = 9
    with pytest.raises(sembla.LabelError):
        api.match_map(file(ids), COLOURS)


def test_strokes_of_ids_become_a_map_of_the_same_ids() -> None:
    strokes = np.full((48, 64), -1, np.int16)
    strokes[2:4, 30:60], strokes[36:40, 5:60], strokes[9:15, 9:17] = 5, 0, 3
    filled = api.fill_scribbles(photo(), strokes)
    assert (filled == np.array([5, 0, 3])[layout(6)]).mean() > 0.95


def test_every_number_of_a_task_has_its_range() -> None:
    assert ranges(AnalogyTask)["variations"] == Whole(1, 64)
    for name, range_ in ranges(AnalogyTask).items():
        for value in (range_.least - 1, range_.most + 1):
            with pytest.raises(sembla.InputError, match=f"{name} {value}"):
                api.check(replace(TASK, **{name: value}))  # type: ignore[arg-type]
    api.check(TASK)


def test_a_task_made_by_hand_is_checked_for_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1 << 10)
    with pytest.raises(sembla.MemoryNeedError):
        api.check(TASK)


def test_any_variation_can_be_the_first() -> None:
    api.warm_up()
    all_four = api.run(replace(TASK, variations=4)).pictures
    assert len({picture.tobytes() for picture in all_four}) == 4
    for index in range(4):
        assert np.array_equal(api.run(replace(TASK, first_variation=index)).picture, all_four[index])
    later = api.run(replace(TASK, first_variation=2, variations=2)).pictures
    assert np.array_equal(later, all_four[2:])


def test_work_stops_between_previews_when_asked() -> None:
    asked = 0
    seen: list[Preview] = []

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked == limit

    limit = -1
    api.run(TASK, stop=stop)
    total = asked
    for limit in (1, total // 2, total):
        asked = 0
        seen.clear()
        with pytest.raises(sembla.Cancelled):
            api.run(TASK, seen.append, stop=stop)
        assert asked == limit
        assert not seen or seen[-1].level < seen[-1].levels - 1
    assert total > 5
