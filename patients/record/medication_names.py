"""Which drug a medication resource names: its ingredients, its codes, how it is shown.

A code names a drug, or it does not: nothing is read from a text. Codes that name different drugs
leave it unresolved, and `why_not` says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from patients.record.doses import MG
from patients.record.drafts import Resolve
from patients.record.elements import (
    Coding,
    Json,
    child,
    children,
    codings,
    first_coding,
    shown,
    text,
)
from patients.record.medication_reference import medication_referred_to
from patients.terminology.codings import Atc, Code, RxNorm, code_of
from patients.terminology.meanings import Key, LocalMeanings, MappingKind
from patients.terminology.medications import medication_of
from patients.terminology.substances import atc_codes_of, canonical, strength_of, substance_of


@dataclass(frozen=True, slots=True)
class Named:
    """`ingredients` are empty, with the reason in `why_not`, when the drug is not known.

    `strength_mg` is that of one tablet or capsule of a single ingredient; None when not known.
    """

    ingredients: tuple[str, ...]
    atc: tuple[str, ...]
    rxnorm: tuple[str, ...]
    display: str
    why_not: str
    strength_mg: float | None
    # what tells unresolved drugs apart
    identity: str
    # the stewards' mappings that it was read by
    mappings: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    ingredients: tuple[str, ...]
    strength_mg: float | None = None
    atc: tuple[str, ...] = ()
    mapping: int = 0


def named(resource: Json, resolve: Resolve | None, meanings: LocalMeanings) -> Named:
    """The drug of a MedicationRequest, Statement, Administration or Dispense."""
    concept = child(resource, "medicationCodeableConcept")
    if concept:
        return _by_codes(concept, meanings)
    found, display = medication_referred_to(resource, resolve)
    if not found:
        return Named((), (), (), display, "the Medication is not here", None, f"text {display}")
    by_code = _by_codes(child(found, "code"), meanings)
    return by_code if by_code.ingredients else _by_ingredients(found, by_code, meanings)


def _by_codes(concept: Json, meanings: LocalMeanings) -> Named:
    sent = list(codings(concept))
    read = [(coding, found) for coding in sent if (found := _read(coding, meanings))]
    sets = dict.fromkeys(found.ingredients for _, found in read)
    first = first_coding(concept)
    if len(sets) == 1:
        coding = read[0][0]
        ingredients = next(iter(sets))
        strengths = {f.strength_mg for _, f in read if f.strength_mg is not None}
        return Named(
            ingredients,
            _codes(sent, Atc) or atc_codes_of(ingredients) or read[0][1].atc,
            _codes(sent, RxNorm),
            shown(concept, coding, " / ".join(ingredients)),
            "",
            strengths.pop() if len(strengths) == 1 else None,
            "",
            # where our own tables say it too, no mapping is needed
            _mappings(found for _, found in read),
        )
    display = shown(concept, first)
    identity = f"{first.system}|{first.code}" if first.code else f"text {display.casefold()}"
    why = _why_not(sent, list(sets), meanings)
    return Named((), _codes(sent, Atc), _codes(sent, RxNorm), display, why, None, identity)


def _mappings(read: Iterable[_Read]) -> tuple[int, ...]:
    numbers = {found.mapping for found in read}
    return () if 0 in numbers else tuple(sorted(numbers))


def _codes(sent: list[Coding], kind: type[Code]) -> tuple[str, ...]:
    known = (coding.known for coding in sent if isinstance(coding.known, kind))
    return tuple(dict.fromkeys(code.value for code in known if code))


def _why_not(sent: list[Coding], sets: list[tuple[str, ...]], meanings: LocalMeanings) -> str:
    if sets:
        drugs = "; ".join(" / ".join(ingredients) for ingredients in sets)
        return f"its codes name different drugs: {drugs}"
    if not sent:
        return "it has no code, and a text is never read"
    groups = [m.value for c in sent if (m := meanings.medication(c.system, c.code))]
    if groups:
        return f"its code names a group ({groups[0].name}), not one drug"
    return f"{sent[0].code} is in no table here"


def _read(coding: Coding, meanings: LocalMeanings) -> _Read | None:
    """Our own tables first, then what a steward has said, then the site's RxNorm release."""
    code = coding.known
    if code and (found := _committed(code)):
        return found
    if found := _mapped(coding, meanings):
        return found
    product = None
    if isinstance(code, RxNorm):
        product = meanings.release.product(code.value)
    elif isinstance(code, Atc):
        product = meanings.release.of_atc(code.value)
    if product is None:
        return None
    # an ATC code names a substance, and no product
    strength = product.strength_mg if isinstance(code, RxNorm) else None
    return _Read(product.ingredients, strength, product.atc)


def _committed(code: Code) -> _Read | None:
    if isinstance(code, Atc):
        ingredients = substance_of(code)
        return _Read(ingredients) if ingredients else None
    medication = medication_of(code)
    if medication is None or not medication.ingredients:
        return None
    return _Read(canonical(medication.ingredients), strength_of(code))


def _mapped(coding: Coding, meanings: LocalMeanings) -> _Read | None:
    meant = meanings.medications.get((coding.system, coding.code))
    if meant is None:
        return None
    if meant.value.ingredients:
        return _Read(canonical(meant.value.ingredients), mapping=meant.mapping)
    key = Key(MappingKind.MEDICATION, "", coding.system, coding.code)
    target = meanings.said[key].target if key in meanings.said else ""
    system, _, code = target.partition("|")
    known = code_of(Atc.uris[0], code) if system == "atc" else None
    ingredients = substance_of(known) if isinstance(known, Atc) else ()
    return _Read(ingredients, mapping=meant.mapping) if ingredients else None


def _by_ingredients(medication: Json, by_code: Named, meanings: LocalMeanings) -> Named:
    """A Medication whose code says nothing: by its ingredients, if every one is known."""
    items = children(medication, "ingredient")
    found = [_by_codes(child(item, "itemCodeableConcept"), meanings) for item in items]
    if not found or not all(one.ingredients for one in found):
        return by_code
    ingredients = canonical(tuple(name for one in found for name in one.ingredients))
    return Named(
        ingredients,
        by_code.atc or atc_codes_of(ingredients),
        by_code.rxnorm or tuple(code for one in found for code in one.rxnorm),
        by_code.display or " / ".join(ingredients),
        "",
        _strength(items[0]) if len(items) == 1 else None,
        "",
        tuple(sorted({number for one in found for number in one.mappings})),
    )


def _strength(item: Json) -> float | None:
    """Milligrams in one piece: "20 mg per 1 tablet". A concentration is none."""
    ratio = child(item, "strength")
    over, under = child(ratio, "numerator"), child(ratio, "denominator")
    amount, pieces = over.get("value"), under.get("value", 1)
    factor = MG.get(text(over, "code") or text(over, "unit"))
    unit = (text(under, "unit") or text(under, "code")).casefold()
    if isinstance(amount, bool) or not isinstance(amount, int | float) or factor is None:
        return None
    is_piece = unit in ("", "1") or any(word in unit for word in ("tab", "cap", "tbl"))
    return float(amount) * factor if pieces == 1 and is_piece and amount > 0 else None
