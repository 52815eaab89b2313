"""How far off are the forecasts of people whose values were not used to fit them?

Rolling origin on real series, with the committed parameters: mean absolute error, root mean square
error, coverage and width of the bands, CRPS, against the last value carried forward and a linear
mixed model, by measurement and horizon. Nothing is fitted here; `make train-forecast` does that.

    python benchmarks/forecast.py --data <folder that holds longitudinal.tar.xz>
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from models_engine.catalogue.trajectory.specs import artefact
from models_engine.training.forecast.backtest import sides
from models_engine.training.forecast.evaluate import Candidate, assumed_rows, measured
from models_engine.training.forecast.series import (
    ARCHIVE,
    SOURCES,
    Panel,
    Source,
    read,
)

HEAD = (
    f"{'method':<30} {'years':>9} {'targets':>8} {'MAE':>9} {'RMSE':>9} {'in 50 %':>8} "
    f"{'in 90 %':>8} {'width 90':>9} {'CRPS':>8}"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    folder = parser.parse_args().data
    if not (folder / ARCHIVE).exists():
        sys.exit(
            f"This benchmark needs {ARCHIVE} (pbcseq, nafld and prothro of the R packages survival "
            f"and JMbayes2, as CSV) in the folder given by --data; {folder} has none."
        )
    began = time.monotonic()
    panels = read(folder)
    for source, check in zip(SOURCES, artefact()["checks"], strict=True):
        rows = table(source, panels[source.name], check)
        committed = [*check["rows"], *check["assumed_rows"]]
        same = "the same as committed" if rows == committed else "NOT the committed figures"
        print(f"\n{source.label} ({source.unit}): {source.people}; {source.data}")
        print(f"{check['people_tested']} people tested, {check['people_fitted']} fitted; {same}")
        print(HEAD)
        for row in rows:
            years = f"{row['from']:g}-{row['until']:g}"
            print(
                f"{row['method']:<30} {years:>9} {row['targets']:>8} {row['mae']:>9.4g} "
                f"{row['rmse']:>9.4g} {row['covers50']:>8.1%} {row['covers90']:>8.1%} "
                f"{row['width90']:>9.4g} {row['crps']:>8.4g}"
            )
    print(f"\n{time.monotonic() - began:.0f} s")


def table(source: Source, panel: Panel, check: dict[str, Any]) -> list[dict[str, Any]]:
    _, tested, _, where = sides(panel)
    candidates = [Candidate.from_dict(row) for row in check["candidates"]]
    rows = [row for candidate in candidates for row in measured(source, candidate, tested, where)]
    return [*rows, *assumed_rows(source, tested, where)]


if __name__ == "__main__":
    main()
