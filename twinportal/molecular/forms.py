"""What a clinician chooses: a table to attach, and what to rank with."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.conf import settings

from models_engine.catalogue.treatment.network.identifiers import GeneSystem
from models_engine.catalogue.treatment.network.null import DRAWS
from twinportal.molecular import anndata_reading, runs, selectors
from twinportal.molecular.anndata_reading import Choice
from twinportal.molecular.models import (
    SYSTEMS,
    DrugTargetTable,
    ExpressionSet,
    InteractionNetwork,
)

EXAMPLES = {"entrez": "7124", "hgnc": "HGNC:11892", "ensembl": "ENSG00000232810", "symbol": "TNF"}
SYSTEM_CHOICES = [("", "Choose"), *((key, f"{word} ({EXAMPLES[key]})") for key, word in SYSTEMS)]


def _size(file: Any, most: int = 0) -> Any:
    """Of a file as it was sent; what it unpacks to is looked at when it is read."""
    most = most or settings.MOLECULAR_MAX_UPLOAD_BYTES
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
    """A table from the clinician's own machine, or cells from which one is computed."""

    file = forms.FileField(
        label="Table of changed genes",
        help_text="Tabs or commas, maybe .gz, with the columns cell_type, gene, log_fc, adjusted_p. "
        "Or an AnnData file (.h5ad), where this server reads them.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.gz,.h5ad"}),
    )
    field_order = ("file", "name", "system", "sampled_on")

    @property
    def is_anndata(self) -> bool:
        return str(self.cleaned_data["file"].name).lower().endswith(".h5ad")

    def clean_file(self) -> Any:
        if not self.is_anndata:
            return _size(self.cleaned_data["file"])
        if not anndata_reading.is_there():
            raise forms.ValidationError(
                "This server does not read AnnData files: its administrator has not installed the "
                "package anndata. Attach a table of changed genes instead."
            )
        return _size(self.cleaned_data["file"], settings.MOLECULAR_MAX_H5AD_BYTES)


class ChoiceForm(forms.Form):
    """What is compared in an AnnData file: columns and values that a worker found in it."""

    cell_type = forms.ChoiceField(label="Column of the cell types")
    case = forms.ChoiceField(
        label="Cells of interest", help_text="Genes are raised or lowered in these."
    )
    reference = forms.ChoiceField(
        label="Cells to compare with", help_text="Another value of the same column."
    )
    donor = forms.ChoiceField(
        label="Column of the people whose cells they are",
        required=False,
        help_text="To say how many people stand behind the cells.",
    )
    matrix = forms.ChoiceField(label="Matrix")
    values = forms.ChoiceField(
        label="What it holds",
        choices=[
            ("", "Choose"),
            ("counts", "counts"),
            ("log1p", "natural logarithm of 1 + normalised counts"),
        ],
        help_text="Not guessed: a wrong answer makes wrong fold changes.",
    )

    def __init__(self, *args: Any, holds: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns: list[dict[str, Any]] = holds["columns"]
        names = [(c["name"], f"{c['name']} ({len(c['values'])} values)") for c in self.columns]
        grouped = [
            (
                column["name"],
                [
                    (f"{i}:{j}", f"{column['name']}: {value} ({count:,} cells)")
                    for j, (value, count) in enumerate(column["values"])
                ],
            )
            for i, column in enumerate(self.columns)
        ]
        self._offer("cell_type", [("", "Choose"), *names])
        self._offer("donor", [("", "Not in the file"), *names])
        self._offer("case", [("", "Choose"), *grouped])
        self._offer("reference", [("", "Choose"), *grouped])
        self._offer("matrix", [(name, name) for name in holds["matrices"]])

    @classmethod
    def again(cls, holds: Mapping[str, Any], choice: Mapping[str, str]) -> "ChoiceForm":
        """The form as it was sent before."""
        values = {
            (column["name"], value): f"{i}:{j}"
            for i, column in enumerate(holds["columns"])
            for j, (value, _) in enumerate(column["values"])
        }
        sent = {n: values.get((choice.get("group"), choice.get(n))) for n in ("case", "reference")}
        return cls(initial={**choice, **sent}, holds=holds)

    def _offer(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 as declared above
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        if not {"case", "reference", "cell_type"} <= sent.keys():
            return sent
        (group, case), (other, reference) = (self._value(sent[n]) for n in ("case", "reference"))
        if group != other:
            self.add_error("reference", "This is a value of another column.")
        elif case == reference:
            self.add_error("reference", "This is the same group.")
        elif group == sent["cell_type"]:
            self.add_error("cell_type", "The groups to compare are of this column.")
        self.choice = {"group": group, "case": case, "reference": reference}
        return sent

    def _value(self, sent: str) -> tuple[str, str]:
        i, j = map(int, sent.split(":"))
        return self.columns[i]["name"], self.columns[i]["values"][j][0]

    @property
    def chosen(self) -> Choice:
        """Of a valid form."""
        names = ("cell_type", "donor", "matrix", "values")
        return Choice(**self.choice, **{name: self.cleaned_data[name] for name in names})


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
