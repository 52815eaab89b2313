"""What a clinician chooses: a table to attach, and what to rank with."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings

from models_engine.catalogue.treatment.network.identifiers import GeneSystem
from models_engine.catalogue.treatment.network.null import DRAWS
from twinportal.molecular import runs, selectors
from twinportal.molecular.models import (
    SYSTEMS,
    DrugTargetTable,
    ExpressionSet,
    InteractionNetwork,
)

EXAMPLES = {"entrez": "7124", "hgnc": "HGNC:11892", "ensembl": "ENSG00000232810", "symbol": "TNF"}
SYSTEM_CHOICES = [("", "Choose"), *((key, f"{word} ({EXAMPLES[key]})") for key, word in SYSTEMS)]


def _size(file: Any) -> Any:
    """Of a file as it was sent; what it unpacks to is looked at when it is read."""
    most = settings.MOLECULAR_MAX_UPLOAD_BYTES
    if file is not None and file.size > most:
        raise forms.ValidationError(f"The file is larger than {most / 2**20:,.0f} MiB.")
    return file


class AboutForm(forms.Form):
    """What is said of a table that is attached, wherever it comes from."""

    name = forms.CharField(
        label="Name",
        max_length=120,
        help_text="Which sample, and what was compared with what.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    system = forms.TypedChoiceField(
        label="Gene identifiers",
        choices=SYSTEM_CHOICES,
        coerce=lambda name: GeneSystem[name.upper()],
        help_text="One system for the whole table; it is not guessed, and not translated.",
    )
    sampled_on = forms.DateField(
        label="Day of the sample",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Empty: not known.",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_sampled_on(self) -> date | None:
        day: date | None = self.cleaned_data["sampled_on"]
        if day is not None and day > self.today:
            raise forms.ValidationError("This day lies in the future.")
        return day


class UploadForm(AboutForm):
    """A table from the clinician's own machine."""

    file = forms.FileField(
        label="Table of changed genes",
        help_text="Tabs or commas, maybe .gz, with the columns cell_type, gene, log_fc, adjusted_p.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.gz"}),
    )
    field_order = ("file", "name", "system", "sampled_on")

    def clean_file(self) -> Any:
        return _size(self.cleaned_data["file"])


class RunForm(forms.Form):
    """What to rank with. Tables of another system of gene identifiers are not offered."""

    network = forms.ModelChoiceField(
        label="Interaction network", queryset=InteractionNetwork.objects.none()
    )
    drugs = forms.ModelChoiceField(label="Drug targets", queryset=DrugTargetTable.objects.none())
    centralities = forms.FileField(
        label="Centralities of the cell types",
        required=False,
        help_text="A table cell_type, centrality; or sender, receiver, ligand, activity, from which "
        "they are computed. Without it each cell type counts 1.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.gz"}),
    )
    draws = forms.IntegerField(
        label="Random draws",
        initial=DRAWS,
        min_value=runs.DRAWS[0],
        max_value=runs.DRAWS[1],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    seed = forms.IntegerField(
        label="Seed of chance",
        initial=1,
        min_value=0,
        max_value=2**32 - 1,
        help_text="The same seed and tables give the same ranking.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, of: ExpressionSet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("network", selectors.networks(of.system)),
            ("drugs", selectors.drug_tables(of.system)),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 as declared above
            field.queryset = rows
            field.to_field_name = "public_id"
            if rows:
                field.initial = rows[0].public_id
                field.empty_label = None

    def clean_centralities(self) -> Any:
        return _size(self.cleaned_data["centralities"])
