"""How fast are the pages that people open, for a clinician with a panel of 10,000?

A few synthetic patients go through the real door and the real pipeline; the rest of the panel are
copies of their rows (patient, care team, facts, runs, predictions, reasons, worklist), made by the
database. The real server answers, two workers, one client after the other as people do.
The floor of the same run is a bare Django view with ten queries and a page of the size of a
worklist. Beside it: memory of a web process, and what a first visit transfers.

    python benchmarks/pages.py --patients 10000 --requests 100
"""

from datetime import UTC, datetime
from typing import Any

import psycopg

GOAL_SECONDS, GOAL_KB = 0.3, 300
NOW = datetime.now(UTC)
SAMPLE = 40
OLD = "old_pk"


def columns(table: Any, **other: str) -> tuple[str, str]:
    """Names of all columns but the key, and the expressions of their copies."""
    names = [f.column for f in table._meta.concrete_fields if not f.primary_key]
    return ", ".join(names), ", ".join(other.get(name, f"o.{name}") for name in names)


def copy_panel(url: str, copies: int) -> None:
    """Every patient `copies` times more. Resources are shared but for each Patient."""
    from explain.models import Attribution
    from models_engine.models import ModelRun, Prediction
    from patients.models import CareTeamMember, Fact, Patient, Resource
    from twinportal.attention.models import Flag, WorklistEntry

    db = psycopg.connect(url)
    name = "concat(o.{}, '-', n.n)"

    def keyed(table: Any, joins: str, **other: str) -> None:
        """Copy with new keys, remembered in a table of old and new."""
        target = table._meta.db_table
        kept = f"new_{target}"
        db.execute(
            f"CREATE TEMP TABLE {kept} AS SELECT o.id AS {OLD}, n.n,"
            f" nextval(pg_get_serial_sequence('{target}', 'id')) AS id"
            f" FROM {target} o CROSS JOIN generate_series(1, {copies}) n(n) {joins}"
        )
        db.execute(f"CREATE INDEX ON {kept} ({OLD}, n)")
        db.execute(f"ANALYZE {kept}")
        names, values = columns(table, **other)
        db.execute(
            f"INSERT INTO {target} (id, {names}) SELECT n.id, {values} FROM {target} o"
            f" JOIN {kept} n ON n.{OLD} = o.id {_joined(table)}"
        )

    def _joined(table: Any) -> str:
        parts = []
        for field in table._meta.concrete_fields:
            related = field.related_model
            if related in made and not field.primary_key:
                kept = f"new_{related._meta.db_table}"
                how = "LEFT JOIN" if field.null else "JOIN"
                parts.append(
                    f"{how} {kept} j_{field.column}"
                    f" ON j_{field.column}.{OLD} = o.{field.column} AND j_{field.column}.n = n.n"
                )
        return " ".join(parts)

    def links(table: Any) -> dict[str, str]:
        return {
            f.column: f"j_{f.column}.id"
            for f in table._meta.concrete_fields
            if f.related_model in made and not f.primary_key
        }

    made: set[Any] = set()
    # the Patient resources get a twin each, everything else is the original's
    keyed(Resource, "WHERE o.type = 'Patient'", fhir_id=name.format("fhir_id"), patient_id="NULL")
    made = {Resource}
    keyed(
        Patient,
        "",
        public_id="gen_random_uuid()",
        fhir_id=name.format("fhir_id"),
        family=name.format("family"),
        name=name.format("name"),
        identifier_value=name.format("identifier_value"),
        search_text=name.format("search_text"),
        **links(Patient),
    )
    made = {Patient}
    for table in (CareTeamMember, Fact):
        names, values = columns(table, **links(table))
        db.execute(
            f"INSERT INTO {table._meta.db_table} ({names}) SELECT {values}"
            f" FROM {table._meta.db_table} o CROSS JOIN generate_series(1, {copies}) n(n)"
            f" {_joined(table)}"
        )
    for table in (ModelRun, Prediction, Attribution, Flag):
        keyed(table, "", **links(table))
        made.add(table)
    names, values = columns(WorklistEntry, **links(WorklistEntry))
    target = WorklistEntry._meta.db_table
    db.execute(
        f"INSERT INTO {target} (patient_id, {names}) SELECT p.id, {values} FROM {target} o"
        f" JOIN new_{Patient._meta.db_table} n ON n.{OLD} = o.patient_id"
        f" JOIN new_{Patient._meta.db_table} p ON p.{OLD} = o.patient_id AND p.n = n.n"
        f" {_joined(WorklistEntry)}"
    )
    db.commit()
    db.autocommit = True
    db.execute("ANALYZE")
    db.close()
