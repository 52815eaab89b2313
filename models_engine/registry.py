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
from models_engine.catalogue.risk.ckdpc_40 import ckdpc_40
from models_engine.catalogue.risk.kfre import ELSEWHERE, NORTH_AMERICA, kfre_4v
from models_engine.catalogue.risk.kfre_8v import kfre_8v
from models_engine.catalogue.risk.pce import pce
from models_engine.catalogue.risk.prevent import prevent_models
from models_engine.catalogue.risk.score2 import REGIONS, score2, score2_op
from models_engine.catalogue.risk.score2_diabetes import score2_diabetes
from models_engine.catalogue.risk.ukpds import ukpds_models
from models_engine.catalogue.scores.cha2ds2_vasc import cha2ds2_vasc
from models_engine.catalogue.scores.charlson import charlson
from models_engine.catalogue.scores.fib4 import fib4
from models_engine.catalogue.scores.findrisc import findrisc
from models_engine.catalogue.scores.has_bled import has_bled
from models_engine.catalogue.scores.meld3 import meld3
from models_engine.catalogue.trained.models import trained_models
from models_engine.plugins import with_plugins

# the risk region of SCORE2 while nobody has set one: then these models are not offered
NO_REGION = ""
SCORE2_IDS = ("score2", "score2_op", "score2_diabetes")
WITHOUT_REGION = (
    "SCORE2, SCORE2-OP and SCORE2-Diabetes are not offered: the European risk region of this "
    "hospital is not set (TWINPORTAL_SCORE2_REGION: low, moderate, high or very_high)."
)


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
def registered(
    kfre_region: str = NORTH_AMERICA, score2_region: str = NO_REGION
) -> Mapping[str, ClinicalModel]:
    """Every registered model by id, ours first, then the listed plug-ins; checked once a process.

    `kfre_region` is the calibration of the kidney failure equations: "north_america" or
    "elsewhere". North America is the default because PREVENT, too, is a US equation.
    `score2_region` is that of SCORE2: "low", "moderate", "high" or "very_high"; without one,
    SCORE2 is not registered, as no region is a safe guess. Raises ValueError on an unknown one.
    """
    return with_plugins(
        register(
            (
                ckd_epi_2021(),
                *prevent_models(),
                pce(),
                *_score2_models(score2_region),
                kfre_4v(kfre_region),
                kfre_8v(kfre_region),
                ckdpc_40(),
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
                *trained_models(),
            )
        ),
        reserved=SCORE2_IDS,
    )


def quiet_ids() -> frozenset[str]:
    """The models that are for clinicians alone."""
    return frozenset(m.id for m in all_models() if m.quiet)


def _score2_models(region: str) -> tuple[ClinicalModel, ...]:
    if region == NO_REGION:
        return ()
    return score2(region), score2_op(region), score2_diabetes(region)


def all_models(
    kfre_region: str = NORTH_AMERICA, score2_region: str = NO_REGION
) -> tuple[ClinicalModel, ...]:
    """Every registered model, derived values first."""
    return tuple(registered(kfre_region, score2_region).values())


def model(
    model_id: str, kfre_region: str = NORTH_AMERICA, score2_region: str = NO_REGION
) -> ClinicalModel:
    """The registered model of that id. Raises KeyError."""
    return registered(kfre_region, score2_region)[model_id]


def not_offered(score2_region: str) -> tuple[str, ...]:
    """In sentences, which models this hospital does not have for want of a setting."""
    return (WITHOUT_REGION,) if score2_region == NO_REGION else ()


@cache
def every_calibration() -> Mapping[tuple[str, str], ClinicalModel]:
    """The models of all regions by id and version, whatever this hospital has set."""
    settings = [(NORTH_AMERICA, region) for region in REGIONS] + [(ELSEWHERE, REGIONS[0])]
    return {(m.id, m.version): m for pair in settings for m in all_models(*pair)}


def model_as_run(model_id: str, version: str) -> ClinicalModel:
    """The model that made a stored prediction: of its version, else the first of its id.

    A region may have been set otherwise since. Raises KeyError on an id that is no more.
    """
    known = every_calibration()
    if (model_id, version) in known:
        return known[model_id, version]
    of_id = (m for (known_id, _), m in known.items() if known_id == model_id)
    found = next(of_id, None)
    if found is None:
        raise KeyError(model_id)
    return found


def research_ids() -> frozenset[str]:
    """Models for clinicians alone: their numbers are not released and not written back."""
    return frozenset(m.id for m in all_models() if m.research)


def models_hash(models: Iterable[ClinicalModel]) -> str:
    """One hash of ids, versions and artefacts: it changes when any model does (E14)."""
    lines = sorted(f"{m.id}\t{m.version}\t{m.artefact_hash}" for m in models)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
