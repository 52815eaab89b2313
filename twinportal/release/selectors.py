"""Which numbers wait for a clinician before the patient sees them."""

from django.db.models import (
    Case,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)

from explain.wording.phrases import OUTCOMES
from models_engine.catalogue.display import FURTHER, KFRE, PREVENT_10Y
from models_engine.models import Prediction
from patients.models import Patient
from twinportal.release.models import ReleaseDecision

# the models whose numbers are the main one of a block, by outcome: what a patient's page shows
VARIANTS: dict[str, tuple[str, ...]] = {
    outcome: model_ids
    for outcome, model_ids in (
        ("cvd", PREVENT_10Y),
        ("kidney_failure_5y", KFRE),
        *((outcome, model_ids) for _, model_ids, outcome in FURTHER),
    )
    if outcome in OUTCOMES
}
MEASURED = '$[*] ? (@.status != "missing_term")'


class _JsonPath(Func):
    """`jsonb_path_query_array(inputs, path)`, whose path is of a type that Django does not know."""

    function = "jsonb_path_query_array"
    template = "%(function)s(%(expressions)s::jsonpath)"
    output_field = TextField()


def waiting_for_review(patients: "QuerySet[Patient]") -> "QuerySet[Prediction]":
    """What these patients would see if it were released, newest first: the main number of each
    block, as `models_engine.catalogue.display.displayed` chooses it, that nobody has decided about.

    The same as `twinportal.release.decisions.release_state` says of one number, over all patients.
    """
    places = [
        When(model_id=model_id, outcome=outcome, then=place)
        for outcome, model_ids in VARIANTS.items()
        for place, model_id in enumerate(model_ids)
    ]
    measured = _JsonPath(F("run__inputs"), Value(MEASURED))
    main = (
        Prediction.objects.filter(
            patient__in=patients,
            status=Prediction.Status.CURRENT,
            value__isnull=False,
            outcome__in=VARIANTS,
        )
        .annotate(
            place=Case(*places, output_field=IntegerField()),
            richness=Func(measured, function="jsonb_array_length", output_field=IntegerField()),
        )
        .filter(place__isnull=False)
        .order_by("patient", "outcome", "-richness", "place")
        .distinct("patient", "outcome")
    )
    last = _last_decision()
    return (
        Prediction.objects.filter(pk__in=main.values("pk"))
        .alias(
            was_released=Subquery(last.values("released")[:1]),
            judged=Subquery(last.values("prediction")[:1]),
        )
        .filter(
            # of the block another number was withheld; or nothing is known of any
            (Q(was_released=False) & ~Q(judged=F("pk")))
            | Q(was_released=True, released_at=None)
            | Q(was_released=None, released_at=None, released_by=None)
        )
        .select_related("run", "patient")
        .order_by("-run__made_at", "-pk")
    )


def _last_decision() -> "QuerySet[ReleaseDecision]":
    """About the block of the outer prediction, newest first."""
    variants = Q()
    for outcome, model_ids in VARIANTS.items():
        variants |= Q(outcome=outcome, model_id__in=model_ids)
    whose = Q(patient=OuterRef("patient")) | Q(patient__merged_into=OuterRef("patient"))
    return ReleaseDecision.objects.filter(whose, variants, outcome=OuterRef("outcome")).order_by(
        "-at", "-pk"
    )
