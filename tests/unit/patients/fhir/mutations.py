"""Small random changes to valid resources: as a Hypothesis strategy, and always the same ones."""

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.unit.patients.fhir import examples as ex

Pick = Callable[[Sequence[Any]], Any]
ODD_VALUES: list[Any] = [
    None, "", " ", "x", "a b", "\x00", "true", [], {}, [None], [[]], [{}], ["a"], [1],
    0, 1, -1, 1.0, 1.5, 1e308, 2**31, True, False,
    "2024-02-30", "2024-13", "2024-01-01T10:00:00", "9", "SGVsbG8", "=", "http://x y", "http://x",
    "#x", "Foo/1", "Patient/1", "Organization/1", "urn:uuid:1",
    {"id": "1"}, {"extension": []}, {"extension": [{"url": "http://x", "valueString": "y"}]},
    {"reference": "Patient/9"}, {"text": "t"}, {"coding": []}, {"value": 1},
    {"coding": [{"system": "s", "code": "c"}]}, {"start": "2025", "end": "2024"},
    {"resourceType": "Patient"},
]  # fmt: skip
NAMES = [
    "status", "code", "value", "valueString", "valueQuantity", "_status", "_given", "id",
    "extension", "text", "reference", "system", "start", "end", "unknown", "period", "contained",
    "identifier", "coding", "comparator", "dataAbsentReason", "_birthDate", "div", "type", "unit",
    "deceasedDateTime", "resourceType", "url", "_url", "data", "modifierExtension", "meta",
]  # fmt: skip


def _places(node: Any, path: tuple = ()) -> Iterator[tuple]:
    """Paths of everything inside, the root left out."""
    members = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in members:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from _places(value, (*path, key))


def _at(node: Any, path: tuple) -> Any:
    for key in path:
        node = node[key]
    return node


def _changed_once(resource: ex.Json, pick: Pick) -> None:
    """One member replaced, removed, added or moved."""
    places = list(_places(resource))
    path = pick(places)
    parent, target = _at(resource, path[:-1]), _at(resource, path)
    value = copy.deepcopy(pick(ODD_VALUES))
    match pick(["replace", "remove", "add", "move"]):
        case "replace":
            parent[path[-1]] = value
        case "remove":
            del parent[path[-1]]
        case "add" if isinstance(target, dict):
            target[pick(NAMES)] = value
        case "add" if isinstance(target, list):
            target.append(value)
        case _:
            parent[path[-1]] = copy.deepcopy(_at(resource, pick(places)))


@st.composite
def broken(draw: st.DrawFn, examples: Sequence[ex.Json]) -> ex.Json:
    """One of the examples with one or two changes."""

    def pick(items: Sequence[Any]) -> Any:
        return draw(st.sampled_from(items))

    resource = copy.deepcopy(pick(examples))
    for _ in range(draw(st.integers(1, 2))):
        _changed_once(resource, pick)
    return resource


def broken_resources() -> st.SearchStrategy[ex.Json]:
    """A broken one of the valid resources."""
    return broken(ex.ALL)


def always_the_same(count: int) -> Iterator[ex.Json]:
    """Valid resources with one change each, the same in every run."""
    pick = random.Random(4).choice
    for _ in range(count):
        resource = copy.deepcopy(pick(ex.ALL))
        _changed_once(resource, pick)
        yield resource
