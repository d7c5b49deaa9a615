"""What the OpenAPI document says is what is answered, whatever is asked: schemathesis over it all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance
from visitors import SETTINGS, TABLES

from api.app import create_app
from api.context import ApiContext
from classroom.sitefiles import parse_site

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "4"))
"""Of each operation and each kind: what the document allows, and what it does not.

What a schema cannot say (from before to, the longest span, which metrics there are) is answered 422, as the
document says too; hence no ``positive_data_acceptance``."""

INSIDE = ("Traceback", "site-packages", str(Path.cwd()), "/tmp", ".sqlite", ".duckdb")


OWN = {"school": "oppen", "room": "rum1", "meter": "el", "building": "hus"}


class Examiner:
    """Asks, and remembers of each operation the first answer that was not as promised."""

    def __init__(self) -> None:
        self.asked = 0
        self.statuses: Counter[int] = Counter()
        self.broken: dict[str, str] = {}

    def __call__(self, case: schemathesis.Case) -> None:
        self.asked += 1
        if self.asked % 2:  # half of the questions are about places that are there
            case.path_parameters |= {name: OWN[name] for name in set(case.path_parameters) & set(OWN)}
        try:
            answer = case.call_and_validate(
                headers={"Authorization": "Bearer the key"},
                excluded_checks=[positive_data_acceptance],
                timeout=120,  # a busy machine is no breach
            )
        except FailureGroup as failures:
            told = "; ".join(str(failure) for failure in failures.exceptions)
            self.broken.setdefault(case.operation.label, told[:2_000])
            return
        self.statuses[answer.status_code] += 1
        text = answer.content.decode("utf-8", "replace")  # a report is no text
        if any(word in text for word in INSIDE):
            self.broken.setdefault(case.operation.label, f"tells of the inside: {text[:500]}")


def test_every_operation_keeps_its_word(
    context: ApiContext, record_property: Callable[[str, object], None]
) -> None:
    text = SETTINGS.format(public="true").replace("http://127.0.0.1:8000", "https://testserver")
    text = text.replace("[access]", "[access]\nrequests_per_minute = 1000000")
    site = parse_site({"classroom.toml": text, **TABLES})
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(replace(context, site=lambda: site)))
    examiner = Examiner()
    kind = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES < 50,
        suppress_health_check=list(HealthCheck),
    )
    operations = list(schema.get_all_operations())
    for found in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            strategy = found.ok().as_strategy(generation_mode=mode)

            @kind
            @given(strategy)
            def examine(case: schemathesis.Case) -> None:
                examiner(case)

            with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
                examine()  # of an operation without parameters nothing can be wrong
    figures = {"operations": len(operations), "asked": examiner.asked, "broken": len(examiner.broken)}
    for name, value in (figures | {f"status {key}": n for key, n in examiner.statuses.items()}).items():
        record_property(name, value)
    assert not examiner.broken, "\n\n".join(f"{k}: {v}" for k, v in examiner.broken.items())
    assert examiner.asked > 100
