"""What to write instead of a value that a model refuses, in words for people who know no Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from classroom.places import PATTERN_CURES

_NUMBER = "write a number, as 12.5"
_WHOLE = "write a whole number, as 12"
_YES_NO = "write true or false (in tables yes or no)"
_TEXT = 'write a text (in classroom.toml between quotes, as "text")'
_DAY = "write a day as 2026-08-17"
_TIME = "write a time as 2026-08-17T08:00:00+02:00, or without offset in the site's local time"
_LIST = 'write a list, as ["one", "two"]'
_TABLE = "this is a table: write its keys below [its name], or as { key = value }"

_SAID: dict[str, str] = {
    **dict.fromkeys(("float_type", "float_parsing", "finite_number", "decimal_parsing"), _NUMBER),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("bool_type", "bool_parsing"), _YES_NO),
    **dict.fromkeys(("string_type", "string_unicode", "string_sub_type"), _TEXT),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), _DAY
    ),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "datetime_object_invalid"), _TIME
    ),
    **dict.fromkeys(("timezone_aware", "timezone_offset"), f"{_TIME}; the offset is missing"),
    **dict.fromkeys(("time_type", "time_parsing"), "write a time of day as 08:10"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), _TABLE),
    "path_type": 'write the path of a file between quotes, as "secrets/ca.pem"',
    "extra_forbidden": "this key is not known; remove it or correct its spelling",
    "missing": "add it",
}

_LIMITED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than_equal": lambda of: f"write {of['ge']} or more",
    "greater_than": lambda of: f"write more than {of['gt']}",
    "less_than_equal": lambda of: f"write {of['le']} or less",
    "less_than": lambda of: f"write less than {of['lt']}",
    "string_too_short": lambda of: f"write at least {_counted(of['min_length'], 'sign')}",
    "string_too_long": lambda of: f"write at most {_counted(of['max_length'], 'sign')}",
    "too_short": lambda of: f"name at least {of['min_length']}; there is {of['actual_length'] or 'none'}",
    "too_long": lambda of: f"name at most {of['max_length']}; there are {of['actual_length']}",
    "enum": lambda of: f"write one of {_plain(of['expected'])}",
    "literal_error": lambda of: f"write one of {_plain(of['expected'])}",
}


def cure_of(detail: Mapping[str, Any]) -> str:
    """The cure of one of the errors of a ``pydantic.ValidationError``.

    A kind of error that is not known here keeps pydantic's words.
    """
    kind: str = detail["type"]
    said: str = detail["msg"]
    of: Mapping[str, Any] = detail.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return PATTERN_CURES.get(of["pattern"], said)
    if kind in _LIMITED:
        return _LIMITED[kind](of)
    return _SAID.get(kind, said.removeprefix("Value error, "))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _plain(expected: str) -> str:
    """``'a', 'b' or 'c'`` as people write it."""
    return expected.replace("'", "")
