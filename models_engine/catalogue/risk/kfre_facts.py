"""Model facts of the 4-variable kidney failure risk equation."""

from datetime import date

from models_engine.catalogue.facts import Change, ModelFacts, Performance, Reference

UPDATED = date(2026, 11, 20)
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
        citation="Tangri N, et al. JAMA 2016;315:164 (recalibration).",
        evidence="M",
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
        population="721,357 people, several countries",
        value="0.88 (pooled)",
        interval="not read by us",
        where="Tangri, JAMA 2016",
        evidence="M",
    ),
    Performance(
        measure="C statistic, 2 years",
        population="721,357 people, several countries",
        value="0.90 (pooled)",
        interval="not read by us",
        where="Tangri, JAMA 2016",
        evidence="M",
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
            "against two baselines: same age and sex with reference values, and a sample."
        ),
        explanation_quality=(
            "Adds up to the probability within 1e-6 (tested); faithfulness is not yet measured."
        ),
        risks=(
            "eGFR was CKD-EPI 2009 when the equation was made; with CKD-EPI 2021 it is a little "
            "higher and the probability a little lower. Grams 2023 found it to perform well with "
            "CKD-EPI 2021 below eGFR 45. One low eGFR alone does not prove chronic disease."
        ),
        if_it_fails="No number is shown, with the reason by name; use clinical judgement.",
        monitoring="Counts of refusals and of stale inputs; no outcome monitoring yet.",
        review="On every change of the equation or of this implementation; at least yearly.",
        licence="Published equation; test values from PyPI kfre (MIT licence).",
        cost="None.",
        conflicts_and_funding="Not stated in the sources that we have read.",
        references=REFERENCES,
        change_log=(Change("2011-na.1 / 2016-non-na.1", UPDATED, "First implementation."),),
    )
