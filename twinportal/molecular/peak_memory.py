"""The most memory that this process held since it was last asked, where Linux tells."""

import re
import resource
from pathlib import Path

CLEAR, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def reset_peak() -> bool:
    """Begin anew; whether that could be done. Else the peak is that of the process's whole life."""
    try:
        CLEAR.write_text("5")
    except OSError:
        return False
    return True


def peak_mib() -> float:
    """MiB of resident memory, the whole process with its libraries included."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text())
    except OSError:
        found = None
    if found is not None:
        return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
