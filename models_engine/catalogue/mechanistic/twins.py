"""The mechanistic twins and their facts, in the order of their pages."""

from datetime import date

from models_engine.catalogue.facts import Reference
from models_engine.catalogue.mechanistic import (
    body_weight,
    body_weight_numbers,
    drugs,
    fentanyl,
    glucose,
    renal,
    twin_checks,
    ukpds_numbers,
    ukpds_paths,
)
from models_engine.catalogue.mechanistic.drugs import DIGOXIN, GENTAMICIN, VANCOMYCIN
from models_engine.catalogue.mechanistic.parameters import Parameter, ParameterSet
from models_engine.catalogue.mechanistic.twin_facts import TwinFacts
from models_engine.catalogue.mechanistic.ukpds_course import UNCERTAINTY
from models_engine.catalogue.risk.ukpds import AMPUTATION_NOTE
from models_engine.catalogue.risk.ukpds_facts import REFERENCES as UKPDS_REFERENCES
from models_engine.catalogue.risk.ukpds_inputs import ALL as UKPDS_INPUTS

MADE = date(2026, 11, 21)
TESTED = (
    "A second implementation in this project's tests gives the same, and a change of any number by "
    "1 % is noticed there. Not validated on patients: nothing was measured at a hospital."
)
BODY_WEIGHT = TwinFacts(
    id="body_weight",
    version="2011.1",
    updated=MADE,
    title="Body weight under diet and activity",
    purpose=(
        "To discuss where the weight goes under a planned change of energy intake, activity and "
        "sodium, and how long that takes."
    ),
    population="Adults from 18 to 90 years with a body mass index from 18.5 to 60 kg/m2.",
    not_for=(
        "Children, pregnancy, dialysis, people who have died, weight loss under treatment in "
        "hospital; a weight to aim at below a body mass index of 18.5."
    ),
    output="Weight, fat, fluid and energy expenditure day by day, and the weight at which it settles.",
    used_on="The page Body weight of a twin; nothing is stored.",
    how_checked=f"Reference values and the published planner are reproduced, below. {TESTED}",
    uncertainty=body_weight.UNCERTAINTY,
    limits=(
        "A change of activity uses the formula of the start. In heart failure and kidney failure "
        "water follows other rules. Nothing is drawn below a body mass index of 15. Ranges of the "
        "inputs are ours."
    ),
    inputs=(*body_weight_numbers.PERSON_INPUTS, *body_weight_numbers.PLAN_INPUTS),
    parameter_sets=(body_weight_numbers.PARAMETERS,),
    checks=twin_checks.BODY_WEIGHT,
    references=(
        Reference(f"{body_weight_numbers.HALL} (vignette, MIT licence).", "V"),
        Reference(f"{body_weight_numbers.MIFFLIN}.", "V"),
    ),
)

UKPDS_COURSE = TwinFacts(
    id="ukpds_course",
    version="2021.1",
    updated=MADE,
    title=f"Course of type 2 diabetes, UKPDS OM2 with UKPDS 90 ({ukpds_paths.LABEL})",
    purpose=(
        "To see which complications weigh most over the years, and how risk factors move; not to "
        "tell a person their risk."
    ),
    population="Adults with type 2 diabetes.",
    not_for=(
        "Type 1 diabetes, pregnancy, people who have died; beyond 110 years of age; treatment "
        "decisions by the number alone."
    ),
    output=(
        "Probability from 0 to 1 of each event and of death by the end of each year, up to 40 years "
        "(the page: 20), and the mean path of eight risk factors."
    ),
    used_on="The page Course of diabetes of a twin; nothing is stored.",
    how_checked=(
        "Published examples are reproduced, below; the risk-factor table is the public one number by "
        "number; the first year is the one-year models; drawing 3,000 lives agrees. The "
        f"probabilities are exact for the given paths: no random numbers are drawn. {TESTED}"
    ),
    uncertainty=UNCERTAINTY,
    limits=(
        "Uncalibrated: the cohort was diagnosed in the United Kingdom in 1977 to 1991. Kidney "
        "function, albuminuria, smoking, atrial fibrillation and peripheral artery disease stay as "
        "they are today. Where the value at diagnosis is not known today's stands for it. A further "
        "infarction, stroke or amputation happens once. Diagnoses without a record count as absent; "
        "ethnicity is not read from the record. eGFR was MDRD when the equations were made; ours is "
        f"CKD-EPI 2021. {AMPUTATION_NOTE}"
    ),
    inputs=tuple(UKPDS_INPUTS.values()),
    parameter_sets=(ukpds_paths.PARAMETERS, ukpds_numbers.PARAMETERS),
    checks=twin_checks.UKPDS_COURSE,
    references=(
        *UKPDS_REFERENCES,
        Reference(
            "Leal J, Alva M, Gregory V, et al. Estimating risk factor progression equations for the "
            "UKPDS Outcomes Model 2 (UKPDS 90). Diabet Med 2021:e14656. Coefficients: the table of "
            "a public implementation.",
            "V",
        ),
    ),
)

