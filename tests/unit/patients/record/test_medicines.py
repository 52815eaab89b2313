"""One row a drug: who says what, and what nobody settles in silence."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.record.medicines import Recorded, reconciled
from patients.terminology.meanings import Key, MappingKind, Statement, meanings_of
from patients.terminology.release import Product

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
# ingredients and products of the committed table
LISINOPRIL, LISINOPRIL_20, METFORMIN = "29046", "314077", "6809"


def coded(*codings, text=""):
    found = [{"system": system, "code": code, "display": show} for system, code, show in codings]
    return {"coding": found} | ({"text": text} if text else {})


def rx(code, display=""):
    return coded((RXNORM, code, display))


def resource(kind, drug=None, **more):
    made = {"resourceType": kind, "status": "active", "medicationCodeableConcept": drug}
    made = {name: value for name, value in (made | more).items() if value is not None}
    return made


def order(drug=None, **more):
    plain = {"intent": "order", "authoredOn": "2026-01-10"}
    return resource("MedicationRequest", drug or rx(LISINOPRIL), **(plain | more))


def statement(drug=None, **more):
    plain = {"effectivePeriod": {"start": "2026-01-10"}, "dateAsserted": "2026-05-01"}
    return resource("MedicationStatement", drug or rx(LISINOPRIL), **(plain | more))


def dispense(day, days=30, drug=None, **more):
    plain = {"status": "completed", "whenHandedOver": day}
    supply = {"daysSupply": {"value": days, "code": "d"}} if days else {}
    return resource("MedicationDispense", drug or rx(LISINOPRIL), **(plain | supply | more))


def dose(value, unit="mg", frequency=1, period=1, period_unit="d", **more):
    quantity = {"value": value, "unit": unit}
    repeat = {"frequency": frequency, "period": period, "periodUnit": period_unit}
    made = {"doseAndRate": [{"doseQuantity": quantity}], "timing": {"repeat": repeat}}
    return made | more


def recorded(*contents, at=AS_OF - timedelta(days=10)):
    return [
        Recorded(content, content["resourceType"], f"r{n}", 1, at)
        for n, content in enumerate(contents)
    ]


def rows(*contents, **more):
    return reconciled(recorded(*contents), AS_OF, **more)


def one(*contents, **more):
    found = rows(*contents, **more)
    assert len(found) == 1, [row.name for row in found]
    return found[0]


class TestWhichDrug:
    def test_brand_generic_and_product_are_one_row(self):
        row = one(
            order(rx(LISINOPRIL)), statement(rx(LISINOPRIL_20)), order(coded((ATC, "C09AA03", "")))
        )
        assert row.ingredients == ("lisinopril",)
        assert set(row.rxnorm) == {LISINOPRIL, LISINOPRIL_20}
        assert "C09AA03" in row.atc
        assert row.resources == 3

    def test_a_combination_is_a_drug_of_its_own_with_all_its_ingredients(self):
        found = rows(
            order(rx("197436")), order(rx("1998"))
        )  # captopril with and without a diuretic
        assert [row.ingredients for row in found] == [
            ("captopril",),
            ("captopril", "hydrochlorothiazide"),
        ]

    def test_a_text_is_shown_and_never_read(self):
        row = one(order({"text": "lisinopril 20 mg"}))
        assert (row.ingredients, row.is_resolved, row.display) == ((), False, "lisinopril 20 mg")
        assert "a text is never read" in row.why_not_resolved

    def test_an_unknown_code_is_named(self):
        row = one(order(rx("99999999", "Wonderdrug")))
        assert not row.is_resolved
        assert "99999999 is in no table here" in row.why_not_resolved

    def test_a_group_names_no_drug(self):
        row = one(order(coded((ATC, "C10AA", "statins"))))
        assert not row.is_resolved
        assert row.atc == ("C10AA",)
        assert "names a group" in row.why_not_resolved

    def test_codes_that_name_different_drugs_leave_it_open(self):
        row = one(order(coded((RXNORM, LISINOPRIL, ""), (ATC, "A10BA02", ""))))
        assert not row.is_resolved
        assert "lisinopril" in row.why_not_resolved and "metformin" in row.why_not_resolved

    def test_unresolved_drugs_are_told_apart_and_the_same_text_is_one(self):
        found = rows(
            order({"text": "blue pill"}), order({"text": "Blue pill"}), order({"text": "red"})
        )
        assert sorted(row.resources for row in found) == [1, 2]

    def test_a_stewards_mapping_is_read(self):
        key = Key(MappingKind.MEDICATION, "", "http://lab.example", "L20")
        meanings = meanings_of([Statement(7, key, "atc|C09AA03")])
        row = one(order(coded(("http://lab.example", "L20", "Lisi"))), meanings=meanings)
        assert (row.ingredients, row.mappings) == (("lisinopril",), (7,))

    def test_a_release_is_asked_for_what_our_tables_do_not_know(self):
        class Release:
            def product(self, rxcui):
                known = Product(
                    rxcui, "abrocitinib 50 MG Oral Tablet", ("abrocitinib",), (), 50.0, None
                )
                return known if rxcui == "2591455" else None

            def of_atc(self, code):
                return None

        told = order(rx("2591455"), dosageInstruction=[dose(2, "tablet")])
        row = one(told, meanings=meanings_of([], Release()))
        assert (row.ingredients, row.daily_mg) == (("abrocitinib",), 100.0)

    def test_a_medication_by_reference_and_by_its_ingredients(self):
        drug = {
            "resourceType": "Medication",
            "ingredient": [{"itemCodeableConcept": rx(METFORMIN)}],
        }
        drug["ingredient"][0]["strength"] = {
            "numerator": {"value": 500, "unit": "mg"},
            "denominator": {"value": 1, "unit": "tablet"},
        }
        told = order(
            medicationReference={"reference": "Medication/m"},
            dosageInstruction=[dose(1, "tablet", 2)],
        )
        del told["medicationCodeableConcept"]
        row = one(told, resolve={"Medication/m": drug}.get)
        assert (row.ingredients, row.daily_mg) == (("metformin",), 1000.0)
        assert one(told, resolve={}.get).why_not_resolved == "the Medication is not here"


class TestStatus:
    @pytest.mark.parametrize(
        ("contents", "status"),
        [
            ([order()], "taken"),
            ([statement()], "taken"),
            ([order(status="on-hold")], "on_hold"),
            ([order(status="stopped")], "stopped"),
            ([order(authoredOn="2026-07-01")], "planned"),
            ([order(status="unknown")], "uncertain"),
            ([order(intent="plan")], "uncertain"),
            ([order(intent="plan", reportedBoolean=True)], "taken"),
            ([statement(status="intended")], "uncertain"),
            ([statement(status="not-taken")], "stopped"),
            ([dispense("2026-05-20")], "taken"),
            ([dispense("2026-03-01")], "uncertain"),
            ([dispense("2024-03-01")], "stopped"),
            # an order that was replaced by the next one
            ([order(status="stopped", authoredOn="2025-01-01"), order()], "taken"),
            # a report of last year does not deny an order of this one
            ([statement(status="stopped", dateAsserted="2025-06-01"), order()], "taken"),
            ([order(status="completed"), statement()], "taken"),
        ],
    )
    def test_how_it_stands(self, contents, status):
        assert one(*contents).status == status

    @pytest.mark.parametrize("said", ["stopped", "completed", "not-taken"])
    def test_an_order_that_a_later_statement_denies_is_uncertain(self, said):
        row = one(order(), statement(status=said))
        assert row.status == "uncertain"
        assert "MedicationRequest/r0" in row.reason and "MedicationStatement/r1" in row.reason
        assert row.contradictions == (row.reason,)

    def test_a_statement_beside_an_order_that_was_stopped_later(self):
        row = one(order(status="stopped"), statement())
        assert row.status == "uncertain"
        assert "order, stopped" in row.reason and "statement, active" in row.reason

    def test_what_an_unknown_extension_changes_is_not_believed(self):
        changed = order(modifierExtension=[{"url": "http://x.example/not", "valueBoolean": True}])
        row = one(changed)
        assert row.status == "uncertain"
        assert "http://x.example/not" in row.reason

    @pytest.mark.parametrize(
        "nothing",
        [
            order(status="entered-in-error"),
            order(status="cancelled"),
            order(status="draft"),
            order(intent="proposal"),
            order(doNotPerform=True),
            dispense("2026-07-01"),
        ],
    )
    def test_what_says_nothing_makes_no_row(self, nothing):
        assert rows(nothing) == ()

    def test_what_is_taken_comes_first(self):
        found = rows(order(status="stopped"), order(rx(METFORMIN)))
        assert [row.status for row in found] == ["taken", "stopped"]

    def test_now_has_a_time_zone(self):
        with pytest.raises(ValueError, match="time zone"):
            reconciled([], datetime(2026, 6, 1))  # noqa: DTZ001


class TestDose:
    @pytest.mark.parametrize(
        ("told", "mg"),
        [
            (dose(20), 20),
            (dose(500, "mg", 2), 1000),
            (dose(1, "g", 1, 12, "h"), 2000),
            (dose(70, "mg", 1, 1, "wk"), 10),
            (dose(1, "tablet", 2), 40),  # tablets of 20 mg, as the code says
            (
                {
                    "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}],
                    "timing": {"code": {"coding": [{"code": "BID"}]}},
                },
                10,
            ),
            (
                {
                    "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}],
                    "timing": {"repeat": {"timeOfDay": ["08:00:00", "20:00:00"]}},
                },
                10,
            ),
        ],
    )
    def test_milligrams_a_day(self, told, mg):
        row = one(order(rx(LISINOPRIL_20), dosageInstruction=[told]))
        assert (row.daily_mg, row.dose_why_not) == (pytest.approx(mg), "")

    @pytest.mark.parametrize(
        ("told", "why"),
        [
            ([], "no dose was sent"),
            ([{"text": "1-0-1"}], "words only"),
            ([dose(20, asNeededBoolean=True)], "as needed"),
            ([dose(20, "mL")], "not in mg"),
            (
                [dose(20, "mg", 1, 1, "d", doseAndRate=[{"doseRange": {"low": {"value": 1}}}])],
                "range",
            ),
            ([dose(20), dose(40)], "not said that they are taken together"),
            ([dose(20, sequence=1), dose(40, sequence=2)], "not said that they are taken together"),
            ([{"doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}]}], "how often"),
        ],
    )
    def test_what_is_not_said_is_not_guessed(self, told, why):
        row = one(order(dosageInstruction=told))
        assert row.daily_mg is None
        assert why in row.dose_why_not

    def test_a_tablet_of_unknown_strength(self):
        row = one(order(rx(LISINOPRIL), dosageInstruction=[dose(1, "tablet")]))
        assert (row.daily_mg, row.dose_why_not) == (None, "the strength of a tablet is not known")

    def test_dosages_of_one_step_add_up(self):
        told = [dose(500, sequence=1), dose(1000, sequence=1)]
        assert one(order(rx(METFORMIN), dosageInstruction=told)).daily_mg == 1500

    def test_sources_that_differ_give_no_dose(self):
        row = one(order(dosageInstruction=[dose(10)]), statement(dosage=[dose(20)]))
        assert row.daily_mg is None
        assert "10 mg a day" in row.contradictions[0] and "20 mg a day" in row.contradictions[0]

    def test_two_orders_at_once_are_not_added_up(self):
        told = [dose(500)]
        row = one(
            order(rx(METFORMIN), dosageInstruction=told),
            order(rx(METFORMIN), dosageInstruction=told),
        )
        assert row.daily_mg is None
        assert "more than one at once" in row.contradictions[0]

    def test_a_combination_has_no_single_dose(self):
        row = one(order(rx("197436"), dosageInstruction=[dose(50)]))
        assert row.daily_mg is None
        assert "combination" in row.dose_why_not

    def test_a_planned_dose_does_not_disturb_the_present_one(self):
        later = order(authoredOn="2026-07-01", dosageInstruction=[dose(40)])
        assert one(order(dosageInstruction=[dose(20)]), later).daily_mg == 20


class TestAdherence:
    def test_days_covered_of_the_days_since_the_first_fill(self):
        # 60 of the 80 days from 13 March to 1 June
        row = one(dispense("2026-03-13"), dispense("2026-05-02"))
        assert row.adherence.fills == 2
        assert row.adherence.days == 80
        assert row.adherence.covered == pytest.approx(60 / 80)

    def test_a_fill_collected_early_begins_when_the_other_ends(self):
        row = one(dispense("2026-04-02", 30), dispense("2026-04-22", 30))
        assert row.adherence.covered == pytest.approx(60 / 60)

    def test_one_fill_or_unknown_supply_tells_nothing(self):
        assert one(dispense("2026-05-20")).adherence is None
        assert one(dispense("2026-05-20"), dispense("2026-05-25", None)).adherence is None

    def test_fills_of_longer_ago_are_not_counted(self):
        assert one(dispense("2025-05-20"), dispense("2026-05-20")).adherence is None

    def test_it_ends_when_the_medicine_was_stopped(self):
        ended = order(
            status="stopped",
            dosageInstruction=[
                {
                    "timing": {
                        "repeat": {"boundsPeriod": {"start": "2026-01-01", "end": "2026-03-01"}}
                    }
                }
            ],
        )
        row = one(dispense("2026-01-01"), dispense("2026-01-31"), ended)
        assert row.status == "stopped"
        assert row.adherence.covered == pytest.approx(1.0)

    @given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 120)), min_size=0, max_size=8))
    def test_it_is_a_proportion(self, fills):
        told = [dispense(f"{AS_OF - timedelta(days=ago):%Y-%m-%d}", days) for ago, days in fills]
        for row in rows(*told):
            if row.adherence:
                assert 0 <= row.adherence.covered <= 1
                assert row.adherence.fills >= 2


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "doseAndRate",
                    "doseQuantity",
                    "value",
                    "unit",
                    "timing",
                    "repeat",
                    "period",
                    "coding",
                    "code",
                    "sequence",
                    "frequency",
                    "periodUnit",
                    "text",
                    "start",
                    "end",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "status",
                "intent",
                "authoredOn",
                "dosageInstruction",
                "dosage",
                "daysSupply",
                "whenHandedOver",
                "medicationReference",
                "effectivePeriod",
                "dispenseRequest",
            ]
        ),
        ODD,
    ),
    st.sampled_from(
        [
            "MedicationRequest",
            "MedicationStatement",
            "MedicationDispense",
            "MedicationAdministration",
        ]
    ),
)
def test_odd_content_never_fails(content, kind):
    for drug in (rx(LISINOPRIL_20), None):
        told = (
            content | {"resourceType": kind} | ({"medicationCodeableConcept": drug} if drug else {})
        )
        for row in rows(told, order()):
            assert row.status in ("taken", "planned", "on_hold", "stopped", "uncertain")
