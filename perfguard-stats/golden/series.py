#!/usr/bin/env python3
"""Golden values for the parts of perfguard-stats about series: dependence, trend, change points. Writes series.json
beside itself.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0 pymannkendall==1.4.3
    venv/bin/python perfguard-stats/golden/series.py

Autocorrelations are statsmodels', slopes SciPy's, the Mann-Kendall test pymannkendall's; the corrections for correlated
neighbours, the drift and leak rules, and the detector of change points are written out here from their formulas, with
NumPy's quantiles, SciPy's distributions and Owen's T, and a segmentation by plain dynamic programming."""

import json
import math
import pathlib

import numpy
import pymannkendall
import scipy
import statsmodels
from scipy import special, stats
from statsmodels.tsa.stattools import acf

HERE = pathlib.Path(__file__).parent
CONSISTENCY = 1 / stats.norm.ppf(0.75)


def correlated(random, count, rho):
    values = random.normal(size=count)
    for index in range(1, count):
        values[index] = rho * values[index - 1] + math.sqrt(1 - rho * rho) * values[index]
    return values


def samples():
    random = numpy.random.default_rng(20261125)
    yield "two", [1.0, 2.5]
    yield "three", [3.0, 1.0, 7.0]
    yield "constant", [0.1] * 12
    yield "line", [float(index) for index in range(10)]
    yield "falling", [10.0, 9.0, 9.0, 7.5, 6.0, 6.0, 6.0, 4.0, 1.0]
    yield "ties", [1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 5.0, 2.0, 1.0]
    yield "two-values", [float(bit) for bit in random.integers(0, 2, 40)]
    yield "huge", (1e300 * (3 + random.normal(size=15))).tolist()
    yield "tiny", (1e-300 * (3 + random.normal(size=15))).tolist()
    yield "opposite-ends", [-1.7e308, 1.7e308, -1e308, 1.5e308, 1.7e308, 0.0]
    yield "subnormal", [5e-324 * k for k in (1, 3, 2, 8, 5, 13, 34, 21)]
    yield "spikes", (100 + random.normal(size=30) + 50 * (random.random(30) < 0.1)).tolist()
    yield "far-from-zero", (1e9 + 1e-3 * random.normal(size=25) + 1e-3 * numpy.arange(25)).tolist()
    for count, rho, slope in [(4, 0, 0), (5, 0, 1), (6, 0.3, 0), (8, 0, 0.1), (10, 0.5, 0), (12, 0.2, 0.05), (16, -0.5, 0),
                              (20, 0, 0.02), (24, 0.7, 0), (31, 0.13, 0.03), (40, 0.4, 0), (64, 0.9, 0), (100, 0.1, 0.01),
                              (250, 0.3, 0), (1000, 0.2, 0.0005), (1300, 0.1, 0.0005)]:
        values = 50 + correlated(random, count, rho) + slope * numpy.arange(count)
        yield f"correlated-{count}", values.tolist()
    # Rounded, so that ties abound, and large enough for slopes to be counted rather than listed.
    yield "counted-ties-5000", [round(value, 1) for value in (20 + random.normal(size=5000) + 2e-4 * numpy.arange(5000)).tolist()]


def scale_of(values):
    """A power of two, so that no square leaves the range of numbers."""
    largest = max(abs(value) for value in values)
    return 2.0 ** 600 if largest > 2.0 ** 400 else 2.0 ** -600 if 0 < largest < 2.0 ** -400 else 1.0


def lag_one_about_zero(values):
    squares = float(numpy.sum(values * values))
    return float(numpy.sum(values[1:] * values[:-1])) / squares if squares > 0 else 0.0


def corrected(correlation, count):
    return min(1.0, max(-1.0, correlation + (1 + 4 * correlation) / count))


def residual_correlation(residuals):
    sizes = numpy.abs(residuals)
    spread = CONSISTENCY * numpy.median(sizes)
    if spread == 0:
        spread = math.sqrt(math.pi / 2) * sizes.mean()
    return corrected(lag_one_about_zero(numpy.clip(residuals, -3 * spread, 3 * spread)), len(residuals))