DRUG_LEVELS = TwinFacts(
    id="drug_levels",
    version="2",
    updated=MADE,
    title="Levels of vancomycin, gentamicin and digoxin",
    purpose=(
        "To propose, for discussion, what a regimen leads to in one patient: kinetics expected from "
        "renal function, made individual by measured levels. Nothing is ordered."
    ),
    population=(
        "Adults from 18 to 105 years with a stable creatinine and a body mass index up to 40 kg/m2."
    ),
    not_for=(
        "Infants and children, pregnancy, dialysis, people who have died; a body mass index above "
        "40 kg/m2; a creatinine that rises or falls quickly; dosing by the number alone."
    ),
    output=(
        "Clearance, volume and half-life, the course of the concentration, and peak, trough, average "
        "and AUC24 of a typed regimen, with 95 % intervals and the probability of the usual target."
    ),
    used_on="The page Drug levels of a twin; nothing is stored.",
    how_checked=(
        "Worked examples are reproduced, below; the best fit agrees with a grid search; many precise "
        f"levels give the data, none give the expectation. {TESTED}"
    ),
    uncertainty=(
        "Intervals hold how people differ and how levels are measured, by a normal approximation "
        "around the best fit: narrow where the data are few and odd. How sure the population's "
        "numbers are is not in them."
    ),
    limits=(
        "One compartment; the newest creatinine for the whole course. Sources differ: "
        f"{VANCOMYCIN.caution} {GENTAMICIN.caution} {DIGOXIN.caution} In obesity: "
        f"{VANCOMYCIN.in_obesity} {GENTAMICIN.in_obesity} {DIGOXIN.in_obesity} Doses are read from "
        "administrations only; a dose that was given and cannot be counted withholds the levels "
        "after it."
    ),
    inputs=(*drugs.PATIENT_INPUTS, renal.BMI, *DIGOXIN.further),
    parameter_sets=(
        *(drug.parameters for drug in drugs.DRUGS.values()),
        renal.PARAMETERS,
    ),
    checks=twin_checks.DRUG_LEVELS,
    references=(
        Reference(renal.SOURCE + ".", "S"),
        Reference(
            "Matzke 1984 (abstract): the clearance of vancomycin, 56 patients (docs/evidence.md, "
            "E-VANCO).",
            "S",
        ),
        Reference(drugs.CREIGHTON + ".", "S"),
        Reference(
            "Adane, Herald, Koura (abstract): vancomycin in extreme obesity (docs/evidence.md, "
            "E-OBESE-VANCO).",
            "S",
        ),
        Reference(drugs.TRAYNOR + ".", "S"),
        Reference(drugs.ABERNETHY + ".", "S", doi="10.1016/0002-8703(81)90100-9"),
        Reference(
            "Rybak 2020 (abstract): the target of vancomycin (docs/evidence.md, E-VANCO).", "S"
        ),
        Reference(drugs.AMINOGLYCOSIDES + ".", "S"),
        Reference(drugs.REUNING + ", and " + drugs.TABLETS + ".", "S"),
        Reference(
            "Bauman 2006 (abstract): how far digoxin's predictions were off (docs/evidence.md, "
            "E-DIGOXIN).",
            "S",
            doi="10.1001/archinte.166.22.2539",
        ),
    ),
)

