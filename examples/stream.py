"""Stream a recording (WAV, 16 bit, mono) or the microphone: ACCESS_TOKEN=$(minutes token) python examples/stream.py [FILE]."""

import asyncio
import json
import os
import sys
import uuid
import wave
from collections.abc import AsyncIterator

import websockets

ENGINE = os.environ.get("ENGINE_URL", "http://127.0.0.1:8765").replace("http", "ws", 1)
FILE = wave.open(sys.argv[1]) if len(sys.argv) > 1 else None
SOUND = {"encoding": "LINEAR16", "sampleRateHertz": FILE.getframerate() if FILE else 16000}
START = {
    "type": "start_request",
    "meetingTitle": "Example",
    "insightTypes": ["question", "action_item", "follow_up", "topic"],
    "config": {"confidenceThreshold": 0.5, "speechRecognition": SOUND},
    "speaker": {"userId": "ana@example.com", "name": "Ana"},
}


async def sound() -> AsyncIterator[bytes]:
    """The file as fast as the engine takes it, or the microphone until Enter is pressed."""
    while FILE and (block := FILE.readframes(4096)):
        yield block
    if not FILE:
        import sounddevice  # on Linux it needs the system's libportaudio2

        heard: asyncio.Queue[bytes] = asyncio.Queue()
        hear = asyncio.get_running_loop().call_soon_threadsafe
        enter = asyncio.create_task(asyncio.to_thread(input, "Speak; Enter ends the meeting.\n"))
        with sounddevice.RawInputStream(
            samplerate=16000, channels=1, dtype="int16", callback=lambda data, *_: hear(heard.put_nowait, bytes(data))
        ):
            while not enter.done():
                yield await heard.get()


async def send(socket: websockets.ClientConnection) -> None:
    """All the sound, and that it was all: the engine then tells the last words and hangs up."""
    async for block in sound():
        await socket.send(block)
    await socket.send(json.dumps({"type": "stop_request"}))


async def main() -> None:
    """Print the conversation's id, what is said, and what is noticed."""
    address = f"{ENGINE}/v1/streaming/{uuid.uuid4()}?access_token={os.environ['ACCESS_TOKEN']}"
    sending: asyncio.Task[None] | None = None
    async with websockets.connect(address) as socket:
        await socket.send(json.dumps(START))
        async for text in socket:
            match json.loads(text):
                case {"message": {"type": "started_listening"}}:
                    sending = asyncio.create_task(send(socket))
                case {"message": {"type": "conversation_created", "data": {"conversationId": conversation_id}}}:
                    print("conversation", conversation_id)
                case {"type": "message_response", "messages": messages}:
                    print(*(f"{message['from']['name']}: {message['payload']['content']}" for message in messages), sep="\n")
                case {"type": "insight_response", "insights": insights}:
                    print(*(f"{insight['type']}: {insight['payload']['content']}" for insight in insights), sep="\n")
                case {"type": "topic_response", "topics": topics}:
                    print("topics:", ", ".join(topic["phrases"] for topic in topics))
                case {"type": "error", "message": message, "details": details}:
                    sys.exit(f"{message} {details}")
        if sending:
            await sending


asyncio.run(main())
