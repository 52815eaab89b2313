"""What the facts page of QRISK3-2017 says."""

from datetime import date

from models_engine.catalogue.facts import Change, ModelFacts, Performance, Reference

VERSION = "2017.2"
UPDATED = date(2026, 11, 21)
NOT_STATED = "Not stated in the sources that we have read."
NOT_MEASURED = f"{NOT_STATED} Not measured at this hospital."
SHOWN_WITH_THE_NUMBER = (
    "No interval is published. QRISK3-2017 is © 2017 ClinRisk Ltd.; this is an independent "
    "implementation. Check that it gives the same results as the original at qrisk.org: "
    "inaccurate implementations of risk scores can lead to wrong patients being given the wrong "
    "treatment."
)
FACTS = ModelFacts(
    name="QRISK3-2017, 10 years",
    owner="ClinRisk Ltd. (equation); this plug-in (implementation)",
    contact="The hospital's Twinportal administrator; the project's issue tracker.",
    updated=UPDATED,
    evidence="V",
    predicts=(
        "The probability of a first coronary heart disease, ischaemic stroke or transient "
        "ischaemic attack within 10 years."
    ),
    moment="At a consultation, from the newest values that are not too old.",
    intended_users="Clinicians in the United Kingdom.",
    intended_use="Primary prevention of cardiovascular disease.",
    intended_population="People of 25 to 84 years in the UK without cardiovascular disease.",
    not_for=(
        "People with known coronary heart disease or stroke, people who take a statin, pregnancy, "
        "acute kidney injury, "
        "after death, and people outside the United Kingdom."
    ),
    missing_inputs=(
        "A missing or too old measurement gives no number and says what to order; the spread of "
        "blood pressure needs two days of measurement in five years. A condition or medicine that "
        "is not recorded counts as absent. Of what a twin does not hold, every number says how it "
        "was counted: family history, severe mental illness, erectile dysfunction, atypical "
        "antipsychotics and steroid tablets as absent, ethnicity as white or not stated, the "
        "Townsend score as 0, a current smoker as one of 10 to 19 cigarettes a day."
    ),
    output_scale="Probability from 0 to 1 over 10 years, shown as a percentage.",
    how_made="Published Cox equations for women and for men, with fractional polynomials.",
    development_data=NOT_STATED,
    outcome_definition="Coronary heart disease, ischaemic stroke or transient ischaemic attack.",
    exclusions=NOT_STATED,
    missing_data_handling=NOT_STATED,
    performance=(
        Performance(
            measure="C statistic",
            population="UK general practice",
            value="0.88 in women, 0.86 in men",
            interval="not read",
            where="BMJ 2017;357:j2099; the paper was not opened by us",
            evidence="M",
        ),
    ),
    calibration=NOT_MEASURED,
    net_benefit=NOT_MEASURED,
    subgroups=NOT_MEASURED,
    uncertainty="No interval for one person is published; none is shown.",
    explanation="None: it has more inputs than exact contributions can be computed for.",
    explanation_quality="Does not apply.",
    risks=(
        "What a twin does not hold counts as absent: the number is too low for people with a "
        "family history, a severe mental illness, steroid tablets and so on, of South Asian "
        "origin, from a deprived neighbourhood (Townsend above 0), or who smoke 20 or more a day; "
        "it is too high for people of the groups with a lower coefficient (ethnicity codes 6 to "
        "9), from a neighbourhood with a Townsend score below 0, or who smoke fewer than 10 a "
        "day. Chronic kidney disease is a diagnosis, of whatever stage, or a single eGFR below "
        "60, without waiting for a second one."
    ),
    if_it_fails="No number is shown, with the reason by name; use clinical judgement.",
    monitoring="Counts of refusals and of stale inputs.",
    review="On every change of the equation or of this implementation; at least yearly.",
    licence="LGPL-3.0-or-later, © 2017 ClinRisk Ltd.; with ClinRisk's disclaimer.",
    cost="None.",
    conflicts_and_funding=NOT_STATED,
    references=(
        Reference(
            citation=(
                "Hippisley-Cox J, Coupland C, Brindle P. Development and validation of QRISK3 risk "
                "prediction algorithms to estimate future risk of cardiovascular disease. "
                "BMJ 2017;357:j2099."
            ),
            doi="10.1136/bmj.j2099",
            evidence="M",
        ),
        Reference(
            citation="R package QRISK3 (CRAN), R/QRISK3-2017ver9.R, opened 2026-11-21.",
            url="https://github.com/cran/QRISK3",
            evidence="V",
        ),
    ),
    change_log=(
        Change(
            VERSION,
            UPDATED,
            "Kidney disease is the diagnosis or an eGFR below 60: a normal eGFR no longer undoes "
            "a diagnosis.",
        ),
        Change("2017.1", UPDATED, "First version."),
    ),
)
