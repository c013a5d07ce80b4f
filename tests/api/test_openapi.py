"""The API's description: complete, typed, and true to what is answered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.running import Member, Running

AT_ONCE = ("/documents", "/signatures", "/keys", "/rotate", "/nonce", "/sign-in", "/webhooks")
BODILESS = {"cancel", "retry", "release", "revoke", "test", "redeliver"}
OPEN = {"/v1/status", "/v1/sign-in", "/v1/sign-in/nonce"}


@pytest.fixture(scope="module")
def described(service: Running) -> dict[str, Any]:
    found: dict[str, Any] = service.anyone.get("/openapi.json").json()
    return found


def test_it_is_openapi_3_1(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert set(described["components"]["securitySchemes"]) == {"key"}


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    def walk(value: Any) -> None:
        match value:
            case dict():
                if isinstance(value.get("$ref"), str):
                    *_, section, name = value["$ref"].split("/")
                    assert name in described["components"][section]
                for child in value.values():
                    walk(child)
            case list():
                for child in value:
                    walk(child)

    walk(described)


def test_every_operation_is_told_with_its_problems(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            answers = operation["responses"]
            assert "503" in answers, path
            if path.startswith("/v1/") and path not in OPEN:
                assert operation["security"] == [{"key": []}]
                assert {"401", "422"} <= set(answers), path
            if method == "post" and "requestBody" not in operation:
                assert path.rsplit("/", 1)[1] in BODILESS, path
                # Nothing contradicts that a webhook is told no more.
                assert "409" in answers or path == "/v1/webhooks/{webhook}/revoke"
            elif method == "post":
                contents = operation["requestBody"]["content"].values()
                assert all(content["examples"] for content in contents), path
                # What a member signs and keys are no operations: they are kept at once.
                done = "201" if path.endswith(AT_ONCE) else "202"
                done = "200" if path.endswith("/resume") else done
                assert {done, "400", "409", "413", "415"} <= set(answers)


@pytest.mark.parametrize("path", ["/v1/assets", "/v1/entries", "/v1/organisations", "/v1/status"])
def test_answers_have_the_fields_that_are_described(
    described: dict[str, Any], aurora: Member, path: str
) -> None:
    aurora.register()
    answer = aurora.http.get(path).json()
    schema = described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    told = schema["schema"]
    name = told.get("anyOf", [told])[0]["$ref"].split("/")[-1]
    assert set(answer) == set(described["components"]["schemas"][name]["properties"])


def test_examples_are_accepted(described: dict[str, Any], aurora: Member) -> None:
    content = described["paths"]["/v1/assets"]["post"]["requestBody"]["content"]
    example = content["application/json"]["examples"]["gearbox"]["value"]
    assert aurora.http.post("/v1/assets", json=example).status_code in (200, 202)
