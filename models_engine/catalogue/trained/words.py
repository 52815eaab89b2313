"""What is known of the trained models' data beyond their tables. Figures are not typed here."""

from models_engine.catalogue.facts import Reference
from models_engine.catalogue.trained.facts import Words

SURVSET = Reference(
    citation="SurvSet, a Python package of time-to-event data sets (PyPI).", evidence="S"
)

INFARCTION = Words(
    name="Mortality after myocardial infarction (research model)",
    predicts="The probability of death of any cause within 1 and 3 years of leaving hospital.",
    moment="On leaving hospital alive after a myocardial infarction; at most 30 days after it began.",
    intended_use=(
        "Research model trained on data of 1997-2001. To see what a simple survival model says; "
        "not to decide on treatment."
    ),
    intended_population="Adults leaving hospital alive after an acute myocardial infarction.",
    not_for=(
        "An infarction longer ago, anybody without one, people who have died, and any decision "
        "that rests on the number alone."
    ),
    years_and_places=(
        "Worcester, Massachusetts, USA, admissions of 1997, 1999 and 2001 (years not verified by us), "
        "those who left hospital alive"
    ),
    outcome_definition="Death of any cause, counted from the day of leaving hospital.",
    exclusions=(
        "Deaths in hospital (absent from this copy of the data), and one person whose follow-up "
        "ended on the day of discharge. Length of stay serves only to set the clock."
    ),
    missing_inputs=(
        "Without birth date or sex there is no number. Heart failure with no record counts as "
        "absent, and says so."
    ),
    missing_data_handling="The data have no missing values.",
    risks=(
        "Treatment has changed since: primary angioplasty, statins and heart-failure medicines "
        "are not in it, and today's mortality is lower. Heart failure meant a complication of the "
        "stay in the study; a record of it from before counts here too. A record that lacks it "
        "gives too low a number. Discrimination is worse in women."
    ),
    changes=(
        (
            "whas500.1",
            (
                "First training. Later: calibration, subgroups and net benefit of the held-out "
                "predictions were added to the tables; the model is the same."
            ),
        ),
    ),
    references=(
        SURVSET,
        Reference(
            citation=(
                "Hosmer DW, Lemeshow S, May S. Applied Survival Analysis, 2nd ed., Wiley 2008 "
                "(the WHAS500 data), as the description of the data in the R package smoothHR cites it; "
                "the book was not read."
            ),
            url="https://search.r-project.org/CRAN/refmans/smoothHR/html/whas500.html",
            evidence="S",
        ),
    ),
)

GENERAL = Words(
    name="Mortality in the general population (research model)",
    predicts="The probability of death of any cause within 10 years.",
    moment="Outside hospital, from values of the last years.",
    intended_use=(
        "Research model trained on data of 1971-75 with follow-up into the 1990s; not externally "
        "validated. To see what a simple survival model says; not to decide on treatment."
    ),
    intended_population="Adults aged 25 to 74 in the general population.",
    not_for=(
        "Pregnancy, acute illness, people in hospital, people who have died, and any decision "
        "that rests on the number alone."
    ),
    years_and_places=(
        "USA, a sample of the general population examined in 1971-75 and followed for up to 22 "
        "years"
    ),
    outcome_definition="Death of any cause.",
    exclusions=(
        "Rows whose status was lost (follow-up of 0), and people without one of the inputs. Race "
        "and income were left out on purpose; smoking, diabetes and HDL are not in the data."
    ),
    missing_inputs="Without one of the inputs there is no number, and the page says what to order.",
    missing_data_handling="Complete cases of the inputs; other learners' columns by the median.",
    risks=(
        "Life expectancy has risen by years since 1971: the number is too high for most people "
        "today. It knows nothing of smoking, diabetes, cancer or kidney disease. Survey weights "
        "were not used: the sample had more women and older people than the country. Cholesterol "
        "and albumin were measured with the methods of the time."
    ),
    changes=(
        (
            "nhanes1.1",
            (
                "First training. Later: calibration, subgroups and net benefit of the held-out "
                "predictions were added to the tables; the model is the same."
            ),
        ),
    ),
    references=(
        Reference(
            citation=(
                "US National Center for Health Statistics. NHANES I (1971-75) and its "
                "Epidemiologic Follow-up Study. Public domain."
            ),
            evidence="S",
        ),
        Reference(
            citation="shap project, data/NHANESI_subset_X.csv and _y.csv, at commit df974a1.",
            evidence="S",
            url="https://github.com/shap/shap",
        ),
    ),
)