def effective_size(count, correlation):
    correlation = min(0.9, max(0.0, correlation))
    return max(min(count, 5), count * (1 - correlation) / (1 + correlation))


def theil_sen(values, level):
    """SciPy's, with no interval where its ranks would lie beyond the ends, to which SciPy clamps them."""
    values = numpy.asarray(values)
    found = stats.theilslopes(values, alpha=level)
    count = len(values)
    ties = numpy.unique(values, return_counts=True)[1]
    variance = (count * (count - 1) * (2 * count + 5) - sum(int(t) * (int(t) - 1) * (2 * int(t) + 5) for t in ties)) / 18
    pairs = count * (count - 1) / 2
    outside = round((pairs - stats.norm.ppf((1 + level) / 2) * math.sqrt(variance)) / 2)
    interval = None if outside < 1 else [float(found.low_slope), float(found.high_slope)]
    return float(found.slope), float(found.intercept), interval


def sen_residuals(values):
    values = numpy.asarray(values)
    left = values - stats.theilslopes(values).slope * numpy.arange(len(values))
    return left - numpy.median(left)


def least_squares(values, level):
    values = numpy.asarray(values)
    count = len(values)
    found = stats.linregress(numpy.arange(count), values)
    residuals = values - found.intercept - found.slope * numpy.arange(count)
    worth = effective_size(count, residual_correlation(residuals))
    error = found.stderr * math.sqrt(count / worth)
    p_value = 2 * stats.t.sf(abs(found.slope / error), worth - 2) if error > 0 else float(found.slope == 0)
    reach = stats.t.ppf((1 + level) / 2, worth - 2) * error
    return {
        "slope": found.slope, "intercept": found.intercept, "standard_error": found.stderr, "p_value": found.pvalue,
        "effective_size": worth, "corrected_error": error, "corrected_p_value": p_value,
        "interval": [found.slope - reach, found.slope + reach],
    }


def described(values):
    values = numpy.asarray(values)
    middle = numpy.median(values)
    spread = CONSISTENCY * numpy.median(numpy.abs(values - middle))
    if spread == 0:
        spread = math.sqrt(math.pi / 2) * numpy.mean(numpy.abs(values - middle))
    return middle, spread, effective_size(len(values), residual_correlation(values - middle))


SMALL = {5: 1.206, 6: 1.200, 7: 1.140, 8: 1.129, 9: 1.107}


def prediction_interval(values, level):
    middle, spread, worth = described(values)
    spread *= SMALL.get(len(values), len(values) / (len(values) - 0.8))
    reach = stats.t.ppf((1 + level) / 2, max(1.0, 0.37 * worth)) * spread * math.sqrt(1 + math.pi / 2 / worth)
    return [middle - reach, middle + reach]


def adaptive_threshold(values, environment, alpha):
    _, spread, worth = described(numpy.log(values))
    multiplier = stats.t.ppf(1 - alpha, worth - 1) * math.sqrt(1 + 1 / worth)
    return float(numpy.median(values)) * math.exp(environment * spread * multiplier)


