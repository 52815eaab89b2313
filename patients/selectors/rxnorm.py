"""The RxNorm release in force, as those who look up codes read it."""

from django.db import connection

from patients.models import RxNormConcept, RxNormRelease
from patients.terminology.medications import Medication
from patients.terminology.release import NO_RELEASE, Product, Release
from patients.terminology.substances import canonical

# more would be the codes of more drugs than one site uses
KEPT = 20_000

_newest: "tuple[tuple[str, int], Release] | None" = None


class StoredRelease:
    """Reads a code once, and keeps what it found: a release never changes."""

    def __init__(self, release: int) -> None:
        self.release = release
        self._known: dict[str, Product | None] = {}

    def product(self, rxcui: str) -> Product | None:
        return self._found(rxcui, rxcui=rxcui)

    def of_atc(self, code: str) -> Product | None:
        return self._found(f"atc {code}", term_type="IN", atc__contains=[code])

    def _found(self, key: str, **wanted: object) -> Product | None:
        if key not in self._known:
            rows = list(RxNormConcept.objects.filter(release=self.release, **wanted)[:2])
            if len(self._known) >= KEPT:
                self._known.clear()
            # of two ingredients with one ATC code neither is meant
            self._known[key] = _product(rows[0]) if len(rows) == 1 else None
        return self._known[key]


def release_in_force() -> RxNormRelease | None:
    return RxNormRelease.objects.order_by("-pk").first()


def stored_release(number: int) -> Release:
    """The release with this key; 0 is none. What it has found is kept for the next who asks."""
    global _newest
    if not number:
        return NO_RELEASE
    key = str(connection.settings_dict["NAME"]), number
    known = _newest
    if known is None or known[0] != key:
        known = key, StoredRelease(number)
        _newest = known
    return known[1]


def _product(row: RxNormConcept) -> Product:
    ingredients = canonical(tuple(row.ingredients))
    classes = tuple(row.classes)
    medication = Medication(ingredients, classes, row.name) if classes else None
    return Product(row.rxcui, row.name, ingredients, tuple(row.atc), row.strength_mg, medication)
