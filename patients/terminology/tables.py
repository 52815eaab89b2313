"""Reads the concept tables: CSV beside the code, checked as they are loaded, once."""

import csv
from importlib.resources import files
from io import StringIO


def rows(name: str, columns: str) -> list[dict[str, str]]:
    """The rows of `concepts/<name>.csv`, every field stripped. `columns` is the header expected.

    Raises:
        ValueError: the header is not `columns`, or a row has more or fewer fields.
    """
    source = files("patients.terminology") / "concepts" / f"{name}.csv"
    reader = csv.reader(StringIO(source.read_text(encoding="utf-8")))
    header = next(reader)
    if header != columns.split(","):
        raise ValueError(f"{name}.csv: columns are {header}")
    table = []
    for fields in reader:
        if len(fields) != len(header):
            raise ValueError(f"{name}.csv line {reader.line_num}: {len(fields)} fields")
        table.append({key: field.strip() for key, field in zip(header, fields, strict=True)})
    return table
