#!/usr/bin/env python3
"""Golden values for what describes one sample: quantiles, summaries, labels, tests of shape, smoothing.
Writes describe.json beside itself.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 numpy==2.4.6 statsmodels==0.15.0 pandas==3.1.1
    venv/bin/python perfguard-stats/golden/describe.py

Moments come from Python's exact fractions; quantiles and medians from NumPy; trimming and most tests from SciPy; Lilliefors,
Anderson-Darling and weighted quantiles from statsmodels; averages and windows from pandas. Written out here, because no library
has them: Royston's algorithm with full-precision normal quantiles (SciPy's have seven digits), Stephens' polynomials as R's
package nortest uses them, Chauvenet's rule with its cap, double MAD, two modes, and the exact two-sample test with ties by
counting all arrangements.

Large samples are not stored but made by `formula`, which uses only operations that every language rounds alike."""

import itertools
import json
import math
import pathlib
import statistics
from fractions import Fraction

import numpy
import pandas
import scipy
import statsmodels
from scipy import special, stats
from scipy.stats import _ksstats
from statsmodels.stats import diagnostic
from statsmodels.stats._lilliefors import pval_lf
from statsmodels.stats.weightstats import DescrStatsW

METHODS = ["inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull",
           "linear", "median_unbiased", "normal_unbiased"]
# Halves of halves, where n p is exact, and some where it is never whole.
PROBABILITIES = [0.0, 0.0625, 0.1234567, 0.25, 0.5, 0.71828, 0.875, 0.987654, 1.0]
FACTORS = {1: 1.0, 2: 1.196, 3: 1.495, 4: 1.363, 5: 1.206, 6: 1.200, 7: 1.140, 8: 1.129, 9: 1.107}
IRRATIONALS = [0.6180339887498949, 0.41421356237309515, 0.7320508075688772, 0.2360679774997898, 0.6457513110645906,
               0.7182818284590451]


def formula(kind, count):
    part = lambda index, step: index * step - math.floor(index * step)
    hump = lambda index: sum((part(float(index), step) for step in IRRATIONALS[1:]), part(float(index), IRRATIONALS[0]))
    make = {
        "hump": hump,
        "tail": lambda index: 1.0 / (0.02 + part(float(index), IRRATIONALS[0])),
        "ticks": lambda index: math.floor(hump(index) * 10.0) * 1.0,
    }[kind]
    return [make(index) for index in range(1, count + 1)]


def samples():
    """Name, values, and by what power of two they are brought to a size at which SciPy's tests of shape do not overflow."""
    random = numpy.random.default_rng(20261125)
    yield "one", [7.5], 0
    yield "two", [1.0, 2.0], 0
    yield "two-same", [4.0, 4.0], 0
    yield "three", [1.0, 2.0, 4.0], 0
    yield "three-even", [-1.0, 0.0, 1.0], 0
    yield "constant", [3.0] * 9, 0
    yield "ties", [1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 5.0], 0
    yield "counter", [1200.0] * 14 + [1201.0, 1199.0, 1230.0], 0
    yield "huge", [1e300, 2.5e300, 3e300, 4e300, 5.5e300, 6e300, 7e300, 1.7e308], -1000
    yield "tiny", [1e-300, 2e-300, 3.5e-300, 4e-300, 5e-300, 6.5e-300, 7e-300, 9e-300, 2e-299], 1000
    yield "subnormal", [5e-324 * k for k in (1, 2, 3, 5, 8, 13, 21, 34)], 1074
    yield "offset", [1e9 + k / 64 for k in (1, 2, 4, 8, 9, 10, 12, 13, 20, 40)], 0
    yield "outlier", [10.0, 10.1, 9.9, 10.2, 9.8, 10.05, 1000.0], 0
    yield "negative", [-3.0, -1.0, 0.0, 2.0, 4.0, -7.0, 5.5], 0
    yield "far", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 1e6], 0
    for count in (4, 5, 8, 10, 11, 12, 20, 30, 50, 100):
        yield f"normal-{count}", random.normal(100.0, 2.0, count).tolist(), 0
    for count in (6, 9, 15, 25, 40, 80):
        yield f"lognormal-{count}", random.lognormal(4.6, 0.4, count).tolist(), 0
    yield "spiky-24", (random.normal(0, 0.01, 24) + (random.random(24) < 0.15) * random.exponential(0.3, 24)).tolist(), 0
    yield "modes-40", (random.normal(50, 1, 40) + (numpy.arange(40) % 2) * 12.0).tolist(), 0
    yield "modes-30-uneven", (random.normal(50, 1, 30) + (numpy.arange(30) % 4 == 0) * 9.0).tolist(), 0
    yield "uniform-35", random.uniform(-1, 1, 35).tolist(), 0
    yield "cauchy-60", random.standard_cauchy(60).tolist(), 0
    yield "ticks-30", numpy.round(random.normal(50, 1.2, 30)).tolist(), 0
    for kind, count in (("hump", 200), ("tail", 499), ("hump", 501), ("ticks", 1000), ("hump", 1000), ("tail", 2000), ("hump", 5000)):
        yield f"{kind}:{count}", formula(kind, count), 0


