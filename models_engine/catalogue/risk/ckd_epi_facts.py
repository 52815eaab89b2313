"""Model facts of the CKD-EPI 2021 creatinine equation."""

from datetime import date

from models_engine.catalogue.facts import DRIFT_ONLY, Change, ModelFacts, Performance, Reference

UPDATED = date(2026, 11, 20)
_VALIDATION = "validation data, 12 studies, 4,050 people (abstract of Inker 2021)"

CKD_EPI_FACTS = ModelFacts(
    name="CKD-EPI 2021 creatinine eGFR",
    owner="Chronic Kidney Disease Epidemiology Collaboration; this project (implementation)",
    contact="The hospital's Twinportal administrator; the project's issue tracker.",
    updated=UPDATED,
    evidence="V",
    predicts="Nothing: it estimates kidney function now, and is not a probability.",
    moment="Whenever a creatinine arrives; age is that at the moment of the estimate.",
    intended_users="Clinicians, and patients together with their clinician.",
    intended_use="To stage kidney disease and to feed other models.",
    intended_population="Adults aged 18 and over with a stable creatinine.",
    not_for=(
        "Acute kidney injury or any unstable creatinine, dialysis, pregnancy, extremes of muscle "
        "mass, children, and drug dosing without a clinician."
    ),
    missing_inputs="Without a creatinine of the last year there is no number.",
    output_scale="mL/min/1.73 m²; stages G1 to G5.",
    how_made="Published equation of age, sex and serum creatinine; no race term.",
    development_data="10 studies, 8,254 people, 31.5 % Black (abstract).",
    outcome_definition="Measured glomerular filtration rate (abstract).",
    exclusions="Not stated in the sources that we have read.",
    missing_data_handling="Not stated in the sources that we have read.",
    performance=(
        Performance(
            measure="Median difference, measured minus estimated GFR (mL/min/1.73 m²)",
            population="Black participants",
            value="3.6 (measured higher than estimated)",
            interval="95 % CI 1.8 to 5.5",
            where=_VALIDATION,
            evidence="S",
        ),
        Performance(
            measure="Median difference, measured minus estimated GFR (mL/min/1.73 m²)",
            population="non-Black participants",
            value="-3.9 (measured lower than estimated)",
            interval="95 % CI -4.4 to -3.4",
            where=_VALIDATION,
            evidence="S",
        ),
        Performance(
            measure="Within 30 % of measured GFR",
            population="Black and non-Black participants",
            value="85 % or more",
            interval="not stated in the abstract",
            where=_VALIDATION,
            evidence="S",
        ),
    ),
    calibration="See the median differences above.",
    net_benefit="Not applicable: it is not a probability.",
    subgroups="By race: above. By sex and age band: not stated in the sources that we have read.",
    uncertainty="No interval for one person is published; none is shown.",
    explanation="None: it is a derived value; its inputs are listed.",
    explanation_quality="Not applicable.",
    risks="Muscle mass, diet and some medicines change creatinine without changing filtration.",
    if_it_fails="No number is shown, with the reason by name.",
    monitoring=DRIFT_ONLY,
    review="On every change of the equation or of this implementation; at least yearly.",
    licence="Published equation.",
    cost="None.",
    conflicts_and_funding=(
        "Funded by the National Institute of Diabetes and Digestive and Kidney Diseases "
        "(statement in the paper); conflicts not read by us."
    ),
    references=(
        Reference(
            citation=(
                "Inker LA, et al. New Creatinine- and Cystatin C-Based Equations to Estimate GFR "
                "without Race. N Engl J Med 2021;385:1737-1749."
            ),
            doi="10.1056/NEJMoa2102953",
            evidence="S",
        ),
    ),
    change_log=(Change("2021.1", UPDATED, "First implementation."),),
)
