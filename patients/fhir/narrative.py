"""Narrative: a `div` of safe XHTML and nothing else (R4 rules txt-1 and txt-2)."""

import html.entities
import re
from xml.parsers import expat

# R4, narrative.html: chapters 7 to 11 (without 9.4) and 15 of HTML 4.0, <a>, images, no events
_TAGS = """
a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt
em h1 h2 h3 h4 h5 h6 hr i img kbd li map ol p pre q samp small span strong sub sup table tbody td
tfoot th thead tr tt ul var
"""
_ATTRIBUTES = """
abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char
charoff charset cite class colspan compact coords dir frame headers height href hreflang hspace id
ismap lang longdesc name nohref nowrap rel rev rowspan rules scope shape span src start style summary tabindex
title type usemap valign value vspace width xml:lang xml:space xmlns
"""
ALLOWED_TAGS = frozenset(_TAGS.split())
ALLOWED_ATTRIBUTES = frozenset(_ATTRIBUTES.split())
XHTML = "http://www.w3.org/1999/xhtml"
_ADDRESSES = ("href", "src", "cite", "longdesc", "usemap")
# R4 leaves the scheme open; here are those that can run nothing. The last two: an address without
# one, whose first colon comes after "/", "?" or "#"
_SAFE_ADDRESS = re.compile(
    r"((https?|ftps?|sftp|mailto|tel|sms|fax|geo|cid|mid|urn|oid|doi|info):"
    r"|data:image/(png|gif|jpeg)[;,]|[^:/?#]*[/?#]|[^:]*$)"
)
_UNSAFE_STYLE = re.compile(r"expression|javascript|@import|behaviou?r|-moz-binding|\\|/\*")
_STYLE_ADDRESS = re.compile(r"url\(['\"]?([^)]*)\)")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_ENTITIES = ("amp", "lt", "gt", "quot", "apos")


class _Fault(Exception):
    pass


def narrative_fault(div: str) -> str | None:
    """What is wrong with the text of Narrative.div; None when it may be shown."""
    if "<!" in div.replace("<!--", "") or "<?" in div:
        return "declarations and processing instructions are not allowed in a narrative"
    reader = _Reader()
    try:
        reader.read(_ENTITY.sub(_as_number, div))
    except _Fault as fault:
        return str(fault)
    except (expat.ExpatError, ValueError) as fault:
        return f"the narrative is not well-formed XHTML: {fault}"
    if not reader.has_content:
        return "the narrative has neither text nor an image"
    return None


def is_safe_narrative(div: str) -> bool:
    """The same as a yes or no."""
    return narrative_fault(div) is None


def _as_number(match: re.Match[str]) -> str:
    name = match[1]
    if name in _XML_ENTITIES or name not in html.entities.name2codepoint:
        return match[0]
    return f"&#{html.entities.name2codepoint[name]};"


class _Reader:
    """Walks the elements with expat; no document type, so no entity can expand."""

    def __init__(self) -> None:
        self.has_content = False
        self.depth = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text

    def read(self, div: str) -> None:
        self.parser.Parse(div.strip(" \t\r\n"), True)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.depth == 0 and (tag != "div" or attributes.get("xmlns") != XHTML):
            raise _Fault(f'a narrative is one <div xmlns="{XHTML}">')
        self.depth += 1
        if tag not in ALLOWED_TAGS:
            raise _Fault(f"<{tag[:40]}> is not allowed in a narrative")
        self.has_content |= tag == "img"
        for name, value in attributes.items():
            _check_attribute(tag, name, value)

    def end(self, tag: str) -> None:
        self.depth -= 1

    def text(self, data: str) -> None:
        self.has_content = self.has_content or not data.isspace()


def _check_attribute(tag: str, name: str, value: str) -> None:
    if name not in ALLOWED_ATTRIBUTES or (name == "xmlns" and value != XHTML):
        raise _Fault(f"the attribute {name[:40]!r} of <{tag}> is not allowed in a narrative")
    plain = re.sub(r"[\x00-\x20]", "", value).lower()
    if name in _ADDRESSES and not _SAFE_ADDRESS.match(plain):
        raise _Fault(f"the address in {name!r} of <{tag}> is not allowed in a narrative")
    addresses = _STYLE_ADDRESS.findall(plain) if name == "style" else ()
    is_unsafe = name == "style" and _UNSAFE_STYLE.search(plain)
    if is_unsafe or any(":" in a and not a.startswith("data:image/") for a in addresses):
        raise _Fault(f"the style of <{tag}> is not allowed in a narrative")
