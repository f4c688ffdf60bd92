"""`POST /oauth2/token:generate`."""

from __future__ import annotations

from wire.base import Shape

TOKEN_PATH = "/oauth2/token:generate"  # noqa: S105 - an address, not a secret


class TokenRequest(Shape):
    """The application's credentials: 64 and 128 alphanumerics in the service's own clients, any strings here."""

    type: str = "application"
    app_id: str = ""
    app_secret: str = ""


class TokenAnswer(Shape):
    """A JWT and the seconds that it still lives."""

    access_token: str
    expires_in: float = 86400


class Refusal(Shape):
    """The body of every REST error; 429 has its status code in it as well."""

    status_code: int | None = None
    message: str