def finite(value):
    """A float, or nothing where the number does not exist or is out of range."""
    return float(value) if value is not None and math.isfinite(value) else None


def exact_mean(values):
    return float(sum(map(Fraction, values)) / len(values))


def exact_variance(values):
    mean = sum(map(Fraction, values)) / len(values)
    return sum((Fraction(value) - mean) ** 2 for value in values) / (len(values) - 1)


def to_float(fraction):
    try:
        return float(fraction)
    except OverflowError:
        return None


def root(fraction):
    """The square root of a fraction of any size."""
    shift = (fraction.numerator.bit_length() - fraction.denominator.bit_length()) // 2 if fraction else 0
    scaled = fraction / Fraction(4) ** shift
    return float(Fraction(math.sqrt(scaled)) * Fraction(2) ** shift)


def deviations(values):
    return numpy.abs(values - numpy.median(values))


def factor(count):
    return FACTORS.get(count, count / (count - 0.8))


def spread(values, resolution):
    array = numpy.array(values)
    value = float(stats.median_abs_deviation(array)) / stats.norm.ppf(0.75) * factor(len(values))
    method = "median"
    if value == 0:
        value, method = exact_mean(deviations(array)) * math.sqrt(math.pi / 2), "mean"
    floor = resolution / math.sqrt(12)
    return [value, method] if value > floor else [floor, "resolution"]


def summary(values):
    array = numpy.array(values)
    found = {
        "median": float(numpy.median(array)),
        "mean": exact_mean(values),
        "quantiles": [[float(numpy.quantile(array, p, method=method)) for p in PROBABILITIES] for method in METHODS],
        "mad": float(stats.median_abs_deviation(array)),
        "mean_absolute_deviation": exact_mean(deviations(array)),
        "iqr": float(stats.iqr(array)),
        "trimmed": [float(exact_mean(sorted(values)[int(s * len(values)):len(values) - int(s * len(values))])) for s in (0.1, 0.2, 0.25)],
        "winsorised": [],
    }
    for share, ours in zip((0.1, 0.2, 0.25), found["trimmed"]):
        theirs = stats.trim_mean(array / abs(array).max(), share) * abs(array).max()
        assert math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=abs(array).max() * 1e-15 + 1e-323), (ours, theirs)
        moved = [float(value) for value in stats.mstats.winsorize(array, (share, share))]
        found["winsorised"].append([exact_mean(moved), to_float(exact_variance(moved)) if len(values) > 1 else None])
    if len(values) > 1:
        variance = exact_variance(values)
        found["variance"] = to_float(variance)
        found["standard_deviation"] = root(variance)
        if found["mean"] != 0:
            mean = sum(map(Fraction, values)) / len(values)
            found["coefficient_of_variation"] = root(variance / mean ** 2)
        found["spreads"] = [[resolution, *spread(values, resolution)] for resolution in (0.0, 0.5, 1e4)]
    return found


def labels(scores, far):
    return "".join("-" if not is_far else "L" if score < 0 else "H" for score, is_far in zip(scores, far))


