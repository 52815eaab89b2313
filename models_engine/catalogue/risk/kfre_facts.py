"""Model facts of the kidney failure risk equations."""

from dataclasses import replace
from datetime import date

from models_engine.catalogue.facts import MONITORED, Change, ModelFacts, Performance, Reference

UPDATED = date(2026, 11, 20)
UPDATED_8V = date(2026, 11, 21)
_REVIEW = (
    "independent validation, as in table 2 of a review in BMJ Open, which gives the study by number "
    "only (bmjopen.bmj.com/highwire/markup/264244)"
)
_SALFORD = "Salford, UK, advanced kidney care clinic, 743 and 613 people (PMC8147075)"

REFERENCES = (
    Reference(
        citation=(
            "Tangri N, et al. A Predictive Model for Progression of Chronic Kidney Disease to "
            "Kidney Failure. JAMA 2011;305:1553-1559."
        ),
        doi="10.1001/jama.2011.451",
        evidence="S",
    ),
    Reference(
        citation=(
            "Tangri N, et al. JAMA 2016;315:164 (recalibration; not read). Validated in 721,357 "
            "people of 31 cohorts on four continents, as Kang and colleagues describe it (Sci Rep "
            "2020)."
        ),
        url="https://www.nature.com/articles/s41598-020-69715-3",
        evidence="S",
    ),
    Reference(
        citation=(
            "Grams ME, et al. The Kidney Failure Risk Equation: Evaluation of Novel Input "
            "Variables including eGFR Estimated Using the CKD-EPI 2021 Equation in 59 Cohorts. "
            "J Am Soc Nephrol 2023;34:482-494."
        ),
        doi="10.1681/ASN.0000000000000050",
        evidence="S",
    ),
    Reference(
        citation=(
            "Ramspek CL, et al. Kidney Failure Prediction Models: A Comprehensive External "
            "Validation Study in Patients with Advanced CKD. J Am Soc Nephrol 2021;32:1174-1186."
        ),
        doi="10.1681/ASN.2020071077",
        evidence="S",
    ),
)
PERFORMANCE = (
    Performance(
        measure="C statistic, 5 years",
        population="people with chronic kidney disease stages 3 to 5, several cohorts",
        value="0.88",
        interval="not read by us",
        where=_REVIEW,
        evidence="S",
    ),
    Performance(
        measure="C statistic, 2 years",
        population="people with chronic kidney disease stages 3 to 5, several cohorts",
        value="0.90",
        interval="not read by us",
        where=_REVIEW,
        evidence="S",
    ),
    Performance(
        measure="AUC, 2 years",
        population="advanced chronic kidney disease",
        value="0.796",
        interval="95 % CI 0.762 to 0.831",
        where=_SALFORD,
        evidence="S",
    ),
    Performance(
        measure="AUC, 5 years",
        population="advanced chronic kidney disease",
        value="0.773",
        interval="95 % CI 0.736 to 0.810",
        where=_SALFORD,
        evidence="S",
    ),
)


