"""Model facts of the AHA PREVENT equations."""

from datetime import date

from models_engine.catalogue.facts import MONITORED, Change, ModelFacts, Performance, Reference

UPDATED = date(2026, 11, 20)
KHAN = Reference(
    citation=(
        "Khan SS, et al. Development and Validation of the American Heart Association's PREVENT "
        "Equations. Circulation 2024;149:430-449."
    ),
    doi="10.1161/CIRCULATIONAHA.123.067626",
    evidence="S",
)
PREVENTR = Reference(
    citation="martingmayer/preventr, R package, MIT licence, v0.12.0 (coefficients, test values).",
    evidence="V",
)
CDC = Reference(
    citation="CDC Kidney Disease Surveillance System: the 10-year base equation for total CVD.",
    url="https://wwwn.cdc.gov/KDSS/detail.aspx?Qnum=Q811&topic=1",
    evidence="S",
)
BANDS = Reference(
    citation=(
        "PREVENT 10-year cardiovascular risk and mortality among US adults, NHANES 2003-2019 "
        "(abstract): total CVD low below 5 %, borderline 5 to 7.4, intermediate 7.5 to 19.9, high "
        "from 20."
    ),
    url=(
        "https://arxivlens.com/PaperView/Details/ahas-new-prevent-10-year-cardiovascular-risk-and-"
        "all-cause-cvd-and-non-cvd-mortality-among-us-adults-the-nhanes-2003-2019.-4268-59520969"
    ),
    evidence="S",
)
THRESHOLD = Reference(
    citation=(
        "American Heart Association, top things to know, 28 August 2025: PREVENT total CVD of 7.5 % "
        "or more starts medicine in stage 1 hypertension (2025 AHA/ACC guideline)."
    ),
    url=(
        "https://professional.heart.org/en/science-news/use-of-risk-assessment-to-guide-decision-"
        "making-for-blood-pressure-management/top-things-to-know"
    ),
    evidence="S",
)
_LIMITS = (
    " The limits of low to high at 10 years are for total cardiovascular disease, as a study of "
    "PREVENT uses them. The 2026 ACC/AHA guideline on lipids has others, for atherosclerotic disease "
    "alone (low below 3 %, borderline below 5, intermediate below 10, high from 10): that "
    "probability is not put into words here, and may not be read by the limits of the total."
)
_EXTERNAL = "external validation, 3,330,085 people in 21 US data sets (abstract of Khan 2024)"

PERFORMANCE = (
    Performance(
        measure="Harrell C, total CVD, base model",
        population="women",
        value="0.794 (median over data sets)",
        interval="interquartile 0.763 to 0.809",
        where=_EXTERNAL,
        evidence="S",
    ),
    Performance(
        measure="Harrell C, total CVD, base model",
        population="men",
        value="0.757 (median over data sets)",
        interval="interquartile 0.727 to 0.778",
        where=_EXTERNAL,
        evidence="S",
    ),
    Performance(
        measure="Calibration slope, total CVD, base model",
        population="women",
        value="1.03 (median over data sets)",
        interval="interquartile 0.81 to 1.16",
        where=_EXTERNAL,
        evidence="S",
    ),
    Performance(
        measure="Calibration slope, total CVD, base model",
        population="men",
        value="0.94 (median over data sets)",
        interval="interquartile 0.81 to 1.13",
        where=_EXTERNAL,
        evidence="S",
    ),
)


def prevent_facts(title: str, years: int, variant: str) -> ModelFacts:
    """The facts page of one variant."""
    ages = "30 to 59" if years == 30 else "30 to 79"
    return ModelFacts(
        name=title,
        owner="American Heart Association (equations); this project (implementation)",
        contact="The hospital's Twinportal administrator; the project's issue tracker.",
        updated=UPDATED,
        evidence="V",
        predicts=(
            f"The probability of a first cardiovascular event within {years} years: total "
            "cardiovascular disease, and apart from it atherosclerotic disease, heart failure, "
            "coronary heart disease and stroke. Each has its own equation; they do not add up."
        ),
        moment="At a consultation, from the newest values that are not too old.",
        intended_users="Clinicians, and patients together with their clinician.",
        intended_use=(
            "To start a talk about preventing a first cardiovascular event."
            + (_LIMITS if years == 10 else "")
        ),
        intended_population=f"Adults aged {ages} without known cardiovascular disease, in the US.",
        not_for=(
            "People with known cardiovascular disease (coronary heart disease, myocardial "
            "infarction, stroke, heart failure; peripheral artery disease by this project's "
            "decision), in pregnancy, on dialysis or in acute kidney injury (whose eGFR is not "
            "a steady one: this project's decision), or after death; values outside the published ranges; "
            "deciding on treatment without a clinician."
        ),
        missing_inputs=_missing_inputs(variant),
        output_scale=f"Probability from 0 to 1 over {years} years, shown as a percentage.",
        how_made="Published logistic equations by sex; no race term.",
        development_data="3,281,919 people in 25 US data sets, 1992 to 2017 (abstract).",
        outcome_definition="Total CVD is atherosclerotic CVD and heart failure (abstract).",
        exclusions="Known cardiovascular disease; age outside 30 to 79 (abstract).",
        missing_data_handling="Not stated in the sources that we have read.",
        performance=PERFORMANCE,
        calibration="Slopes above; varies between data sets. Not measured at this hospital.",
        net_benefit="Not stated in the sources that we have read.",
        subgroups=(
            "By sex: above. By age band and ethnicity: not stated in the sources that we have "
            "read, and not measured at this hospital."
        ),
        uncertainty="No interval for one person is published; none is shown.",
        explanation=(
            "Exact Shapley values over clinical concepts on the probability scale, against two "
            "baselines: same age and sex with reference values, and a reference population. Of the "
            "variants, the one that is shown is explained."
        ),
        explanation_quality=(
            "Adds up to the probability within 1e-6 (tested); stability and faithfulness over the "
            "background sample stand in the table."
        ),
        risks=(
            "Conditions and medicines that are not recorded count as absent, which makes the "
            "probability too low when the record is incomplete. Kidney function is estimated."
        ),
        if_it_fails="No number is shown, with the reason by name; use clinical judgement.",
        monitoring=MONITORED,
        review="On every change of the equations or of this implementation; at least yearly.",
        licence="Equations published in Circulation; coefficients from preventr (MIT licence).",
        cost="None.",
        conflicts_and_funding="Not stated in the sources that we have read.",
        references=(KHAN, PREVENTR, CDC, *((BANDS, THRESHOLD) if years == 10 else ())),
        change_log=(Change("2023.1", UPDATED, "First implementation."),),
    )


def _missing_inputs(variant: str) -> str:
    text = (
        "A missing or too old measurement gives no number and says what to order. A condition "
        "or medicine that is not recorded counts as absent, and is listed as assumed."
    )
    if variant == "full":
        text += " HbA1c, urine ACR and SDI are optional: the published missing-term stands in."
    if variant == "sdi":
        text += " The twin does not hold the SDI, so that this variant gives no number yet."
    return text
