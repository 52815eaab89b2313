"""Model facts of the HOSPITAL score."""

from datetime import date

from models_engine.catalogue.facts import DRIFT_ONLY, Change, ModelFacts, Performance, Reference

UPDATED = date(2026, 11, 21)
_UNREAD = "Not stated in the sources that we have read."

HOSPITAL_FACTS = ModelFacts(
    name="HOSPITAL score",
    owner="Donze and colleagues; this project (implementation)",
    contact="The hospital's Twinportal administrator; the project's issue tracker.",
    updated=UPDATED,
    evidence="S",
    predicts=(
        "A potentially avoidable readmission within 30 days after discharge; points, no "
        "probability."
    ),
    moment="The day of discharge; shown for the 30 days after it.",
    intended_users="Clinicians who plan a discharge and what follows it.",
    intended_use="To choose who gets more help after discharge.",
    intended_population="Adults discharged alive from a medical ward.",
    not_for="People who died in hospital or were moved to another one; children.",
    missing_inputs=(
        "Haemoglobin and sodium are the last of the stay. Whether the admission was an emergency "
        "and which service discharged must be recorded. A procedure counts when a Procedure with "
        "an ICD-10-PCS code, or one that we know otherwise, lies in the stay; when none is "
        "recorded there is no number, because nothing says that there was none. Earlier "
        "admissions that are not recorded count as none, and the page says so."
    ),
    output_scale="0 to 13 points; 0 to 4 low, 5 or 6 intermediate, 7 or more high.",
    how_made="Published score of seven items.",
    development_data=_UNREAD,
    outcome_definition=(
        "Readmission to the same hospital within 30 days that the SQLape algorithm calls potentially "
        "avoidable (abstract of the international validation)."
    ),
    exclusions=(
        "Death before discharge and transfer to another acute hospital (abstract of a later study "
        "of the simplified score)."
    ),
    missing_data_handling=_UNREAD,
    performance=(
        Performance(
            measure="C-statistic",
            population="124,212 medical patients of 9 hospitals in 4 countries, 2011",
            value="0.72",
            interval="95 % CI 0.71 to 0.72",
            where="external validation (abstract of Donze at the Society of Hospital Medicine)",
            evidence="S",
        ),
        Performance(
            measure="C-statistic of the simplified score, which leaves the procedure out",
            population="117,065 medical patients of 9 hospitals in 4 countries, 2011",
            value="0.69",
            interval="95 % CI 0.68 to 0.69",
            where="abstract of Aubert 2017",
            evidence="S",
        ),
    ),
    calibration=_UNREAD,
    net_benefit=_UNREAD,
    subgroups=_UNREAD,
    uncertainty="None is published for one person.",
    explanation="None: the items are listed with their sources.",
    explanation_quality="Not applicable.",
    risks=(
        "Sources disagree on the points for earlier admissions: 0 for none or one and 2 for two "
        "to five (used here; so two programs and a later study print it), or 0 for none and 2 "
        "for one to five (one calculator). The score may so be 2 points "
        "lower than by the other reading. One source prints more than 5 days of stay instead of 5 "
        "or more. Stays in hospitals that do not send here are not counted."
    ),
    if_it_fails="No number is shown, with what to record by name.",
    monitoring=DRIFT_ONLY,
    review="On every change of the score or of this implementation; at least yearly.",
    licence="Published score.",
    cost="None.",
    conflicts_and_funding=_UNREAD,
    references=(
        Reference(
            citation=(
                "Donze J, et al. Potentially avoidable 30-day hospital readmissions in medical "
                "patients: derivation and validation of a prediction model. JAMA Intern Med 2013 "
                "(not read; its points and groups as reprinted below)."
            ),
            evidence="M",
        ),
        Reference(
            citation=(
                "Donze JD, et al. International validity of the HOSPITAL score. JAMA Intern Med "
                "2016;176:496-502 (abstract)."
            ),
            doi="10.1001/jamainternmed.2015.8462",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC5070968",
            evidence="S",
        ),
        Reference(
            citation=(
                "Evidencio, the HOSPITAL score (by the authors' names): low 0 to 4, intermediate 5 "
                "or 6, high 7 or more."
            ),
            url="https://www.evidencio.com/models/show/1002",
            evidence="S",
        ),
        Reference(
            citation=(
                "Simplified HOSPITAL score in a Brazilian hospital (abstract): admissions 0 or 1: "
                "0, 2 to 5: 2, more than 5: 5 points; 5 days or more: 2 points."
            ),
            url=(
                "https://shmabstracts.org/abstract/simplified-hospital-score-to-predict-30-day-"
                "non-elective-readmission-in-a-brazilian-tertiary-care-teaching-public-hospital/"
            ),
            evidence="S",
        ),
        Reference(
            citation=(
                "Table of the points in an article of the Royal College of Physicians' journals "
                "(opened as stored): all items but the points for admissions."
            ),
            evidence="S",
        ),
    ),
    change_log=(Change("2013.1", UPDATED, "First implementation."),),
)
