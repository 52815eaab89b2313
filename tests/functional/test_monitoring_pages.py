"""The monitoring pages in a browser, with drift, judged predictions and small counts."""

from datetime import timedelta
from typing import Any

import pytest

from models_engine.models import ModelRun
from models_engine.monitoring.snapshots import set_references, take_snapshots
from patients.models import Patient
from tests.factories.monitoring import copies, facts
from tests.factories.people import NOW, PASSWORD
from tests.functional.conftest import DESKTOP, PHONE, Visit, Ward
from twinportal import monitoring
from twinportal.accounts.models import User

pytestmark = pytest.mark.browser
READERS = pytest.mark.parametrize(
    ("name", "size"), [("steward", DESKTOP), ("doctor", PHONE)], ids=["desktop", "phone"]
)
WATCHED = ("prevent_base_10y", "lace")
NARROW = {"width": 320, "height": 640}
PATHS = ("/models/monitoring/", "/models/monitoring/prevent_base_10y/", "/models/monitoring/lace/")
YEAR = timedelta(days=365.25)


@pytest.fixture
def watched(ward: Ward) -> Ward:
    """A model whose inputs moved and whose number was too low; three days of snapshots."""
    run = ModelRun.objects.filter(
        model_id="prevent_base_10y", predictions__status="current", refusals=[]
    ).first()
    assert run is not None

    def higher(at: int, inputs: dict[str, dict[str, Any]]) -> float | None:
        inputs["systolic_bp"]["value"] = 150.0 + at % 50
        return 0.04 + 0.0004 * at if at % 4 else None

    copies(run, 120, as_of=NOW - 11 * YEAR, change=lambda at, inputs: 0.05)
    models = monitoring.monitored(WATCHED)
    set_references(models, by="test", now=NOW)
    Patient.objects.filter(fhir_id__startswith="copy").update(active=False)
    made = copies(run, 200, as_of=NOW - 11 * YEAR, change=higher)
    facts(made, "weight", NOW - timedelta(days=2))
    facts(made[1::5], "stroke", NOW - 5 * YEAR, kind="condition")
    for days in (2, 1, 0):
        take_snapshots(models, now=NOW - timedelta(days=days))
    User.objects.create_user("steward", password=PASSWORD, role="steward")
    return ward


@READERS
def test_no_violation_and_nothing_runs_off(
    watched: Ward, visit: Visit, name: str, size: dict[str, int]
) -> None:
    reader = visit(name, size)
    for path in PATHS:
        reader.goes_to(path)
        for details in reader.page.locator("details").all()[:6]:
            details.evaluate("element => { element.open = true }")
        assert reader.axe_violations() == [], path
        assert reader.complaints == [], path
        width = reader.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], path


def test_on_a_narrow_screen_the_figures_and_their_tables_say_the_same(
    watched: Ward, visit: Visit
) -> None:
    doctor = visit("doctor", NARROW)
    for path in PATHS:
        doctor.goes_to(path)
        width = doctor.page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"], path
    doctor.goes_to(PATHS[1])
    row = doctor.page.locator("#drift > .scroll > table > tbody > tr", has_text="Systolic").first
    assert "large drift" in row.inner_text()
    row.locator("summary").click()
    assert row.locator("tbody tr").count() >= 2
    figure = doctor.page.locator("#judged svg.calibration").first
    marks = figure.locator("circle").count()
    table = doctor.page.locator("#judged table", has_text="The same values").first
    assert marks == table.locator("tbody tr").count() >= 2


def test_a_steward_goes_from_the_finding_to_the_row_and_sets_a_reference(
    watched: Ward, visit: Visit
) -> None:
    steward = visit("steward")
    steward.goes_to("/steward/")
    steward.page.get_by_label("Data steward").get_by_role("link", name="Models").click()
    steward.page.get_by_role("link", name="How far").first.click()
    steward.page.wait_for_url("**/models/monitoring/prevent_base_10y/#drift")
    steward.page.get_by_role("button", name="of this model").click()
    steward.page.wait_for_load_state()
    assert "large drift of Systolic" in steward.page.locator("main").inner_text()
    assert steward.axe_violations() == []
    steward.page.get_by_role("button", name="Set the reference").click()
    steward.page.wait_for_load_state()
    assert "The reference is set" in steward.page.locator("main").inner_text()
    assert "large drift" not in steward.page.locator("#drift").inner_text()
