"""Models of third parties: packages that the hospital has listed, found by their entry points.

A package of the setting MODEL_PLUGINS runs with all rights of the portal. A plug-in that cannot
be loaded, or that fails one of the checks that every model passes, is left out, logged, and shown
on the models page; it never stops the portal, and never replaces a model of ours.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution
from types import MappingProxyType

from django.conf import settings

from models_engine.catalogue.contract import ClinicalModel
from models_engine.checks import run_checks

log = logging.getLogger(__name__)
GROUP = "twinportal.models"
LONGEST_REASON = 500


@dataclass(frozen=True)
class LeftOut:
    """A listed package, or one model of it, that does not run, and why."""

    package: str
    what: str
    reason: str


@dataclass(frozen=True, eq=False)
class PluggedIn:
    """What the listed packages gave: models by id, their packages, and what was left out."""

    models: Mapping[str, ClinicalModel]
    packages: Mapping[str, str]
    left_out: tuple[LeftOut, ...]


class PluginError(Exception):
    """A plug-in that gives no models; the message is for people."""


def with_plugins(
    own: Mapping[str, ClinicalModel], reserved: Collection[str] = ()
) -> Mapping[str, ClinicalModel]:
    """Our models, then those of the listed packages.

    An id of ours stays ours, also a `reserved` one of a model that this hospital does not have.
    """
    taken = {*own, *reserved}
    more = {key: model for key, model in _plugged_in().models.items() if key not in taken}
    return MappingProxyType({**own, **more})


def left_out(registered: Mapping[str, ClinicalModel]) -> tuple[LeftOut, ...]:
    """Everything that was listed and does not run among `registered`."""
    plugged = _plugged_in()
    clashes = (
        LeftOut(plugged.packages[key], key, "A model of the portal has this id already.")
        for key, model in plugged.models.items()
        if registered.get(key) is not model
    )
    return (*plugged.left_out, *clashes)


def package_of(model: ClinicalModel) -> str:
    """The package, with its version, that a model came in; empty for a model of ours."""
    plugged = _plugged_in()
    return plugged.packages[model.id] if plugged.models.get(model.id) is model else ""


def _plugged_in() -> PluggedIn:
    return load(tuple(settings.MODEL_PLUGINS))


@cache
def load(listed: tuple[str, ...]) -> PluggedIn:
    """The checked models of the listed distributions, once a process. Never raises."""
    models: dict[str, ClinicalModel] = {}
    packages: dict[str, str] = {}
    refused: list[LeftOut] = []
    for package in listed:
        try:
            found = installed(package)
        except PluginError as error:
            refused.append(LeftOut(package, "the package", str(error)))
            continue
        name = f"{found.name} {found.version}"
        for entry in entry_points_of(found):
            for what, outcome in _checked(entry):
                if isinstance(outcome, ClinicalModel) and outcome.id not in models:
                    models[outcome.id], packages[outcome.id] = outcome, name
                elif isinstance(outcome, ClinicalModel):
                    refused.append(LeftOut(name, what, "Another plug-in has this id already."))
                else:
                    refused.append(LeftOut(name, what, outcome))
    for one in refused:
        log.error("model plug-in left out: %s, %s: %s", one.package, one.what, one.reason)
    return PluggedIn(MappingProxyType(models), MappingProxyType(packages), tuple(refused))


def installed(package: str) -> Distribution:
    """The installed distribution of that name, with models in it. Raises PluginError."""
    try:
        found = distribution(package)
    except (PackageNotFoundError, ValueError):
        raise PluginError("No package of this name is installed.") from None
    if not entry_points_of(found):
        raise PluginError(f"The package has no entry point in the group {GROUP}.")
    return found


def entry_points_of(found: Distribution) -> tuple[EntryPoint, ...]:
    """The entry points of a distribution that give models."""
    return tuple(entry for entry in found.entry_points if entry.group == GROUP)


def models_of(entry: EntryPoint) -> tuple[ClinicalModel, ...]:
    """What the entry point's callable returns: one model or several. Raises PluginError."""
    try:
        given = entry.load()()
    # somebody else's module may raise anything, and may even try to end the process
    except (Exception, SystemExit) as error:
        raise PluginError(_brief(f"It raised {type(error).__name__}: {error}")) from error
    found = (given,) if isinstance(given, ClinicalModel) else given
    if not isinstance(found, Iterable) or isinstance(found, str):
        raise PluginError(f"It gave {type(given).__name__}, not a ClinicalModel or several.")
    models = tuple(found)
    if not models or not all(isinstance(model, ClinicalModel) for model in models):
        raise PluginError("It must give at least one ClinicalModel, and nothing else.")
    return models


def _checked(entry: EntryPoint) -> Iterator[tuple[str, ClinicalModel | str]]:
    """Each model of an entry point, or why it may not run."""
    try:
        models = models_of(entry)
    except PluginError as error:
        yield f"entry point {entry.name}", str(error)
        return
    for model in models:
        problems = [f"{o.check}: {o.problem}" for o in run_checks(model) if o.problem]
        yield model.id, _brief("; ".join(problems)) if problems else model


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON]}..."
