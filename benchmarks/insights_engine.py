"""The engine for `benchmarks.insights`: real but for its ears, with the shipped models or those of a folder.

`python -m benchmarks.insights_engine FOLDER [MODELS]` keeps its data in FOLDER and prints its address, id and secret as one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from pathlib import Path

from benchmarks.scripted import ScriptedRecognition
from engine.credentials import load_credentials
from engine.insights.engine import InsightEngine
from engine.insights.linear import LinearModel, Models
from engine.serve import address, bind, serve
from engine.settings import EngineSettings


def read_models(folder: Path) -> Models:
    """Models as `engine.insights.training` writes them."""

    def read(name: str) -> LinearModel:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
        return LinearModel(found["intercept"], found["weights"])

    return Models(read("questions_punctuated.json"), read("questions_bare.json"), read("actions.json"))


async def _serve(settings: EngineSettings, models: Models) -> None:
    credentials = load_credentials(settings)
    app_id, secret = next(iter(credentials.applications.items()))

    async def recognition(_: EngineSettings) -> ScriptedRecognition:
        return ScriptedRecognition()

    with bind("127.0.0.1", 0) as listener:

        def ready() -> None:
            print(json.dumps({"url": address("127.0.0.1", listener), "appId": app_id, "appSecret": secret}), flush=True)

        await serve(settings, credentials, recognition, partial(InsightEngine, models=models), listener, ready)


if __name__ == "__main__":
    asyncio.run(
        _serve(
            EngineSettings.model_validate({"DATA_DIR": sys.argv[1]}),
            read_models(Path(sys.argv[2])) if len(sys.argv) > 2 else Models.shipped(),
        )
    )
