"""The models that may run. A model without inputs, facts or passing vectors is refused."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from models_engine.catalogue.bedside.news2 import news2
from models_engine.catalogue.bedside.qsofa import qsofa
from models_engine.catalogue.contract import ClinicalModel, Vector
from models_engine.catalogue.discharge.hospital_score import hospital_score
from models_engine.catalogue.discharge.lace import lace
from models_engine.catalogue.risk.ckd_epi_2021 import ckd_epi_2021
from models_engine.catalogue.risk.kfre import NORTH_AMERICA, kfre_4v
from models_engine.catalogue.risk.prevent import prevent_models
from models_engine.catalogue.risk.ukpds import ukpds_models
from models_engine.catalogue.scores.cha2ds2_vasc import cha2ds2_vasc
from models_engine.catalogue.scores.charlson import charlson
from models_engine.catalogue.scores.fib4 import fib4
from models_engine.catalogue.scores.findrisc import findrisc
from models_engine.catalogue.scores.has_bled import has_bled
from models_engine.catalogue.scores.meld3 import meld3


class RegistryError(ValueError):
    """A model that must not run: a duplicate id or a vector that it does not reproduce."""


def register(models: Iterable[ClinicalModel]) -> Mapping[str, ClinicalModel]:
    """The models by id, in the given order.

    Raises RegistryError on a duplicate id, and on a model that does not reproduce one of its own
    test vectors; missing inputs, facts or vectors are refused by ClinicalModel itself.
    """
    registered: dict[str, ClinicalModel] = {}
    for candidate in models:
        if candidate.id in registered:
            raise RegistryError(f"{candidate.id}: registered twice")
        for vector in candidate.vectors:
            _reproduce(candidate, vector)
        registered[candidate.id] = candidate
    return MappingProxyType(registered)


def _reproduce(candidate: ClinicalModel, vector: Vector) -> None:
    outcomes = candidate.predict_one(vector.inputs)
    for outcome, expected in vector.expected.items():
        if not abs(outcomes[outcome] - expected) <= vector.tolerance:
            raise RegistryError(
                f"{candidate.id}: vector {vector.name!r} gives {outcome} {outcomes[outcome]!r}, "
                f"expected {expected!r} within {vector.tolerance}"
            )


@cache
def registered(kfre_region: str = NORTH_AMERICA) -> Mapping[str, ClinicalModel]:
    """Every registered model by id, checked once a process.

    `kfre_region` is the calibration of the kidney failure equation: "north_america" or
    "elsewhere". North America is the default because PREVENT, too, is a US equation.
    """
    return register(
        (
            ckd_epi_2021(),
            *prevent_models(),
            kfre_4v(kfre_region),
            news2(),
            qsofa(),
            lace(),
            hospital_score(),
            cha2ds2_vasc(),
            has_bled(),
            charlson(),
            fib4(),
            meld3(),
            findrisc(),
            *ukpds_models(),
        )
    )


def quiet_ids() -> frozenset[str]:
    """The models that are for clinicians alone."""
    return frozenset(m.id for m in all_models() if m.quiet)


def all_models(kfre_region: str = NORTH_AMERICA) -> tuple[ClinicalModel, ...]:
    """Every registered model, derived values first."""
    return tuple(registered(kfre_region).values())


def model(model_id: str, kfre_region: str = NORTH_AMERICA) -> ClinicalModel:
    """The registered model of that id. Raises KeyError."""
    return registered(kfre_region)[model_id]


def models_hash(models: Iterable[ClinicalModel]) -> str:
    """One hash of ids, versions and artefacts: it changes when any model does (E14)."""
    lines = sorted(f"{m.id}\t{m.version}\t{m.artefact_hash}" for m in models)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
