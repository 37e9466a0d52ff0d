"""The store of decoded photos: what is put in comes out, the oldest go, and nothing is half there."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sembla.core.errors import OutputError
from sembla.studio.photos import PhotoStore, UnknownPhotoError, photo_id


def plain(value: int) -> NDArray[np.uint8]:
    """A picture (20, 30, 3) of one value: 1800 bytes, and 128 of header in its file."""
    return np.full((20, 30, 3), value, np.uint8)


def on_disk(folder: Path, name: str) -> bool:
    return (folder / f"{name}.npy").exists()


def test_a_photo_comes_back_as_it_was_also_from_disk(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path)
    chance = np.random.default_rng(0)
    photos = [chance.integers(0, 256, (20 + index, 30, 3), np.uint8) for index in range(6)]
    names = [store.put(photo) for photo in photos]
    for name, photo in zip(names, photos, strict=True):
        kept = store.get(name)
        assert np.array_equal(kept, photo)
        assert not kept.flags.writeable
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}.npy" for name in names)


def test_the_id_says_size_and_pixels() -> None:
    flat, changed = plain(0), plain(0)
    changed[3, 4, 1] = 1
    assert photo_id(flat) == photo_id(plain(0))
    assert len({photo_id(flat), photo_id(changed), photo_id(flat.reshape(30, 20, 3))}) == 3
    assert photo_id(np.asfortranarray(changed)) == photo_id(changed)
    assert len(photo_id(flat)) == 32


def test_those_not_used_for_longest_go_first(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path, most_bytes=3 * 1928)
    first, second, third = (store.put(plain(value)) for value in range(3))
    store.get(first)
    fourth = store.put(plain(3))
    assert [on_disk(tmp_path, name) for name in (first, second, third, fourth)] == [True, False, True, True]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3 * 1928
    with pytest.raises(UnknownPhotoError, match="upload it again"):
        store.get(second)
    assert store.put(plain(1)) == second
    assert np.array_equal(store.get(second), plain(1))


def test_what_a_job_uses_stays_until_it_ends(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path, most_bytes=2 * 1928)
    held = store.put(plain(0))
    with store.hold(held) as picture, store.hold(held):
        others = [store.put(plain(value)) for value in range(1, 6)]
        assert on_disk(tmp_path, held)
        assert np.array_equal(picture, plain(0))
        assert [on_disk(tmp_path, name) for name in others] == [False, False, False, False, True]
    store.put(plain(9))
    store.put(plain(10))
    assert not on_disk(tmp_path, held)


def test_a_photo_larger_than_the_store_is_kept_alone(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path, most_bytes=100)
    first, second = store.put(plain(0)), store.put(plain(1))
    assert not on_disk(tmp_path, first)
    assert np.array_equal(store.get(second), plain(1))


def test_memory_holds_three_and_the_rest_is_read_again(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path)
    names = [store.put(plain(value)) for value in range(5)]
    for path in tmp_path.iterdir():
        path.unlink()
    for name in names[:2]:
        with pytest.raises(UnknownPhotoError):
            store.get(name)
    for value, name in list(enumerate(names))[2:]:
        assert np.array_equal(store.get(name), plain(value))


def test_a_damaged_file_is_an_unknown_photo(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path)
    names = [store.put(plain(value)) for value in range(4)]
    (tmp_path / f"{names[0]}.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(UnknownPhotoError):
        store.get(names[0])
    assert store.put(plain(0)) == names[0]
    assert np.array_equal(store.get(names[0]), plain(0))


@pytest.mark.parametrize("name", ["", "../secret", "0" * 32, "a" * 5000])
def test_a_foreign_id_is_an_unknown_photo(tmp_path: Path, name: str) -> None:
    np.save(tmp_path.parent / "secret.npy", plain(0))
    with pytest.raises(UnknownPhotoError) as caught:
        PhotoStore(tmp_path).get(name)
    assert len(str(caught.value)) < 120


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path / "gone")
    with pytest.raises(OutputError, match="free some space"):
        store.put(plain(0))
    with pytest.raises(UnknownPhotoError):
        store.get(photo_id(plain(0)))


def test_on_a_full_disk_the_oldest_that_no_job_uses_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save, store = np.save, PhotoStore(tmp_path)
    held, second, third = (store.put(plain(value)) for value in range(3))

    def save_two(file: Any, *arguments: Any, **settings: Any) -> None:
        if len(list(tmp_path.glob("*.npy"))) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(file, *arguments, **settings)

    monkeypatch.setattr(np, "save", save_two)
    with store.hold(held):
        fourth = store.put(plain(3))
    assert [on_disk(tmp_path, name) for name in (held, second, third, fourth)] == [True, False, True, True]
    assert np.array_equal(store.get(fourth), plain(3))
