"""Training on a photo: one at a time, in a process that ends as it is asked to, and lists that say how far it is."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.studio.support import PATIENCE, Server, packed, page, png, request, small_task
from tests.studio.test_routes import refusal
from tests.studio.test_runs import ENTRIES
from tests.surfaces.support import layout, photo

from sembla.api import training as api_training
from sembla.studio import training

STAND_IN = """
import fcntl, json, signal, sys, time
from pathlib import Path

options = dict(zip(sys.argv[1:-1], sys.argv[2:]))
run, steps = Path(options["--run"]), int(options["--steps"])
assert (Path(options["--data"]) / "label.png").is_file()
assert ("--resume" in sys.argv) == (run / "method.json").exists()
for folder in (run, run / "checkpoints", run / "previews"):
    folder.mkdir(exist_ok=True)
lock = (run / ".lock").open("a")
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(True) if not asked else sys.exit("twice"))
(run / "method.json").write_text("{}")
step = max([int(path.name) for path in (run / "checkpoints").iterdir()], default=0)
with (run / "log.jsonl").open("a") as log:
    while step < steps and not asked:
        time.sleep(0.01)
        step += 1
        print(json.dumps({"step": step, "images": step, "seconds": step * 0.5}), file=log, flush=True)
        (run / "previews" / f"{step:08}.png").write_bytes(b"sheet")
        if (step, steps) == (13, 40):
            print("sembla: error: the loss became nan at step 13.", file=sys.stderr)
            sys.exit(2)
        if (step, steps) == (13, 41):
            raise ValueError("unforeseen")
time.sleep(0.2)
(run / "checkpoints" / f"{step:08}").mkdir(exist_ok=True)
(run / "weights.safetensors").touch()
sys.exit(130 if asked else 0)
"""
"""What the studio needs of `sembla train`, fast: a log, previews, a checkpoint, SIGTERM.

Of 40 steps the 13th fails, of 41 it crashes.
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")