READMITTED = Words(
    name="30-day readmission of people with diabetes (research model)",
    predicts="The probability of a new stay in hospital less than 30 days after discharge.",
    moment="On the day of discharge; shown for the 30 days after it, as of the day of discharge.",
    intended_use=(
        "Research model trained on US hospital stays of 1999-2008; not externally validated. To "
        "see what a simple model says of who comes back; not to decide on care after discharge."
    ),
    intended_population=(
        "People with diabetes who leave hospital for home or a care facility after a stay of 1 to "
        "14 days."
    ),
    not_for=(
        "Anybody without diabetes, a stay that is going on, a stay of less than a day, death in "
        "hospital, hospice, transfer to another hospital or rehabilitation, leaving against "
        "advice, and any decision that rests on the number alone."
    ),
    years_and_places="130 hospitals and networks in the USA, stays of 1999-2008",
    outcome_definition=(
        "A new inpatient stay, planned or not, less than 30 days after discharge, in a hospital "
        "of the data set. Death after discharge is not known and counts as no readmission."
    ),
    exclusions=(
        "Stays that ended in death, hospice, another hospital, rehabilitation or another inpatient "
        "place (the stay went on there), against advice, or nobody knows where; people without a "
        "recorded sex. The data hold stays of 1 to 14 days with laboratory tests and medicines "
        "only. Several stays of one person are in it, and never on both sides of a split."
    ),
    missing_inputs=(
        "Where the person went, and the days of admission and discharge, must be recorded. Earlier "
        "stays, emergency visits and medicines that are not recorded count as none, and the page "
        "says so."
    ),
    missing_data_handling=(
        "Complete cases of the inputs; ages are known as decades and taken at their middle."
    ),
    risks=(
        "It discriminates little, and less well in the old. Its form was chosen among a few on the "
        "folds that measured it, which flatters it a little. Lengths of stay, treatment and the reasons "
        "for admission have changed since, and so have rates of readmission, which differ between "
        "hospitals and countries. Stays and emergency visits elsewhere that did not reach this "
        "portal are not counted, which makes the number too low; the emergency visit that led to "
        "the stay is left out here, and whether it was in the data is not known. Newer "
        "glucose-lowering medicines did not exist. Numbers of medicines and diagnoses are not in "
        "it: they were counted from bills, which a record does not hold."
    ),
    changes=(
        (
            "diabetes130.2",
            (
                "Offered for the first time. Trained anew without the numbers of medicines and "
                "diagnoses, which cannot be read from a record as they were counted there; discharge "
                "to a care facility instead of anywhere but home, and stays whose end is not known or "
                "was against advice left out; medicines of the stay."
            ),
        ),
        ("diabetes130.1", "First training; never offered."),
    ),
    references=(
        Reference(
            citation=(
                "Diabetes 130-US Hospitals for Years 1999-2008, UCI Machine Learning Repository "
                "(diabetic_data.csv and IDs_mapping.csv)."
            ),
            evidence="S",
        ),
        Reference(
            citation=(
                "Strack B, DeShazo JP, Gennings C, et al. Impact of HbA1c measurement on hospital "
                "readmission rates: analysis of 70,000 clinical database patient records. BioMed "
                "Research International 2014."
            ),
            doi="10.1155/2014/781670",
            evidence="S",
        ),
    ),
)
