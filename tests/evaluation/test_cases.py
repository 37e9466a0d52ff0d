from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.surfaces.support import COLOURS, layout, photo, with_a_foreign_class

from sembla.core.errors import ImageError, InputError, SizeError
from sembla.evaluation.cases import CaseSettings, evaluate_cases, result_names
from sembla.evaluation.results import Evaluation
from sembla.metrics.protocol import Score
from sembla.metrics.single_image import layout_agreement, patch_distance, source_agreement

PLAIN = CaseSettings()
SUNS = {"1": 14, "2": 30, "10": 44}


def make_case(folder: Path) -> Path:
    (folder / "cond").mkdir(parents=True)
    Image.fromarray(photo()).save(folder / "img.png")
    Image.fromarray(COLOURS[layout(6)]).save(folder / "label.png")
    for name, sun in SUNS.items():
        Image.fromarray(COLOURS[layout(sun)]).save(folder / "cond" / f"{name}.png")
    return folder


def painted(sun: int) -> NDArray[np.uint8]:
    """What a faithful method makes: the classes' colours with a little noise."""
    noise = np.random.default_rng(sun).integers(-9, 10, (48, 64, 3))
    made: NDArray[np.uint8] = np.clip(COLOURS[layout(sun)] + noise, 0, 255).astype(np.uint8)
    return made