def kfre_facts(region: str) -> ModelFacts:
    """The facts page of the equation as calibrated for a region."""
    calibrated = "North America" if region == "north_america" else "outside North America"
    return ModelFacts(
        name=f"Kidney failure risk equation, 4 variables ({calibrated})",
        owner="Tangri and colleagues (equation); this project (implementation)",
        contact="The hospital's Twinportal administrator; the project's issue tracker.",
        updated=UPDATED,
        evidence="V",
        predicts="The probability of kidney failure treated by dialysis or transplant.",
        moment="At a consultation, from a creatinine and a urine ACR of the last year.",
        intended_users="Clinicians, and patients together with their clinician.",
        intended_use="To talk about referral to a kidney specialist and planning ahead.",
        intended_population="Adults with chronic kidney disease G3a to G5 (eGFR below 60).",
        not_for=(
            "Acute kidney injury or an unstable creatinine, dialysis, a kidney transplant, "
            "pregnancy, eGFR of 60 or more, and people who have died."
        ),
        missing_inputs="Without eGFR or urine ACR of the last year there is no number.",
        output_scale="Probability from 0 to 1 over 2 and 5 years, shown as a percentage.",
        how_made=f"Published survival equation; baseline survival calibrated for {calibrated}.",
        development_data="Two Canadian cohorts with chronic kidney disease stages 3 to 5 (2011).",
        outcome_definition="Kidney failure treated by dialysis or transplant.",
        exclusions="Not stated in the sources that we have read.",
        missing_data_handling="Not stated in the sources that we have read.",
        performance=PERFORMANCE,
        calibration=(
            "In advanced disease: too low at 2 years and too high at 5 years (PMC8147075); the "
            "5-year probability does not allow for death from other causes, and is too high "
            "where that is common (Ramspek 2021). Not measured at this hospital."
        ),
        net_benefit="Decision curves are in PMC8147075; figures not read by us.",
        subgroups=(
            "By cause of kidney disease: good to excellent (PMC8147075). By sex, age band and "
            "ethnicity: not stated in the sources that we have read."
        ),
        uncertainty="No interval for one person is published; none is shown.",
        explanation=(
            "Exact Shapley values over age, sex, eGFR and urine ACR on the probability scale, "
            "against two baselines: same age and sex with reference values, and a sample. Of the "
            "variants, the one that is shown is explained."
        ),
        explanation_quality=(
            "Adds up to the probability within 1e-6 (tested); stability and faithfulness over the "
            "background sample stand in the table."
        ),
        risks=(
            "eGFR was CKD-EPI 2009 when the equation was made; with CKD-EPI 2021 it is a little "
            "higher and the probability a little lower. Grams 2023 found it to perform well with "
            "CKD-EPI 2021 below eGFR 45. One low eGFR alone does not prove chronic disease."
        ),
        if_it_fails="No number is shown, with the reason by name; use clinical judgement.",
        monitoring=MONITORED,
        review="On every change of the equation or of this implementation; at least yearly.",
        licence="Published equation; test values from PyPI kfre (MIT licence).",
        cost="None.",
        conflicts_and_funding="Not stated in the sources that we have read.",
        references=REFERENCES,
        change_log=(Change("2011-na.1 / 2016-non-na.1", UPDATED, "First implementation."),),
    )


_TANGRI_2011 = "Tangri 2011, Canadian cohorts (figures as reported by Medscape, 24 May 2011)"
PERFORMANCE_8V = (
    Performance(
        measure="C statistic",
        population="development, 3,449 people with CKD stages 3 to 5",
        value="0.917",
        interval="95 % CI 0.901 to 0.933",
        where=_TANGRI_2011,
        evidence="S",
    ),
    Performance(
        measure="C statistic",
        population="validation, 4,942 people with CKD stages 3 to 5",
        value="0.841",
        interval="95 % CI 0.825 to 0.857",
        where=_TANGRI_2011,
        evidence="S",
    ),
)


def kfre_8v_facts(region: str) -> ModelFacts:
    """The facts page of the 8-variable equation as calibrated for a region."""
    facts = kfre_facts(region)
    vectors = (
        "PyPI kfre gives the same values outside North America; for North America no test value "
        "is published, and a second implementation was compared instead."
    )
    return replace(
        facts,
        name=facts.name.replace("4 variables", "8 variables"),
        updated=UPDATED_8V,
        missing_inputs=(
            "Without eGFR, urine ACR, albumin, phosphate, bicarbonate and calcium of the last year "
            "there is no number; the 4-variable equation then remains."
        ),
        how_made=f"{facts.how_made} {vectors}",
        performance=PERFORMANCE_8V,
        calibration=(
            "In advanced disease Ramspek 2021 recommends it for 2 years; over 5 years it is too "
            "high, as it does not allow for death from other causes. Not measured at this hospital."
        ),
        net_benefit="Not stated in the sources that we have read.",
        subgroups="Not stated in the sources that we have read.",
        explanation=facts.explanation.replace("age, sex, eGFR and urine ACR", "its eight inputs"),
        risks=(
            f"{facts.risks} Whether calcium is to be corrected for albumin is not stated in what "
            "we have read: the value is used as measured. The sources give no ranges of the four "
            "blood values: values outside the usual ranges of the record give no number."
        ),
        change_log=(Change("2011-na.1 / 2016-non-na.1", UPDATED_8V, "First implementation."),),
    )
