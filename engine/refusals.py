"""What REST answers when something is wrong: `{"message": ...}`, and 429 with its status code in it as well."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from engine.errors import BadRequest, EngineFault, Forbidden, NotFound, Overloaded, Unauthorized
from wire.tokens import Refusal

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

_logger = logging.getLogger(__name__)

STATUS: Final[dict[type[EngineFault], int]] = {Unauthorized: 401, Forbidden: 403, NotFound: 404, BadRequest: 400, Overloaded: 429}
_TOO_MANY: Final = 429


def answer_errors(app: FastAPI) -> None:
    """Give every error of REST its status and its body."""

    @app.exception_handler(EngineFault)
    async def fault(_: Request, error: EngineFault) -> JSONResponse:
        return refusal(STATUS.get(type(error), 500), str(error))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        return refusal(error.status_code, f"{error.detail}.", error.headers)

    @app.exception_handler(RequestValidationError)
    async def unreadable(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return refusal(400, "The body is not JSON.")
        place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        return refusal(400, f'"{place}" is wrong: {first["msg"]}.')

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        _logger.error("%s %s failed.", request.method, request.url.path, exc_info=error)
        return refusal(500, "The engine made a mistake: its log says which.")


def refusal(status: int, message: str, headers: object = None) -> JSONResponse:
    """The answer with its body."""
    body = Refusal(message=message, status_code=status if status == _TOO_MANY else None)
    return JSONResponse(body.as_json(), status, headers if isinstance(headers, dict) else None)
