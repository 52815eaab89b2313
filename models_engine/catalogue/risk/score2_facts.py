"""Model facts of SCORE2, SCORE2-OP and SCORE2-Diabetes."""

from datetime import date

from models_engine.catalogue.facts import Change, ModelFacts, Performance, Reference
from models_engine.catalogue.risk.published_facts import INCOMPLETE_RECORD, published_facts

UPDATED = date(2026, 11, 21)
OWNER = "SCORE2 working groups and ESC Cardiovascular risk collaboration"
LICENCE = "Published equations; test values from the papers and the R package RiskScorescvd (MIT)."
OUTCOME = (
    "Death from cardiovascular disease, a first non-fatal myocardial infarction or a first "
    "non-fatal stroke (abstracts)."
)
PREDICTS = (
    "The probability of death from cardiovascular disease, a heart attack or a stroke within 10 "
    "years, calibrated to the risk region of the country."
)
NOT_FOR = (
    "People with known coronary heart disease, myocardial infarction, stroke or peripheral artery "
    "disease, in pregnancy, or after death; countries of another risk region than the one set."
)
RANGES = (
    "The sources that we have read give no ranges of the inputs: values outside the usual ranges "
    "of the record give no number. "
)
SCORE2_PAPER = Reference(
    citation=(
        "SCORE2 working group and ESC Cardiovascular risk collaboration. SCORE2 risk prediction "
        "algorithms: new models to estimate 10-year risk of cardiovascular disease in Europe. "
        "Eur Heart J 2021;42:2439-2454."
    ),
    evidence="S",
)
OP_PAPER = Reference(
    citation=(
        "SCORE2-OP working group and ESC Cardiovascular risk collaboration. SCORE2-OP risk "
        "prediction algorithms: estimating incident cardiovascular event risk in older persons in "
        "four geographical risk regions. Eur Heart J 2021;42:2455-2467."
    ),
    doi="10.1093/eurheartj/ehab312",
    evidence="S",
)
DIABETES_PAPER = Reference(
    citation=(
        "SCORE2-Diabetes Working Group and the ESC Cardiovascular Risk Collaboration. "
        "SCORE2-Diabetes: 10-year cardiovascular risk estimation in type 2 diabetes in Europe. "
        "Eur Heart J 2023;44:2544-2556."
    ),
    doi="10.1093/eurheartj/ehad260",
    evidence="S",
)
RISK_SCORES = Reference(
    citation="R package RiskScorescvd 0.2.0, MIT licence (coefficients, test values).", evidence="V"
)


def _region(region: str) -> str:
    return f"risk region: {region.replace('_', ' ')}"


def score2_facts(region: str, version: str) -> ModelFacts:
    """SCORE2 as calibrated for a region."""
    return published_facts(
        name=f"SCORE2, 10 years ({_region(region)})",
        owner=OWNER,
        version=version,
        updated=UPDATED,
        evidence="V",
        predicts=PREDICTS,
        intended_use=(
            "To start a talk about preventing a first cardiovascular event. Called high and very "
            "high: from 2.5 % and 7.5 % under 50 years, from 5 % and 10 % from 50 to 69 (as the "
            "documentation of RiskScorescvd has them)."
        ),
        intended_population=(
            "People aged 40 to 69 in Europe without cardiovascular disease and without diabetes."
        ),
        not_for=f"People with diabetes. {NOT_FOR}",
        output_scale="Probability from 0 to 1 over 10 years, shown as a percentage.",
        how_made=(
            "Published competing-risk models by sex, recalibrated to four European regions. The "
            f"hospital has set the {_region(region)}."
        ),
        development_data="45 cohorts in 13 countries, 677,684 people, 30,121 events (abstract).",
        outcome_definition=OUTCOME,
        exclusions="Previous cardiovascular disease; diabetes (abstract).",
        performance=(
            Performance(
                measure="C index, range over cohorts",
                population="25 cohorts in 15 European countries, 1,133,181 people",
                value="0.67 to 0.81",
                interval="0.65 to 0.68 and 0.76 to 0.86",
                where="external validation (abstract of the paper)",
                evidence="S",
            ),
        ),
        risks=f"{RANGES}{INCOMPLETE_RECORD}",
        licence=LICENCE,
        references=(SCORE2_PAPER, RISK_SCORES),
    )


