"""The OpenAPI document keeps its word, whatever is sent: no crash, no answer that it does not announce."""

from typing import Any, TypeAlias

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks, positive_data_acceptance
from tests.studio.support import Server, png
from tests.surfaces.support import photo

from sembla.studio.access import Access
from sembla.studio.app import create_app
from sembla.studio.photos import photo_id

Case: TypeAlias = "schemathesis.Case[Any]"

load_all_checks()

SCHEMA = schemathesis.openapi.from_dict(create_app(Access("127.0.0.1", 8000)).openapi())

BEYOND = [positive_data_acceptance]
"""A schema cannot tell a picture from other bytes."""

few = settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@SCHEMA.parametrize()
@few
def test_every_operation(case: Case, server: Server) -> None:
    case.call_and_validate(base_url=server.url, excluded_checks=BEYOND)


@SCHEMA.include(path_regex="/photos/{photo}").parametrize()
@few
def test_every_operation_on_a_photo_that_is_there(case: Case, server: Server) -> None:
    with server.client() as client:
        client.post("/api/photos", content=png(photo()))
    case.path_parameters["photo"] = photo_id(photo())
    case.call_and_validate(base_url=server.url, excluded_checks=BEYOND)
