"""Schemathesis against the app's own description: no 500, and answers as described."""

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lenet import create_app

schema = schemathesis.openapi.from_asgi("/openapi.json", create_app())


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_keeps_what_it_describes(case) -> None:
    case.call_and_validate(
        checks=[
            not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance
        ]
    )  # fmt: skip
