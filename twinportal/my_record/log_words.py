"""What the audit log's words mean to the person whom the pages are about. Complete by test."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

ANOTHER = gettext_noop("another page of your record")
# by `what` of the audit log; a name that goes on (an indication, a job) is found by its beginning
WHAT: dict[str, str] = {
    "twin page": gettext_noop("the main page of your record"),
    "worklist": gettext_noop("a list of patients with your name on it"),
    "worklist search": gettext_noop("a list of patients with your name on it"),
    "review": gettext_noop("new estimates before you see them"),
    "tasks": gettext_noop("what patients asked to correct"),
    "task": gettext_noop("what you asked to correct"),
    "prediction": gettext_noop("one of your estimates"),
    "trend": gettext_noop("one of your measurements over time"),
    "resource": gettext_noop("one entry of your record"),
    "trajectories": gettext_noop("where your test results may go"),
    "trajectory": gettext_noop("where a test result may go"),
    "forecast": gettext_noop("where a test result may go"),
    "medicines": gettext_noop("your medicines"),
    "medication review": gettext_noop("your medicines"),
    "drug levels": gettext_noop("the level of a medicine in your blood"),
    "body weight": gettext_noop("your weight over time"),
    "diabetes course": gettext_noop("how diabetes may go on"),
    "treatment overview": gettext_noop("ways to treat you"),
    "treatment ranking": gettext_noop("ways to treat you"),
    "treatment proposal": gettext_noop("a choice of treatments for you"),
    "what-if": gettext_noop("what may change if you change something"),
    "what-if scenarios": gettext_noop("what may change if you change something"),
    "scenario": gettext_noop("what may change if you change something"),
    "molecular data": gettext_noop("data about your genes and cells"),
    "AnnData file": gettext_noop("data about your genes and cells"),
    "expression": gettext_noop("data about your genes and cells"),
    "network ranking": gettext_noop("data about your genes and cells"),
    "own results": gettext_noop("the page My results"),
    "own result": gettext_noop("one of your results"),
    "own forecasts": gettext_noop("the page on where test results may go"),
    "own what-if": gettext_noop("the page What if I change something"),
    "own choices": gettext_noop("the page My choices"),
    "own choice": gettext_noop("the page My choices"),
    "own record": gettext_noop("the page My record"),
    "own access log": gettext_noop("the page Who has looked at my record"),
    "own consents": gettext_noop("the page What I allow"),
    "own consent": gettext_noop("what you allow"),
    "own facts": gettext_noop("the page What my record says"),
    "own correction": gettext_noop("what you asked to correct"),
    "own data": gettext_noop("a file with all your data"),
    "own explanation": gettext_noop("a file that explains your estimates"),
    "own numbers": gettext_noop("the page My numbers"),
    "own visit question": gettext_noop("your questions for the visit"),
    "own visit questions": gettext_noop("your questions for the visit"),
    "own visit summary": gettext_noop("the summary for your visit"),
    "own visit summary as PDF": gettext_noop("the summary for your visit"),
    "own level of words": gettext_noop("how this portal speaks to you"),
    "own what could lower it": gettext_noop("the page What could lower my number"),
    "questions on reading": gettext_noop("three questions on reading"),
    "visit question": gettext_noop("your questions for the visit"),
    "people like me": gettext_noop("the page People like me"),
    "people like this": gettext_noop("how people like you fared"),
    "what would lower it": gettext_noop("what could lower one of your estimates"),
    "missing inputs": gettext_noop("which tests are missing"),
    "twin comparison": gettext_noop("what changed between two days"),
    "flag": gettext_noop("why you are on a list"),
    "worklist row": gettext_noop("a list of patients with your name on it"),
    "worklist view": gettext_noop("a list of patients with your name on it"),
    "worklist metrics": gettext_noop("how often patients come on a list"),
    "quarantine": gettext_noop("data about you that had to be checked first"),
    "mapping": gettext_noop("how codes in your record are read"),
    "CorrectionRule": gettext_noop("how faulty data are corrected"),
    "model monitoring": gettext_noop("how well estimates turn out, for everybody"),
    "twins that failed": gettext_noop("estimates that could not be made"),
    "twins": gettext_noop("estimates that could not be made"),
    "Client": gettext_noop("a hospital computer system"),
    "OAuth": gettext_noop("a hospital computer system"),
    "network ranking table": gettext_noop("data about your genes and cells"),
    "begin": gettext_noop("files with data of many patients"),
    "network": gettext_noop("tables that are about nobody"),
    "drug targets": gettext_noop("tables that are about nobody"),
    "import": gettext_noop("files with data of many patients"),
    "export": gettext_noop("files with data of many patients"),
    "Bundle": gettext_noop("several parts of your record at once"),
}
# by FHIR type: what an EHR reads or sends
TYPES: dict[str, str] = {
    "AllergyIntolerance": gettext_noop("your allergies"),
    "Appointment": gettext_noop("your appointments"),
    "AuditEvent": gettext_noop("the list of who looked at your record"),
    "CarePlan": gettext_noop("plans for your care"),
    "CareTeam": gettext_noop("who looks after you"),
    "Condition": gettext_noop("your illnesses"),
    "Consent": gettext_noop("what you allow"),
    "Coverage": gettext_noop("your insurance"),
    "Device": gettext_noop("your medical devices"),
    "DiagnosticReport": gettext_noop("your test reports"),
    "DocumentReference": gettext_noop("letters and documents about you"),
    "Encounter": gettext_noop("your visits"),
    "FamilyMemberHistory": gettext_noop("illnesses in your family"),
    "Goal": gettext_noop("goals for your health"),
    "ImagingStudy": gettext_noop("your scans and X-rays"),
    "Immunization": gettext_noop("your vaccines"),
    "Medication": gettext_noop("your medicines"),
    "MedicationAdministration": gettext_noop("your medicines"),
    "MedicationDispense": gettext_noop("your medicines"),
    "MedicationRequest": gettext_noop("your medicines"),
    "MedicationStatement": gettext_noop("your medicines"),
    "Observation": gettext_noop("your test results"),
    "Patient": gettext_noop("your name, birth date and address"),
    "Procedure": gettext_noop("your operations and procedures"),
    "Provenance": gettext_noop("where your data came from"),
    "QuestionnaireResponse": gettext_noop("your answers to questions"),
    "RelatedPerson": gettext_noop("your family and contacts"),
    "RiskAssessment": gettext_noop("your estimates"),
    "ServiceRequest": gettext_noop("tests that were ordered for you"),
    "Specimen": gettext_noop("your samples"),
    "Task": gettext_noop("what you asked to correct"),
}
LOOKED, CHANGED = gettext_noop("looked at"), gettext_noop("changed")
SENT, REMOVED = gettext_noop("sent"), gettext_noop("removed")
TOOK = gettext_noop("took a copy of")
ACTIONS: dict[str, str] = {
    **dict.fromkeys(("read", "vread", "history", "search", "everything", "validate"), LOOKED),
    **dict.fromkeys(
        ("update", "patch", "correct", "retry", "replay", "cancel", "refresh"), CHANGED
    ),
    **dict.fromkeys(("create", "import", "quarantine"), SENT),
    **dict.fromkeys(("delete", "reject", "discard", "withdraw"), REMOVED),
    **dict.fromkeys(("export", "download"), TOOK),
    "release": gettext_noop("let you see"),
    "withhold": gettext_noop("held back"),
    "share": gettext_noop("let you see"),
    "merge": gettext_noop("joined"),
    "ask": gettext_noop("asked about"),
    "answer": gettext_noop("answered"),
    "choose": gettext_noop("chose"),
    "preview": LOOKED,
    "acknowledge": gettext_noop("took note of"),
    "unacknowledge": gettext_noop("took note of"),
    "suggest": gettext_noop("asked about"),
    "register": CHANGED,
    "set-reference": CHANGED,
    "refuse": gettext_noop("was not let in to"),
}
USED = gettext_noop("used")


def what_words(what: str) -> str:
    """In the reader's language; never a code or a name of the program."""
    if what in WHAT:
        return _(WHAT[what])
    begun = max((name for name in WHAT if what.startswith(f"{name} ")), key=len, default="")
    if begun:
        return _(WHAT[begun])
    named = [_(TYPES[part]) for part in re.split(r",\s*", what) if part in TYPES]
    return ", ".join(dict.fromkeys(named)) or _(ANOTHER)


def action_words(action: str) -> str:
    """What somebody did, as the verb between who and what."""
    return _(ACTIONS.get(action, USED))
