"""Python's cycle collector and big bundles: a third of the ingest time, for nothing.

Parsed JSON has no cycles, but every few hundred new containers start a collection that walks all
that is alive, a bundle of some thousand resources included. Measured on 55 Synthea bundles: 3,900
resources a second of CPU time with Python's thresholds, 5,500 with these.
"""

import gc

# new containers before a young collection; young ones before an older one; and so on
THRESHOLDS = (100_000, 20, 20)


def collect_rarely() -> None:
    """Call once, when everything is imported: what is alive now is never walked again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
