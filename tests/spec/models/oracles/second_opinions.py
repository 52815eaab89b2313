"""A second, slow implementation of each equation, written from the publication and not from ours.

Each module of this package has `OPINIONS`: by model id, or by "id version" where a model has several
calibrations, how one person's outcomes are computed ({outcome: value}), and the people on whom the
two are compared. The people stand on both sides of every knot and exactly on every cut-off, or a
mistyped one would go unnoticed.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple

from tests.spec.models import oracles as package

Person = Mapping[str, float]


class Opinion(NamedTuple):
    compute: Callable[[Person], Mapping[str, float]]
    people: Sequence[Person]


def opinions() -> dict[str, Opinion]:
    """Of every module beside this one, by model id."""
    found: dict[str, Opinion] = {}
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        if module.name != __name__:
            found |= import_module(module.name).OPINIONS
    return found
