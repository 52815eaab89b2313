"""Rules about the repository itself."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("twinportal", "patients", "models_engine", "explain")
HARD_STOP = 500


def python_files() -> list[Path]:
    return [
        path
        for app in PACKAGES
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
    ]


def test_no_module_outgrows_its_reader() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files()
        if (lines := len(path.read_text().splitlines())) > HARD_STOP
    }
    assert long == {}


def test_fhir_resources_is_never_imported_from_its_root() -> None:
    """Its root is R5; R4 content must meet R4B."""
    wrong = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in python_files()
        for line in path.read_text().splitlines()
        if ("import fhir.resources" in line or "from fhir.resources" in line)
        and "fhir.resources.R4B" not in line
    ]
    assert wrong == []


def test_there_is_no_app_wide_drawer_of_helpers() -> None:
    names = {"utils.py", "helpers.py"}
    assert [str(p.relative_to(ROOT)) for p in python_files() if p.name in names] == []
