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
