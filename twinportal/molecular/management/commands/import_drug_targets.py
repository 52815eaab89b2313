"""Import drugs with their targets and what they do there, for the network ranking of drugs."""

from twinportal.molecular import imports
from twinportal.molecular.import_command import ImportCommand
from twinportal.molecular.models import DrugTargetTable


class Command(ImportCommand):
    help = __doc__
    kind = DrugTargetTable
    what = "drug targets"
    columns = imports.DRUG
    store = staticmethod(imports.import_drug_targets)
