"""Model facts of qSOFA."""

from datetime import date

from models_engine.catalogue.facts import DRIFT_ONLY, Change, ModelFacts, Performance, Reference

UPDATED = date(2026, 11, 21)
_UNREAD = "Not stated in the sources that we have read."

QSOFA_FACTS = ModelFacts(
    name="Quick SOFA (qSOFA)",
    owner="Sepsis-3 task force; this project (implementation)",
    contact="The hospital's Twinportal administrator; the project's issue tracker.",
    updated=UPDATED,
    evidence="S",
    predicts="A poor course in hospital when an infection is suspected; points, no probability.",
    moment="One set of observations within an hour, and for that hour only.",
    intended_users="Clinicians at the bedside.",
    intended_use="To think of sepsis and look closer when an infection is suspected.",
    intended_population="Adults from 18 years in hospital with a suspected infection.",
    not_for=(
        "Screening for sepsis by itself (Surviving Sepsis Campaign 2021 advises against it), "
        "people without a suspected infection, children, pregnancy. Whether an infection is "
        "suspected is not known here: the reader must know it."
    ),
    missing_inputs=(
        "Without respiratory rate, systolic blood pressure and consciousness of the last hour, "
        "each with its time of day, there is no number."
    ),
    output_scale="0 to 3 points; 2 or more is positive.",
    how_made="Published rule: one point each for three signs; read in three reprints.",
    development_data=_UNREAD,
    outcome_definition="Death in hospital, as later articles describe it.",
    exclusions=_UNREAD,
    missing_data_handling=_UNREAD,
    performance=(
        Performance(
            measure="AUROC for death in hospital",
            population="adults with suspected infection, 85 US hospitals, 2012 to 2015",
            value="0.814",
            interval="not stated in the abstract",
            where="abstract of PMC6859245, as stored",
            evidence="S",
        ),
        Performance(
            measure="Sensitivity for sepsis of two points or more within a day of admission",
            population="adults admitted to 85 US hospitals, 2012 to 2015",
            value="62.8 %",
            interval="95 % CI 62.4 to 63.1 %",
            where="abstract of PMC6859245, as stored",
            evidence="S",
        ),
    ),
    calibration="Not applicable: it is not a probability.",
    net_benefit="Not applicable: it is not a probability.",
    subgroups=_UNREAD,
    uncertainty="None is published; a new set of observations is the answer to doubt.",
    explanation="None: the observations are listed with their times.",
    explanation_quality="Not applicable.",
    risks=(
        "It misses many people with sepsis: a low score does not rule it out. Consciousness from "
        "ACVPU is read as altered for C, V, P and U (our choice). Sources differ on the Glasgow "
        "Coma Scale: below 15 (used here, as most print it) or a lower limit in the data that the "
        "rule was made from."
    ),
    if_it_fails="No number is shown, with what to measure by name.",
    monitoring=DRIFT_ONLY,
    review="On every change of the definition or of this implementation; at least yearly.",
    licence="Published rule.",
    cost="None.",
    conflicts_and_funding=_UNREAD,
    references=(
        Reference(
            citation=(
                "Singer M, et al. The Third International Consensus Definitions for Sepsis and "
                "Septic Shock (Sepsis-3). JAMA 2016. The three signs and their limits read as reprinted "
                "by Brundage Group, Sepsis-3 (all three) and in the repository "
                "bhavenmurji/RapidResponseCentral, qSOFA.md (with Glasgow Coma Scale below 15)."
            ),
            url="https://brundagegroup.com/tips/sepsis-3/",
            evidence="S",
        ),
    ),
    change_log=(Change("2016.1", UPDATED, "First implementation."),),
)
