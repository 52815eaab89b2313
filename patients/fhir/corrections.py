"""One code instead of another in the text of a resource, every other byte as it was."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import orjson

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_MEMBER = re.compile(rb'[\s{,]*"(?:[^"\\]|\\.)*"\s*:\s*')
_ITEM = re.compile(rb"\s*[\[,]\s*")


def texts_at(resource: Any, path: str) -> set[str]:
    """The texts of every element at a general path, as "Patient.contact.gender"."""
    _, *names = path.split(".")
    nodes = [resource]
    for name in names:
        found = [node[name] for node in nodes if isinstance(node, dict) and name in node]
        nodes = [one for each in found for one in (each if isinstance(each, list) else [each])]
    return {node for node in nodes if isinstance(node, str)}


def with_code(raw: bytes, path: str, old: str, new: str) -> bytes:
    """The text of a resource with `new` where an element at `path` says `old`.

    `raw` has passed json_codec.loads().
    """
    _, *names = path.split(".")

    def code(text: bytes) -> bytes:
        is_old = text[:1] == b'"' and orjson.loads(text) == old
        return orjson.dumps(new) if is_old else text

    return _within(raw, names, code)


def _within(raw: bytes, names: Sequence[str], change: Callable[[bytes], bytes]) -> bytes:
    """A value with `change` made to what `names` leads to; lists by each of their items."""
    match raw.lstrip()[:1]:
        case b"[":
            items = ((None, bytes(item)) for item in _LIST.decode(raw))
            return _rebuilt(raw, items, _ITEM, lambda _, text: _within(text, names, change))
        case b"{" if names:
            members = ((name, bytes(value)) for name, value in _OBJECT.decode(raw).items())

            def inner(name: str | None, text: bytes) -> bytes:
                return _within(text, names[1:], change) if name == names[0] else text

            return _rebuilt(raw, members, _MEMBER, inner)
        case _:
            return raw if names else change(raw)


def _rebuilt(
    raw: bytes,
    values: Any,
    before: re.Pattern[bytes],
    changed: Callable[[str | None, bytes], bytes],
) -> bytes:
    """`raw` with each of its values changed; what stands between them stays."""
    pieces, position = [], 0
    for name, value in values:
        match = before.match(raw, position)
        start = match.end() if match else position
        pieces += [raw[position:start], changed(name, value)]
        position = start + len(value)
    return b"".join([*pieces, raw[position:]])
