"""The model pages in a browser, with the measured tables that no registered model may have yet."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models_engine import registry
from models_engine.catalogue.facts import CalibrationPoint, SubgroupRow
from models_engine.models import ModelRun
from models_engine.plugins import LeftOut
from models_engine.registry import model
from tests.factories.plugin import forget_models, forget_modules, install, package
from tests.functional.conftest import PHONE, Visit, Ward
from twinportal.dashboards.model_facts import views

pytestmark = pytest.mark.browser
# at a desk every page is looked at by test_every_page
SIZES = pytest.mark.parametrize("size", [PHONE], ids=["phone"])
NARROW = {"width": 320, "height": 640}
WHERE = "A made-up cohort for this test, 2001 to 2011"
POINTS = tuple(
    CalibrationPoint("cvd", 90 + n, 0.03 * n, 0.028 * n, 0.02 * n, 0.04 * n, WHERE)
    for n in range(1, 11)
)
ROWS = tuple(
    SubgroupRow("cvd", group, level, 400, 31, "C statistic", 0.713, 0.655, 0.771, WHERE)
    for group, level in (("Sex", "female"), ("Sex", "male"), ("Age", "30 to 49"))
)
PATHS = (
    "/models/",
    "/models/prevent_base_10y/",
    "/models/prevent_full_30y/",
    "/models/has_bled/",
    # trained here: two outcomes with calibration, groups and decision curves; and 30 days
    "/models/post_infarction_mortality/",
    "/models/readmission_30d/",
    "/models/kfre_4v/2009.1/",
    "/models/old_score/",
)


@pytest.fixture
def measured(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model with measured tables, a version that is gone, and a plug-in that was left out."""
    good = model("prevent_base_10y")
    facts = replace(good.facts, calibration_points=POINTS, subgroup_rows=ROWS)
    models = {**registry.registered(), good.id: replace(good, facts=facts)}
    wrong = LeftOut("acme-twin-models 1.0", "acme_score", "units: 'bmi' is declared in 'lb'.")
    monkeypatch.setattr(views, "registered", lambda *regions: models)
    monkeypatch.setattr(views, "left_out", lambda registered: (wrong,))
    kidney = ModelRun.objects.filter(model_id="kfre_4v")
    kidney.update(model_version="2009.1", artefact_hash="a" * 64)
    ModelRun.objects.filter(model_id="prevent_full_30y").update(model_id="old_score")


@pytest.fixture
def plugged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """A plug-in whose kidney equation answers as ours, under its own id."""
    code = """
        from dataclasses import replace
        from models_engine.catalogue.risk.kfre import kfre_4v
        def models():
            return replace(kfre_4v(), id="acme_kidney")
    """
    install(package(tmp_path / "source", code), tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    settings.MODEL_PLUGINS = ("acme-odd",)
    forget_models()
    yield
    forget_models()
    forget_modules("acme_odd")


@SIZES
def test_plug_ins_stand_apart_on_the_twin_page(
    plugged_in: None, ward: Ward, visit: Visit, size: dict[str, int]
) -> None:
    doctor = visit("doctor", size)
    doctor.goes_to(f"/twins/{ward.patient.public_id}/predictions/")
    card = doctor.page.locator(".card", has_text="Models of plug-ins")
    text = card.inner_text()
    assert "not part of Twinportal" in text and "acme-odd 0.1" in text
    assert "Order a urine albumin-to-creatinine ratio." in text
    assert doctor.axe_violations() == []
    assert doctor.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    card.get_by_role("link").first.click()
    doctor.page.wait_for_url("**/predictions/*/")
    assert doctor.axe_violations() == []


@SIZES
def test_no_violation_and_nothing_runs_off(
    measured: None, visit: Visit, size: dict[str, int]
) -> None:
    doctor = visit("doctor", size)
    for path in PATHS:
        doctor.goes_to(path)
        for details in doctor.page.locator("details").all()[:14]:
            details.evaluate("element => { element.open = true }")
        assert doctor.axe_violations() == [], path
        assert doctor.complaints == [], path
        width = doctor.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], path


def test_nothing_runs_off_a_narrow_screen(measured: None, visit: Visit) -> None:
    doctor = visit("doctor", NARROW)
    for path in PATHS:
        doctor.goes_to(path)
        width = doctor.page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"], path


def test_the_plot_and_its_table_say_the_same(measured: None, visit: Visit) -> None:
    doctor = visit("doctor", java_script_enabled=False)
    doctor.goes_to("/models/prevent_base_10y/")
    rows = doctor.page.locator("#calibration tbody tr")
    marks = doctor.page.locator("#calibration circle")
    assert rows.count() == marks.count() == len(POINTS)
    plot = doctor.page.locator("svg.calibration")
    assert (plot.get_attribute("aria-label") or "").startswith("Calibration: Total cardiovascular")
    left, bottom, right, top = (
        float(doctor.page.locator(".agreement").get_attribute(name) or 0)
        for name in ("x1", "y1", "x2", "y2")
    )
    largest = float(
        doctor.page.locator("text.tick--x").nth(5).text_content().removesuffix(" %")  # type: ignore[union-attr]
    )
    for n, point in enumerate(POINTS):
        cells = rows.nth(n).locator("td").all_inner_texts()
        assert cells[1:3] == [f"{100 * point.predicted:.2f} %", f"{100 * point.observed:.2f} %"]
        x = float(marks.nth(n).get_attribute("cx") or 0)
        y = float(marks.nth(n).get_attribute("cy") or 0)
        assert (x - left) / (right - left) * largest == pytest.approx(
            100 * point.predicted, abs=0.1
        )
        assert (bottom - y) / (bottom - top) * largest == pytest.approx(
            100 * point.observed, abs=0.1
        )


def test_from_a_prediction_to_how_its_model_was_checked(ward: Ward, visit: Visit) -> None:
    doctor = visit("doctor")
    doctor.goes_to(f"/twins/{ward.patient.public_id}/predictions/")
    doctor.page.get_by_role("link", name="How this model was checked").first.click()
    doctor.page.wait_for_url("**/models/prevent_**")
    assert "All of these are reproduced." in doctor.page.locator("#vectors").inner_text()
    assert doctor.page.locator("#calibration").inner_text().count("Not measured here.") == 1