def outliers(values, power):
    # Scores have no unit: at a size where nothing is rounded to a few steps.
    array = numpy.array([float(Fraction(value) * Fraction(2) ** power) for value in values])
    middle = numpy.median(array)
    scale_of = lambda distances: (numpy.median(distances) / stats.norm.ppf(0.75)
                                  or exact_mean(distances) * math.sqrt(math.pi / 2) or numpy.inf)
    z = (array - middle) / scale_of(deviations(array))
    below = scale_of(middle - array[array <= middle])
    above = scale_of(array[array >= middle] - middle)
    double = (array - middle) / numpy.where(array < middle, below, above)
    found = {"modified_z": z.tolist(), "double_mad": double.tolist(), "tukey": {}}
    found["modified_z_labels"] = labels(z, abs(z) > 3.5)
    found["double_mad_labels"] = labels(double, abs(double) > 3.5)
    for reach in (1.5, 3.0):
        low, high = numpy.quantile(values, [0.25, 0.75])
        low, high = low - reach * (high - low), high + reach * (high - low)
        # Between subnormals interpolation rounds to whole steps, and each library to others.
        if math.isfinite(low) and math.isfinite(high) and abs(high) > 1e-307:
            marks = "".join("L" if value < low else "H" if value > high else "-" for value in values)
            found["tukey"][str(reach)] = [float(low), float(high), marks]
    if len(values) >= 5:
        beyond = len(values) * special.erfc(abs(z) / math.sqrt(2)) < 0.5
        most = max(1, len(values) // 10)
        spared = sorted(abs(z), reverse=True)[most]
        found["chauvenet"] = labels(z, beyond & (abs(z) > spared))
    return found


def royston(values):
    """AS R94 with normal quantiles to full precision; SciPy's and R's difference from it is recorded by the caller."""
    x = numpy.sort(values)
    n = len(x)
    x = (x - x[n // 2]) / (x[-1] - x[0])
    polynomial = lambda coefficients, at: sum(c * at ** k for k, c in enumerate(coefficients))
    if n == 3:
        a = numpy.array([-math.sqrt(0.5), 0, math.sqrt(0.5)])
    else:
        m = special.ndtri((numpy.arange(1, n + 1) - 0.375) / (n + 0.25))
        ss, u = math.fsum(m * m), 1 / math.sqrt(n)
        a = numpy.array(m)
        last = polynomial((0, .221157, -.147981, -2.07119, 4.434685, -2.706056), u) + m[-1] / math.sqrt(ss)
        if n > 5:
            second = polynomial((0, .042981, -.293762, -1.752461, 5.682633, -3.582633), u) + m[-2] / math.sqrt(ss)
            phi = (ss - 2 * m[-1] ** 2 - 2 * m[-2] ** 2) / (1 - 2 * last ** 2 - 2 * second ** 2)
            a /= math.sqrt(phi)
            a[-2], a[1] = second, -second
        else:
            a /= math.sqrt((ss - 2 * m[-1] ** 2) / (1 - 2 * last ** 2))
        a[-1], a[0] = last, -last
    centred = x - math.fsum(x) / n
    products, squares, weights = math.fsum(a * centred), math.fsum(centred ** 2), math.fsum(a * a)
    whole = math.sqrt(squares * weights)
    missing = max(0.0, (whole - products) * (whole + products) / (squares * weights))
    w = 1 - missing
    if n == 3:
        return w, max(0.0, 6 / math.pi * (math.asin(math.sqrt(w)) - math.asin(math.sqrt(0.75))))
    if missing == 0:
        return w, 1.0
    y = math.log(missing)
    if n <= 11:
        gamma = -2.273 + .459 * n
        if y >= gamma:
            return w, 1e-99
        y = -math.log(gamma - y)
        mean = polynomial((.544, -.39978, .025054, -6.714e-4), n)
        sd = math.exp(polynomial((1.3822, -.77857, .062767, -.0020322), n))
    else:
        mean = polynomial((-1.5861, -.31082, -.083751, .0038915), math.log(n))
        sd = math.exp(polynomial((-.4803, -.082676, .0030302), math.log(n)))
    return w, float(stats.norm.sf((y - mean) / sd))


def lilliefors(values):
    distance, p = diagnostic.kstest_normal(values, pvalmethod="approx")
    n = len(values)
    if pval_lf(distance, n) <= 0.1:
        return float(distance), float(p)
    k = (math.sqrt(n) - 0.01 + 0.85 / math.sqrt(n)) * distance
    if k <= 0.302:
        p = 1.0
    elif k <= 0.5:
        p = 2.76773 - 19.828315 * k + 80.709644 * k ** 2 - 138.55152 * k ** 3 + 81.218052 * k ** 4
    elif k <= 0.9:
        p = -4.901232 + 40.662806 * k - 97.490286 * k ** 2 + 94.029866 * k ** 3 - 32.355711 * k ** 4
    elif k <= 1.31:
        p = 6.198765 - 19.558097 * k + 23.186922 * k ** 2 - 12.234627 * k ** 3 + 2.423045 * k ** 4
    else:
        p = 0.0
    return float(distance), min(1.0, max(0.0, p))


def anderson_darling(values):
    z = (numpy.sort(values) - numpy.mean(values)) / numpy.std(values, ddof=1)
    n = len(z)
    terms = (2 * numpy.arange(1, n + 1) - 1) * (special.log_ndtr(z) + special.log_ndtr(-z[::-1]))
    statistic = -n - math.fsum(terms) / n
    with numpy.errstate(divide="ignore"):
        theirs, p = diagnostic.normal_ad(numpy.array(values))
    if math.isfinite(theirs):
        # statsmodels takes the logarithm of one less the distribution, which loses digits far out.
        assert math.isclose(theirs, statistic, rel_tol=1e-6), (theirs, statistic)
    adjusted = statistic * (1 + 0.75 / n + 2.25 / n ** 2)
    if adjusted > 13 or not math.isfinite(theirs):
        # Where statsmodels gives 0, the same parabola to where it turns.
        adjusted = min(adjusted, 5.709 / (2 * 0.0186))
        p = math.exp(1.2937 - 5.709 * adjusted + 0.0186 * adjusted ** 2)
    return float(statistic), float(p)


def two_modes(values, resolution):
    x = numpy.sort(values)
    n, least = len(x), math.ceil(len(x) / 5)
    gaps = numpy.diff(x)[least - 1:n - least]
    cut = least + int(numpy.argmax(gaps))
    groups = x[:cut], x[cut:]
    medians = [float(numpy.median(group)) for group in groups]
    sds = [float(stats.median_abs_deviation(group)) / stats.norm.ppf(0.75) * factor(len(group)) for group in groups]
    pooled = math.sqrt(sum((len(group) - 1) * sd ** 2 for group, sd in zip(groups, sds)) / (n - 2))
    within = max(pooled, resolution / math.sqrt(12))
    separation = (medians[1] - medians[0]) / within if within > 0 else math.inf
    if medians[1] <= medians[0] or separation <= 4:
        return None
    return {"low": medians[0], "high": medians[1], "high_share": len(groups[1]) / n, "separation": finite(separation)}


def exact_tail(count, statistic, p_value):
    """SciPy's "exact" is Pelz and Good's expansion from 141 values on, right to five digits: its own matrix method is taken."""
    if 140 < count <= 500 and count * statistic ** 2 < 4:
        return float(1 - _ksstats._kolmogn_DMTW(count, statistic, cdf=True))
    return p_value


def shape(values, power):
    """Tests of shape do not change with scale: they are run at a size where no library overflows."""
    x = numpy.array([float(Fraction(value) * Fraction(2) ** power) for value in values])
    found = {}
    given = x
    if abs(x).max() > 1e3 * (x.max() - x.min()):
        # Nor with place, but the libraries' means lose digits far from zero.
        x = numpy.array([float(Fraction(value) - Fraction(x[0])) for value in x.tolist()])
    if len(x) >= 3 and x.max() > x.min():
        theirs = stats.shapiro(x)
        w, p = royston(x)
        assert abs(theirs.statistic - w) < 1e-7 and abs(theirs.pvalue - p) < 1e-5, (theirs, w, p)
        found["shapiro_wilk"] = [w, p]
        found["shapiro_wilk_scipy"] = [float(theirs.statistic), float(theirs.pvalue)]
        if len(x) >= 5:
            found["lilliefors"] = lilliefors(x)
        if len(x) >= 8:
            found["anderson_darling"] = anderson_darling(x)
    if len(x) >= 20:
        found["two_modes"] = [two_modes(x, resolution) for resolution in (0.0, 3.0)]
    if power == 0:
        x = given
        found["kolmogorov_smirnov"] = []
        # Distributions that fit well, badly and not at all.
        for place, scale in ((numpy.median(x), 1.1 * numpy.std(x) + 0.1), (numpy.mean(x) + 0.3 * numpy.std(x), numpy.std(x) + 0.2),
                             (numpy.mean(x), 6 * numpy.std(x) + 1)):
            test = stats.ks_1samp(x, stats.norm(place, scale).cdf, method="exact")
            p_value = exact_tail(len(x), float(test.statistic), float(test.pvalue))
            found["kolmogorov_smirnov"].append([float(place), float(scale), float(test.statistic), p_value])
    return found


def smoothing(values):
    """For the values as a series, the oldest first."""
    found = {"decayed": []}
    array = numpy.array(values)
    for half_life in (1.5, 10.0):
        weights = 2.0 ** (-numpy.arange(len(values))[::-1] / half_life)
        described = DescrStatsW(array, weights)
        middle = float(described.quantile(0.5, return_pandas=False)[0])
        distances = abs(array - middle)
        mad = float(DescrStatsW(distances, weights).quantile(0.5, return_pandas=False)[0])
        effective = float(weights.sum() ** 2 / (weights ** 2).sum())
        value, method = mad / stats.norm.ppf(0.75) * factor(max(1, round(effective)) if effective < 9.5 else effective), "median"
        if value == 0:
            value, method = float(DescrStatsW(distances, weights).mean) * math.sqrt(math.pi / 2), "mean"
        if value == 0:
            method = "resolution"
        exact = lambda numbers: float(sum(Fraction(a) * Fraction(b) for a, b in zip(numbers, weights.tolist())) / sum(map(Fraction, weights.tolist())))
        found["decayed"].append({"half_life": half_life, "mean": exact(values), "median": middle, "mad": mad,
                                 "spread": value, "method": method, "effective_count": effective})
    series = pandas.Series(values)
    mad = lambda window: stats.median_abs_deviation(window)
    found["exponential_average"] = series.ewm(alpha=0.2, adjust=False).mean().tolist()
    found["trailing_5"], found["centred_3"] = [], []
    for key, windows in (("trailing_5", lambda: series.rolling(5, min_periods=1)),
                         ("centred_3", lambda: series.rolling(7, min_periods=1, center=True))):
        found[key] = [windows().median().tolist(), windows().apply(lambda w: exact_mean(w.tolist())).tolist(),
                      windows().apply(mad, raw=True).tolist()]
    return found


def pairs():
    random = numpy.random.default_rng(31)
    for base, head, shift in ((1, 1, 0), (1, 5, 0), (2, 3, 1), (4, 4, 9), (5, 5, 1), (5, 9, .5), (8, 8, 1), (8, 12, 0), (10, 10, 3), (12, 7, .3),
                              (15, 15, .7), (20, 20, .2), (20, 30, 1), (24, 24, 4), (40, 40, .5), (40, 40, 20), (64, 50, .4), (100, 100, .3),
                              (120, 80, 1.5), (200, 300, .2)):
        yield random.normal(0, 1, base).tolist(), random.normal(shift, 1.2, head).tolist()


def tied_pairs():
    random = numpy.random.default_rng(32)
    for base, head, kinds in ((2, 2, 2), (3, 3, 2), (3, 5, 3), (4, 4, 3), (5, 5, 2), (5, 5, 4), (6, 6, 3), (6, 4, 5), (7, 7, 4), (8, 8, 3),
                              (8, 6, 6), (9, 9, 5), (9, 9, 2)):
        yield random.integers(0, kinds, base).astype(float).tolist(), (random.integers(0, kinds, head) + random.integers(0, 2)).astype(float).tolist()
    yield [1.0, 1.0, 1.0], [1.0, 1.0]
    yield [0.0, -0.0, 1.0], [0.0, 0.0, 2.0]


def distance(base, head):
    """In units of one over the product of the sizes."""
    return max(abs(sum(value <= at for value in base) * len(head) - sum(value <= at for value in head) * len(base)) for at in base + head)


def by_counting(base, head):
    pooled = base + head
    found = distance(base, head)
    arrangements = exceeding = 0
    for chosen in itertools.combinations(range(len(pooled)), len(base)):
        one = [pooled[index] for index in chosen]
        other = [pooled[index] for index in range(len(pooled)) if index not in chosen]
        arrangements += 1
        exceeding += distance(one, other) >= found
    return exceeding / arrangements


def kolmogorov():
    """Single points of Kolmogorov's distribution: samples of the uniform distribution, evenly spaced and then moved."""
    for count, moved in ((1, .2), (1, .4999999), (2, .1), (2, .49), (3, .3), (5, .05), (5, .7), (10, .2), (10, .45), (20, .1), (20, .3), (50, .1),
                         (50, .2), (100, .05), (100, .12), (140, .1), (141, .1), (200, .06), (200, .4), (499, .03), (500, .05), (500, .0773),
                         (500, .2), (501, .02), (501, .05), (501, .0775), (501, .3), (2000, .02), (2000, .1), (2000, .4), (5000, .01),
                         (5000, .05), (5000, .25)):
        values = [(index + 0.5) / count + moved for index in range(count)]
        test = stats.ks_1samp(numpy.array(values), stats.uniform.cdf, method="exact")
        yield {"count": count, "moved": moved, "statistic": float(test.statistic),
               "p_value": exact_tail(count, float(test.statistic), float(test.pvalue))}


def main():
    cases = []
    for name, values, power in samples():
        small = len(values) <= 100
        case = {"name": name, "values": values if small else None, "summary": summary(values), "shape": shape(values, power)}
        with numpy.errstate(over="ignore"):
            case["outliers"] = outliers(values, power)
        # Of large samples the labels will do.
        if not small:
            for key in ("modified_z", "double_mad"):
                del case["outliers"][key]
        if 1 < len(values) <= 60 and power == 0:
            case["smoothing"] = smoothing(values)
        cases.append(case)
    between = []
    for base, head in pairs():
        test = stats.ks_2samp(base, head, method="exact")
        between.append({"base": base, "head": head, "statistic": float(test.statistic), "p_value": float(test.pvalue)})
    # Complete separation, whose probability is two of all arrangements.
    for count in (30, 120, 500):
        base, head = [float(index) for index in range(count)], [float(index + 1000) for index in range(count)]
        between.append({"base": base, "head": head, "statistic": 1.0, "p_value": float(Fraction(2, math.comb(2 * count, count)))})
    for base, head in tied_pairs():
        between.append({"base": base, "head": head, "statistic": distance(base, head) / (len(base) * len(head)), "p_value": by_counting(base, head)})
    large = []
    for base, head, shift in ((1001, 1000, 0.0), (1500, 2000, 0.1), (5000, 300, 0.2), (3000, 3000, 1.0)):
        one, other = formula("hump", base), [value + shift for value in formula("tail", head)] if shift > 0.5 else [v + shift for v in formula("hump", base + head)[base:]]
        test = stats.ks_2samp(one, other, method="asymp")
        root = math.sqrt(base * head / (base + head))
        large.append({"base": base, "head": head, "shift": shift, "statistic": float(test.statistic),
                      "p_value": float(special.kolmogorov(root * test.statistic))})
    text = {"numpy": numpy.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "pandas": pandas.__version__,
            "probabilities": PROBABILITIES, "samples": cases, "between": between, "between_large": large, "kolmogorov": list(kolmogorov())}
    path = pathlib.Path(__file__).with_name("describe.json")
    path.write_text(json.dumps(text, separators=(",", ":"), allow_nan=False) + "\n")


main()