def of_one_series(name, values):
    scale = scale_of(values)
    # Where an end is no longer a number, it is the largest.
    back = lambda value: max(-1.7976931348623157e308, min(1.7976931348623157e308, float(value) * scale))
    scaled = [value / scale for value in values] if scale > 1 else [value * (1 / scale) for value in values]
    array = numpy.asarray(scaled)
    count = len(values)
    constant = len(set(values)) == 1
    lags = min(count - 1, 6)
    correlations = [1.0] + [0.0] * lags if constant else acf(array - array[0], nlags=lags, fft=False, adjusted=False).tolist()
    slope, intercept, interval = theil_sen(scaled, 0.95)
    kendall = pymannkendall.original_test(array) if count > 2 else None
    # pymannkendall wants three values.
    score = float(kendall.s) if kendall else float(numpy.sign(scaled[1] - scaled[0]))
    worth = effective_size(count, residual_correlation(sen_residuals(scaled)))
    z = float(kendall.z) if kendall else 0.0
    case = {
        "name": name, "values": values,
        "autocorrelation": correlations, "lag_one": corrected(correlations[1], count),
        "sen": {"slope": back(slope), "intercept": back(intercept), "interval": interval and [back(end) for end in interval]},
        "kendall": {
            "score": score, "z": z, "p_value": float(2 * stats.norm.sf(abs(z))), "effective_size": worth,
            "corrected_z": z * math.sqrt(worth / count), "corrected_p_value": float(2 * stats.norm.sf(abs(z) * math.sqrt(worth / count))),
        },
    }
    if count > 2:
        line = {"slope": 0.0, "intercept": scaled[0], "standard_error": 0.0, "p_value": 1.0, "effective_size": effective_size(count, 1 / count),
                "corrected_error": 0.0, "corrected_p_value": 1.0, "interval": [0.0, 0.0]} if constant else least_squares(scaled, 0.95)
        for key in ("slope", "intercept", "standard_error", "corrected_error"):
            line[key] = back(line[key])
        line["interval"] = [back(end) for end in line["interval"]]
        case["line"] = {key: value if isinstance(value, list) else float(value) for key, value in line.items()}
    if count >= 5:
        case["prediction"] = [back(end) for end in prediction_interval(scaled, 0.95)]
        if min(values) > 0:
            case["threshold"] = adaptive_threshold(values, 1.5, 0.01)
    return case


def drifts():
    random = numpy.random.default_rng(12)
    for count in (20, 24, 30, 40, 60, 100):
        for rho, slope in ((0, 0), (0.13, 0.001), (0.13, 0.004), (0.4, -0.004), (0.13, 0.0004)):
            values = numpy.exp(4 + 0.02 * correlated(random, count, rho) + slope * numpy.arange(count))
            values *= numpy.where(random.random(count) < 0.03, 1.15, 1.0)
            yield values


