"""Model facts of NEWS2."""

from datetime import date

from models_engine.catalogue.facts import DRIFT_ONLY, Change, ModelFacts, Performance, Reference

UPDATED = date(2026, 11, 21)
_UNREAD = "Not stated in the sources that we have read."

NEWS2_FACTS = ModelFacts(
    name="National Early Warning Score 2 (NEWS2)",
    owner="Royal College of Physicians; this project (implementation)",
    contact="The hospital's Twinportal administrator; the project's issue tracker.",
    updated=UPDATED,
    evidence="S",
    predicts="Nothing: it says how far the observations depart from normal now.",
    moment=(
        "One set of observations within an hour. It holds for that hour only, and is taken down "
        "when the oldest of its observations is more than an hour old."
    ),
    intended_users="Clinicians at the bedside.",
    intended_use="To notice that a person in hospital gets worse, and how fast to respond.",
    intended_population="Adults and adolescents from 16 years in acute hospital care.",
    not_for=(
        "Children under 16, pregnancy, people outside a hospital; spinal cord injury. It does not "
        "replace the score of the bedside chart, which knows what was not sent here."
    ),
    missing_inputs=(
        "Without one of the seven parameters of the last hour, each with its time of day, there "
        "is no number. Air is never assumed: it counts when an oxygen flow of 0 L/min, inhaled "
        'oxygen of 21 % or "Breathing room air" is recorded. Saturation scale 2 counts only when '
        "a clinician set it; no code for that decision is read yet, so scale 1 is always used, "
        "which scores people with a target of 88 to 92 % too high."
    ),
    output_scale=(
        "0 to 20 points; bands 0, 1 to 4, 5 or 6, 7 or more; and whether a single parameter "
        "scores 3."
    ),
    how_made="Published chart of points, agreed by a working group.",
    development_data=_UNREAD,
    outcome_definition=(
        "None is predicted; performance was measured against death within 24 hours."
    ),
    exclusions="Under 16 years; pregnancy.",
    missing_data_handling=_UNREAD,
    performance=(
        Performance(
            measure="AUROC for death within 24 hours (NEWS, the first version)",
            population="35,585 acute medical admissions, 198,755 sets of observations",
            value="0.894",
            interval="95 % CI 0.887 to 0.902",
            where="Smith 2013 (abstract)",
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
        "Observations that were taken and not sent; a mistyped value; consciousness read from a "
        "Glasgow Coma Scale of 15 as alert. Values between two bands of the chart are rounded half "
        "up, as on paper (our choice)."
    ),
    if_it_fails="No number is shown, with what to measure by name. Go by the bedside chart.",
    monitoring=DRIFT_ONLY,
    review="On every new edition of the score or of this implementation; at least yearly.",
    licence=(
        "Reproduced with acknowledgement from: Royal College of Physicians. National Early Warning "
        "Score (NEWS) 2. London: RCP, 2017. Free to use; the charts may not be changed."
    ),
    cost="None.",
    conflicts_and_funding=_UNREAD,
    references=(
        Reference(
            citation=(
                "Royal College of Physicians. National Early Warning Score (NEWS) 2: Standardising "
                "the assessment of acute-illness severity in the NHS. London: RCP, 2017."
            ),
            evidence="S",
        ),
        Reference(
            citation=(
                "Smith GB, et al. The ability of the National Early Warning Score (NEWS) to "
                "discriminate patients at risk of early cardiac arrest, unanticipated intensive "
                "care unit admission, and death. Resuscitation 2013;84:465-470 (abstract)."
            ),
            doi="10.1016/j.resuscitation.2012.12.016",
            evidence="S",
        ),
    ),
    change_log=(Change("2017.1", UPDATED, "First implementation."),),
)
