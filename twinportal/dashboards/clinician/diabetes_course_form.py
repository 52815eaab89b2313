"""What a clinician chooses for the course of diabetes."""

from django import forms

LONGEST, USUAL = 20, 10


class DiabetesCourseForm(forms.Form):
    """Nothing that is typed here is stored."""

    years = forms.IntegerField(
        label="Years ahead",
        min_value=1,
        max_value=LONGEST,
        initial=USUAL,
        help_text=f"From 1 to {LONGEST}.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
