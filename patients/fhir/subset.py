"""A resource with some of its elements only, and everything that is left exactly as it was sent."""

from collections.abc import Collection

import msgspec
import orjson

from patients.fhir.definitions import elements

KEPT = frozenset(["resourceType", "id", "meta"])
SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
_MARK = orjson.dumps(SUBSETTED)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def subset(content: str, type_name: str, asked: Collection[str]) -> bytes:
    """The elements asked for, those that R4 demands, and the mark that it is not all.

    `asked` are names at the top level, "value" for any valueQuantity, valueString, ... `content`
    is a stored resource; numbers are written as they were.
    """
    members = {
        name: bytes(value)
        for name, value in _OBJECT.decode(content).items()
        if _is_kept(name, type_name, asked)
    }
    members["meta"] = _marked(members.get("meta", b"{}"))
    return _object(members)


def is_element(name: str, type_name: str) -> bool:
    """Whether R4 has this element at the top of the type, or a choice of that name."""
    known = elements(type_name)
    return name in known or any(name == e.choice for e in known.values())


def _is_kept(name: str, type_name: str, asked: Collection[str]) -> bool:
    plain = name.removeprefix("_")
    element = elements(type_name).get(plain)
    if name in KEPT or plain in asked:
        return True
    return element is not None and (element.required or element.choice in asked)


def _marked(meta: bytes) -> bytes:
    members = {name: bytes(value) for name, value in _OBJECT.decode(meta).items()}
    tags = [bytes(tag) for tag in _LIST.decode(members.get("tag", b"[]"))]
    members["tag"] = b"[" + b",".join([*tags, _MARK]) + b"]"
    return _object(members)


def _object(members: dict[str, bytes]) -> bytes:
    pairs = (orjson.dumps(name) + b":" + value for name, value in members.items())
    return b"{" + b",".join(pairs) + b"}"
