"""A page as PDF by WeasyPrint, where its libraries (Pango) are installed. It fetches nothing."""

from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders

STYLE = "css/visit_summary.css"
# PDF/UA-1: tagged, with a title and a language, so that a screen reader can read it
VARIANT = "pdf/ua-1"


def pdf_is_available() -> bool:
    """Whether this machine can make PDF; without it the page to print is all there is."""
    return _weasyprint() is not None


def pdf_of(html: str) -> bytes:
    """A complete HTML document as tagged PDF. Raises RuntimeError without the libraries."""
    document: bytes = laid_out(html).write_pdf(pdf_variant=VARIANT)
    return document


def laid_out(html: str) -> Any:
    """The document's pages before they are written. Raises RuntimeError without the libraries."""
    weasyprint = _weasyprint()
    if weasyprint is None:
        raise RuntimeError("WeasyPrint, or Pango that it draws with, is not installed")

    class Nothing(weasyprint.urls.URLFetcher):  # type: ignore[name-defined]
        """No address is opened, neither of the network nor of this machine."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            raise ValueError("a PDF is made of its own page alone")

    fetcher = Nothing(allowed_protocols=())
    style = weasyprint.CSS(string=_style(), url_fetcher=fetcher)
    page = weasyprint.HTML(string=html, url_fetcher=fetcher)
    return page.render(stylesheets=[style], pdf_variant=VARIANT)


@cache
def _weasyprint() -> Any | None:
    # imported when needed: it is large, and without Pango the import itself fails
    try:
        import weasyprint
    except (ImportError, OSError):
        return None
    return weasyprint


@cache
def _style() -> str:
    found = finders.find(STYLE)
    if not found:
        raise FileNotFoundError(f"{STYLE} is not among the static files")
    return Path(str(found)).read_text(encoding="utf-8")
