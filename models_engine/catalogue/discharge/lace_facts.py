"""Model facts of the LACE index."""

from datetime import date

from models_engine.catalogue.facts import DRIFT_ONLY, Change, ModelFacts, Performance, Reference

UPDATED = date(2026, 11, 21)
_UNREAD = "Not stated in the sources that we have read."

LACE_FACTS = ModelFacts(
    name="LACE index",
    owner="van Walraven and colleagues; this project (implementation)",
    contact="The hospital's Twinportal administrator; the project's issue tracker.",
    updated=UPDATED,
    evidence="S",
    predicts="Death or unplanned readmission within 30 days after discharge; points.",
    moment="The day of discharge; shown for the 30 days after it.",
    intended_users="Clinicians who plan a discharge and what follows it.",
    intended_use="To choose who gets more help after discharge.",
    intended_population="Adults discharged alive from a medical or surgical ward to the community.",
    not_for=(
        "People who died in hospital or were moved to another one, children, and people who live "
        "in a nursing home."
    ),
    missing_inputs=(
        "The first and the last day of the stay and whether the admission was an emergency must be "
        "recorded; an emergency visit that ended at most 24 hours before counts as one. "
        "Comorbidities and emergency visits that are not recorded count as absent, and the page "
        "says so; diagnoses in codes that are not read are counted and named."
    ),
    output_scale=(
        "0 to 19 points; 10 or more is called high. The percentage beside it is interpolated "
        "between the published ends of the scale and is not a published figure."
    ),
    how_made="Published index of four items, made with logistic regression.",
    development_data=(
        "4,812 adults discharged to the community from medical and surgical services of 11 "
        "hospitals in Ontario; 385 (8.0 %) died or were readmitted unplanned (abstract)."
    ),
    outcome_definition="Death or unplanned readmission within 30 days after discharge.",
    exclusions="People who live in nursing homes (secondary source).",
    missing_data_handling=_UNREAD,
    performance=(
        Performance(
            measure="C-statistic",
            population="the publication's",
            value="0.684",
            interval="not read by us",
            where="van Walraven 2010",
            evidence="S",
        ),
        Performance(
            measure="C-statistic of the modified LACE+ score; LACE is called similar",
            population="368,154 people, British Columbia, 2014 to 2017",
            value="0.681",
            interval="95 % CI 0.678 to 0.684",
            where="external validation (abstract of Staples 2021)",
            evidence="S",
        ),
    ),
    calibration=(
        "2.0 % expected at 0 points and 43.7 % at 19 points; not measured at this hospital."
    ),
    net_benefit=_UNREAD,
    subgroups=_UNREAD,
    uncertainty="None is published for one person.",
    explanation="None: the items are listed with their sources.",
    explanation_quality="Not applicable.",
    risks=(
        "Comorbidity is read from codes: cancer, dementia, AIDS, complications of diabetes and "
        "severe liver disease from ICD-10 only, by the groups of the Charlson index. Kidney "
        "disease of stage G4 or G5, kidney failure, dialysis and a transplant count as "
        "moderate or severe, every other as mild (our choice). Days are calendar days from "
        "admission to discharge; some tools count both. One published table prints 6 points for "
        "14 days or more; the original has 7. Visits to hospitals that do not send here are not "
        "counted."
    ),
    if_it_fails="No number is shown, with what to record by name.",
    monitoring=DRIFT_ONLY,
    review="On every change of the index or of this implementation; at least yearly.",
    licence="Published index.",
    cost="None.",
    conflicts_and_funding=_UNREAD,
    references=(
        Reference(
            citation=(
                "van Walraven C, et al. Derivation and validation of an index to predict early "
                "death or unplanned readmission after discharge from hospital to the community. "
                "CMAJ 2010;182:551-557 (abstract; its tables were not in what we could open)."
            ),
            doi="10.1503/cmaj.091117",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC2845681",
            evidence="S",
        ),
        Reference(
            citation=(
                "Table 1 of: Using the LACE index to predict hospital readmissions in congestive "
                "heart failure patients. BMC Cardiovascular Disorders 2014;14:97 (opened as "
                "stored): the points of every item but AIDS."
            ),
            url="https://bmccardiovascdisord.biomedcentral.com/articles/10.1186/1471-2261-14-97/tables/1",
            evidence="S",
        ),
    ),
    change_log=(Change("2010.1", UPDATED, "First implementation."),),
)
