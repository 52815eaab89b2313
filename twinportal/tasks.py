"""Celery's doors: ids in, one call of the pipeline, nothing else."""
