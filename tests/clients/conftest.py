"""An engine as a program, the installed clients, recorded speech, and a way to run a driver."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import pytest
from websockets.sync.client import connect

from engine.recognition import models
from engine.settings import EngineSettings
from tests.clients import recording
from tests.clients.browser import Browser
from tests.clients.install import DRIVERS, ROOT, Unavailable, find_chromium, find_node, node_clients, python_clients
from tests.clients.recording import PROMISE, QUESTION, REPORT, Recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Found = TypeVar("Found")
Record = dict[str, Any]
RunNode = Callable[..., Record]
"""Runs a driver with more in its environment; the record that it prints."""
RunPython = RunNode

WITHIN = 60.0
"""Seconds that a driver may take."""
FRAME_BYTES = 3_200


@dataclass(frozen=True, slots=True)
class Engine:
    """Where the engine is, and the application that may ask it."""

    url: str
    app_id: str
    app_secret: str

    def environment(self, speech: Recording, **more: str) -> dict[str, str]:
        """What a driver is told."""
        told = {"ENGINE_URL": self.url, "APP_ID": self.app_id, "APP_SECRET": self.app_secret, "SPEECH": str(speech.path)}
        return {**os.environ, **told, "CONNECTION_ID": f"call-{uuid.uuid4()}", **more}

    def token(self) -> str:
        """As the documentation's `curl` asks for one."""
        grant = {"type": "application", "appId": self.app_id, "appSecret": self.app_secret}
        answer = httpx.post(f"{self.url}/oauth2/token:generate", json=grant)
        return str(answer.json()["accessToken"])


def or_skip(find: Callable[[], Found]) -> Found:
    """What `find` finds. Where it cannot be had the test is skipped, and fails if all clients were asked for."""
    try:
        return find()
    except Unavailable as reason:
        if os.environ.get("TEST_EVERY_CLIENT"):
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The engine with its real recogniser; it must end in order after all clients have been through."""
    model = models.find(EngineSettings())
    assert model is not None, "run `make setup` first"
    folder = tmp_path_factory.mktemp("engine")
    log = folder / "stderr.log"
    with log.open("w") as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", "serve", "--port", "0", "--parent-watch"],
            cwd=ROOT,
            env={**os.environ, "DATA_DIR": str(folder), "ENGINE_MODEL_DIR": str(model.resolve())},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
    try:
        assert process.stdout is not None
        ready = next((line for line in process.stdout if line.startswith("engine ready at ")), "")
        assert ready, log.read_text()
        kept = json.loads((folder / "engine" / "credentials.json").read_text())
        yield Engine(ready.removeprefix("engine ready at ").strip(), kept["appId"], kept["appSecret"])
        assert process.poll() is None, log.read_text()
        if sys.platform == "win32":
            process.communicate(timeout=20)  # it closes stdin
        else:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A question, a promise, a report: something of each kind of insight."""
    return recording.bare(tmp_path_factory.mktemp("speech"), (QUESTION, PROMISE, REPORT))


@pytest.fixture(scope="session")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A question and a promise, at the speed of speech."""
    return recording.microphone(tmp_path_factory.mktemp("microphone"), (QUESTION, PROMISE))


@pytest.fixture(scope="session")
def call(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A recording of a question and a promise, each in a channel of its own."""
    return recording.channels(tmp_path_factory.mktemp("call"), (QUESTION, PROMISE))


@pytest.fixture(scope="session")
def node() -> tuple[str, Path]:
    """Node, and the `node_modules` with the npm clients."""
    return or_skip(find_node), or_skip(node_clients)


@pytest.fixture(scope="session")
def interpreter() -> Path:
    """A Python that has the PyPI clients."""
    return python_clients()


@pytest.fixture
def browser(node: tuple[str, Path], engine: Engine, microphone: Recording, tmp_path: Path) -> Browser:
    """Chromium with a page for one driver."""
    program, modules = node
    settings = {"url": engine.url, "appId": engine.app_id, "appSecret": engine.app_secret, "seconds": str(microphone.seconds)}
    settings["connectionId"] = f"call-{uuid.uuid4()}"
    return Browser(or_skip(find_chromium), program, modules, tmp_path, microphone.path, settings)


@pytest.fixture
def run_node(node: tuple[str, Path], engine: Engine, speech: Recording) -> RunNode:
    """Runs a Node driver; the record that it prints."""
    program, modules = node

    def run(driver: str, **told: str) -> Record:
        return _run([program, str(DRIVERS / driver)], engine.environment(speech, NODE_PATH=str(modules), **told))

    return run


@pytest.fixture
def run_python(interpreter: Path, engine: Engine, speech: Recording) -> RunPython:
    """Runs a Python driver; the record that it prints."""

    def run(driver: str, **told: str) -> Record:
        return _run([str(interpreter), "-I", str(DRIVERS / driver)], engine.environment(speech, **told))

    return run


@pytest.fixture(scope="session")
def conversation_id(engine: Engine, speech: Recording) -> str:
    """A conversation that is over, streamed as the documentation's own sample does it: bare frames on a WebSocket."""
    address = f"{engine.url.replace('http', 'ws')}/v1/streaming/{uuid.uuid4()}?access_token={engine.token()}"
    request = {
        "type": "start_request",
        "meetingTitle": "From bare frames",
        "insightTypes": ["question", "action_item", "follow_up"],
        "config": {"confidenceThreshold": 0.5, "speechRecognition": {"encoding": "LINEAR16", "sampleRateHertz": 16_000}},
        "speaker": {"userId": "jane@example.com", "name": "Jane"},
    }
    sound = speech.path.read_bytes()
    with connect(address) as socket:
        socket.send(json.dumps(request))
        for at in range(0, len(sound), FRAME_BYTES):
            socket.send(sound[at : at + FRAME_BYTES])
        socket.send(json.dumps({"type": "stop_request"}))
        frames = [json.loads(text) for text in socket]
    completed = [frame["message"] for frame in frames if frame["type"] == "message"][-2]
    assert completed["type"] == "conversation_completed"
    return str(completed["conversationId"])


def _run(command: list[str], environment: dict[str, str]) -> Record:
    """The JSON object in the last line of a driver's output."""
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=WITHIN)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    record: Record = json.loads(done.stdout.splitlines()[-1])
    return record
