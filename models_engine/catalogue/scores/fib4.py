"""FIB-4: an index of advanced liver fibrosis from age, AST, ALT and platelets.

age x AST / (platelets x sqrt(ALT)); the lower cut-off is higher from 65 years on.

References
----------
Sterling RK et al. Hepatology 2006;43:1317-1325 (index; abstract read). Cut-offs by age read as given
by a public calculator of hepatologists (see facts; docs/evidence.md, E-FIB4).
"""

from collections.abc import Mapping

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.contract import (
    Arrays,
    Band,
    Circumstances,
    ClinicalModel,
    Equation,
    FloatArray,
    Outcome,
    Refusal,
    Vector,
)
from models_engine.catalogue.facts import Performance, Reference
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.applicability import not_after_death, not_with
from models_engine.catalogue.scores import parts

VERSION = "2006.1"
NUMBERS = {
    "alt_power": 0.5,
    "low_below": 1.30,
    "low_below_older": 2.0,
    "older_from": 65.0,
    "high_above": 2.67,
}
LOW, BETWEEN, HIGH = 0.0, 1.0, 2.0
DECLARED = (
    inputs.age(parts.ADULT, None),
    parts.laboratory("ast", "AST", "U/L", "Order AST.", positive=True),
    parts.laboratory("alt", "ALT", "U/L", "Order ALT.", positive=True),
    parts.laboratory(
        "platelets", "Platelets", "10*3/uL", "Order a blood count (platelets).", positive=True
    ),
)


def index(n: Mapping[str, float], x: Arrays) -> FloatArray:
    """The index and its group (0 low, 1 between, 2 high), shape (n, 2)."""
    value = x["age"] * x["ast"] / (x["platelets"] * x["alt"] ** n["alt_power"])
    low_below = np.where(x["age"] >= n["older_from"], n["low_below_older"], n["low_below"])
    group = np.where(value > n["high_above"], HIGH, np.where(value < low_below, LOW, BETWEEN))
    return np.column_stack((value, group))


def applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """Not after death, and not in pregnancy, which changes the liver tests."""
    return (
        *not_after_death(circumstances),
        *not_with(("pregnancy",), circumstances.active, "The index was not made for pregnancy."),
    )


FACTS = parts.score_facts(
    version=VERSION,
    evidence="S",
    name="FIB-4",
    owner="Sterling and colleagues (index); this project (implementation)",
    predicts="Nothing: it estimates whether liver fibrosis is advanced now. It is not a probability.",
    moment="Whenever AST, ALT and platelets are known.",
    intended_use="To decide who needs a further test for liver fibrosis.",
    intended_population="Adults in whom chronic liver disease is considered.",
    not_for="Acute hepatitis, pregnancy. The cut-offs are given for 36 years and more.",
    missing_inputs="Without AST, ALT or platelets of the last year there is no number.",
    output_scale="An index without unit, and the group that it falls in by age.",
    how_made=(
        "Published formula. The cut-offs are those used for fatty liver disease; the publication's "
        "own were below 1.45 and above 3.25, in people with HIV and hepatitis C."
    ),
    development_data="832 people with HIV and hepatitis C, with a liver biopsy (abstract).",
    performance=(
        Performance(
            measure="AUROC, Ishak stage 4 to 6 against 0 to 3",
            population="832 people with HIV and hepatitis C",
            value="0.765",
            interval="not stated in the abstract",
            where="Sterling 2006 (abstract)",
            evidence="S",
        ),
    ),
    outcome_definition="Advanced fibrosis of the liver.",
    risks=(
        "The three tests may be of different days of the last year: look at their dates. "
        "Other causes of low platelets or raised AST raise the index."
    ),
    references=(
        Reference(
            "Sterling RK, et al. Development of a simple noninvasive index to predict significant "
            "fibrosis in patients with HIV/HCV coinfection. Hepatology 2006;43:1317-1325 (abstract).",
            "S",
            doi="10.1002/hep.21178",
        ),
        Reference(
            "gihep.com, Fibrosis 4 Score: formula, 1.30 and 2.67, and below 2 from 65 years on.",
            "S",
            url="http://gihep.com/calculators/hepatology/fibrosis-4-score/",
        ),
        Reference(
            "Noninvasive tests to assess hepatic fibrosis in fatty liver disease, table of an "
            "article at ashpublications: low below 1.3, high above 2.67.",
            "S",
            url="http://ashpublications.net/view-large/12506453",
        ),
    ),
)


def fib4() -> ClinicalModel:
    """The index as a clinical model."""
    return ClinicalModel(
        id="fib4",
        version=VERSION,
        title="FIB-4 index",
        family="liver",
        inputs=DECLARED,
        outcomes=(
            Outcome(
                id="fib4",
                label="FIB-4",
                horizon_years=None,
                is_probability=False,
                unit="{index}",
                definition="Age x AST / (platelets x square root of ALT).",
            ),
            Outcome(
                id="fib4_group",
                label="FIB-4, group by age",
                horizon_years=None,
                is_probability=False,
                unit="{group}",
                definition=(
                    "0: below 1.30, or below 2.0 from 65 years on. 2: above 2.67. 1: between."
                ),
                bands=(
                    Band("low", "advanced fibrosis unlikely", LOW, "S"),
                    Band("between", "indeterminate", BETWEEN, "S"),
                    Band("high", "advanced fibrosis likely", HIGH, "S"),
                ),
            ),
        ),
        predict=Equation(NUMBERS, index),
        applies=applies,
        facts=FACTS,
        vectors=(
            Vector(
                "60 years, AST 40, ALT 36, platelets 200",
                {"age": 60.0, "ast": 40.0, "alt": 36.0, "platelets": 200.0},
                {"fib4": 2.0, "fib4_group": BETWEEN},
                1e-9,
                "computed from the published formula",
                "S",
            ),
        ),
        artefact_hash=artefact_hash(VERSION, parts.in_text(NUMBERS), DECLARED),
        quiet=True,
    )