def drift(values, margin):
    logarithms = numpy.log(values)
    count = len(values)
    line = least_squares(logarithms, 0.95)
    slope = theil_sen(logarithms, 0.95)[0]
    residuals = sen_residuals(logarithms)
    spread = CONSISTENCY * numpy.median(numpy.abs(residuals - numpy.median(residuals)))
    steady = True
    for start in range(count - count // 5 + 1):
        kept = numpy.delete(numpy.arange(count), slice(start, start + count // 5))
        steady &= bool(numpy.polyfit(kept, logarithms[kept], 1)[0] * slope > 0)
    shown = line["corrected_p_value"] < 0.001 and abs(slope * count) > max(margin, 2 * spread) and steady
    return {"values": values.tolist(), "margin": margin, "change": float(slope * count), "spread": float(spread), "steady": steady, "shown": bool(shown)}


def leaks():
    random = numpy.random.default_rng(3)
    for count in (64, 80, 120):
        time = numpy.arange(count)
        noise = lambda size: 1 + size * random.normal(size=count)
        yield "flat", noise(0.005)
        yield "pages", numpy.round(noise(0.003) * 200) / 200
        yield "wandering", 1 + numpy.cumsum(0.003 * random.normal(size=count))
        yield "filling", noise(0.005) + 0.2 * (1 - numpy.exp(-time / (count / 6)))
        yield "step", noise(0.005) + 0.1 * (time >= count // 2)
        yield "sawtooth", noise(0.005) + 0.1 * (time % 7) / 7
        yield "leak", noise(0.005) + 0.001 * time
        yield "leaking sawtooth", noise(0.005) + 0.001 * time + 0.1 * (time % 7) / 7
        yield "bursts", noise(0.005) + 0.02 * (time // 10)


def kendall_z(values):
    count = len(values)
    first, second = numpy.triu_indices(count, 1)
    score = float(numpy.sign(values[second] - values[first]).sum())
    ties = numpy.unique(values, return_counts=True)[1]
    variance = (count * (count - 1) * (2 * count + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    return 0.0 if variance == 0 else (score - numpy.sign(score)) / math.sqrt(variance)


def slope_of(values):
    first, second = numpy.triu_indices(len(values), 1)
    return float(numpy.median((values[second] - values[first]) / (second - first)))


def leak(name, values, least):
    late = values[len(values) // 3:]
    slope = slope_of(late)
    residuals = late - slope * numpy.arange(len(late))
    residuals = residuals - residuals.mean()
    rho = min(0.8, max(0.0, lag_one_about_zero(residuals)))
    z = kendall_z(late) * math.sqrt((1 - rho) / (1 + rho))
    third = len(late) // 3
    one, two, three = (float(numpy.median(late[index * third:(index + 1) * third])) for index in range(3))
    grows = z > 3.3 and one < two < three and three - two > 0.4 * (two - one) and three - one > max(0.01 * abs(numpy.median(late)), least)
    floor = numpy.array([values[start:start + 8].min() for start in range(0, len(values) - 7, 8)])
    floor = floor[len(floor) // 3:]
    half = len(floor) // 2
    earlier, later, floor_z = slope_of(floor[:half + 1]), slope_of(floor[half:]), kendall_z(floor)
    relevant = slope_of(floor) * len(floor) > 0.01 * abs(numpy.median(floor))
    floor_grows = floor_z > 2.6 and relevant and earlier > 0 and later > 0.6 * earlier
    return {"name": name, "values": values.tolist(), "least": least, "growth": three - one, "slope": slope, "z": float(z),
            "floor_z": float(floor_z), "suspected": bool(grows and floor_grows)}


def segments(values, penalty, shortest):
    """By dynamic programming over all segmentations."""
    values = values - numpy.median(values)
    count = len(values)
    sums, squares = (numpy.concatenate([[0], numpy.cumsum(v)]) for v in (values, values * values))
    least, last = numpy.full(count + 1, numpy.inf), numpy.zeros(count + 1, int)
    least[0] = 0
    for end in range(shortest, count + 1):
        starts = numpy.arange(0, end - shortest + 1)
        cost = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
        total = least[starts] + cost + penalty
        last[end] = int(starts[numpy.argmin(total)])
        least[end] = total.min()
    found, end = [], count
    while last[end] > 0:
        end = int(last[end])
        found.append(end)
    return found[::-1]


def p_value_of_best_split(z, count, shortest):
    total = 2 * stats.norm.sf(z)
    for before in range(shortest, count - shortest):
        rho = math.sqrt(before * (count - before - 1) / ((count - before) * (before + 1)))
        total += 4 * special.owens_t(z, math.sqrt((1 - rho) / (1 + rho)))
    return min(1.0, float(total))


def single_change(values):
    values = numpy.asarray(values)
    count = len(values)
    best, place = 0.0, 5
    for index in range(5, count - 4):
        before, after = values[:index], values[index:]
        found = stats.mannwhitneyu(after, before, use_continuity=False, method="asymptotic")
        mean = len(before) * len(after) / 2
        z = math.copysign(stats.norm.isf(found.pvalue / 2), found.statistic - mean) if found.pvalue < 1 else 0.0
        if abs(z) > abs(best) + 1e-9:
            best, place = z, index
    before, after = values[:place], values[place:]
    residuals = numpy.concatenate([before - numpy.median(before), after - numpy.median(after)])
    worth = effective_size(count, residual_correlation(residuals))
    z = best * math.sqrt(worth / count)
    return {"index": place, "z": z, "p_value": p_value_of_best_split(abs(z), count, 5), "effective_size": worth}


def running_median(values):
    padded = numpy.pad(values, 5, mode="edge")
    return numpy.median(numpy.lib.stride_tricks.sliding_window_view(padded, 11), axis=1)


def neighbours_spread(values):
    differences = numpy.diff(values)
    spread = CONSISTENCY * numpy.median(numpy.abs(differences - numpy.median(differences)))
    if spread == 0:
        sizes = numpy.abs(differences)
        some = sizes[sizes > 0]
        spread = math.sqrt(math.pi / 2) * numpy.minimum(sizes, 3 * numpy.median(some) if len(some) else 0).mean()
    return max(spread / math.sqrt(2), 1e-6)


def compare(values, before, at, after, spread, inflation):
    one, other = values[max(before, at - 40):at], values[at:min(after, at + 40)]
    m, k = len(one), len(other)
    medians = numpy.median(one), numpy.median(other)
    clipped = [numpy.clip(side, middle - 2.5 * spread, middle + 2.5 * spread) for side, middle in zip((one, other), medians)]
    pooled = (clipped[0].var() * m + clipped[1].var() * k) / max(m + k - 2, 1)
    error = math.sqrt(max(spread ** 2, pooled) * inflation * (1 / m + 1 / k))
    ranks = stats.rankdata(numpy.concatenate([one, other]))
    rank_z = abs(ranks[m:].sum() - k * (k + 1) / 2 - m * k / 2) / math.sqrt(m * k * (m + k + 1) / 12 * inflation)
    levels = clipped[0].mean(), clipped[1].mean()
    z = abs(levels[1] - levels[0]) / error
    return {"strength": min(z / 4.5, rank_z / 3.3, abs(medians[1] - medians[0]) / 0.01), "z": z, "levels": levels,
            "medians": medians, "error": error, "counts": (m, k)}


def change_points(values):
    values = numpy.log(values)
    count = len(values)
    first = neighbours_spread(values)
    running = running_median(values)
    clipped = numpy.clip(values, running - 2.5 * first, running + 2.5 * first)
    edges = [0] + segments(clipped, 3 * first ** 2 * math.log(count), 3) + [count]
    residuals = numpy.concatenate([clipped[a:b] - numpy.median(clipped[a:b]) for a, b in zip(edges, edges[1:])])
    spread = max(CONSISTENCY * numpy.median(numpy.abs(residuals)), 0.7 * first, 1e-6)
    residuals = numpy.clip(residuals, -3 * spread, 3 * spread)
    residuals = residuals - residuals.mean()
    rho = min(0.6, max(0.0, lag_one_about_zero(residuals)))
    inflation = (1 + rho) / (1 - rho)
    clipped = numpy.clip(values, running - 2.5 * spread, running + 2.5 * spread)
    found = segments(clipped, 9 * spread ** 2 * inflation * math.log(count), 3)
    while found:
        edges = [0] + found + [count]
        strengths = [compare(values, *edges[i:i + 3], spread, inflation)["strength"] for i in range(len(found))]
        weakest = int(numpy.argmin(strengths))
        if strengths[weakest] >= 1:
            break
        found.pop(weakest)
    edges, refined = [0] + found + [count], set()
    for a, at, b in zip(edges, edges[1:], edges[2:]):
        before, after = compare(values, a, at, b, spread, inflation)["medians"]
        low, high = max(a + 1, at - 5), min(b - 1, at + 5)
        # A value beyond both levels goes to the nearer.
        off = lambda values, level: (numpy.minimum(numpy.abs(values - level), 4 * spread) + 1e-6 * numpy.abs(values - level)).sum()
        cost = lambda place: off(values[low - 1:place], before) + off(values[place:high + 1], after)
        refined.add(min(range(low, high + 1), key=cost))
    edges, points = [0] + sorted(refined) + [count], []
    for a, at, b in zip(edges, edges[1:], edges[2:]):
        sides = compare(values, a, at, b, spread, inflation)
        compared = sum(sides["counts"])
        step = sides["levels"][1] - sides["levels"][0]
        freedom = max(0.37 * count, 1)
        reach = stats.t.ppf(0.975, freedom) * sides["error"]
        normal = stats.norm.isf(stats.t.sf(sides["z"], freedom))
        points.append({
            "index": at, "level_before": math.exp(sides["levels"][0]), "level_after": math.exp(sides["levels"][1]),
            "ratio": math.exp(step), "interval": [math.exp(step - reach), math.exp(step + reach)],
            "p_value": min(1.0, p_value_of_best_split(normal, compared, 3) * count / compared),
        })
    return {"spread": float(spread), "correlation": rho, "points": points}


def histories():
    random = numpy.random.default_rng(77)
    for path in ("otava/tigerbeetle", "mongodb_spa/robust_series", "mongodb_spa/real_series", "mongodb_spa/mad_series"):
        found = json.loads((HERE / "data" / f"{path}.json").read_text())
        yield path, None, found["series"] if isinstance(found, dict) else found
    for number in range(24):
        count = int(random.integers(12, 300))
        rho, noise = random.choice([0, 0.13, 0.4]), random.choice([0.003, 0.01, 0.03])
        values = 3 + noise * correlated(random, count, rho)
        values += numpy.where(random.random(count) < 0.04, 12 * noise * random.exponential(size=count), 0)
        for _ in range(int(random.integers(0, 4))):
            values[int(random.integers(0, count)):] += random.choice([-1, 1]) * random.choice([1, 2, 4, 8]) * noise
        if number % 6 == 5:
            # A coarse timer: most neighbours are equal.
            values = numpy.log(numpy.maximum(1, numpy.round(numpy.exp(values) / 2)))
        yield f"{number}", numpy.exp(values).tolist(), None


def main():
    cases = [of_one_series(name, values) for name, values in samples()]
    random = numpy.random.default_rng(4)
    residuals = [random.standard_t(3, size=count).tolist() for count in (2, 3, 5, 8, 13, 21, 40, 60, 120)]
    residuals += [correlated(random, count, rho).tolist() for count in (10, 30, 100) for rho in (0.3, 0.8, -0.4)]
    residuals += [[0.0] * 6, [0.0, 0.0, 0.0, 1.0, 1.0], [0.0] * 5 + [3.0, -4.0] + [0.0] * 7]
    cuts = []
    for count in (1, 2, 5, 6, 7, 12, 20, 30, 50, 80, 100, 120, 150, 200, 250, 300, 350, 400, 450, 500):
        values = random.normal(size=count) + 3 * (numpy.arange(count) > count * 0.4) - 2 * (numpy.arange(count) > count * 0.7)
        settings = [(2 * math.log(count + 1), 1), (6.0, 3), (0.5, 2)]
        cuts.append({"values": values.tolist(), "found": [
            {"penalty": penalty, "shortest": shortest, "starts": segments(values, penalty, shortest)} for penalty, shortest in settings]})
    singles = []
    for count in (12, 13, 15, 18, 20, 25, 30, 35, 40, 50, 60, 70, 80, 90, 100, 120, 150, 200, 250, 300):
        for step in (0.0, 1.0):
            values = correlated(random, count, 0.2) + step * (numpy.arange(count) >= count // 3)
            if count % 20 == 0:
                values = numpy.round(values)
            singles.append({"values": values.tolist(), **single_change(values)})
    text = {
        "numpy": numpy.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__,
        "pymannkendall": pymannkendall.__version__,
        "series": cases,
        "residuals": [{"values": values, "correlation": residual_correlation(numpy.asarray(values))} for values in residuals],
        "drifts": [drift(values, margin) for values in drifts() for margin in (0.01,)],
        "leaks": [leak(name, values * 1e8, 65536.0) for name, values in leaks()],
        "segments": cuts,
        "singles": singles,
        "histories": [{"name": name, "values": values, **change_points(values or file)} for name, values, file in histories()],
    }
    path = HERE / "series.json"
    path.write_text(json.dumps(text, separators=(",", ":"), allow_nan=False) + "\n")


main()
