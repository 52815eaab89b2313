"""NEWS2 and qSOFA once more, read row by row from the chart, one person at a time."""

from collections.abc import Mapping
from math import floor

from tests.spec.models.oracles.second_opinions import Opinion

NORMAL = {
    "age": 60,
    "respiratory_rate": 18,
    "oxygen_saturation": 97,
    "supplemental_oxygen": 0,
    "systolic_bp": 120,
    "heart_rate": 80,
    "not_alert": 0,
    "body_temperature": 37.0,
    "spo2_scale_2": 0,
}


def whole(value: float) -> int:
    return floor(value + 0.5)


def rate_points(rate: int) -> int:
    if rate <= 8 or rate >= 25:
        return 3
    if rate <= 11:
        return 1
    return 2 if rate >= 21 else 0


def scale_1_points(saturation: int) -> int:
    if saturation <= 91:
        return 3
    if saturation <= 93:
        return 2
    return 1 if saturation <= 95 else 0


def scale_2_points(saturation: int, on_oxygen: bool) -> int:
    if saturation <= 83:
        return 3
    if saturation <= 85:
        return 2
    if saturation <= 87:
        return 1
    if saturation <= 92 or not on_oxygen:
        return 0
    if saturation <= 94:
        return 1
    return 2 if saturation <= 96 else 3


def systolic_points(systolic: int) -> int:
    if systolic <= 90 or systolic >= 220:
        return 3
    if systolic <= 100:
        return 2
    return 1 if systolic <= 110 else 0


def pulse_points(pulse: int) -> int:
    if pulse <= 40 or pulse >= 131:
        return 3
    if pulse <= 50 or 91 <= pulse <= 110:
        return 1
    return 2 if 111 <= pulse <= 130 else 0


def temperature_points(tenths: int) -> int:
    if tenths <= 350:
        return 3
    if tenths <= 360 or 381 <= tenths <= 390:
        return 1
    return 2 if tenths >= 391 else 0


def news2(person: Mapping[str, float]) -> dict[str, float]:
    on_oxygen = person["supplemental_oxygen"] == 1
    saturation = whole(person["oxygen_saturation"])
    points = [
        rate_points(whole(person["respiratory_rate"])),
        scale_2_points(saturation, on_oxygen)
        if person["spo2_scale_2"] == 1
        else scale_1_points(saturation),
        2 if on_oxygen else 0,
        systolic_points(whole(person["systolic_bp"])),
        pulse_points(whole(person["heart_rate"])),
        3 if person["not_alert"] == 1 else 0,
        temperature_points(floor(person["body_temperature"] * 10 + 0.5)),
    ]
    return {"news2": sum(points), "news2_single_parameter": float(3 in points)}


def qsofa(person: Mapping[str, float]) -> dict[str, float]:
    signs = [
        whole(person["respiratory_rate"]) >= 22,
        whole(person["systolic_bp"]) <= 100,
        person["not_alert"] == 1,
    ]
    return {"qsofa": float(sum(signs))}


def people() -> list[dict[str, float]]:
    """Every value that a chart can hold near a band, and some between two values of the chart."""
    changed: list[dict[str, float]] = [{}]
    changed += [{"respiratory_rate": rate} for rate in range(5, 32)]
    changed += [{"oxygen_saturation": spo2} for spo2 in range(80, 101)]
    changed += [
        {"oxygen_saturation": spo2, "spo2_scale_2": 1, "supplemental_oxygen": oxygen}
        for spo2 in range(80, 101)
        for oxygen in (0, 1)
    ]
    changed += [{"systolic_bp": systolic} for systolic in (*range(85, 116), 218, 219, 220, 221)]
    changed += [{"heart_rate": pulse} for pulse in (*range(38, 54), *range(88, 135))]
    changed += [{"body_temperature": tenths / 10} for tenths in range(345, 396)]
    changed += [{"not_alert": 1}, {"supplemental_oxygen": 1}]
    changed += [
        {"respiratory_rate": 8.4},
        {"respiratory_rate": 8.5},
        {"respiratory_rate": 21.5},
        {"oxygen_saturation": 91.5},
        {"systolic_bp": 100.4},
        {"systolic_bp": 100.5},
        {"body_temperature": 36.04},
        {"body_temperature": 36.06},
        {
            "respiratory_rate": 22,
            "oxygen_saturation": 93,
            "supplemental_oxygen": 1,
            "systolic_bp": 105,
            "heart_rate": 112,
            "body_temperature": 38.5,
        },
        {"respiratory_rate": 30, "systolic_bp": 80, "not_alert": 1, "heart_rate": 140},
    ]
    return [{**NORMAL, **change} for change in changed]


OPINIONS = {"news2": Opinion(news2, people()), "qsofa": Opinion(qsofa, people())}
