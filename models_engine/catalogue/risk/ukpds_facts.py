"""Model facts of the UKPDS Outcomes Model 2 equations."""

from models_engine.catalogue.facts import MONITORED, EvidenceTag, ModelFacts, Performance, Reference
from models_engine.catalogue.risk.ukpds_inputs import MICROALBUMINURIA_ACR
from models_engine.catalogue.scores.parts import score_facts

LABEL = "natural history, uncalibrated"
REFERENCES = (
    Reference(
        "Hayes AJ, Leal J, Gray AM, Holman RR, Clarke PM. UKPDS Outcomes Model 2. Diabetologia "
        "2013;56:1925-1933 (UKPDS 82). Coefficients read in two public implementations.",
        "S",
    ),
    Reference(
        "awinn1/microsim_tutorial: coefficient table, and which events count as an event or a "
        "history in the death equations (functions/mortality.R).",
        "S",
        url="https://github.com/awinn1/microsim_tutorial",
    ),
)
PERFORMANCE = (
    Performance(
        measure="C statistic, stroke",
        population="people with type 2 diabetes outside the trial",
        value="about 0.62",
        interval="not read by us",
        where="external validation, as in our notes",
        evidence="S",
    ),
)


def ukpds_facts(version: str, what: str, evidence: EvidenceTag, *, further: str = "") -> ModelFacts:
    """The facts page of one equation; `what` is the event, `further` what is special about it."""
    return score_facts(
        version=version,
        evidence=evidence,
        references=REFERENCES,
        performance=PERFORMANCE,
        monitoring=MONITORED,
        name=f"UKPDS Outcomes Model 2: {what} ({LABEL})",
        owner="Hayes and colleagues, University of Oxford (equations); this project (implementation)",
        predicts=f"The probability of {what} within one year.",
        moment="At a review of type 2 diabetes.",
        intended_use="To see which complications weigh most; not to tell a person their risk.",
        intended_population="Adults with type 2 diabetes.",
        not_for=(
            "Type 1 diabetes, pregnancy, people who have died; where the equation reads eGFR, "
            "acute kidney injury and dialysis; treatment decisions by the number alone."
        ),
        missing_inputs=(
            "A missing measurement or onset of diabetes gives no number. Ethnicity is not read "
            "from the record: the equations' largest group is taken, and the page says so. "
            "Diagnoses without a record count as absent."
        ),
        output_scale="Probability from 0 to 1 over one year, shown as a percentage.",
        how_made="Published equations of a trial cohort, one year at a time.",
        development_data=(
            "UK Prospective Diabetes Study: people with newly diagnosed type 2 diabetes, 1977 to "
            "1991, and followed since."
        ),
        outcome_definition=f"{what[:1].upper()}{what[1:]}, as defined in the trial.",
        calibration=(
            "Uncalibrated: the cohort was diagnosed in 1977 to 1991, so that the equations predict "
            "too much today. Not measured at this hospital."
        ),
        explanation="None: the inputs are listed with their sources.",
        risks=(
            "eGFR was MDRD when the equations were made; ours is CKD-EPI 2021. Albuminuria was "
            f"urine albumin of 50 mg/L or more; where only the ratio is known, "
            f"{MICROALBUMINURIA_ACR:g} mg/g or more is read as that (our choice). The duration is "
            "in completed years since the first recorded onset, that of a complication where the "
            "disease itself has none. No ranges are published for the inputs."
            + (f" {further}" if further else "")
        ),
        licence="Published equations. The Oxford software is licensed and not used here.",
    )
