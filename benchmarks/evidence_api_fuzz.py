"""The API asked at length for what it promises and for what nobody should ask: the tests of it, deeper.

schemathesis makes questions from the OpenAPI document, allowed ones and others, for each operation;
hypothesis puts odd text into paths, queries and headers of every route of the application. QUICK=1 is short.
Leaves with code 1 if an answer breaks the document, is a fault, or tells of the inside.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
QUICK = os.environ.get("QUICK") == "1"
EXAMPLES = {"CONTRACT_EXAMPLES": "4" if QUICK else "100", "FUZZ_EXAMPLES": "100" if QUICK else "5000"}
CONTRACT = "tests/api/access/test_contract.py"
FUZZ = ("tests/api/access/test_fuzz.py", "tests/api/test_fuzz.py")


def run(*files: str) -> tuple[list[ET.Element], float, bool]:
    """Test cases of some files as pytest's report has them, seconds, whether all passed."""
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "junit_family=xunit1"]
        environment = {**os.environ, **EXAMPLES, "PYTHONPATH": str(ROOT)}
        command = [*pytest, "--timeout=3600", f"--junitxml={report}", *files]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=False)
        cases = list(ET.parse(report).getroot().iter("testcase"))  # noqa: S314  pytest wrote it
    return cases, time.monotonic() - began, done.returncode == 0


def main() -> int:
    """Run both and print the tables."""
    (contract,), contract_s, kept = run(CONTRACT)
    told = {one.get("name"): one.get("value") for one in contract.iter("property")}
    fuzzed, fuzz_s, sound = run(*FUZZ)
    print(
        "schemathesis over every operation of the OpenAPI document, as the service's own key, half of the "
        "questions about places that are there: "
        f"{told['operations']} operations, {EXAMPLES['CONTRACT_EXAMPLES']} questions of each kind, "
        f"{contract_s:.0f} s.\n"
    )
    print("| questions | contract breaks | server errors |\n| --- | --- | --- |")
    statuses = {
        int(name.split()[1]): int(n or 0) for name, n in told.items() if name and name[:7] == "status "
    }
    errors = sum(n for status, n in statuses.items() if status >= 500)
    print(f"| {told['asked']} | {told['broken']} | {errors} |\n")
    print("| status | answers |\n| --- | --- |")
    for status, count in sorted(statuses.items()):
        print(f"| {status} | {count} |")
    print(
        f"\nOdd text in paths, queries, headers and tokens, {EXAMPLES['FUZZ_EXAMPLES']} examples a test, "
        f"{fuzz_s:.0f} s; an answer must not be a fault, nor hold a traceback, a path or a name of a file.\n"
    )
    print("| test | found |\n| --- | --- |")
    for case in fuzzed:
        failed = case.find("failure") is not None or case.find("error") is not None
        name = case.get("name", "").removeprefix("test_").replace("_", " ")
        print(f"| {name} | {'FAULT' if failed else 'nothing'} |")
    return 0 if kept and sound and not errors else 1


if __name__ == "__main__":
    sys.exit(main())
