"""The OpenAPI document, with what FastAPI cannot know: how errors come, and who may use a route."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from api.access.rules import Reach, Rule, routes, rule_of
from api.problems import PROBLEM_TYPE

Operation = dict[str, Any]

_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token of `classroom-climate tokens create`. A site that is for its own machine only "
    "lets read without.",
}
_NOT_CHANGED = {"description": "Not changed since the answer with the ETag in If-None-Match"}


def document(app: FastAPI) -> None:
    """Complete the document that ``app`` gives."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = generate()
            made.setdefault("components", {})["securitySchemes"] = {"token": _SCHEME}
            for route in routes(app):
                rule = rule_of(route)
                for method in route.methods or ():
                    operation = made["paths"].get(route.path_format, {}).get(method.lower())
                    if operation is not None:
                        _complete(operation, rule)
        return generate()

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(operation: Operation, rule: Rule) -> None:
    answers = operation["responses"]
    for status, answer in answers.items():
        content = answer.get("content", {})
        is_problem = status.startswith(("4", "5")) and "Problem" in str(content)
        if is_problem and "application/json" in content:
            content[PROBLEM_TYPE] = content.pop("application/json")
    if "application/json" in answers.get("200", {}).get("content", {}) and "parameters" in operation:
        answers["304"] = _NOT_CHANGED
    operation["x-access"] = rule.name
    if rule.reach is Reach.NOTHING:
        operation["security"] = []
    else:
        operation["security"] = [{"token": []}] if rule.bearer else [{}, {"token": []}]
