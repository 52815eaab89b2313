"""Model facts of the CKD Prognosis Consortium's equation for a 40 % eGFR decline in diabetes."""

from datetime import date

from models_engine.catalogue.facts import Performance, Reference
from models_engine.catalogue.risk.published_facts import INCOMPLETE_RECORD, published_facts

VERSION = "2022.1"
UPDATED = date(2026, 11, 21)

CKDPC_40_FACTS = published_facts(
    name="CKD Prognosis Consortium, 40 % eGFR decline in diabetes, 3 years",
    owner="CKD Prognosis Consortium",
    version=VERSION,
    updated=UPDATED,
    evidence="S",
    predicts=(
        "The probability of a decline of eGFR by 40 % or more, or kidney failure, within 3 years."
    ),
    intended_use="To talk about protecting the kidneys in diabetes before they are damaged.",
    intended_population="Adults with diabetes and an eGFR of 60 or more.",
    not_for=(
        "People without diabetes, an eGFR below 60 (there the kidney failure risk equation is "
        "made for), dialysis, a kidney transplant, acute kidney injury, pregnancy, death."
    ),
    output_scale="Probability from 0 to 1 over 3 years, shown as a percentage.",
    how_made=(
        "Published logistic equation. Coefficients, population and outcome were read in the R "
        "package EHRBiomarkr; no numeric example is published, so that only the formula was "
        "recomputed."
    ),
    outcome_definition="40 % decline of eGFR or kidney failure (as EHRBiomarkr describes it).",
    performance=(
        Performance(
            measure="C statistic",
            population="people with diabetes",
            value="not read by us",
            interval="not read by us",
            where="Grams 2022",
            evidence="M",
        ),
    ),
    risks=(
        f"{INCOMPLETE_RECORD} Every medicine that lowers glucose counts as what the source calls "
        "an oral one, GLP-1 receptor agonists by injection included (this project's reading); "
        "with insulin it counts as taken."
    ),
    licence="Published equation; coefficients read in EHRBiomarkr.",
    references=(
        Reference(
            citation=(
                "Grams ME, Brunskill NJ, Ballew SH, et al. Development and Validation of "
                "Prediction Models of Adverse Kidney Outcomes in the Population With and Without "
                "Diabetes. Diabetes Care 2022;45:2055."
            ),
            doi="10.2337/dc22-0698",
            evidence="S",
        ),
        Reference(
            citation=(
                "Exeter-Diabetes/EHRBiomarkr, data-raw/ckdpc_40egfr_risk_constants.yaml and "
                "R/ckdpc_ckd_risk_scores.R."
            ),
            url="https://github.com/Exeter-Diabetes/EHRBiomarkr",
            evidence="S",
        ),
    ),
)
