"""What a site's RxNorm release says of a code, for those who look codes up.

The release itself is in the database (`manage.py import_rxnorm`); a `Release` reads it.
"""

from dataclasses import dataclass
from typing import Protocol

from patients.terminology.medications import Medication


@dataclass(frozen=True, slots=True)
class Product:
    """One RxNorm concept. `ingredients` are canonical names, never empty.

    `strength_mg` is of one tablet, capsule or the like of a single ingredient, else None.
    `medication` is None where no class is known for one of the ingredients, or none for this form.
    """

    rxcui: str
    name: str
    ingredients: tuple[str, ...]
    atc: tuple[str, ...]
    strength_mg: float | None
    medication: Medication | None


class Release(Protocol):
    def product(self, rxcui: str) -> Product | None:
        """What the release says of a concept; None when it does not have it."""

    def of_atc(self, code: str) -> Product | None:
        """The one ingredient that the release gives this ATC code to."""


class _NoRelease:
    def product(self, rxcui: str) -> Product | None:
        return None

    def of_atc(self, code: str) -> Product | None:
        return None


NO_RELEASE: Release = _NoRelease()
