"""Import an interaction network for the network ranking of drugs."""

from twinportal.molecular import imports
from twinportal.molecular.import_command import ImportCommand
from twinportal.molecular.models import InteractionNetwork


class Command(ImportCommand):
    help = __doc__
    kind = InteractionNetwork
    what = "network"
    columns = imports.PAIR
    store = staticmethod(imports.import_network)
