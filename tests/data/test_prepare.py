"""Preparing: whole, resumable anywhere, the same bytes whatever happened, and nothing written without need."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.small_set import CLASSES, SMALL, make_source, read, records, tree, write_pair

from sembla.core.errors import Cancelled, InputError, OutputError, SemblaError
from sembla.data.pairs import pack
from sembla.data.prepare import Preparation, prepare
from sembla.data.prepared import JOURNAL, open_prepared, read_pairs, read_shards
from sembla.data.records import Kind, Record, Sample

FORMS = pytest.mark.parametrize("shard", [None, 3])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_source(tmp_path / "source")


def run(source: Path, out: Path, *, shard: int | None = None, size: int | None = 16) -> Preparation:
    return prepare(SMALL, source, out, size=size, shard=shard, workers=1)


def times(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


def let_the_clock_tick() -> None:
    """Until a file written now is later than all before; the kernel's clock of files is coarse."""
    time.sleep(0.02)


@FORMS
def test_a_second_run_writes_nothing(source: Path, tmp_path: Path, shard: int | None) -> None:
    let_the_clock_tick()
    first = run(source, tmp_path / "out", shard=shard)
    before, stamps = tree(tmp_path / "out"), times(tmp_path / "out")
    second = run(source, tmp_path / "out", shard=shard)
    assert (first.made, first.kept) == (9, 0)
    assert (second.made, second.kept, second.changed, second.removed) == (0, 9, (), ())
    assert tree(tmp_path / "out") == before
    assert times(tmp_path / "out") == stamps
    assert JOURNAL not in before


