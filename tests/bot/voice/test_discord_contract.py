"""What `bot/voice/client.py` takes for granted about discord.py's inside. When this fails, read that module against the new discord.py."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import davey
import discord
import pytest
from discord.errors import ConnectionClosed
from discord.gateway import DiscordVoiceWebSocket
from discord.voice_client import VoiceClient
from discord.voice_state import ConnectionFlowState, SocketReader, VoiceConnectionState

from bot.voice.transport import MODE

if TYPE_CHECKING:
    from collections.abc import Callable


def source(thing: object) -> str:
    return inspect.getsource(thing)  # type: ignore[arg-type] # classes and functions, as inspect takes them


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (VoiceClient.create_connection_state, ["self"]),
        (VoiceClient.send_audio_packet, ["self", "data", "encode"]),
        (VoiceClient.disconnect, ["self", "force"]),
        (VoiceClient.cleanup, ["self"]),
        (VoiceConnectionState.__init__, ["self", "voice_client", "hook"]),
        (VoiceConnectionState.add_socket_listener, ["self", "callback"]),
        (VoiceConnectionState.voice_state_update, ["self", "data"]),
        (VoiceConnectionState._connect_websocket, ["self", "resume"]),
        (VoiceConnectionState._create_socket, ["self"]),
        (VoiceConnectionState._potential_reconnect, ["self"]),
        (VoiceConnectionState._recover_from_invalid_commit, ["self", "transition_id"]),
        (SocketReader._do_run, ["self"]),
        (SocketReader.stop, ["self"]),
        (DiscordVoiceWebSocket.received_message, ["self", "msg"]),
        (DiscordVoiceWebSocket.received_binary_message, ["self", "msg"]),
        (DiscordVoiceWebSocket.poll_event, ["self"]),
        (DiscordVoiceWebSocket.from_connection_state, ["state", "resume", "hook", "seq_ack"]),
    ],
)
def test_signatures(function: Callable[..., object], parameters: list[str]) -> None:
    assert list(inspect.signature(function).parameters) == parameters


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (
            VoiceConnectionState.__init__,
            "secret_key socket ws dave_session dave_protocol_version timeout _expecting_disconnect _runner _connector _socket_reader",
        ),
        (SocketReader.__init__, "state _callbacks _running _end"),
        (DiscordVoiceWebSocket.__init__, "_close_code"),
    ],
)
def test_attributes_are_set_at_the_beginning(owner: object, names: str) -> None:
    text = source(owner)
    for name in names.split():
        assert re.search(rf"self\.{name}\b[^=\n]*= ", text), name


def test_the_reader_is_replaced_by_one_of_ours_that_obeys_the_same_flags() -> None:
    assert "SocketReader(self)" in source(VoiceConnectionState.__init__)
    text = source(SocketReader)
    assert "self._do_run()" in source(SocketReader.run)
    for used in ("self._end.is_set()", "self._running.wait()", "self.state.socket", "cb(data)", "select.select"):
        assert used in text, f"{used}: perhaps our reader is not needed any more"
    assert "self._socket_reader.register(callback)" in source(VoiceConnectionState.add_socket_listener)


def test_the_gateway_is_ours_wherever_one_is_made() -> None:
    makers = re.findall(r"DiscordVoiceWebSocket\.from_connection_state", source(VoiceConnectionState))
    assert len(makers) == 1, "another place than _connect_websocket makes a gateway"
    assert "ConnectionFlowState.websocket_connected" in source(VoiceConnectionState._connect_websocket)
    assert "ws._connection = state" in source(DiscordVoiceWebSocket.from_connection_state)


def test_the_hook_sees_every_json_message_after_discord_py() -> None:
    text = source(DiscordVoiceWebSocket.received_message)
    assert text.rstrip().endswith("await self._hook(self, msg)")


def test_close_codes_are_treated_as_our_cures_expect() -> None:
    text = source(VoiceConnectionState._poll_voice_ws)
    for used in ("exc.code == 1000", "exc.code in (4014, 4022)", "exc.code == 4015", "self._potential_reconnect()"):
        assert used in text, used
    assert "timeout=self.timeout" in source(VoiceConnectionState._potential_reconnect)
    assert "self.voice_client.cleanup()" in source(VoiceConnectionState.disconnect)
    assert "code" in inspect.signature(ConnectionClosed.__init__).parameters


def test_opcodes() -> None:
    assert (
        DiscordVoiceWebSocket.READY,
        DiscordVoiceWebSocket.SESSION_DESCRIPTION,
        DiscordVoiceWebSocket.SPEAKING,
        DiscordVoiceWebSocket.HELLO,
        DiscordVoiceWebSocket.CLIENTS_CONNECT,
        DiscordVoiceWebSocket.CLIENT_DISCONNECT,
        DiscordVoiceWebSocket.MLS_PROPOSALS,
    ) == (2, 4, 5, 8, 11, 13, 27)


def test_the_only_live_mode_is_ours() -> None:
    assert VoiceClient.supported_modes[0] == MODE
    assert hasattr(VoiceClient, f"_encrypt_{MODE}")


def test_states() -> None:
    assert ConnectionFlowState.connected.value == 8
    assert "self.state is ConnectionFlowState.connected" in source(VoiceConnectionState.is_connected)


def test_versions_are_those_that_were_read() -> None:
    assert discord.version_info[:2] == (2, 7)
    assert davey.__version__.startswith("0.1.")


def test_davey_says_what_went_wrong_in_the_words_that_are_looked_for() -> None:
    session = davey.DaveSession(davey.DAVE_PROTOCOL_VERSION, 1, 2)
    assert not session.ready
    assert session.get_user_ids() == []
    with pytest.raises(ValueError, match="NoDecryptorForUser"):
        session.decrypt(3, davey.MediaType.audio, b"x" * 40 + b"\xfa\xfa")


def test_what_is_overridden_has_the_form_that_we_give_it() -> None:
    assert inspect.iscoroutinefunction(VoiceConnectionState._connect_websocket)
    assert inspect.iscoroutinefunction(VoiceConnectionState._potential_reconnect)
    assert isinstance(inspect.getattr_static(VoiceConnectionState, "state"), property)
