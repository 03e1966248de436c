#!/usr/bin/env python3
"""Golden values for perfguard-stats, from NumPy and SciPy. Writes golden.json beside itself.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 numpy==2.4.6
    venv/bin/python perfguard-stats/golden/generate.py

The interval of the median is written out here from Hettmansperger and Sheather (1986) on SciPy's binomial distribution;
the interval of the shift from SciPy's exact Mann-Whitney distribution, by its p-values."""

import json
import pathlib

import numpy
import scipy
from scipy import stats


def samples():
    random = numpy.random.default_rng(20261124)
    yield "two", [1.0, 2.0]
    yield "constant", [3.0] * 9
    yield "ties", [1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 5.0]
    yield "huge", [1e300, 2e300, 3e300, 4e300, 5e300, 6e300, 7e300]
    yield "tiny", [1e-300, 2e-300, 3e-300, 4e-300, 5e-300, 6e-300, 7e-300]
    yield "subnormal", [5e-324 * k for k in (1, 2, 3, 5, 8, 13, 21)]
    yield "outlier", [10.0, 10.1, 9.9, 10.2, 9.8, 10.05, 1000.0]
    yield "negative", [-3.0, -1.0, 0.0, 2.0, 4.0, -7.0, 5.5]
    for count in (3, 5, 6, 7, 8, 9, 10, 11, 16, 20, 24, 31, 40, 64, 99, 100, 250, 1000, 5000):
        yield f"lognormal-{count}", random.lognormal(4.6, 0.05, count).tolist()


def median_interval(values, level):
    values = sorted(values)
    count = len(values)
    coverage = lambda k: 1.0 - 2.0 * stats.binom.cdf(k - 1, count, 0.5)
    if 1.0 - 0.5 ** (count - 1) < level:
        return None
    k = max(k for k in range(1, count // 2 + 2) if k == 1 or coverage(k) >= level)
    low, high = values[k - 1], values[count - k]
    if k + 1 > count // 2:
        return [low, high]
    share = (coverage(k) - level) / (coverage(k) - coverage(k + 1))
    weight = (count - k) * share / (k + (count - 2 * k) * share)
    between = lambda outer, inner: outer * (1 - weight) + inner * weight
    return [between(low, values[k]), between(high, values[count - k - 1])]


def shift_rank(base, head, level):
    """The largest c with 2 P(U <= c) <= 1 - level, from SciPy's exact distribution."""
    alpha = 1.0 - level
    # Complete separation, and ever less of it: the p-value of U = c is 2 P(U <= c).
    best = None
    for statistic in range(base * head // 2 + 1):
        # Head values that beat exactly `statistic` base values in all.
        full, part = divmod(statistic, head)
        head_values = []
        for index in range(head):
            beaten = full + (1 if index >= head - part else 0)
            head_values.append(beaten + 0.1 + index * 0.001)
        base_values = [1.0 + i for i in range(base)]
        found = stats.mannwhitneyu(head_values, base_values, alternative="two-sided", method="exact")
        assert found.statistic == statistic, (found.statistic, statistic)
        if found.pvalue <= alpha:
            best = statistic
        else:
            break
    return best


def main():
    cases = []
    for name, values in samples():
        array = numpy.array(values)
        median = float(numpy.median(array))
        quantiles = {str(p): float(numpy.quantile(array, p)) for p in (0.0, 0.1, 0.25, 0.5, 0.9, 0.99, 1.0)}
        cases.append({
            "name": name,
            "values": values,
            "median": median,
            "quantiles": quantiles,
            "mad": float(stats.median_abs_deviation(array)),
            "scaled_mad": float(stats.median_abs_deviation(array) / stats.norm.ppf(0.75)),
            "iqr": float(numpy.quantile(array, 0.75) - numpy.quantile(array, 0.25)),
            "median_interval_95": median_interval(values, 0.95),
            "median_interval_99": median_interval(values, 0.99),
        })
    random = numpy.random.default_rng(7)
    ratios = []
    for base, head in [(3, 3), (3, 5), (4, 4), (4, 5), (5, 5), (5, 8), (6, 6), (6, 10), (7, 7), (8, 8), (8, 12), (9, 9), (10, 10),
                       (12, 12), (12, 20), (15, 15), (16, 24), (20, 20), (24, 24), (8, 40), (30, 30), (40, 40)]:
        one = random.lognormal(4.6, 0.03, base)
        other = random.lognormal(4.65, 0.03, head)
        differences = numpy.sort(numpy.subtract.outer(numpy.log(other), numpy.log(one)).ravel())
        rank = shift_rank(base, head, 0.95)
        interval = None if rank is None else [float(numpy.exp(differences[rank])), float(numpy.exp(differences[-1 - rank]))]
        ratios.append({
            "base": one.tolist(),
            "head": other.tolist(),
            "ratio": float(numpy.exp(numpy.median(differences))),
            "interval_95": interval,
        })
    text = {"numpy": numpy.__version__, "scipy": scipy.__version__, "samples": cases, "ratios": ratios}
    path = pathlib.Path(__file__).with_name("golden.json")
    path.write_text(json.dumps(text, separators=(",", ":")) + "\n")


main()
