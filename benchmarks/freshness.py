"""How long from an HTTP push of one Observation to a refreshed prediction that can be read?

Uses a running `make demo` (its var/demo.json): the floor of the same run is the push alone.

    python benchmarks/freshness.py --pushes 20
"""

import argparse
import json
import os
import statistics
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 30


def call(demo: dict[str, Any], path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 an address of this machine
        f"{demo['fhir_base_url']}/{path}",
        data=json.dumps(body).encode() if body else None,
        method="POST" if body else "GET",
        headers={
            "Authorization": f"Bearer {demo['ehr_token']}",
            "Content-Type": "application/fhir+json",
        },
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
        content: dict[str, Any] = json.load(answer)
    return content


def blood_pressure(patient: str, systolic: int) -> dict[str, Any]:
    def component(code: str, value: int) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {
                "value": value,
                "unit": "mmHg",
                "system": "http://unitsofmeasure.org",
                "code": "mm[Hg]",
            },
        }

    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": datetime.now(UTC).isoformat(),
        "component": [component("8480-6", systolic), component("8462-4", 80)],
    }


def uses(assessment: dict[str, Any], observation: str) -> bool:
    return any(observation in basis["reference"] for basis in assessment.get("basis", []))


def predicted(demo: dict[str, Any]) -> list[str]:
    """Patients for whom a PREVENT number was written back."""
    found = set()
    for patient in demo["patients"][:60]:
        bundle = call(demo, f"RiskAssessment?patient=Patient/{patient}&_count=100")
        methods = [
            e["resource"]["method"]["coding"][0]["code"]
            for e in bundle.get("entry", [])
            if e["resource"]["status"] == "final"
        ]
        if "prevent_base_10y" in methods:
            found.add(patient)
    return sorted(found)


def measure(demo: dict[str, Any], patient: str, systolic: int) -> tuple[float, float]:
    """Seconds of the push alone, and from its start to the readable prediction."""
    start = time.perf_counter()
    created = call(demo, "Observation", blood_pressure(patient, systolic))
    pushed = time.perf_counter() - start
    observation = f"Observation/{created['id']}/"
    query = f"RiskAssessment?patient=Patient/{patient}&_count=1000"
    while time.perf_counter() - start < PATIENCE_SECONDS:
        bundle = call(demo, query)
        if any(uses(e["resource"], observation) for e in bundle.get("entry", [])):
            return pushed, time.perf_counter() - start
        time.sleep(0.02)
    raise TimeoutError(f"no prediction used {observation}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pushes", type=int, default=20)
    options = parser.parse_args()
    var = Path(os.environ.get("TWINPORTAL_VAR", ROOT / "var"))
    try:
        demo = json.loads((var / "demo.json").read_text())
        patients = predicted(demo)
    except (OSError, KeyError):
        print("freshness: skipped, it needs a running `make demo`")
        sys.exit(0)
    results = [
        measure(demo, patients[i % len(patients)], 120 + i % 40) for i in range(options.pushes)
    ]
    floor = statistics.median(push for push, _ in results)
    fresh = sorted(seconds for _, seconds in results)
    p50, p95 = statistics.median(fresh), fresh[max(int(len(fresh) * 0.95) - 1, 0)]
    print(f"push alone p50      {floor * 1000:8.1f} ms  (floor)")
    print(f"push to prediction  {p50 * 1000:8.1f} ms p50, {p95 * 1000:.1f} ms p95")
    print(f"ratio of p50        {p50 / floor:8.1f}")


if __name__ == "__main__":
    main()