FENTANYL = TwinFacts(
    id="fentanyl",
    version="2016.1",
    updated=MADE,
    title="Fentanyl from patches",
    purpose="For teaching and research: how levels rise and fall when patches are put on and taken off.",
    population="Adults from 35 to 150 kg; the clearance is that of people with advanced cancer.",
    not_for="Dosing anybody; children.",
    output="Concentration in ug/L over time, and the steady level of a rate, with 95 % intervals.",
    used_on="No page: a function for programs.",
    how_checked=(
        "The steady level of the published clearance is reproduced, below; small explicit steps give "
        f"the same course. {TESTED}"
    ),
    uncertainty=(
        "The interval is that of the clearance between people and occasions. Published clearances "
        "differ threefold, and so do levels: that is not in it."
    ),
    limits=(
        "Not modelled: the site, heat, a patch that comes off, age, liver disease, interacting "
        "drugs. The volume follows from the half-life of another study, which is our choice."
    ),
    inputs=(fentanyl.WEIGHT, fentanyl.RATE, fentanyl.HOURS),
    parameter_sets=(fentanyl.PARAMETERS,),
    checks=twin_checks.FENTANYL,
    references=(
        Reference(
            "Bista SR et al., J Clin Pharmacol 2016;56:705-713 (abstract; docs/evidence.md, "
            "E-FENTANYL).",
            "S",
            doi="10.1002/jcph.641",
        ),
        Reference(
            "Grond 2000 (abstract): the half-life after removal (docs/evidence.md, E-FENTANYL).",
            "S",
            doi="10.2165/00003088-200038010-00004",
        ),
        Reference("Varvel JR et al., 1989: half-lives after injection and after removal.", "S"),
    ),
)

# the constants of the indices, for the list of numbers
INDICES = ParameterSet(
    "Surrogates of insulin resistance",
    (
        Parameter(
            "homa_divisor", glucose.HOMA_DIVISOR, "mmol/L mU/L", "HOMA-IR as commonly given", "M"
        ),
        Parameter(
            "glucose_mg_dl_per_mmol_l",
            glucose.MG_DL_PER_MMOL_L,
            "mg/dL/(mmol/L)",
            "molar mass of glucose as commonly given",
            "M",
        ),
        Parameter(
            "triglycerides_mg_dl_per_mmol_l",
            glucose.TRIGLYCERIDES_MG_DL_PER_MMOL_L,
            "mg/dL/(mmol/L)",
            "conversion as commonly given",
            "M",
        ),
    ),
)
GLUCOSE = TwinFacts(
    id="glucose",
    version="1",
    updated=MADE,
    title="Glucose minimal model, HOMA-IR, QUICKI and TyG",
    purpose="For teaching and research: how glucose and insulin act on each other.",
    population="Adults of a typical kind: normal tolerance, impaired tolerance, type 2 diabetes.",
    not_for="A forecast of anybody's glucose; dosing insulin; type 1 diabetes.",
    output="Glucose (mg/dL), insulin (mU/L) and its action by the minute; three indices of a fasting sample.",
    used_on="No page: functions for programs.",
    how_checked=(
        "The exact solution with basal insulin is reproduced, below; the basal state stays as it is. "
        f"{TESTED}"
    ),
    uncertainty="No interval: the typical values differ widely between people.",
    limits=(
        "The typical values are published and not verified here; the effectiveness in impaired "
        "tolerance is ours, between the other two. Meals come as an appearance that is given."
    ),
    inputs=(glucose.GLUCOSE, glucose.INSULIN, glucose.TRIGLYCERIDES),
    parameter_sets=(glucose.NORMAL, glucose.IMPAIRED, glucose.DIABETES, INDICES),
    checks=twin_checks.GLUCOSE,
    references=(
        Reference(
            "Bergman's minimal model, HOMA-IR, QUICKI and TyG: equations and typical values as in "
            "this project's notes; the publications were not read.",
            "M",
        ),
    ),
)

TWINS = {twin.id: twin for twin in (BODY_WEIGHT, UKPDS_COURSE, DRUG_LEVELS, FENTANYL, GLUCOSE)}
