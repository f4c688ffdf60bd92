"""The API against its own description: whatever is asked, the answer is one that the description allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.core.result import Ok

from tests.engine.manual.server import Known, running_engine

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    with running_engine(tmp_path_factory.mktemp("engine")) as it:
        yield it


VALID = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.ignored_auth,
]
INVALID = [checks.not_a_server_error, checks.status_code_conformance, checks.response_schema_conformance]


@pytest.mark.parametrize(
    ("mode", "examples", "expected"),
    [(schemathesis.GenerationMode.POSITIVE, 12, VALID), (schemathesis.GenerationMode.NEGATIVE, 8, INVALID)],
)
def test_every_answer_is_one_that_the_description_allows(
    known: Known, mode: schemathesis.GenerationMode, examples: int, expected: list[schemathesis.CheckFunction]
) -> None:
    """Requests that fit the description, and such that do not; each as it was made up, and with ids that lead somewhere."""
    headers = {"Authorization": f"Bearer {known.token}"}
    asked: set[str] = set()

    def ask(case: schemathesis.Case[Any]) -> None:
        asked.add(case.operation.label)
        case.call_and_validate(headers=headers, checks=expected)
        ids = {name: value for name, value in known.ids.items() if name in (case.path_parameters or {})}
        if ids:
            case.path_parameters.update(ids)
            case.call_and_validate(headers=headers, checks=expected)

    bounded = settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    schema = schemathesis.openapi.from_url(f"{known.url}/openapi.json").exclude(method="DELETE").exclude(path="/health")
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        bounded(given(found.ok().as_strategy(generation_mode=mode))(ask))()
    assert len(asked) >= 30
