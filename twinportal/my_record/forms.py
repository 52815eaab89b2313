"""What a patient says is wrong with a fact, and what a clinician answers."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from twinportal.my_record.models import LONGEST_TEXT, CorrectionRequest
from twinportal.typed import TypedField

Reason = CorrectionRequest.Reason
# the clinician's page has these in the third person
REASONS = [
    (Reason.NEVER_HAD.value, _("I never had this, or never took it")),
    (Reason.NOT_MINE.value, _("This is about another person")),
    (Reason.WRONG_VALUE.value, _("The number or the word is wrong")),
    (Reason.WRONG_DATE.value, _("The date is wrong")),
    (Reason.OVER.value, _("It is over, or I do not take it any more")),
    (Reason.OTHER.value, _("Something else is wrong")),
]


class CorrectionForm(forms.Form):
    """Coded, with room for words; "something else" needs them."""

    reason = forms.ChoiceField(label=_("What is wrong?"), choices=REASONS, widget=forms.RadioSelect)
    right_value = TypedField(
        one_line=True,
        label=_("What would be right? (You can leave this empty.)"),
        max_length=200,
        required=False,
    )
    text = TypedField(
        label=_("Tell us more. (You can leave this empty.)"),
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, data: QueryDict | None) -> None:
        super().__init__(data, label_suffix="")

    def clean(self) -> dict[str, str]:
        found = super().clean() or {}
        if found.get("reason") == Reason.OTHER and not found.get("text"):
            self.add_error("text", _("Please tell us what is wrong."))
        return found


class AnswerForm(forms.Form):
    """The patient reads the outcome and the note. What was accepted is not accepted again."""

    outcome = forms.ChoiceField(label="Outcome")
    answer = TypedField(
        label="Note to the patient (in plain words; they read it as it is)",
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, data: QueryDict | None, *, is_accepted: bool) -> None:
        super().__init__(data, label_suffix="")
        taken = {CorrectionRequest.Outcome.WILL_CORRECT.value} if is_accepted else set()
        choices = CorrectionRequest.Outcome.choices
        self.fields["outcome"] = forms.ChoiceField(
            label="Outcome",
            choices=[("", "Choose an outcome"), *(c for c in choices if c[0] not in taken)],
        )