SHORT, FAILING, CRASHING, ENDLESS = 3, 40, 41, 1_000_000


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A studio with a folder of runs of its own, where a stand-in trains."""
    command = training.command
    monkeypatch.setattr(training, "command", lambda run: [sys.executable, "-c", STAND_IN, *command(run)[4:]])
    monkeypatch.setattr(api_training, "has_models", lambda: True)
    with Server(runs=tmp_path / "runs") as running:
        yield running


@pytest.fixture
def page_client(studio: Server) -> Iterator[httpx.Client]:
    with studio.client() as opened:
        yield opened


def held(client: httpx.Client) -> str:
    return str(client.post("/api/photos", content=png(photo())).json()["id"])


def body(**changes: Any) -> dict[str, Any]:
    return {"name": "me.png", "classes": ENTRIES, "labels": packed(layout(6)), "steps": ENDLESS, **changes}


def begun(client: httpx.Client, **changes: Any) -> dict[str, Any]:
    answer = client.post(f"/api/photos/{held(client)}/training", json=body(**changes))
    assert answer.status_code == 200, answer.text
    card: dict[str, Any] = answer.json()
    return card


def cards(client: httpx.Client) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client.get("/api/runs").json()["runs"]
    return listed


def until(client: httpx.Client, name: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait until the list says something of a run."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for card in cards(client):
            if card["name"] == name and true(card):
                return card
        time.sleep(0.02)
    raise AssertionError(f"this never came true: {cards(client)}")


def trained(card: dict[str, Any]) -> bool:
    return bool(card["step"] >= 2)


def ended(card: dict[str, Any]) -> bool:
    return card["state"] not in {"training", "stopping"}


def stop(client: httpx.Client, name: str) -> dict[str, Any]:
    assert client.post(f"/api/runs/{name}/stop").status_code == 200
    return until(client, name, ended)


def test_without_runs_there_is_a_list_of_none(page_client: httpx.Client, studio: Server) -> None:
    told = page_client.get("/api/runs").json()
    assert told["runs"] == []
    assert told["missing"] == ""
    assert told["steps"] > 100
    assert Path(told["folder"]) == studio.desk.runs.folder


def test_a_training_is_listed_while_it_goes_on_and_when_it_is_done(page_client: httpx.Client) -> None:
    card = begun(page_client, steps=SHORT)
    assert (card["state"], card["title"], card["steps"], card["recipe"]) == ("training", "me.png", SHORT, "fast")
    assert card["photo"] == held(page_client)
    done = until(page_client, card["name"], ended)
    assert (done["state"], done["step"], done["usable"], done["preview"]) == ("done", SHORT, True, SHORT)
    assert done["message"] == ""


def test_how_long_it_takes_is_foretold(page_client: httpx.Client) -> None:
    card = until(page_client, begun(page_client)["name"], lambda card: bool(card["seconds_left"]))
    assert card["images_per_second"] == pytest.approx(2)  # the stand-in says half a second a step
    assert card["seconds_left"] == pytest.approx((ENDLESS - card["step"]) / 2)
    assert stop(page_client, card["name"])["seconds_left"] is None


def test_a_second_training_is_refused_and_leaves_nothing(page_client: httpx.Client, studio: Server) -> None:
    card = begun(page_client)
    path = f"/api/photos/{held(page_client)}/training"
    assert card["name"] in refusal(page_client.post(path, json=body()), 409)
    assert [path.name for path in studio.desk.runs.folder.iterdir()] == [card["name"]]
    stopped = stop(page_client, card["name"])
    other = begun(page_client)
    assert "one training at a time" in refusal(page_client.post(f"/api/runs/{stopped['name']}/resume"), 409)
    stop(page_client, other["name"])


def test_stopped_it_is_saved_and_goes_on_from_there(page_client: httpx.Client) -> None:
    name = begun(page_client)["name"]
    until(page_client, name, trained)
    for _ in range(3):  # an impatient user; the second SIGTERM would end it unsaved
        page_client.post(f"/api/runs/{name}/stop")
    stopped = until(page_client, name, ended)
    assert (stopped["state"], stopped["usable"], stopped["message"]) == ("stopped", True, "")
    assert 2 <= stopped["step"] < ENDLESS
    assert page_client.post(f"/api/runs/{name}/resume").json()["state"] == "training"
    until(page_client, name, lambda card: card["step"] > stopped["step"])
    assert stop(page_client, name)["step"] > stopped["step"]


def test_while_it_saves_it_is_said_to(page_client: httpx.Client) -> None:
    name = begun(page_client)["name"]
    until(page_client, name, trained)
    assert page_client.post(f"/api/runs/{name}/stop").json()["state"] == "stopping"
    assert "is being trained" in refusal(page_client.delete(f"/api/runs/{name}"), 409)
    until(page_client, name, ended)


def test_a_failure_is_told_in_the_words_of_the_trainer(page_client: httpx.Client) -> None:
    failed = until(page_client, begun(page_client, steps=FAILING)["name"], ended)
    assert (failed["state"], failed["message"]) == ("failed", "the loss became nan at step 13.")


def test_a_crash_is_told_with_where_to_look(page_client: httpx.Client, studio: Server) -> None:
    failed = until(page_client, begun(page_client, steps=CRASHING)["name"], lambda card: card["state"] == "failed")
    said = studio.desk.runs.find(failed["name"]).said
    assert failed["message"] == f"the training crashed; {said} says where."
    assert "ValueError: unforeseen" in said.read_text()


def test_a_training_that_the_system_ends_is_told_and_can_go_on(page_client: httpx.Client, studio: Server) -> None:
    name = begun(page_client)["name"]
    until(page_client, name, trained)
    process = studio.desk.training._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    failed = until(page_client, name, lambda card: card["state"] == "failed")
    assert "memory" in failed["message"]
    assert begun(page_client, steps=SHORT)["state"] == "training"


def test_a_server_that_ends_stops_the_training_and_keeps_the_run(studio: Server) -> None:
    with studio.client() as client:
        name = begun(client)["name"]
        step = until(client, name, trained)["step"]
    process = studio.desk.training._process
    studio.server.should_exit = True
    studio.thread.join(PATIENCE)
    assert process is not None
    assert process.poll() == 130
    assert studio.desk.runs.find(name).step >= step
    with Server(runs=studio.desk.runs.folder) as again, again.client() as client:
        (card,) = cards(client)
        assert (card["name"], card["state"], card["usable"]) == (name, "stopped", True)


def test_a_training_of_another_server_is_seen_and_waited_for(page_client: httpx.Client, studio: Server) -> None:
    name = begun(page_client)["name"]
    until(page_client, name, trained)
    with Server(runs=studio.desk.runs.folder) as other, other.client() as client:
        assert until(client, name, lambda card: bool(card["seconds_left"]))["state"] == "elsewhere"
        assert name in refusal(client.post(f"/api/photos/{held(client)}/training", json=body()), 409)
        assert name in refusal(client.delete(f"/api/runs/{name}"), 409)
    assert stop(page_client, name)["state"] == "stopped"


def test_a_deleted_run_is_gone(page_client: httpx.Client, studio: Server) -> None:
    name = begun(page_client, steps=SHORT)["name"]
    until(page_client, name, ended)
    assert page_client.delete(f"/api/runs/{name}").status_code == 204
    assert cards(page_client) == []
    assert list(studio.desk.runs.folder.iterdir()) == []
    assert name in refusal(page_client.delete(f"/api/runs/{name}"), 404)


def test_photo_and_previews_come_as_pictures(page_client: httpx.Client) -> None:
    name = begun(page_client, steps=SHORT)["name"]
    until(page_client, name, ended)
    small = page_client.get(f"/api/runs/{name}/photo")
    assert np.array(Image.open(io.BytesIO(small.content))).shape == (48, 64, 3)
    sheet = page_client.get(f"/api/runs/{name}/previews/3")
    assert (sheet.content, sheet.headers["content-type"]) == (b"sheet", "image/png")
    assert "default-src 'none'" in sheet.headers["content-security-policy"]
    refusal(page_client.get(f"/api/runs/{name}/previews/9"), 404)


TRICKS = ["..", "%2e%2e", "..%2F..", "%2Fetc", "x%00y", ".hidden", "%2e%2e%2f%2e%2e%2fsecret"]


@pytest.mark.parametrize("name", TRICKS)
def test_no_name_leaves_the_folder(page_client: httpx.Client, studio: Server, name: str) -> None:
    secret = studio.desk.runs.folder.parent / "secret"
    (secret / "previews").mkdir(parents=True)
    for file in ("method.json", "photo.jpg", "weights.safetensors", "previews/00000001.png"):
        (secret / file).write_text("{}")
    for verb, path in (("GET", "photo"), ("GET", "previews/1"), ("POST", "stop"), ("POST", "resume"), ("DELETE", "")):
        answer = page_client.request(verb, f"/api/runs/{name}/{path}".rstrip("/"))
        assert answer.status_code in {404, 405, 422}, (verb, path, answer.text)
    assert secret.exists()
    for step in ("-1", "1.5", "%2e%2e", "..%2f..%2fmethod"):
        assert page_client.get(f"/api/runs/x/previews/{step}").status_code in {404, 422}


@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        ({"steps": 0}, 422, "steps"),
        ({"classes": ENTRIES[:1]}, 422, "classes"),
        ({"classes": ENTRIES[:2]}, 400, "id 2"),
        ({"labels": packed(np.zeros((20, 30), np.uint8))}, 400, "30x20"),
        ({"labels": {"width": 64, "height": 48, "ids": "%"}}, 400, "base64"),
        ({"labels": None}, 422, "labels"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(
    page_client: httpx.Client, studio: Server, *, changes: Any, status: int, told: str
) -> None:
    answer = page_client.post(f"/api/photos/{held(page_client)}/training", json=body(**changes))
    assert told in refusal(answer, status)
    assert studio.desk.runs.all() == []
    assert "upload it again" in refusal(page_client.post(f"/api/photos/{'0' * 32}/training", json=body()), 404)


def test_other_pages_cannot_train_stop_or_delete(studio: Server) -> None:
    with studio.client(origin="http://evil.example") as client:
        for verb, path in (("POST", "photos/" + "0" * 32 + "/training"), ("POST", "runs/x/stop"), ("DELETE", "runs/x")):
            assert "another origin" in refusal(client.request(verb, f"/api/{path}"), 403)


def test_without_pytorch_it_is_said_what_to_install(
    page_client: httpx.Client, studio: Server, *, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_training, "has_models", lambda: False)
    assert "sembla[models]" in page_client.get("/api/runs").json()["missing"]
    answer = page_client.post(f"/api/photos/{held(page_client)}/training", json=body())
    assert "sembla[models]" in refusal(answer)
    assert studio.desk.runs.all() == []


def test_a_run_begun_on_the_command_line_is_gone_on_with_there(page_client: httpx.Client, studio: Server) -> None:
    (studio.desk.runs.folder / "mine").mkdir(parents=True)
    (studio.desk.runs.folder / "mine" / "method.json").write_text("{}")
    assert "--resume" in refusal(page_client.post("/api/runs/mine/resume"))


WITHOUT_TORCH = """
import sys
import sembla.studio.app, sembla.studio.models, sembla.studio.training
from sembla.studio.run_routes import _missing, _steps
print(_missing() or "installed", _steps(), "torch" in sys.modules)
"""


def test_pytorch_is_not_loaded_before_a_model_is_used() -> None:
    told = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True).stdout
    assert told.split()[-1] == "False"


@pytest.mark.slow
def test_a_real_training_gives_a_model_that_draws(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs PyTorch")
    with Server(runs=tmp_path) as server, server.client() as client:
        name = begun(client, steps=3, layout=packed(layout(30)))["name"]
        card = until(client, name, ended)
        assert (card["state"], card["step"], card["preview"]) == ("done", 3, 3), card
        sheet = Image.open(io.BytesIO(client.get(f"/api/runs/{name}/previews/3").content))
        assert min(sheet.size) > 48
        with page(server) as opened:
            opened.send(request(held(client), small_task(), model={"run": name, "classes": ENTRIES}))
            heard = opened.listen(1)
        assert heard.end["kind"] == "done"
        assert heard.pictures[0].pixels.shape == (48, 64, 3)
        log = [json.loads(line) for line in (tmp_path / name / "run" / "log.jsonl").read_text().splitlines()]
        assert log[-1]["step"] == 3


@pytest.mark.slow
def test_a_real_training_is_stopped_saved_and_gone_on_with(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs PyTorch")
    with Server(runs=tmp_path) as server, server.client() as client:
        name = begun(client)["name"]
        until(client, name, lambda card: bool(card["step"]))
        stopped = stop(client, name)
        assert (stopped["state"], stopped["usable"]) == ("stopped", True)
        client.post(f"/api/runs/{name}/resume")
        until(client, name, lambda card: card["step"] > stopped["step"] or ended(card))
        assert stop(client, name)["state"] == "stopped"
