"""Drug levels and glucose once more, written from the fact sheet with its literal numbers.

One dose after another, small explicit steps, a grid for the posterior: slow and obvious. Shares no
code with the product.
"""

import math


def crcl(age, female, weight, height_cm, creatinine):
    ideal = (45.5 if female else 50.0) + 2.3 * (height_cm / 2.54 - 60)
    used = ideal + 0.4 * (weight - ideal) if weight > 1.2 * ideal else weight
    return (140 - age) * used / (72 * creatinine) * (0.85 if female else 1.0)


def vancomycin(weight, clearance):
    return (3.66 + 0.689 * clearance) * 60 / 1000, 0.7 * weight


def gentamicin(weight, clearance, ideal):
    volume = 0.26 * (weight if weight <= 1.2 * ideal else 0.57 * ideal + 0.43 * weight)
    return (0.00293 * clearance + 0.014) * volume, volume


def digoxin(weight, clearance, failing, ideal):
    lean = min(weight, ideal)
    per_minute = 0.33 * lean + 0.9 * clearance if failing else 0.8 * lean + clearance
    return per_minute * 60 / 1000, 3.8 * lean + 3.1 * clearance


def level(at, doses, cl, v):
    """Amount in the body, dose by dose: (start, mg, hours)."""
    k, amount = cl / v, 0.0
    for start, mg, hours in doses:
        if at < start:
            continue
        if hours == 0:
            amount += mg * math.exp(-k * (at - start))
        elif at <= start + hours:
            amount += mg / hours / k * (1 - math.exp(-k * (at - start)))
        else:
            left = mg / hours / k * (1 - math.exp(-k * hours))
            amount += left * math.exp(-k * (at - start - hours))
    return amount / v


def objective(eta, prior, doses, levels):
    cl0, v0, omega_cl, omega_v, share, fixed = prior
    cl, v = cl0 * math.exp(eta[0]), v0 * math.exp(eta[1])
    total = (eta[0] / omega_cl) ** 2 + (eta[1] / omega_v) ** 2
    for at, observed in levels:
        sigma2 = (share * observed) ** 2 + fixed**2
        total += (observed - level(at, doses, cl, v)) ** 2 / sigma2
    return total


def posterior_mode(prior, doses, levels):
    """By a search on ever finer grids."""
    centre, width = (0.0, 0.0), 1.5
    for _ in range(40):
        steps = [-1, -0.5, 0, 0.5, 1]
        tried = [(centre[0] + a * width, centre[1] + b * width) for a in steps for b in steps]
        best = min(tried, key=lambda eta: objective(eta, prior, doses, levels))
        width = width * (1.0 if best != centre and width > 0.1 else 0.6)
        centre = best
    return prior[0] * math.exp(centre[0]), prior[1] * math.exp(centre[1])


def patch_level(at, patches, weight, steps_an_hour=60):
    """Depot and blood in explicit steps."""
    cl = 122.0 * weight / 70
    ka, k = math.log(2) / 17.0, math.log(2) / 6.1
    v, depot, blood, step = cl / k, 0.0, 0.0, 1 / steps_an_hour

    def rates(hour, depot, blood):
        r = sum(rate for start, rate, worn in patches if start <= hour < start + worn)
        return r - ka * depot, ka * depot - k * blood

    for number in range(round(at * steps_an_hour)):
        hour = number * step
        d1, b1 = rates(hour, depot, blood)
        d2, b2 = rates(hour, depot + step / 2 * d1, blood + step / 2 * b1)
        depot, blood = depot + step * d2, blood + step * b2
    return blood / v


def minimal_model(sg, si, p2, n, gb, ib, g, i, minutes, slope=0.0, threshold=0.0, meal=0.0, v=1.7):
    """mg/dL after so many minutes, in Runge-Kutta steps of a twentieth of a minute."""

    def rates(t, s):
        g, x, i = s
        return (
            -(sg + x) * g + sg * gb + meal / v,
            -p2 * x + p2 * si * (i - ib),
            -n * (i - ib) + slope * max(g - threshold, 0.0) * t,
        )

    state, step, t = (g, 0.0, i), 0.05, 0.0
    for _ in range(round(minutes / step)):
        k1 = rates(t, state)
        k2 = rates(t + step / 2, [a + step / 2 * b for a, b in zip(state, k1, strict=True)])
        k3 = rates(t + step / 2, [a + step / 2 * b for a, b in zip(state, k2, strict=True)])
        k4 = rates(t + step, [a + step * b for a, b in zip(state, k3, strict=True)])
        state = tuple(
            a + step / 6 * (b + 2 * c + 2 * d + e)
            for a, b, c, d, e in zip(state, k1, k2, k3, k4, strict=True)
        )
        t += step
    return state[0], state[2]
