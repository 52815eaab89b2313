"""States from the database: the same facts as the pure rules see, in a constant number of queries."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from patients.models import Fact, Patient, Resource
from patients.record.loading import demographics_of, facts_of, state_of, states_of

pytestmark = pytest.mark.django_db
AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)


def resource(kind, fhir_id):
    return Resource.objects.create(
        type=kind, fhir_id=fhir_id, version=1, content_hash=fhir_id, last_updated=timezone.now()
    )


def twin(fhir_id, systolic):
    """A woman of 50 with one blood pressure, and one that nobody may use."""
    patient = Patient.objects.create(
        resource=resource("Patient", fhir_id),
        fhir_id=fhir_id,
        sex="female",
        birth_date=date(1976, 3, 1),
        birth_date_precision="day",
    )
    source = resource("Observation", f"bp-{fhir_id}")
    for value, quality in ((systolic, "usable"), (400.0, "impossible")):
        Fact.objects.create(
            patient=patient,
            resource=source,
            resource_type="Observation",
            resource_fhir_id=source.fhir_id,
            resource_version=1,
            path="Observation.component[0]",
            concept="systolic_bp",
            kind="measurement",
            value=value,
            unit="mm[Hg]",
            quality=quality,
            effective_at=datetime(2026, 5, 3, tzinfo=UTC),
            effective_precision="day",
            recorded_at=datetime(2026, 5, 4, tzinfo=UTC),
        )
    return patient


def test_a_state_holds_what_may_be_used_and_apart_what_may_not():
    patient = twin("p1", 128.0)
    state = state_of(patient.pk, AS_OF)
    (used,), (unused,) = state.series("systolic_bp"), state.not_used["systolic_bp"]
    assert (used.value, used.unit, used.resource_id) == (128.0, "mm[Hg]", "bp-p1")
    assert Fact.objects.get(pk=used.fact_id).value == 128.0
    assert unused.quality == "impossible"
    assert (state.sex, state.age) == ("female", 50)


def test_states_of_many_are_the_states_of_each():
    patients = [twin(f"p{n}", 110.0 + n) for n in range(3)]
    states = states_of([p.pk for p in patients], AS_OF)
    assert states == {p.pk: state_of(p.pk, AS_OF) for p in patients}


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    keys = [twin(f"p{n}", 120.0).pk for n in range(5)]
    with django_assert_num_queries(2):
        states_of(keys[:1], AS_OF)
    with django_assert_num_queries(2):
        states_of(keys, AS_OF)
    with django_assert_num_queries(2):
        state_of(keys[0], AS_OF)
    with django_assert_num_queries(1):
        facts_of(keys[0])


def test_an_unknown_twin_is_an_error_alone_and_left_out_among_many():
    known = twin("p1", 120.0)
    assert set(states_of([known.pk, known.pk + 1], AS_OF)) == {known.pk}
    with pytest.raises(Patient.DoesNotExist):
        state_of(known.pk + 1, AS_OF)


def test_death_counts_from_its_day():
    patient = twin("p1", 120.0)
    patient.deceased, patient.deceased_at = True, datetime(2026, 6, 1, tzinfo=UTC)
    patient.save()
    demographics = demographics_of(patient)
    assert demographics.deceased_at == patient.deceased_at
    assert state_of(patient.pk, AS_OF).deceased
    assert not state_of(patient.pk, datetime(2026, 5, 10, tzinfo=UTC)).deceased
