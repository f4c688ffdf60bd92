"""The page at `/docs`: every address with its parameters, an example to copy, and a button to try it. Made of the OpenAPI document."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import HTMLResponse, JSONResponse, Response

from engine.manual.document import describe
from engine.manual.examples import example, kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.manual.examples import Schema

DOCS_PATH: Final = "/docs"
OPENAPI_PATH: Final = "/openapi.json"
_METHODS: Final = ("get", "post", "put", "delete")
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
_OTHER: Final = "Service"
_STATIC: Final = {"manual.css": "text/css; charset=utf-8", "manual.js": "text/javascript; charset=utf-8"}
_FOLDER: Final = files("engine.manual") / "static"

router = APIRouter(include_in_schema=False)


@router.get(OPENAPI_PATH)
async def get_document(request: Request) -> Response:
    """The description for programs."""
    return JSONResponse(describe(request.app))


@router.get(DOCS_PATH)
async def get_page(request: Request) -> Response:
    """The page, written anew for the address that it was asked at."""
    page = render(describe(request.app), str(request.base_url).rstrip("/"))
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})


@router.get(f"{DOCS_PATH}/{{name}}")
async def get_static(name: str) -> Response:
    """The page's style and script."""
    if name not in _STATIC:
        return Response(status_code=404)
    return Response((_FOLDER / name).read_bytes(), media_type=_STATIC[name], headers={"Cache-Control": "max-age=300"})


def render(document: Mapping[str, Any], address: str) -> str:
    """The whole page as HTML; `address` is where the engine is found."""
    schemas = document["components"]["schemas"]
    described = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    groups: dict[str, list[str]] = {name: [] for name in described}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                groups.setdefault(operation.get("tags", [_OTHER])[0], []).append(
                    _operation(path, method, operation, schemas, address)
                )
    sections = "\n".join(
        f'<section id="{_anchor(name)}"><h2>{escape(name)}</h2><p>{_prose(described.get(name, ""))}</p>{"".join(written)}</section>'
        for name, written in groups.items()
        if written
    )
    menu = "".join(f'<a href="#{_anchor(name)}">{escape(name)}</a>' for name, written in groups.items() if written)
    info = document["info"]
    return Template((_FOLDER / "manual.html").read_text(encoding="utf-8")).substitute(
        title=escape(info["title"]),
        version=escape(info["version"]),
        intro=_prose(info["description"]),
        menu=menu,
        sections=sections,
    )


def _operation(path: str, method: str, operation: Schema, schemas: Mapping[str, Schema], address: str) -> str:
    parameters = operation.get("parameters", [])
    body = operation.get("requestBody", {}).get("content", {})
    media = next(iter(body), "")
    sample = example(body[media]["schema"], schemas) if media == "application/json" else None
    text = "" if sample is None else json.dumps(sample, indent=2, ensure_ascii=False)
    old = ' <em class="old">older name</em>' if operation.get("deprecated") else ""
    return (
        f'<details class="call" id="{escape(operation["operationId"])}" data-method="{method.upper()}" data-path="{escape(path)}" '
        f'data-media="{escape(media)}" data-open="{int("security" not in operation)}">'
        f'<summary><b class="{method}">{method.upper()}</b> <code>{escape(path)}</code> {escape(operation.get("summary", ""))}{old}</summary>'
        f"<p>{_prose(operation.get('description', ''))}</p>"
        f"{_parameters(parameters, schemas)}"
        f"{_body(media, text)}"
        f"<h4>Copy</h4><pre>{escape(_curl(path, method, media, text, address, closed='security' in operation))}</pre>"
        f'<button type="button" class="try">Try it</button><pre class="answer" hidden></pre>'
        f"<h4>Answers</h4>{_answers(operation['responses'], schemas)}</details>"
    )


def _parameters(parameters: Iterable[Schema], schemas: Mapping[str, Schema]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(kind(one['schema'], schemas))}</td>"
        f'<td><input data-in="{one["in"]}" data-name="{escape(one["name"])}" aria-label="{escape(one["name"])}" '
        f'placeholder="{escape(str(one["schema"].get("default", "")))}"></td>'
        f"<td>{_prose(one.get('description', ''))}</td></tr>"
        for one in parameters
        if one["in"] in {"path", "query"}
    )
    return f"<table><tr><th>Parameter</th><th>Takes</th><th>Value</th><th></th></tr>{rows}</table>" if rows else ""


def _body(media: str, text: str) -> str:
    if not media:
        return ""
    if not text:
        return '<h4>Body</h4><input type="file" class="file" aria-label="File">'
    lines = min(20, text.count("\n") + 1)
    return f'<h4>Body</h4><textarea class="body" rows="{lines}" spellcheck="false" aria-label="Body">{escape(text)}</textarea>'


def _answers(responses: Mapping[str, Schema], schemas: Mapping[str, Schema]) -> str:
    rows = ""
    for status, answer in responses.items():
        content = answer.get("content", {}).get("application/json")
        sample = ""
        if content and status.startswith("2") and content.get("schema"):
            sample = f"<pre>{escape(json.dumps(example(content['schema'], schemas), indent=2, ensure_ascii=False))}</pre>"
        rows += f"<tr><td><code>{escape(status)}</code></td><td>{_prose(answer.get('description', ''))}{sample}</td></tr>"
    return f"<table>{rows}</table>"


def _curl(path: str, method: str, media: str, text: str, address: str, *, closed: bool) -> str:
    parts = [f"curl -X {method.upper()} '{address}{path}'"]
    if closed:
        parts.append("-H 'Authorization: Bearer TOKEN'")
    if text:
        compact = json.dumps(json.loads(text), ensure_ascii=False).replace("'", "'\\''")
        parts.append(f"-H 'Content-Type: {media}' -d '{compact}'")
    elif media:
        parts.append("--data-binary @FILE")
    return " \\\n  ".join(parts)


def _prose(text: str) -> str:
    """Plain text with `code` in it; empty lines part paragraphs."""
    pieces = escape(text, quote=False).split("`")
    marked = "".join(f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces))
    return marked.replace("\n\n", "</p><p>")


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