@FORMS
def test_workers_and_places_do_not_change_the_bytes(source: Path, tmp_path: Path, shard: int | None) -> None:
    run(source, tmp_path / "one", shard=shard)
    moved = source.rename(tmp_path / "elsewhere")
    prepare(SMALL, moved, tmp_path / "two", size=16, shard=shard, workers=2)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it, and no tidying up follows."""


@FORMS
def test_killed_at_any_write_and_run_again_it_gives_the_same_bytes(
    source: Path, tmp_path: Path, shard: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(source, tmp_path / "whole", shard=shard)
    wanted = tree(tmp_path / "whole")
    calls = [0, 0]
    replace, unlink = Path.replace, Path.unlink

    def dying_replace(path: Path, target: Path) -> Path:
        calls[0] += 1
        if calls[0] == calls[1]:
            raise Killed
        return replace(path, target)

    def lasting_unlink(path: Path, missing_ok: bool = False) -> None:
        if calls[0] < calls[1] or path.name == JOURNAL:
            unlink(path, missing_ok=missing_ok)

    moves = 1
    while True:
        out = tmp_path / f"killed-{moves}"
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", dying_replace)
            patch.setattr(Path, "unlink", lasting_unlink)
            calls[:] = [0, moves]
            try:
                run(source, out, shard=shard)
            except Killed:
                pass
            else:
                break
        assert tree(out) != wanted
        with pytest.raises(InputError, match="half made"):
            open_prepared(out)
        again = run(source, out, shard=shard)
        assert tree(out) == wanted
        assert (again.made == 0) == (moves > len(wanted) - 2)  # only index and header were missing
        moves += 1
    assert moves > len(wanted)


@pytest.mark.slow
@FORMS
def test_a_process_killed_at_any_time_and_run_again_gives_the_same_bytes(tmp_path: Path, shard: int | None) -> None:
    source = make_source(tmp_path / "source", train=60, val=10, size=(80, 90))
    run(source, tmp_path / "whole", shard=shard, size=32)
    wanted = tree(tmp_path / "whole")
    out = tmp_path / "out"
    script = (
        "from sembla.data.prepare import prepare\nfrom tests.data.small_set import SMALL\n"
        "if __name__ == '__main__':\n"
        f"    prepare(SMALL, {str(source)!r}, {str(out)!r}, size=32, shard={shard}, workers=2)\n"
    )
    (tmp_path / "script.py").write_text(script)
    paths = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    command = [sys.executable, str(tmp_path / "script.py")]
    for share in (0.1, 0.4, 0.8):
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths})
        while process.poll() is None and len(list(out.rglob("*.*"))) < share * len(wanted):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL  # it was not done
        time.sleep(0.2)  # its workers end with it
        assert tree(out) != wanted
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": paths})
    assert tree(out) == wanted


def test_a_journal_cut_off_in_a_line_is_taken_up(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "whole")
    out = tmp_path / "out"

    def stop(done: int, total: int) -> bool:
        return done < total - 2

    with pytest.raises(Cancelled, match="run it again"):
        prepare(SMALL, source, out, size=16, workers=1, on_progress=stop)
    text = (out / JOURNAL).read_bytes()
    (out / JOURNAL).write_bytes(text[:-20])
    again = run(source, out)
    assert (again.made, again.kept) == (3, 6)
    assert tree(out) == tree(tmp_path / "whole")


def test_progress_counts_pairs(source: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))

    prepare(SMALL, source, tmp_path / "out", shard=4, workers=1, on_progress=tell)
    assert told == [(0, 9), (4, 9), (7, 9), (9, 9)]


@FORMS
def test_damage_is_mended(source: Path, tmp_path: Path, shard: int | None) -> None:
    out = tmp_path / "out"
    prepared = run(source, out, shard=shard).prepared
    wanted = tree(out)
    file = read_shards(prepared)[0].file if shard else read_pairs(prepared)[0].files["labels"].file
    damaged = bytearray((out / file).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (out / file).write_bytes(damaged)
    again = run(source, out, shard=shard)
    assert again.made == (shard or 1)
    assert again.changed == ()
    assert tree(out) == wanted


@pytest.mark.parametrize("name", ["index.jsonl", "dataset.json"])
@pytest.mark.parametrize("text", [None, b"", b"{", b"[1]\n"])
def test_a_lost_or_damaged_index_is_made_again(source: Path, tmp_path: Path, name: str, text: bytes | None) -> None:
    out = tmp_path / "out"
    run(source, out)
    wanted = tree(out)
    if text is None:
        (out / name).unlink()
    else:
        (out / name).write_bytes(text)
    run(source, out)
    assert tree(out) == wanted


@FORMS
def test_a_changed_source_is_noticed_even_with_its_old_time(source: Path, tmp_path: Path, shard: int | None) -> None:
    out = tmp_path / "out"
    run(source, out, shard=shard)
    stamp = (source / "train/train.3.png").stat()
    let_the_clock_tick()
    write_pair(source, "train/train.3", seed=999)
    os.utime(source / "train/train.3.png", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    again = run(source, out, shard=shard)
    assert len(again.changed) == 1
    assert again.changed == ("train/train.3",) or shard
    run(source, tmp_path / "fresh", shard=shard)
    assert tree(out) == tree(tmp_path / "fresh")


@FORMS
def test_a_touched_source_changes_nothing(source: Path, tmp_path: Path, shard: int | None) -> None:
    out = tmp_path / "out"
    run(source, out, shard=shard)
    wanted = tree(out)
    let_the_clock_tick()
    (source / "train/train.3.png").touch()
    let_the_clock_tick()
    assert run(source, out, shard=shard).changed == ()
    assert run(source, out, shard=shard).made == 0
    assert tree(out) == wanted


@FORMS
def test_sources_that_come_and_go_are_followed(source: Path, tmp_path: Path, shard: int | None) -> None:
    out = tmp_path / "out"
    run(source, out, shard=shard)
    write_pair(source, "val/new", seed=5)
    for path in source.glob("train/train.[0-3].*"):
        path.unlink()
    again = run(source, out, shard=shard)
    assert again.prepared.counts == {"train": 3, "val": 3}
    assert len(again.removed) == (2 if shard else 4)
    run(source, tmp_path / "fresh", shard=shard)
    assert tree(out) == tree(tmp_path / "fresh")


@FORMS
def test_another_source_never_replaces_a_set(source: Path, tmp_path: Path, shard: int | None) -> None:
    """Not one pair of the set is in it; with one, it is a source that has changed."""
    out = tmp_path / "out"
    run(source, out, shard=shard)
    wanted = tree(out)
    other = tmp_path / "other"
    write_pair(other, "train/new", seed=7)
    with pytest.raises(OutputError, match=r"made from another source: none of its 9 pairs is in .*other; choose"):
        run(other, out, shard=shard)
    assert tree(out) == wanted
    write_pair(other, "train/train.3", seed=3)
    assert run(other, out, shard=shard).prepared.total == 2


def test_files_are_called_as_their_pairs_in_the_folder_of_their_split(source: Path, tmp_path: Path) -> None:
    pairs = read_pairs(run(source, tmp_path / "out").prepared)
    assert [pair.files["image"].file for pair in pairs] == [f"images/{pair.name}.webp" for pair in pairs]
    assert all(pair.name.startswith(f"{pair.split}/") for pair in pairs)


def same_places(folder: Path) -> list[Record]:
    """The second would be written where the first is."""
    first = records(folder)[0]
    return [first, replace(first, name=first.name.removeprefix(f"{first.split}/"))]


def test_pictures_get_the_size_and_keep_their_shape(tmp_path: Path) -> None:
    source = make_source(tmp_path / "source", size=(40, 60))
    pair = read_pairs(run(source, tmp_path / "out", size=20).prepared)[0]
    assert (pair.height, pair.width) == (20, 30)
    taken, given = pack(tmp_path / "out", pair).decode(), read(records(source)[0])
    assert taken.labels is not None
    assert given.labels is not None
    assert np.array_equal(taken.labels, given.labels[1::2, 1::2])
    assert taken.landmarks is not None
    assert given.landmarks is not None
    assert np.allclose(taken.landmarks, (given.landmarks + 0.5) / 2 - 0.5)
    wanted = Image.fromarray(given.picture).resize((30, 20), Image.Resampling.BICUBIC)
    assert np.array_equal(taken.picture, np.asarray(wanted))


def test_pairs_that_cannot_be_read_are_told_after_all_others_are_made(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "whole")
    good = {name: (source / f"train/{name}.png").read_bytes() for name in ("train.1", "train.5")}
    for name in good:
        (source / f"train/{name}.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"2 pieces.*train\.1\.png is damaged.*train\.5\.png is damaged.*run it again"):
        run(source, tmp_path / "out")
    for name, blob in good.items():
        (source / f"train/{name}.png").write_bytes(blob)
    again = run(source, tmp_path / "out")
    assert (again.made, again.kept) == (2, 7)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


@FORMS
def test_ids_that_the_set_lacks_are_told(source: Path, tmp_path: Path, shard: int | None) -> None:
    write_pair(source, "train/odd", seed=1, most=40)
    with pytest.raises(InputError, match=r"odd\.map\.png holds id 3.*sembla doctor"):
        run(source, tmp_path / "out", shard=shard)


def test_a_folder_with_other_settings_is_left_alone(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(source, out)
    wanted = tree(out)
    for size, shard, told in (
        (17, None, "was made with size 16, not with size 17;"),
        (16, 3, "was made without tars, not with tars of 3 pairs;"),
        (None, 3, "was made with size 16 and without tars, not without a size and with tars of 3 pairs;"),
    ):
        with pytest.raises(OutputError, match=told):
            run(source, out, size=size, shard=shard)
    assert tree(out) == wanted


def test_nothing_else_is_written_to(source: Path, tmp_path: Path) -> None:
    before = tree(source)
    with pytest.raises(OutputError, match="lies in the source"):
        run(source, source / "out")
    with pytest.raises(OutputError, match="lies in the source"):
        run(source, source)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/diary.txt").write_text("dear")
    with pytest.raises(OutputError, match="holds other files"):
        run(source, tmp_path / "mine")
    with pytest.raises(OutputError, match="is a file"):
        run(source, tmp_path / "mine/diary.txt")
    assert tree(source) == before
    assert tree(tmp_path / "mine") == {"diary.txt": b"dear"}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such lock on Windows")
def test_two_runs_never_write_into_one_folder(source: Path, tmp_path: Path) -> None:
    refused = []

    def meanwhile(done: int, _: int) -> None:
        if done == 4:
            with pytest.raises(OutputError, match="another run") as caught:
                run(source, tmp_path / "out")
            refused.append(caught)

    prepare(SMALL, source, tmp_path / "out", workers=1, size=16, on_progress=meanwhile)
    assert refused
    assert open_prepared(tmp_path / "out").total == 9


def twins(folder: Path) -> list[Record]:
    return [*records(folder), *records(folder)[:1]]


def nothing(_: Path) -> list[Record]:
    return []


def test_names_must_be_unique_and_there_must_be_some(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"two entries.*'train/train\.0'"):
        prepare(Kind("twins", "", CLASSES, twins, read, ""), source, tmp_path / "out")
    with pytest.raises(InputError, match=r"two entries.*'train/train\.0'"):
        prepare(Kind("same", "", CLASSES, same_places, read, ""), source, tmp_path / "out")
    with pytest.raises(InputError, match="holds nothing of kind nothing"):
        prepare(Kind("nothing", "", CLASSES, nothing, read, ""), source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("size", "shard"), [(15, None), (5000, None), (None, 0)])
def test_numbers_out_of_range_are_told(source: Path, tmp_path: Path, size: int | None, shard: int | None) -> None:
    with pytest.raises(InputError, match="came; give"):
        run(source, tmp_path / "out", size=size, shard=shard)


def die(record: Record) -> Sample:
    if record.name.endswith("4"):
        os._exit(3)
    return read(record)


def test_a_worker_that_dies_is_told_and_the_rest_can_go_on(source: Path, tmp_path: Path) -> None:
    with pytest.raises(SemblaError, match="fewer workers"):
        prepare(Kind("small", "", CLASSES, records, die, "none"), source, tmp_path / "out", size=16, workers=2)
    run(source, tmp_path / "out")
    run(source, tmp_path / "whole")
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_a_full_disk_leaves_no_half_file(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, blob: bytes) -> int:
        with path.open("wb") as file:
            file.write(blob[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OutputError, match="No space left"):
            run(source, tmp_path / "out")
    assert [name for name in tree(tmp_path / "out") if name != JOURNAL] == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of processes are POSIX's")
def test_a_disk_that_fills_up_in_the_journal_is_told_in_a_line(tmp_path: Path) -> None:
    """Files may grow to 1024 bytes: all of a pair's are smaller, the journal is not."""
    tiny = make_source(tmp_path / "tiny", train=9, val=0, size=(16, 16))
    script = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from sembla.data.prepare import prepare\nfrom tests.data.small_set import SMALL\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))\n"
        f"prepare(SMALL, {str(tiny)!r}, {str(tmp_path / 'out')!r}, size=None, workers=1)\n"
    )
    paths = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    call = [sys.executable, "-c", script]
    done = subprocess.run(call, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert (
        last == f"sembla.core.errors.OutputError: {tmp_path / 'out'} cannot be written (File too large); "
        "choose another place."
    )
    again = prepare(SMALL, tiny, tmp_path / "out", workers=1)
    assert again.made + again.kept == 9
    assert again.kept > 0
    prepare(SMALL, tiny, tmp_path / "whole", workers=1)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")
