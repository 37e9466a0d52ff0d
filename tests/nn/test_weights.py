import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from sembla.core.errors import InputError
from sembla.nn.weights import (
    FOLDER_VARIABLE,
    KNOWN_WEIGHTS,
    LPIPS_ALEX,
    MOBILEFACENET,
    SQUEEZENET,
    SQUEEZENET_CAFFE,
    Weights,
    file_hash,
    find_weights,
)

CONTENT = b"weights" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "weights"
    path.mkdir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(path))
    return path


@pytest.fixture
def published(tmp_path: Path) -> Weights:
    """Weights whose download is a local file."""
    source = tmp_path / "source.bin"
    source.write_bytes(CONTENT)
    return Weights(name="net", files=("net.pth", "old/net.bin"), sha256=SHA256, url=source.as_uri())


def test_a_named_file_comes_first_whatever_its_hash(folder: Path, published: Weights, tmp_path: Path) -> None:
    (folder / "net.pth").write_bytes(CONTENT)
    own = tmp_path / "own.pth"
    own.write_bytes(b"trained anew")
    found = find_weights(published, own)
    assert (found.path, found.published) == (own, False)
    assert found.sha256 == hashlib.sha256(b"trained anew").hexdigest()
    assert found.label == f"net:{found.sha256[:8]}"


@pytest.mark.parametrize("name", ["net.pth", "old/net.bin"])
def test_the_folder_comes_before_the_network(folder: Path, published: Weights, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(CONTENT)
    found = find_weights(replace(published, url="https://nowhere.invalid/net.pth"))
    assert (found.path, found.published, found.sha256) == (folder / name, True, SHA256)


def test_a_download_is_checked_kept_and_found_again(folder: Path, published: Weights, tmp_path: Path) -> None:
    found = find_weights(published)
    assert found.path == folder / "net.pth"
    assert found.path.read_bytes() == CONTENT
    (tmp_path / "source.bin").unlink()
    assert find_weights(published) == found
    assert [path.name for path in folder.iterdir()] == ["net.pth"]


def test_a_hash_may_be_known_by_its_first_digits(folder: Path, published: Weights) -> None:
    assert find_weights(replace(published, sha256=SHA256[:8])).published
    assert (folder / "net.pth").exists()


def test_downloads_go_to_the_cache_where_no_folder_is_named(
    tmp_path: Path, published: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert find_weights(published).path == tmp_path / "cache" / "sembla" / "weights" / "net.pth"


def test_a_wrong_download_is_dropped(folder: Path, published: Weights) -> None:
    with pytest.raises(InputError, match=f"SHA-256 {SHA256[:8]} instead of 00000000"):
        find_weights(replace(published, sha256="0" * 64))
    assert list(folder.iterdir()) == []


def test_offline_the_error_says_all_three_ways_in_one_line(folder: Path, published: Weights) -> None:
    missing = replace(published, url="https://nowhere.invalid/net.pth")
    with pytest.raises(InputError) as caught:
        find_weights(missing)
    message = str(caught.value)
    assert all(
        way in message for way in ("--weights FILE", FOLDER_VARIABLE, "https://nowhere.invalid/net.pth", "net.pth")
    )
    assert "\n" not in message
    assert list(folder.iterdir()) == []
    with pytest.raises(InputError, match="there is no download: put "):
        find_weights(replace(published, url=None))


def test_a_wrong_file_in_the_folder_is_refused_by_its_hash(folder: Path, published: Weights) -> None:
    (folder / "net.pth").write_bytes(b"something else")
    wrong = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(InputError, match=f"{wrong[:8]}, the published weights of net have {SHA256[:8]}"):
        find_weights(published)


def test_files_that_cannot_be_read_are_refused(published: Weights, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.pth: the weights cannot be read"):
        find_weights(published, tmp_path / "absent.pth")
    with pytest.raises(InputError, match="cannot be read"):
        file_hash(tmp_path)


def test_known_weights_are_told_apart() -> None:
    for weights in KNOWN_WEIGHTS:
        assert 8 <= len(weights.sha256) <= 64
        assert set(weights.sha256) <= set("0123456789abcdef")
        assert weights.url is None or weights.url.startswith("https://")
    for values in ([w.name for w in KNOWN_WEIGHTS], [w.sha256[:8] for w in KNOWN_WEIGHTS]):
        assert len(set(values)) == len(values)


DATA = Path(__file__).parents[3] / "shared" / "data" / "weights"


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the weights are not at ../shared/data/weights")
def test_real_files_are_the_published_ones_and_known_as_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(DATA))
    for weights in (SQUEEZENET_CAFFE, MOBILEFACENET, LPIPS_ALEX):
        assert find_weights(weights).published
    caffe = DATA / SQUEEZENET_CAFFE.files[0]
    with pytest.raises(InputError, match=r"holds the weights of squeezenet1\.1-caffe .*, not of squeezenet1\.1"):
        find_weights(SQUEEZENET, caffe)
