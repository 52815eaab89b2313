"""The patient's what-if: large controls, and only numbers that were released to them."""

from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from explain.figures.icon_array import IconArray, icon_array
from explain.wording.forecasts import MEASUREMENTS
from explain.wording.numbers import frequency
from explain.wording.phrases import Level
from explain.wording.what_if import BARRED, CAUTIONS, OPENING, SMOKING, WhatIfText, what_if_text
from models_engine.catalogue.what_if.compare import Comparison
from models_engine.catalogue.what_if.controls import CONTROL_OF
from models_engine.catalogue.what_if.simulation import Simulation
from patients.record.loading import state_of
from twinportal import pipeline
from twinportal.dashboards.access import role_required
from twinportal.dashboards.portal.reader import level_of, own_patient, reader_context
from twinportal.dashboards.portal.results import Result, released_results
from twinportal.known_units import known_units
from twinportal.what_if.forms import what_if_form
from twinportal.what_if.patient_forecasts import PatientForecast, patient_forecasts
from twinportal.what_if.reading import record_reading

# the number that was released and the one computed now are the same prediction, to rounding
SAME = 1e-9


@dataclass(frozen=True)
class PatientOutcome:
    """One released result before and after."""

    result: Result
    found: Comparison
    text: WhatIfText

    @property
    def before_icons(self) -> IconArray:
        return icon_array(frequency(self.found.before).count)

    @property
    def after_icons(self) -> IconArray | None:
        if self.found.after is None or not self.text.after:
            return None
        return icon_array(frequency(self.found.after).count)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required("patient")
def what_if(request: HttpRequest) -> HttpResponse:
    """My what-if. Whose it is follows from who is signed in, never from the URL."""
    patient = own_patient(request)
    record_reading(request, patient, what="own what-if")
    level = level_of(request)
    now = timezone.now()
    state = state_of(patient.pk, now)
    results = released_results(patient, level)
    start = pipeline.what_if_start(patient.pk, now=now, state=state)
    start = replace(start, person=replace(start.person, is_patient=True))
    units = known_units(patient, {*CONTROL_OF, *MEASUREMENTS})
    form = what_if_form(
        start.values,
        request.POST.dict(),
        patient=start.person,
        sources=start.sources,
        units=units,
    )
    # how fast they go is their own affair: nobody asks them, and the page says what is assumed
    answer = pipeline.simulate(patient.pk, form.interventions, now=now, start=start)
    forecasts = patient_forecasts(answer, level, units)
    is_partial = request.headers.get("HX-Request") == "true"
    outcomes = _outcomes(results, answer, level)
    context = reader_context(request, patient) | {
        "form": form,
        "opening": OPENING[level],
        "cautions": CAUTIONS[level],
        "smoking": SMOKING[level] if form.stops_smoking and form.smokes else "",
        "asks_something": bool(form.interventions),
        "refused": answer.propagation.refused,
        "outcomes": outcomes,
        "forecasts": forecasts,
        "summary": _summary(outcomes, forecasts),
        "barred": BARRED[level] if start.person.barred else "",
        "is_partial": is_partial,
        "plain": True,
        "can_try": bool(results) and not start.person.barred,
    }
    template = "my_answer" if is_partial else "my_page"
    return render(request, f"what_if/{template}.html", context)


def _summary(outcomes: list[PatientOutcome], forecasts: list[PatientForecast]) -> str:
    """The first of each for the live region."""
    said = [
        f"{one.text.after} {one.text.apart}" if one.text.after else one.text.note
        for one in outcomes[:1]
    ]
    said += [f"{one.text.title}. {one.text.after}" for one in forecasts[:1] if one.text.after]
    return " ".join(said)


def _outcomes(results: list[Result], answer: Simulation, level: Level) -> list[PatientOutcome]:
    """Released results with what the what-if says of them; none that is being made anew."""
    by_model = {compared.model.id: compared for compared in answer.comparisons}
    shown = []
    for result in results:
        row = result.prediction
        compared = by_model.get(row.model_id)
        if compared is None or compared.model.version != row.model_version:
            continue
        found = next(o for o in compared.outcomes if o.outcome == row.outcome)
        if abs(found.before - result.probability) > SAME:
            continue
        text = what_if_text(
            outcome=row.outcome,
            level=level,
            horizon=result.horizon,
            before=found.before,
            after=found.after,
            low=found.low,
            high=found.high,
            responds=compared.responds or bool(compared.refusals),
            against=bool(found.against),
        )
        shown.append(PatientOutcome(result, found, text))
    return shown