def make_results(folder: Path, **suns: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, sun in (suns or SUNS).items():
        Image.fromarray(painted(sun)).save(folder / f"{name}.png")
    return folder


def named(evaluation: Evaluation, name: str) -> Score:
    (score,) = (score for score in evaluation.scores if score.name == name)
    return score


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return make_case(tmp_path / "case")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return make_results(tmp_path / "results")


def test_each_result_has_the_scores_that_the_metrics_give(case: Path, results: Path) -> None:
    found = evaluate_cases(case, results, CaseSettings(seed=3))
    assert [score.name for score in found.scores] == ["layout_agreement", "source_agreement", "patch_distance"]
    source, labels = photo(), _ids(layout(6))
    for name, sun in SUNS.items():
        about = {"source": source, "labels": labels}
        wanted = _ids(layout(sun))
        assert named(found, "layout_agreement").per_picture[name] == layout_agreement(painted(sun), wanted, **about)
        assert named(found, "patch_distance").per_picture[name] == patch_distance(painted(sun), wanted, **about, seed=3)
        assert named(found, "source_agreement").per_picture[name] == source_agreement(source, labels)
    for score in found.scores:
        values = list(score.per_picture.values())
        assert score.value == pytest.approx(np.mean(values))
        assert score.spread == pytest.approx(np.std(values, ddof=1))
        assert (score.protocol.count_made, score.protocol.seed) == (3, 3)
    assert found.notes == ()
    assert list(found.pictures) == ["1", "2", "10"]
    assert found.pictures["2"].made == results / "2.png"
    assert found.pictures["2"].real == case / "img.png"
    assert found.pictures["2"].labels == case / "cond" / "2.png"


def _ids(
    labels: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """The ids that reading a colour map gives: classes by area, the largest first."""
    order = np.argsort(-np.bincount(layout(6).ravel()), kind="stable")
    table = np.empty(3, np.uint8)
    table[order] = range(3)
    return table[labels]


def test_a_result_for_another_layout_scores_less(case: Path, tmp_path: Path) -> None:
    right = evaluate_cases(case, make_results(tmp_path / "right"), PLAIN)
    wrong = evaluate_cases(case, make_results(tmp_path / "wrong", **{"1": 44, "2": 14, "10": 30}), PLAIN)
    assert named(right, "layout_agreement").value > named(wrong, "layout_agreement").value
    assert named(right, "patch_distance").value < named(wrong, "patch_distance").value


def test_several_cases_are_scored_one_by_one(tmp_path: Path, results: Path) -> None:
    for name in ("b10", "b2"):
        make_case(tmp_path / "cases" / name)
        make_results(tmp_path / "many" / name)
    (tmp_path / "cases" / "notes").mkdir()
    told: list[tuple[int, int]] = []
    found = evaluate_cases(tmp_path / "cases", tmp_path / "many", PLAIN, on_progress=lambda *n: told.append(n))
    assert list(found.pictures) == [f"{case}/{name}" for case in ("b2", "b10") for name in SUNS]
    assert told == [(number, 6) for number in range(1, 7)]
    alone = evaluate_cases(tmp_path / "cases" / "b2", results, PLAIN)
    for score in found.scores:
        assert score.value == pytest.approx(named(alone, score.name).value)
    assert "notes" in found.notes[0]


def test_missing_and_superfluous_results_are_named(case: Path, results: Path) -> None:
    (results / "2.png").unlink()
    Image.fromarray(photo()).save(results / "other.png")
    Image.fromarray(photo()).save(results / "sheet.png")  # the contact sheet belongs there
    found = evaluate_cases(case, results, PLAIN)
    assert set(found.pictures) == {"1", "10"}
    assert any("1 results are missing" in note and ": 2." in note for note in found.notes)
    assert any("other.png" in note for note in found.notes)
    assert not any("sheet" in note for note in found.notes)
    assert all("missing" in score.cautions[-1] for score in found.scores)


def test_variations_of_a_layout_are_scored_each(case: Path, tmp_path: Path) -> None:
    Image.fromarray(COLOURS[layout(20)]).save(case / "cond" / "1-2.png")
    results = make_results(tmp_path / "r", **{"1-1": 14, "1-2": 20, "1-3": 14, "2-1": 30, "10": 44})
    found = evaluate_cases(case, results, PLAIN)
    assert {name: judged.labels.stem for name, judged in found.pictures.items() if judged.labels} == {
        **{"1-1": "1", "1-3": "1", "1-2": "1-2", "2-1": "2", "10": "10"}
    }


def test_results_are_named_as_the_command_line_names_them() -> None:
    layouts = tuple(Path("cond") / name for name in ("a.png", "b.png", "b.jpg", "sheet.png"))
    assert result_names(layouts) == ("a", "b-png", "b-jpg", "sheet-png")


def test_layouts_that_cannot_be_used_are_left_out(case: Path, results: Path) -> None:
    foreign, _ = with_a_foreign_class(layout(14))
    Image.fromarray(foreign).save(case / "cond" / "1.png")
    Image.fromarray(foreign).save(case / "cond" / "mask_1.png")
    found = evaluate_cases(case, results, PLAIN)
    assert set(found.pictures) == {"2", "10"}
    (note,) = found.notes  # none of mask_1, of which nothing was made
    assert note.startswith("1 was left out")
    assert "#ff00ff" in note
    adopted = evaluate_cases(case, results, replace(PLAIN, adopt_nearest=True))
    assert set(adopted.pictures) == {"1", "2", "10"}
    assert adopted.scores[0].protocol.settings != found.scores[0].protocol.settings


def test_a_result_that_cannot_be_read_is_named(case: Path, results: Path) -> None:
    (results / "2.png").write_bytes((results / "2.png").read_bytes()[:200])
    with pytest.raises(ImageError, match=r"results.2\.png"):
        evaluate_cases(case, results, PLAIN)


def test_a_result_of_another_shape_is_named(case: Path, results: Path) -> None:
    Image.fromarray(photo()[:, :40]).save(results / "2.png")
    with pytest.raises(SizeError, match=r"results.2\.png: a picture of 40x48"):
        evaluate_cases(case, results, PLAIN)


def test_a_map_of_another_size_is_refused(case: Path, results: Path) -> None:
    Image.fromarray(COLOURS[layout(6)[:40]]).save(case / "label.png")
    with pytest.raises(SizeError, match=r"64x48.*64x40"):
        evaluate_cases(case, results, PLAIN)


@pytest.mark.parametrize("spoil", ["cases", "results", "empty", "none", "twins"])
def test_folders_that_hold_nothing_to_score_are_refused(case: Path, results: Path, tmp_path: Path, spoil: str) -> None:
    (tmp_path / "empty").mkdir()
    cases, made, told = {
        "cases": (tmp_path / "gone", results, "gone: no such folder"),
        "results": (case, tmp_path / "gone", "gone: no such folder"),
        "empty": (tmp_path / "empty", results, "holds no case"),
        "none": (case, tmp_path / "empty", r"holds no result.*1\.png"),
        "twins": (case, results, r"2\.jpg and 2\.png|2\.png and 2\.jpg"),
    }[spoil]
    if spoil == "twins":
        Image.fromarray(photo()).save(results / "2.jpg")
    with pytest.raises(InputError, match=told):
        evaluate_cases(cases, made, PLAIN)


def test_settings_out_of_range_are_refused(case: Path, results: Path) -> None:
    with pytest.raises(InputError, match="--seed -1"):
        CaseSettings(seed=-1)
    with pytest.raises(InputError, match="no network was asked for"):
        evaluate_cases(case, results, CaseSettings(weights=("a.pth",)))


def test_sifid_is_taken_at_both_layers(case: Path, results: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    from sembla.metrics.sifid import sifid
    from sembla.nn.features import inception_stem
    from sembla.nn.inception import InceptionStem

    torch.manual_seed(0)
    file = tmp_path / "own.pth"
    torch.save(InceptionStem().state_dict(), file)
    found = evaluate_cases(case, results, CaseSettings(extractor="inception", weights=(str(file),)))
    for layer in inception_stem(file):
        score = named(found, f"sifid{layer.dimension}[{layer.label}]")
        assert score.per_picture["2"] == sifid(layer(painted(30)), layer(photo()))
        assert (score.better, score.protocol.extractor) == ("lower", layer.label)
        assert score.protocol.weights_sha256 == layer.file.sha256
        is_small = len(layer(photo())) <= layer.dimension
        assert any("fewer places" in caution for caution in score.cautions) == is_small
