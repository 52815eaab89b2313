"""What a rendered page says: its blocks of text, as somebody reads them."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

BLOCKS = frozenset(
    [
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "li",
        "figcaption",
        "label",
        "legend",
        "caption",
        "summary",
        "th",
        "td",
        "option",
        "span",
        "button",
        "div",
        "strong",
        "section",
        "article",
        "form",
    ]
)
# words in another language inside a sentence: names, which are no part of it
INLINE = frozenset({"span", "strong", "bdi", "q"})
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "legend", "caption"})
VOID = frozenset(
    [
        "input",
        "br",
        "img",
        "link",
        "meta",
        "line",
        "rect",
        "circle",
        "polyline",
        "polygon",
        "path",
        "hr",
    ]
)
# of a page, what is read as text rather than looked up in a table or chosen from a list
PROSE = frozenset({"h1", "h2", "h3", "p", "li", "figcaption", "summary", "picture"})
SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Block:
    """One piece of text: the tag it stands in ("picture": the name of one, "row": of a table), and
    its own language where that is not the page's."""

    tag: str
    text: str
    language: str = ""

    @property
    def sentences(self) -> list[str]:
        return [one for one in SENTENCE.split(self.text) if one]


class _Reader(HTMLParser):
    """Blocks are closed by the next block that begins or ends; a table's row is one block."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Block] = []
        self._open: list[tuple[str, str]] = []
        self._texts: list[str] = []
        self._tag, self._is_row, self._main = "", False, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "main":
            self._main = True
        if not self._main or tag in VOID:
            return
        if tag == "tr":
            self._close()
            self._tag, self._is_row = "row", True
        elif tag in BLOCKS and not self._is_row and tag not in {"strong", "span"}:
            self._close()
            self._tag = tag
        elif self._is_row and tag in {"td", "th"} and self._texts:
            self._texts.append(";")
        self._open.append((tag, names.get("lang") or ""))
        if tag == "svg" and names.get("aria-label"):
            language = self._language
            self.found.append(Block("picture", _tidy(names["aria-label"] or ""), language))

    def handle_endtag(self, tag: str) -> None:
        if tag == "main":
            self._close()
            self._main = False
        if not self._main or tag in VOID:
            return
        if (tag in BLOCKS and tag not in {"strong", "span"} and not self._is_row) or tag == "tr":
            self._close()
            self._is_row = self._is_row and tag != "tr"
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        hidden = {"svg", "script", "style", "option", "select"}
        if not self._main or any(tag in hidden for tag, _ in self._open):
            return
        inside = next(((tag, name) for tag, name in reversed(self._open) if name), ("", ""))
        if data.strip() and inside[0] in INLINE:
            self.found.append(Block("name", _tidy(data), inside[1]))
            self._texts.append(" ")
        else:
            self._texts.append(data if data.strip() else " ")

    @property
    def _language(self) -> str:
        return next((language for _, language in reversed(self._open) if language), "")

    def _close(self) -> None:
        text = _tidy("".join(self._texts))
        if text:
            self.found.append(Block(self._tag, text, self._language))
        self._texts = []


def blocks(page: str) -> list[Block]:
    """Everything said in `<main>`."""
    reader = _Reader()
    reader.feed(page)
    return reader.found


def prose(page: str, language: str = "") -> list[str]:
    """Its sentences, without tables, controls and what is in another language than the page."""
    return [
        sentence
        for block in blocks(page)
        if block.tag in PROSE - {"picture"} and not block.language
        for sentence in block.sentences
    ]


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
