"""The OpenAPI document as pages: what can be asked, with what, by whom, and what comes back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from markupsafe import Markup, escape

Schema = Mapping[str, Any]

_METHODS = ("get", "put", "post", "patch", "delete")
_REF = "#/components/schemas/"
_OTHER = "service"
_LIMITS = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))


class Type(NamedTuple):
    """A type in words, and the model it leads to, if any."""

    text: str
    model: str | None


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of a question, or a field of a model."""

    name: str
    where: str
    required: bool
    type: Type
    default: str
    text: Markup
    example: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its status, what it says, its media types."""

    status: str
    text: Markup
    media: tuple[str, ...]
    type: Type | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked."""

    anchor: str
    method: str
    path: str
    summary: str
    text: Markup
    access: str
    fields: tuple[Field, ...]
    body: tuple[str, Type] | None
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A shape that answers have; without fields it is one of ``values``."""

    name: str
    text: Markup
    fields: tuple[Field, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Operations that belong together, with every model they speak of."""

    key: str
    name: str
    operations: tuple[Operation, ...]
    models: tuple[Model, ...]


@dataclass(frozen=True, slots=True)
class ApiDocs:
    """The whole document."""

    title: str
    version: str
    summary: str
    groups: Mapping[str, Group]


def api_docs(document: Schema) -> ApiDocs:
    """``document`` (OpenAPI 3.1) in groups by tag, in the order of its paths."""
    schemas: Mapping[str, Schema] = document.get("components", {}).get("schemas", {})
    by_tag: dict[str, list[tuple[Operation, Schema]]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                told = item[method]
                tag = next(iter(told.get("tags", ())), _OTHER)
                by_tag.setdefault(tag, []).append((_operation(path, method, told), told))
    groups = {}
    for tag, found in by_tag.items():
        key = re.sub(r"[^a-z0-9]+", "-", tag.casefold()).strip("-")
        used = _used([told for _, told in found], schemas)
        models = tuple(_model(name, schemas[name]) for name in used)
        groups[key] = Group(key, tag, tuple(operation for operation, _ in found), models)
    info = document["info"]
    return ApiDocs(info["title"], info["version"], info.get("summary", ""), groups)


def coded(text: str) -> Markup:
    """``text`` escaped, with what stands in backticks as code and blank lines as breaks."""
    parts = [escape(part) for part in re.split(r"`([^`\n]+)`", text.strip())]
    marked = Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else part for number, part in enumerate(parts)
    )
    return Markup("<br>").join(Markup(line) for line in re.split(r"\n\s*\n", str(marked)))  # noqa: S704 - escaped


def _operation(path: str, method: str, told: Schema) -> Operation:
    body = None
    for media, content in told.get("requestBody", {}).get("content", {}).items():
        body = (media, type_of(content.get("schema", {})))
        break
    return Operation(
        anchor=f"{method}-" + re.sub(r"[^a-z0-9]+", "-", path.casefold()).strip("-"),
        method=method.upper(),
        path=path,
        summary=told.get("summary", ""),
        text=coded(told.get("description", "")),
        access=told.get("x-access", ""),
        fields=tuple(
            _field(one["name"], one["in"], one.get("schema", {}), one, required=one.get("required", False))
            for one in told.get("parameters", ())
        ),
        body=body,
        answers=tuple(_answer(status, one) for status, one in sorted(told.get("responses", {}).items())),
    )


def _answer(status: str, told: Schema) -> Answer:
    content: Mapping[str, Schema] = told.get("content", {})
    shaped = next(
        (one["schema"] for media, one in content.items() if "json" in media and "schema" in one), None
    )
    text = "" if told.get("description") == "Successful Response" else told.get("description", "")
    return Answer(status, coded(text), tuple(content), None if shaped is None else type_of(shaped))


def _field(name: str, where: str, schema: Schema, told: Schema, *, required: bool) -> Field:
    examples = schema.get("examples") or told.get("examples") or ()
    example = next(iter(examples.values() if isinstance(examples, Mapping) else examples), "")
    default = schema.get("default")
    return Field(
        name=name,
        where=where,
        required=required,
        type=type_of(schema),
        default="" if default in (None, "", []) else _plain(default),
        text=coded(told.get("description") or schema.get("description", "")),
        example=_plain(example) if example != "" else "",
    )


def _model(name: str, schema: Schema) -> Model:
    needed = schema.get("required", ())
    fields = tuple(
        _field(key, "", one, one, required=key in needed) for key, one in schema.get("properties", {}).items()
    )
    return Model(
        name, coded(schema.get("description", "")), fields, tuple(map(_plain, schema.get("enum", ())))
    )


def type_of(schema: Schema) -> Type:
    """A JSON schema in a few words: ``number, or null``, ``list of MetricPoint``."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        return Type(name, name)
    parts = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if parts:
        types = [type_of(part) for part in parts]
        text = ", or ".join(dict.fromkeys(one.text for one in types))
        return Type(text, next((one.model for one in types if one.model), None))
    if "enum" in schema:
        return Type(" | ".join(map(_plain, schema["enum"])), None)
    if "const" in schema:
        return Type(_plain(schema["const"]), None)
    if schema.get("type") == "array":
        inner = type_of(schema.get("items", {}))
        return Type(f"list of {inner.text}", inner.model)
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        inner = type_of(schema["additionalProperties"])
        return Type(f"object of {inner.text}", inner.model)
    kind = schema.get("type", "anything")
    shape = schema.get("format")
    limits = [
        f"{sign} {_plain(schema[key])}"
        for key, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
            ("exclusiveMaximum", "<"),
        )
        if key in schema
    ]
    text = kind if isinstance(kind, str) else ", or ".join(kind)
    return Type(" ".join([f"{text} ({shape})" if shape else text, *limits]), None)


def _used(operations: Sequence[Schema], schemas: Mapping[str, Schema]) -> list[str]:
    """The models that operations speak of, and those that these speak of, by name."""
    found: set[str] = set()
    waiting: list[Any] = list(operations)
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            name = one.get("$ref")
            if isinstance(name, str) and (key := name.removeprefix(_REF)) in schemas and key not in found:
                found.add(key)
                waiting.append(schemas[key])
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return sorted(found)


def _plain(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)