def score2_op_facts(region: str, version: str) -> ModelFacts:
    """SCORE2-OP as calibrated for a region."""
    return published_facts(
        name=f"SCORE2-OP, 10 years ({_region(region)})",
        owner=OWNER,
        version=version,
        updated=UPDATED,
        evidence="V",
        predicts=PREDICTS,
        intended_use="To talk about preventing a first cardiovascular event in older people.",
        intended_population=(
            "People aged 70 to 89 in Europe without cardiovascular disease. The upper limit is "
            "taken from public calculators."
        ),
        not_for=NOT_FOR,
        output_scale="Probability from 0 to 1 over 10 years, shown as a percentage.",
        how_made=(
            "Published competing-risk models by sex, recalibrated to four European regions. The "
            f"hospital has set the {_region(region)}."
        ),
        development_data="Cohort of Norway, 28,503 people over 65, 10,089 events (abstract).",
        outcome_definition=OUTCOME,
        exclusions="Known atherosclerotic cardiovascular disease (abstract).",
        performance=(
            Performance(
                measure="C index, range over studies",
                population="6 studies, 338,615 people",
                value="0.63 to 0.67",
                interval="95 % CI 0.61 to 0.65 and 0.64 to 0.69",
                where="external validation (abstract, PMC8248997)",
                evidence="S",
            ),
            Performance(
                measure="Harrell C",
                population="791 people of 65 years or more, Barcelona",
                value="0.706",
                interval="95 % CI 0.659 to 0.753",
                where="external validation (abstract, doi 10.1093/eurjpc/zwae383)",
                evidence="S",
            ),
        ),
        calibration=(
            "Barcelona: expected to observed 0.77 in women and 1.06 in men (abstract, doi "
            "10.1093/eurjpc/zwae383). Not measured at this hospital."
        ),
        risks=f"{RANGES}{INCOMPLETE_RECORD} In old age other causes of death compete.",
        licence=LICENCE,
        references=(OP_PAPER, RISK_SCORES),
    )


def score2_diabetes_facts(region: str, version: str) -> ModelFacts:
    """SCORE2-Diabetes as calibrated for a region."""
    return published_facts(
        name=f"SCORE2-Diabetes, 10 years ({_region(region)})",
        owner=OWNER,
        version=version,
        updated=UPDATED,
        evidence="V",
        predicts=PREDICTS,
        intended_use="To talk about preventing a first cardiovascular event in type 2 diabetes.",
        intended_population=(
            "People aged 40 to 69 in Europe with type 2 diabetes and without cardiovascular disease."
        ),
        not_for=(
            "Type 1 diabetes, and diabetes whose type is not stated; an eGFR below 15, acute "
            "kidney injury, end-stage renal disease, dialysis or a kidney transplant (this "
            f"project's decision). {NOT_FOR}"
        ),
        output_scale="Probability from 0 to 1 over 10 years, shown as a percentage.",
        how_made=(
            "SCORE2 with age at diagnosis, HbA1c and eGFR, recalibrated to four European regions. "
            f"The hospital has set the {_region(region)}."
        ),
        development_data="4 data sets, 229,460 people, 43,706 events (abstract).",
        outcome_definition=OUTCOME,
        exclusions="Previous cardiovascular disease (abstract).",
        performance=(
            Performance(
                measure="C index, gain over SCORE2",
                population="217,036 people with type 2 diabetes",
                value="0.009 to 0.031",
                interval="not read by us",
                where="external validation (abstract)",
                evidence="S",
            ),
        ),
        calibration='"Satisfactory" by region (abstract). Not measured at this hospital.',
        risks=(
            f"{RANGES}{INCOMPLETE_RECORD} The age at diagnosis is that of the earliest onset in "
            "the record: when only a later complication is recorded, the probability is too low. "
            "A diagnosis before 18 years gives no number (this project's decision)."
        ),
        licence=LICENCE,
        references=(DIABETES_PAPER, RISK_SCORES),
        change_log=(
            Change(
                version,
                UPDATED,
                "No number with an eGFR below 15 (it was 5), in acute kidney injury, on dialysis, "
                "in end-stage renal disease or after a kidney transplant: the square of ln eGFR "
                "made up most of the number.",
            ),
            Change(version.replace(".2", ".1"), UPDATED, "First implementation."),
        ),
    )
