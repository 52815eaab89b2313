"""The pure rooms import no framework, not even through a package's __init__ file."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PURE = [
    "patients.terminology",
    "patients.fhir",
    "patients.synthetic",
    "models_engine.catalogue",
    "explain.attribution",
    "explain.wording",
    "explain.figures",
]
IMPURE = ("django", "celery", "redis", "psycopg", "requests", "httpx")
PROGRAM = """
import importlib, pkgutil, sys
package = importlib.import_module({package!r})
for module in pkgutil.walk_packages(package.__path__, {package!r} + "."):
    importlib.import_module(module.name)
print(",".join(name for name in {impure!r} if name in sys.modules))
"""


@pytest.mark.parametrize("package", PURE)
def test_pure_rooms_load_no_framework(package: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(package=package, impure=IMPURE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == ""


def test_package_init_files_are_empty() -> None:
    """import-linter does not see what a parent's __init__ imports."""
    full = [
        str(path.relative_to(ROOT))
        for app in ("twinportal", "patients", "models_engine", "explain")
        for path in (ROOT / app).rglob("__init__.py")
        if path.read_text().strip() and path.parent.name != "models"
    ]
    assert full == []
