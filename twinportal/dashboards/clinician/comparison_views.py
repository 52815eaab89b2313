"""The comparison of two days."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from patients import audit
from patients.models import Patient
from patients.record.loading import state_of
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.comparison import Comparison, last_visit
from twinportal.dashboards.clinician.twin_page import Banner

THREE_MONTHS, A_YEAR = timedelta(days=91), timedelta(days=365)


class DaysForm(forms.Form):
    """Two days: the first before the second, the second not after today."""

    start = forms.DateField(
        label="From",
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": "Say from which day.",
            "invalid": "From: write a day that exists, as YYYY-MM-DD.",
        },
    )
    end = forms.DateField(
        label="To",
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": "Say to which day.",
            "invalid": "To: write a day that exists, as YYYY-MM-DD.",
        },
    )

    def __init__(self, *args: Any, today: date, born: date | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.born = today, born

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        start, end = data.get("start"), data.get("end")
        if end and end > self.today:
            self.add_error("end", "To: that day is still to come.")
        if start and self.born and start < self.born:
            self.add_error("start", "From: that day is before the birth.")
        if start and end and start >= end:
            self.add_error("start", "From: that day must be before the other.")
        return data


@role_required("clinician")
def compare(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What was new, gone and changed between `from` and `to`; 400 where these are no such days."""
    patient = visible_patient(request, public_id)
    now = timezone.now()
    today = timezone.localtime(now).date()
    given = {
        "start": request.GET.get("from", str(today - A_YEAR)),
        "end": request.GET.get("to", str(today)),
    }
    form = DaysForm(given, today=today, born=patient.birth_date)
    context: dict[str, Any] = {
        "patient": patient,
        "form": form,
        "given": given,
        "choices": _choices(patient, today),
        "zone": timezone.get_current_timezone_name(),
    }
    if not form.is_valid():
        audit.record_read(request, patient, what="twin comparison", detail="no such days")
        context["banner"] = Banner(patient, state_of(patient.pk, now), now)
        return render(request, "clinician/compare.html", context, status=400)
    start, end = form.cleaned_data["start"], form.cleaned_data["end"]
    audit.record_read(request, patient, what="twin comparison", detail=f"{start} to {end}")
    found = Comparison(patient, start, end, now)
    context |= {"page": found, "banner": found.banner}
    return render(request, "clinician/compare.html", context)


def _choices(patient: Patient, today: date) -> list[tuple[str, date, date]]:
    found: list[tuple[str, date, date]] = []
    visit = last_visit(patient, today)
    if visit:
        found.append(("Since the last visit", visit, today))
    found.append(("Three months", today - THREE_MONTHS, today))
    found.append(("A year", today - A_YEAR, today))
    return found
