"""Each line of the checklist is shown by a test, and the document says by which."""

from tools.ux_checklist import DOCUMENT, LINES, document, shown_by


def test_every_line_is_shown_by_a_test_and_no_test_names_another() -> None:
    tests = shown_by()
    assert sorted(line for line in LINES if not tests.get(line)) == []
    assert sorted(tests.keys() - LINES.keys()) == []


def test_the_document_is_that_of_the_tests() -> None:
    assert DOCUMENT.read_text() == document(), "run `python tools/ux_checklist.py`"
