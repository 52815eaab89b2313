"""Disease trajectories in a browser: accessible, strict, on a phone too."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from models_engine.catalogue.disease.artefact import write
from models_engine.catalogue.disease.landmarks import Rules
from models_engine.catalogue.disease.train import Settings, train
from models_engine.catalogue.disease.vocabulary import label
from tests.factories import fhir
from tests.factories.hospital import encounter
from tests.factories.people import push
from tests.functional.conftest import DESKTOP, Visit, Ward
from tests.unit.models_engine.catalogue.disease.planted import AS_OF, planted

pytestmark = pytest.mark.browser
SIZES = pytest.mark.parametrize(
    "size", [DESKTOP, {"width": 320, "height": 640}], ids=["desktop", "narrow"]
)


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(rules=Rules(min_history=2))
    made = train(planted(3000), settings, as_of=AS_OF, labels=label)
    note = {"note": "Made-up people: plumbing only."}
    return write(tmp_path_factory.mktemp("trained"), made | note)


@pytest.fixture
def history(ward: Ward, ehr_client: Client, settings: Any, artefact: Path) -> Ward:
    """The ward's patient has hypertension and COPD, and has been seen for years."""
    settings.DISEASE_TRAJECTORIES_DIR = artefact.parent
    settings.DISEASE_TRAJECTORIES = artefact.stem
    now = datetime.now(UTC)
    days = [now - timedelta(days=300 * back) for back in range(4)]
    push(
        ehr_client,
        *(encounter(f"p1-v{i}", day, day, kind="AMB") for i, day in enumerate(days)),
        fhir.condition("p1-htn", "38341003", onset="2024-01-05"),
        fhir.condition("p1-copd", "13645005", onset="2024-02-05"),
    )
    return ward


@SIZES
def test_the_section_and_its_facts(history: Ward, visit: Visit, size: dict[str, int]) -> None:
    # given a doctor at the twin page
    doctor = visit("doctor", size)
    doctor.goes_to(f"/twins/{history.patient.public_id}/predictions/")
    section = doctor.page.locator("section[aria-labelledby=next-conditions]")
    # then it says what often comes next, out of a hundred, and how good that is
    text = section.inner_text()
    assert "Heart failure" in text and "out of 100" in text and "held-out people" in text
    _is_sound(doctor, size)
    # when they ask how it was counted
    section.get_by_role("link").click()
    doctor.page.wait_for_url("**/models/disease-trajectories/")
    # then the figure and its table hold the same bands
    marks = doctor.page.locator("svg.calibration").first.locator("circle").count()
    rows = doctor.page.get_by_role("region", name="Calibration: in held-out people").locator(
        "tbody tr"
    )
    assert marks == rows.count() > 1
    _is_sound(doctor, size)


def _is_sound(visitor: Any, size: dict[str, int]) -> None:
    assert visitor.axe_violations() == []
    assert visitor.complaints == []
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
