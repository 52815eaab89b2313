"""docs/adding-a-model.md, followed literally: its files, its commands, its output."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from models_engine.checks import CHECKS
from models_engine.models import ModelRun, Prediction
from models_engine.registry import registered
from patients.models import Resource
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in, twin
from tests.factories.plugin import forget_models, forget_modules, install
from twinportal import pipeline

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "adding-a-model.md").read_text(encoding="utf-8")
FILES = dict(
    re.findall(r"^File `([^`]+)`:\n\n```\w+\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
)
COMMANDS = re.findall(r"^```sh\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
OUTPUT = re.findall(r"^```text\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)[0]
LISTED = re.findall(r"^TWINPORTAL_MODEL_PLUGINS=(.+)$", DOCUMENT, re.MULTILINE)[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The package as the document lets the reader write it."""
    for name, content in FILES.items():
        path = tmp_path / "acme-map" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "acme-map"


@pytest.fixture
def target(folder: Path, tmp_path: Path) -> Path:
    install(folder, tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture
def switched_on(target: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(target))
    settings.MODEL_PLUGINS = tuple(LISTED.split(","))
    forget_models()
    yield
    forget_models()
    forget_modules("acme_map")


def run(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One line of the document, in the folder of the project."""
    words = shlex.split(command)
    while "=" in words[0]:
        key, _, value = words.pop(0).partition("=")
        environment[key] = value
    return subprocess.run(
        words, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def test_the_document_has_what_the_walk_needs() -> None:
    assert list(FILES) == [
        "pyproject.toml",
        "src/acme_map/__init__.py",
        "src/acme_map/model.py",
        "src/acme_map/facts.py",
    ]
    assert len(COMMANDS) == 2
    assert [f"  ok      {name}" in OUTPUT for name, _ in CHECKS] == [True] * len(CHECKS)


def test_the_folder_is_checked_as_it_lies_there(folder: Path) -> None:
    done = run(COMMANDS[0].replace("../acme-map", str(folder)))
    assert done.stderr == ""
    assert (done.returncode, done.stdout) == (0, OUTPUT.replace("../acme-map", str(folder)))


def test_a_slip_of_the_pen_is_found_and_told(folder: Path) -> None:
    path = folder / "src" / "acme_map" / "model.py"
    path.write_text(path.read_text().replace("1 / 3", "1 / 2"))
    done = run(COMMANDS[0].replace("../acme-map", str(folder)))
    assert done.returncode == 1
    assert "FAILED  published values are reproduced" in done.stdout
    assert "'120/80 mmHg' gives mean_arterial_pressure 100.0" in done.stdout
    assert "1 check failed; it would be left out" in done.stderr


def test_the_installed_package_is_checked_under_its_name(target: Path) -> None:
    done = run(COMMANDS[1], PYTHONPATH=str(target))
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("acme-map: 1 model, every check passed.\n")


def test_it_is_off_until_it_is_listed(
    target: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.syspath_prepend(str(target))
    assert settings.MODEL_PLUGINS == ()
    forget_models()
    assert "acme_map" not in registered()


def test_the_setting_names_it(target: Path) -> None:
    line = "from django.conf import settings; print(settings.MODEL_PLUGINS)"
    done = run(
        f".venv/bin/python -c '{line}'",
        DJANGO_SETTINGS_MODULE="twinportal.settings",
        TWINPORTAL_MODE="demo",
        TWINPORTAL_MODEL_PLUGINS=f" {LISTED} , ,other",
    )
    assert done.stdout == "('acme-map', 'other')\n", done.stderr


def test_it_predicts_for_a_twin(switched_on: None, ehr_client: Client, settings: Any) -> None:
    settings.RELEASE_POLICY = "auto"
    mine = twin(ehr_client, "p1")
    assert list(registered())[-1] == "acme_map"

    row = Prediction.objects.get(model_id="acme_map", status="current")
    used = {one["concept"]: one["value"] for one in row.inputs}
    expected = used["diastolic_bp"] + (used["systolic_bp"] - used["diastolic_bp"]) / 3
    assert row.value == pytest.approx(expected)
    assert row.model_version == "1.0"
    assert row.run.artefact_hash == registered()["acme_map"].artefact_hash
    assert {one["reference"] for one in row.inputs} == {"Observation/p1-bp/_history/1"}

    push(ehr_client, fhir.blood_pressure("p1-new", 150, 90, date="2026-11-20T09:00:00Z"))
    pipeline.refresh_twin(mine.pk, now=NOW)
    row = Prediction.objects.get(model_id="acme_map", status="current")
    assert row.value == pytest.approx(110.0)

    doctor = signed_in(clinician())
    page = doctor.get(f"/twins/{mine.public_id}/predictions/").content.decode()
    assert "Models of plug-ins" in page and "<strong>110 mmHg</strong>" in page
    assert "acme-map 1.0.0" in page
    details = doctor.get(f"/twins/{mine.public_id}/predictions/{row.pk}/").content.decode()
    assert "Mean arterial pressure, version 1.0" in details
    listed = doctor.get("/models/").content.decode()
    assert "plug-in acme-map 1.0.0" in listed and "left out" not in listed
    facts = doctor.get("/models/acme_map/facts.json").json()
    assert [r["computed"] for r in facts["vectors"][2]["results"]] == [65.0]
    patient = signed_in(patient_user(mine))
    assert "arterial" not in patient.get("/my/").content.decode()


def test_taken_off_the_list_it_ends_and_stays_readable(
    switched_on: None, ehr_client: Client, settings: Any
) -> None:
    mine = twin(ehr_client, "p1")
    doctor = signed_in(clinician())
    row = Prediction.objects.get(model_id="acme_map", status="current")
    settings.MODEL_PLUGINS = ()
    forget_models()
    # before any refresh
    assert doctor.get(f"/twins/{mine.public_id}/predictions/").status_code == 200
    assert doctor.get("/worklist/").status_code == 200

    push(ehr_client, fhir.blood_pressure("p1-new", 150, 90, date="2026-11-20T09:00:00Z"))
    pipeline.refresh_twin(mine.pk, now=NOW)

    row.refresh_from_db()
    assert (row.status, row.ended_reason) == ("superseded", "model version 1.0 was withdrawn")
    path = f"/twins/{mine.public_id}/predictions/{row.pk}/"
    assert "no longer registered" in doctor.get(path).content.decode()
    run_hash = ModelRun.objects.filter(model_id="acme_map").values_list("artefact_hash", flat=True)
    assert run_hash[0] in doctor.get("/models/acme_map/1.0/").content.decode()
    assert Resource.objects.filter(type="Observation", fhir_id="p1-new").exists()
