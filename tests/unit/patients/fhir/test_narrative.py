import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.fhir.narrative import XHTML, is_safe_narrative, narrative_fault


def div(inner: str) -> str:
    return f'<div xmlns="{XHTML}">{inner}</div>'


@pytest.mark.parametrize(
    "inner",
    [
        "plain",
        "<p>a&nbsp;b &lt; &#169; &eacute;</p>",
        '<table border="1"><tbody><tr><td style="color: red">1</td></tr></tbody></table>',
        '<a href="https://example.org/x">x</a> <a href="#top">y</a> <a href="Patient/1">z</a>',
        '<img src="data:image/png;base64,AAAA" alt="x"/>',
        '<a href="race.html#Extension:race.url">x</a> <a href="find?at=10:30">y</a>',
        '<img src="chart.png"/>',
        '<td style="background: url(tbl_bck.png)">x</td>',
        "<!-- a remark -->x",
        '<a href="ftp://example.org/x">x</a> <a href="urn:oid:1.2">y</a>',
        '<map name="m"><area shape="rect" coords="0,0,1,1" href="#x" alt="x"/></map>x',
        "<address>x</address><kbd>x</kbd>",
    ],
)
def test_what_html_of_hl7_allows(inner):
    assert narrative_fault(div(inner)) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<div>no namespace</div>", "one <div"),
        (f'<p xmlns="{XHTML}">x</p>', "one <div"),
        (div("<script>x</script>"), "<script>"),
        (div("<iframe/>x"), "<iframe>"),
        (div("<form><input/></form>"), "<form>"),
        (div("<ins>x</ins>"), "<ins>"),
        (div('<p onmouseover="x">x</p>'), "'onmouseover'"),
        (div('<svg xmlns="http://www.w3.org/2000/svg">x</svg>'), "<svg>"),
        (div('<p xmlns="http://www.w3.org/2000/svg">x</p>'), "'xmlns'"),
        (div('<a href="javascript:x">x</a>'), "'href'"),
        (div('<a href="java&#10;script:x">x</a>'), "'href'"),
        (div('<a href="data:text/html,x">x</a>'), "'href'"),
        (div('<a href="javascript:void(0)/#?">x</a>'), "'href'"),
        (div('<img src="vbscript:x"/>'), "'src'"),
        (div('<img src="data:image/svg+xml,x"/>'), "'src'"),
        (div('<p style="width: expression(alert(1))">x</p>'), "style"),
        (div('<p style="background: url(http://x.org/a.png)">x</p>'), "style"),
        (div('<p style="background: u\\72l(x)">x</p>'), "style"),
        (div("&bogus;"), "well-formed"),
        (div("<p>x"), "well-formed"),
        (div("x") + div("y"), "well-formed"),
        ("text", "well-formed"),
        (div(""), "neither text nor an image"),
        (div("<p> \n</p>"), "neither text nor an image"),
        ("<?xml version='1.0'?>" + div("x"), "declarations"),
        ("<!DOCTYPE div>" + div("x"), "declarations"),
        (div("<![CDATA[x]]>"), "declarations"),
    ],
)
def test_what_may_not_be_shown(text, says):
    assert says in (narrative_fault(text) or "")


@given(st.text(alphabet='<>/&;"=abdiv on!-:', max_size=60))
def test_any_text_gets_an_answer(text):
    assert is_safe_narrative(div(text)) in (True, False)
