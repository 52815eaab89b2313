"""Public keys of clients, as JSON Web Key Sets: which may be registered, and which may be used."""

from typing import Any

from jwcrypto.common import JWException
from jwcrypto.jwk import JWK

Json = dict[str, Any]
ALGORITHMS = {"RSA": "RS384", "EC": "ES384"}
SECRET_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
SMALLEST_RSA = 2048
LARGEST_RSA = 8192
CURVE = "P-384"
MOST_KEYS = 20
PRIVATE = "a private or secret key: give its public half only, and make a new pair"


def key_set_faults(content: Any) -> list[str]:
    """What is wrong with a key set that is to be registered; each key must do."""
    if not isinstance(content, dict) or not isinstance(content.get("keys"), list):
        return [_not_a_set(content)]
    entries = content["keys"]
    if not 1 <= len(entries) <= MOST_KEYS:
        return [f"A key set has 1 to {MOST_KEYS} keys; this one has {len(entries)}"]
    faults = [
        f"keys[{number}]: {fault}"
        for number, entry in enumerate(entries)
        if (fault := key_fault(entry))
    ]
    names = [entry.get("kid") for entry in entries if isinstance(entry, dict)]
    if not faults and len(set(names)) < len(names):
        faults.append("Two keys have the same kid")
    return faults


def _not_a_set(content: Any) -> str:
    if isinstance(content, dict) and content.keys() & SECRET_MEMBERS:
        return f"This is {PRIVATE}"
    return 'This is not a JSON Web Key Set: {"keys": [...]}'


def key_fault(entry: Any) -> str:
    """Why this key may not be used; "" if it may."""
    if not isinstance(entry, dict):
        return "not a JSON object"
    if entry.keys() & SECRET_MEMBERS or entry.get("kty") == "oct":
        return PRIVATE
    kid = entry.get("kid")
    if not isinstance(kid, str) or not kid:
        return "it has no kid"
    algorithm = ALGORITHMS.get(str(entry.get("kty")))
    if algorithm is None:
        return "neither RSA nor EC"
    if entry.get("alg", algorithm) != algorithm or entry.get("use", "sig") != "sig":
        return f"not for signing with {algorithm}"
    if "verify" not in _listed(entry.get("key_ops", ["verify"])):
        return "its key_ops do not have verify"
    return _strength_fault(entry)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _strength_fault(entry: Json) -> str:
    if entry["kty"] == "EC" and entry.get("crv") != CURVE:
        return f"the curve is not {CURVE}"
    try:
        public = JWK(**entry).get_op_key("verify")
    except (JWException, ValueError, TypeError):
        return "not a valid key"
    if entry["kty"] == "RSA" and not SMALLEST_RSA <= public.key_size <= LARGEST_RSA:
        return f"an RSA key of {public.key_size} bits; {SMALLEST_RSA} to {LARGEST_RSA} are taken"
    return ""


def find_key(content: Any, kid: str, algorithm: str) -> JWK | None:
    """The usable key of that name and kind, or None. What else the set holds is passed over."""
    entries = _listed(content.get("keys")) if isinstance(content, dict) else []
    for entry in entries[:MOST_KEYS]:
        is_it = isinstance(entry, dict) and entry.get("kid") == kid and not key_fault(entry)
        if is_it and ALGORITHMS[entry["kty"]] == algorithm:
            return JWK(**entry)
    return None
