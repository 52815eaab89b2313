"""Model facts of the Pooled Cohort Equations."""

from datetime import date

from models_engine.catalogue.facts import Performance, Reference
from models_engine.catalogue.risk.published_facts import INCOMPLETE_RECORD, published_facts

VERSION = "2013.1"
UPDATED = date(2026, 11, 21)
_REGARDS = "REGARDS study, US, 10,997 adults of 45 to 79 years, 5 years (abstract, PMC4189930)"

PCE_FACTS = published_facts(
    name="ACC/AHA Pooled Cohort Equations, 10 years",
    owner="American College of Cardiology and American Heart Association",
    version=VERSION,
    updated=UPDATED,
    evidence="V",
    predicts=(
        "The probability of a first hard atherosclerotic event within 10 years: non-fatal "
        "myocardial infarction, death from coronary heart disease, or stroke."
    ),
    intended_use=(
        "Beside PREVENT, which has followed it: older guidelines and statin decisions refer to it. "
        "PREVENT comes first on the page."
    ),
    intended_population=(
        "Adults aged 40 to 79 in the US without atherosclerotic cardiovascular disease."
    ),
    not_for=(
        "People with known coronary heart disease, myocardial infarction, stroke or peripheral "
        "artery disease, with heart failure (this project's decision), in pregnancy, or after "
        "death; values outside the published ranges."
    ),
    output_scale="Probability from 0 to 1 over 10 years, shown as a percentage.",
    how_made=(
        "Published survival equations for four groups by sex and race. The paper gives the "
        "coefficients for White people to all who are not Black."
    ),
    outcome_definition="First non-fatal myocardial infarction, coronary death or stroke.",
    exclusions=(
        "Whom the derivation left out, atrial fibrillation for instance, was not found in the "
        "sources that we have read. People with atrial fibrillation get a number."
    ),
    performance=(
        Performance(
            measure="C index",
            population="without ASCVD or diabetes, not on statins",
            value="0.72",
            interval="95 % CI 0.70 to 0.75",
            where=_REGARDS,
            evidence="S",
        ),
    ),
    calibration=(
        "In REGARDS close to what was observed below 10 % (1.9 and 4.8 predicted and observed per "
        "1,000 person-years in the two lowest groups), and too high above: 15.1 predicted against "
        "12.0 observed. Not measured at this hospital."
    ),
    subgroups=(
        "The equations differ by sex and race. The twin does not hold race: everybody gets the "
        "coefficients for White and other people, which for a Black person is not what the paper "
        "says; the number is then often too low."
    ),
    risks=(
        f"{INCOMPLETE_RECORD} Race stands for what was not measured; newer equations (PREVENT) "
        "have no race term. By the published coefficients a higher HDL raises the probability of "
        "women from 75 years on (Black women from 69). The published tables round the coefficients in two ways: results "
        "differ by up to 0.1 percentage points."
    ),
    licence="Published equations; test values from the R packages PooledCohort and CVrisk.",
    references=(
        Reference(
            citation=(
                "Goff DC, et al. 2013 ACC/AHA Guideline on the Assessment of Cardiovascular Risk. "
                "Circulation 2014."
            ),
            doi="10.1161/01.cir.0000437741.48606.98",
            evidence="S",
        ),
        Reference(
            citation=(
                "Muntner P, et al. Validation of the Atherosclerotic Cardiovascular Disease Pooled "
                "Cohort Risk Equations. JAMA 2014;311:1406-1415."
            ),
            doi="10.1001/jama.2014.2630",
            evidence="S",
        ),
    ),
)
