"""Hall 2011 once more: fat as a state of its own, fixed fourth-order Runge-Kutta steps.

Written from the fact sheet, with its literal numbers; shares no code with the product.
"""

import math


def start(weight, height_m, age, female, pal):
    bmi = weight / height_m**2
    rmr = 9.99 * weight + 625 * height_m - 4.92 * age + (-161 if female else 5)
    if female:
        fat = weight / 100 * (0.14 * age + 39.96 * math.log(bmi) - 102.01)
        fluid = -4 + 5.98 * height_m + 0.167 * weight
    else:
        fat = weight / 100 * (0.14 * age + 37.31 * math.log(bmi) - 103.94)
        fluid = 0.025 * age + 9.57 * height_m + 0.191 * weight - 12.4
    lean = weight - fluid - fat - 3.7 * 0.5
    delta = ((1 - 0.1) * pal - 1) * rmr / weight
    constant = rmr * pal - 21.98853 * lean - 3.107075 * fat - delta * weight
    return {
        "rmr": rmr,
        "intake": rmr * pal,
        "fluid": fluid,
        "fat": fat,
        "lean": lean,
        "delta": delta,
        "constant": constant,
    }


def path(weight, height_m, age, female, pal, change, days, new_pal=None, sodium=0.0, steps=1):
    """kg on each of the days, with so many steps a day."""
    s = start(weight, height_m, age, female, pal)
    ei, dei = s["intake"] + change, change
    ci0, ci = 0.5 * s["intake"], 0.5 * (s["intake"] + change)
    delta = s["delta"] if new_pal is None else ((1 - 0.1) * new_pal - 1) * s["rmr"] / weight
    c = 10.4 * 1816.444 / 9440.727

    def rates(state):
        lean, fat, gly, fluid, at = state
        dgly = (ci - ci0 / 0.25 * gly**2) / 4206.501
        dat = (0.14 * dei - at) / 14
        dfluid = (sodium - 3000 * (fluid - s["fluid"]) - 4000 * (1 - ci / ci0)) / 3220
        p = c / (c + fat)
        body = lean + fat + fluid + 3.7 * gly
        fixed = s["constant"] + 3.107075 * fat + 21.98853 * lean + delta * body + 0.1 * dei + at
        # EE = fixed + (229.4455 p/1816.444 + 179.2543 (1-p)/9440.727) (EI - EE - 4206.501 dG)
        k = 229.4455 * p / 1816.444 + 179.2543 * (1 - p) / 9440.727
        ee = (fixed + k * (ei - 4206.501 * dgly)) / (1 + k)
        left = ei - ee - 4206.501 * dgly
        return [p * left / 1816.444, (1 - p) * left / 9440.727, dgly, dfluid, dat]

    def moved(state, rate, step):
        return [a + step * b for a, b in zip(state, rate, strict=True)]

    state, found = [s["lean"], s["fat"], 0.5, s["fluid"], 0.0], {0: weight}
    step = 1 / steps
    for day in range(1, max(days) + 1):
        for _ in range(steps):
            k1 = rates(state)
            k2 = rates(moved(state, k1, step / 2))
            k3 = rates(moved(state, k2, step / 2))
            k4 = rates(moved(state, k3, step))
            mean = [(a + 2 * b + 2 * d + e) / 6 for a, b, d, e in zip(k1, k2, k3, k4, strict=True)]
            state = moved(state, mean, step)
        found[day] = state[0] + state[1] + state[3] + 3.7 * state[2]
    return [found[day] for day in days]
