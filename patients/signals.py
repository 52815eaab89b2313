"""What other rooms may listen to."""

from django.dispatch import Signal

# sent after the commit, with patient_ids: the twins that were marked stale
twins_changed = Signal()
# sent after the commit, with job_id: a bulk job waits for a worker
bulk_job_waits = Signal()
# sent after the commit, with mapping_ids: data stewards' mappings that were made or ended
mappings_changed = Signal()
