import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from models_engine.catalogue.treatment.network.identifiers import GeneSystem

SYSTEMS = [(system.name.lower(), system.name) for system in GeneSystem]


class ImportedTable(models.Model):
    """A table that the site brought in, about no patient, as text that was read without a fault.

    The same table is there once, whatever the order of its rows; another one under the same name
    is the next version. What was used by a ranking is never deleted: it is withdrawn.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField(help_text="Counted up under one name.")
    system = models.CharField(max_length=8, choices=SYSTEMS, help_text="Of its gene identifiers.")
    source = models.CharField(max_length=400, help_text="Where it is from.")
    licence = models.CharField(max_length=200)
    file_name = models.CharField(max_length=200)
    content = models.BinaryField(help_text="The columns that are used, tab-separated, gzip.")
    sha256 = models.CharField(max_length=64, help_text="Of what was understood.")
    counts = models.JSONField(help_text="What is in it, and what was left out.")
    imported_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Not offered any more.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"


class InteractionNetwork(ImportedTable):
    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "sha256"], name="network_once"),
            models.UniqueConstraint(fields=["name", "version"], name="network_version"),
        ]


class DrugTargetTable(ImportedTable):
    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "sha256"], name="drug_targets_once"),
            models.UniqueConstraint(fields=["name", "version"], name="drug_targets_version"),
        ]


class OfTwinQuerySet(models.QuerySet["ExpressionSet"]):
    def about(self, patient_id: int) -> "OfTwinQuerySet":
        """Of one twin, with those of the twins that were merged into it; newest first."""
        own = Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id)
        return self.filter(own).order_by("-added_at", "-pk")


class ExpressionSet(models.Model):
    """Changed genes of each cell type, of one sample of one patient, as text that was read without
    a fault."""

    class Origin(models.TextChoices):
        UPLOAD = "upload", "uploaded table"
        DOCUMENT = "document", "document of the record"
        ANNDATA = "anndata", "computed from AnnData"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="expression_sets"
    )
    name = models.CharField(max_length=120)
    sampled_on = models.DateField(null=True, blank=True)
    system = models.CharField(max_length=8, choices=SYSTEMS, help_text="Of its gene identifiers.")
    content = models.BinaryField(help_text="The columns that are used, tab-separated, gzip.")
    sha256 = models.CharField(max_length=64, help_text="Of what was understood.")
    cell_types = models.JSONField(help_text="Of each: name, changed, raised, not_significant.")
    origin = models.CharField(max_length=8, choices=Origin)
    file_name = models.CharField(max_length=200, blank=True)
    method = models.JSONField(default=dict, help_text="How it was computed here, if it was.")
    document = models.ForeignKey(
        "patients.Resource", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    document_version = models.PositiveIntegerField(null=True, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField()

    objects = OfTwinQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "-added_at"], name="expression_of_patient")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "system", "sha256"], name="expression_once_a_patient"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="expression_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"expression {self.public_id}"


class RankingRun(models.Model):
    """A network ranking of drugs for one expression set, in the background. Whose it is, is said by
    the expression set alone. The same inputs give the same result: who does it again changes nothing.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting for a worker"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    expression = models.ForeignKey(ExpressionSet, on_delete=models.CASCADE, related_name="runs")
    network = models.ForeignKey(InteractionNetwork, on_delete=models.PROTECT, related_name="+")
    drugs = models.ForeignKey(DrugTargetTable, on_delete=models.PROTECT, related_name="+")
    centralities = models.JSONField(null=True, help_text="Cell type to number; null: none given.")
    centralities_from = models.JSONField(default=dict, help_text="Kind of table, hash, notes.")
    seed = models.BigIntegerField()
    draws = models.PositiveIntegerField()
    key = models.CharField(max_length=64, help_text="Hash of all that decides the result.")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    worked_at = models.DateTimeField(help_text="The last sign of work, or of a wake-up.")
    ended_at = models.DateTimeField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0, help_text="Cell types.")
    total = models.PositiveIntegerField(help_text="Cell types.")
    attempts = models.PositiveIntegerField(default=0, help_text="How often a worker began.")
    error = models.TextField(blank=True)
    seconds = models.FloatField(null=True, blank=True, help_text="Of the attempt that ended it.")
    peak_mib = models.FloatField(null=True, blank=True, help_text="Memory of the worker then.")
    result = models.JSONField(null=True, blank=True, help_text="What the page shows.")
    table = models.BinaryField(
        null=True, blank=True, help_text="Every drug in every cell type, CSV, gzip."
    )

    class Meta:
        indexes = [
            models.Index(fields=["expression", "-asked_at"], name="ranking_of_expression"),
            models.Index(
                fields=["worked_at"],
                condition=Q(state__in=["waiting", "running"]),
                name="ranking_open",
            ),
        ]
        constraints = [
            # a failed or cancelled one may be asked for again
            models.UniqueConstraint(
                fields=["expression", "key"],
                condition=Q(state__in=["waiting", "running", "done"]),
                name="ranking_once",
            ),
            models.CheckConstraint(
                condition=Q(state="done", result__isnull=False) | (~Q(state="done")),
                name="ranking_done_has_a_result",
            ),
        ]

    def __str__(self) -> str:
        return f"ranking {self.public_id}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)


class CellFileQuerySet(models.QuerySet["CellFile"]):
    def about(self, patient_id: int) -> "CellFileQuerySet":
        """Of one twin, with those of the twins that were merged into it; newest first."""
        own = Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id)
        return self.filter(own).order_by("-added_at", "-pk")


class CellFile(models.Model):
    """An AnnData file on its way to an expression set: a worker reads what is in it, a clinician
    chooses what is compared, a worker computes. The file goes when that is done, or after a while.
    """

    class State(models.TextChoices):
        READING = "reading", "being read"
        CHOOSE = "choose", "waiting for your choice"
        COMPUTING = "computing", "being computed"
        DONE = "done"
        FAILED = "failed", "cannot be read"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="cell_files"
    )
    name = models.CharField(max_length=120)
    system = models.CharField(max_length=8, choices=SYSTEMS)
    sampled_on = models.DateField(null=True, blank=True)
    file_name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State, default=State.READING)
    holds = models.JSONField(default=dict, help_text="Cells, genes, matrices, columns of obs.")
    choice = models.JSONField(default=dict, help_text="What is compared.")
    error = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0, help_text="Cell types.")
    total = models.PositiveIntegerField(default=0, help_text="Cell types.")
    expression = models.ForeignKey(
        ExpressionSet, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField()
    worked_at = models.DateTimeField()

    objects = CellFileQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "-added_at"], name="cell_file_of_patient")]

    def __str__(self) -> str:
        return f"cells {self.public_id}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.READING, self.State.COMPUTING)


class CellFilePart(models.Model):
    """A piece of the file: no process holds the whole of it."""

    file = models.ForeignKey(CellFile, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="cell_file_part")]

    def __str__(self) -> str:
        return f"part {self.number}"
