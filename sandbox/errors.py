"""What the sandbox refuses: `ApiError` is answered to the client over REST, `SandboxError` is raised to the test or the stage."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.models import Json


class SandboxError(Exception):
    """The sandbox was asked for something that a person in Discord could not do either."""


class Fault(Enum):
    """HTTP status, Discord's error code and its text."""

    NOT_FOUND = (404, 0, "404: Not Found")
    UNAUTHORIZED = (401, 0, "401: Unauthorized")
    UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
    UNKNOWN_GUILD = (404, 10004, "Unknown Guild")
    UNKNOWN_MEMBER = (404, 10007, "Unknown Member")
    UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
    UNKNOWN_USER = (404, 10013, "Unknown User")
    UNKNOWN_WEBHOOK = (404, 10015, "Unknown Webhook")
    UNKNOWN_INTERACTION = (404, 10062, "Unknown interaction")
    UNKNOWN_COMMAND = (404, 10063, "Unknown application command")
    UNKNOWN_VOICE_STATE = (404, 10065, "Unknown Voice State")
    ENTITY_TOO_LARGE = (413, 40005, "Request entity too large")
    ALREADY_ACKNOWLEDGED = (400, 40060, "Interaction has already been acknowledged.")
    MISSING_ACCESS = (403, 50001, "Missing Access")
    OTHERS_MESSAGE = (403, 50005, "Cannot edit a message authored by another user")
    EMPTY_MESSAGE = (400, 50006, "Cannot send an empty message")
    MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
    WRONG_CHANNEL_TYPE = (400, 50024, "Cannot execute action on this channel type")
    BAD_WEBHOOK_TOKEN = (401, 50027, "Invalid Webhook Token")
    INVALID_FORM = (400, 50035, "Invalid Form Body")
    ARCHIVED_THREAD = (400, 50083, "Thread is archived")
    INVALID_JSON = (400, 50109, "The request body contains invalid JSON.")
    THREAD_EXISTS = (400, 160004, "A thread has already been created for this message")
    THREAD_LOCKED = (403, 160005, "This thread is locked")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.value[0]


class ApiError(Exception):
    """An answer other than success, in Discord's own form."""

    def __init__(self, fault: Fault, errors: Json | None = None) -> None:
        super().__init__(fault.value[2])
        self.fault = fault
        self.errors = errors

    def body(self) -> Json:
        """The JSON object that Discord answers with."""
        _, code, message = self.fault.value
        body: Json = {"message": message, "code": code}
        if self.errors:
            body["errors"] = self.errors
        return body


def invalid(path: str, code: str, message: str) -> ApiError:
    """Error 50035 for one member of the body; `path` is dotted: `embeds.0.title`."""
    errors: Json = {"_errors": [{"code": code, "message": message}]}
    for name in reversed(path.split(".")):
        errors = {name: errors}
    return ApiError(Fault.INVALID_FORM, errors)


def too_long(path: str, limit: int) -> ApiError:
    """Error 50035 for a text with more than `limit` characters."""
    return invalid(path, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")
