"""Builds `patients/terminology/concepts/medications.csv` from `tools/medication_sources/`.

    python -m tools.build_medication_table            write the table
    python -m tools.build_medication_table --check    fail when the committed table is another one

Four sources, all curated by hand, drug by drug; nothing is classified from a name:

* `ingredients.csv`: an ingredient, its RxNorm code and its classes. The one place that says what a
  drug is; products only name their ingredients. An ingredient without a code is known through
  products alone, mostly because the bare code does not tell a tablet from eye drops.
* `products.csv`: RxNorm products and components by ingredient. `synthea.csv`: every code of the
  supplied Synthea data, with the display as sent.
* `atc.csv`: ATC groups; the longest matching row wins, an empty class means "not classified".
* CPIC's drug table (CC0, https://cpicpgx.org, asks attribution): further ingredients, classified
  by their ATC codes.

`source` tells how a code was confirmed: `cpic`; `synthea` (code and display in the data); `ecqm`
(in a public copy of a US quality-measure value set of that class; the ingredient as printed there
or, where the copy prints codes only, [M]); `public-list` (seen with its name in public code lists);
`class-list` (seen in a public list of its class, so that only the class is known); `who-atc`
(structure of ATC, [M]). RxNorm codes and names are by the US National Library of Medicine.
"""

import argparse
import csv
import io
import os
import sys
import tarfile
from pathlib import Path

SOURCES = Path(__file__).parent / "medication_sources"
TABLE = Path(__file__).parents[1] / "patients/terminology/concepts/medications.csv"
COLUMNS = ["system", "code", "term_type", "ingredients", "classes", "display", "source", "note"]
CPIC_MEMBER = "drug/cpic/drug.tsv"

Row = dict[str, str]


def rows_of(name: str) -> list[Row]:
    with (SOURCES / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def ingredients() -> dict[str, Row]:
    """Ingredient -> its row; CPIC's further ones are in `cpic.csv`, made by `--refresh-cpic`."""
    known = {row["ingredient"]: row for row in rows_of("ingredients.csv")}
    for row in rows_of("cpic.csv"):
        known.setdefault(row["ingredient"], row)
    return known


def classes_of(names: str, known: dict[str, Row], stated: str = "") -> str:
    """The classes of a product: all that its ingredients have, `other` only when alone.

    Raises:
        KeyError: an ingredient is not in the table and the row states no classes itself.
    """
    if stated:
        return stated
    found = {kind for name in names.split("/") for kind in known[name]["classes"].split()}
    return " ".join(sorted(found - {"other"}) or ["other"])


def table() -> list[Row]:
    known = ingredients()
    found: dict[tuple[str, str], Row] = {}

    def add(**row: str) -> None:
        before = found.setdefault((row["system"], row["code"]), row)
        if before["classes"] != row["classes"]:
            raise ValueError(f"{row['code']}: {before['classes']} or {row['classes']}?")
        if before is not row and row["source"] not in before["source"].split("; "):
            before["source"] += f"; {row['source']}"

    for row in rows_of("synthea.csv"):
        kind = classes_of(row["ingredients"], known, row["classes"])
        add(system="rxnorm", source="synthea", note="", **(row | {"classes": kind}))
    for row in rows_of("products.csv"):
        for code in row["codes"].split():
            add(
                system="rxnorm",
                code=code,
                term_type=row["term_type"],
                ingredients=row["ingredients"],
                classes=classes_of(row["ingredients"], known),
                display="",
                source=row["source"],
                note=row["note"],
            )
    for name, row in known.items():
        if row["rxnorm"]:
            add(
                system="rxnorm",
                code=row["rxnorm"],
                term_type="IN",
                ingredients=name,
                classes=" ".join(sorted(row["classes"].split())),
                display=name,
                source=row["source"],
                note=row["note"],
            )
    for row in rows_of("atc.csv"):
        kind = " ".join(sorted(row["classes"].split()))
        add(
            system="atc",
            term_type="",
            ingredients="",
            source="who-atc",
            **(row | {"classes": kind}),
        )
    return sorted(found.values(), key=lambda row: (row["system"], len(row["code"]), row["code"]))


def as_csv(rows: list[Row], columns: list[str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def refresh_cpic(archive: Path) -> None:
    """Writes `cpic.csv`: CPIC's ingredients that no row of `ingredients.csv` names or codes."""
    atc = {row["code"]: row["classes"] for row in rows_of("atc.csv")}
    by_hand = rows_of("ingredients.csv")
    names, codes = {row["ingredient"] for row in by_hand}, {row["rxnorm"] for row in by_hand}
    with tarfile.open(archive) as tar:
        member = tar.extractfile(CPIC_MEMBER)
        if member is None:
            raise ValueError(f"no {CPIC_MEMBER} in {archive}")
        drugs = list(csv.DictReader(io.TextIOWrapper(member, "utf-8"), delimiter="\t"))
    rows = []
    for drug in drugs:
        if not drug["rxnormid"] or drug["name"] in names or drug["rxnormid"] in codes:
            continue
        groups = [code for code in drug["atcid"].strip('{}"').split(",") if code]
        kinds = {atc[_longest(code, atc)] for code in groups} or {"other"}
        if kinds != {"other"}:
            raise ValueError(f"{drug['name']} {groups}: decide in ingredients.csv")
        note = "" if groups else "no ATC code in the source"
        rows.append(
            {
                "ingredient": drug["name"].replace(" / ", "/"),
                "rxnorm": drug["rxnormid"],
                "classes": "other",
                "source": "cpic",
                "note": note,
            }
        )
    columns = ["ingredient", "rxnorm", "classes", "source", "note"]
    (SOURCES / "cpic.csv").write_text(as_csv(rows, columns), encoding="utf-8")


def _longest(code: str, atc: dict[str, str]) -> str:
    return max((row for row in atc if code.startswith(row)), key=len)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--refresh-cpic", action="store_true", help="read CPIC's table again")
    options = parser.parse_args(arguments)
    if options.refresh_cpic:
        refresh_cpic(Path(os.environ["TWINPORTAL_DATA"]) / "drug/drug.tar.xz")
    text = as_csv(table(), COLUMNS)
    if options.check:
        return int(text != TABLE.read_text(encoding="utf-8"))
    TABLE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
