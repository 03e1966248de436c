#!/usr/bin/env python3
"""Golden values for comparing two sides, from SciPy and statsmodels. Writes compare.json beside itself.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    venv/bin/python perfguard-stats/golden/compare.py

What no library has is written out here from its definition, with whole numbers where it is exact: rank distributions with
ties, the interval of Cliff's delta, and the crate's random stream (ChaCha8), from which permutations and bootstraps are
drawn as the crate draws them. Values beyond what squares bear are scaled by a power of two, which rounds nothing."""

import itertools
import json
import math
import pathlib

import numpy
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind

LEVELS = (0.9, 0.95, 0.99)
ALTERNATIVES = ("less", "greater", "two-sided")


# --- samples ---------------------------------------------------------------------------------------------------------


def formula(count, multiplier, modulus, offset, step):
    """Many values without writing them down: `offset + step * (index * multiplier mod modulus)`."""
    text = {"count": count, "multiplier": multiplier, "modulus": modulus, "offset": offset, "step": step}
    return text, [offset + step * float(index * multiplier % modulus) for index in range(count)]


def written(values):
    values = [float(value) for value in values]
    return values, values


def two_samples():
    random = numpy.random.default_rng(20261125)

    def lognormal(count, shift=0.0, spread=0.03):
        return random.lognormal(4.6 + shift, spread, count).tolist()

    for base, head in [(2, 2), (2, 3), (3, 3), (3, 4), (4, 4), (5, 5), (4, 6), (6, 4), (8, 8), (5, 12), (12, 5), (10, 10),
                       (20, 20), (24, 24), (8, 40), (40, 8), (50, 50), (60, 60), (30, 100)]:
        yield f"lognormal {base} {head}", written(lognormal(base)), written(lognormal(head, 0.02))
    yield "apart", written([1, 2, 3, 4, 5]), written([6, 7, 8, 9, 10])
    yield "apart, head below", written([16, 17, 18, 19, 20, 21]), written([6, 7, 8, 9, 10])
    yield "ties", written([1, 1, 2, 2, 2, 3, 3, 5]), written([2, 2, 3, 3, 3, 4, 6])
    yield "few distinct", written([0, 1, 1, 0, 1, 0, 0, 0, 1, 2]), written([1, 1, 1, 2, 0, 1, 2, 2, 1, 1])
    yield "ties between", written([10, 20, 30, 40]), written([10, 20, 30, 40])
    yield "ties 20 20", written(numpy.round(lognormal(20))), written(numpy.round(lognormal(20, 0.02)))
    yield "ties 50 40", written(numpy.round(lognormal(50))), written(numpy.round(lognormal(40, 0.01)))
    yield "ties 60 70", written(numpy.round(lognormal(60))), written(numpy.round(lognormal(70, 0.01)))
    yield "constant and not", written([3.0] * 9), written([3.0, 3.1, 2.9, 3.0, 3.2, 3.3, 3.0])
    yield "all one", written([3.0] * 6), written([3.0] * 5)
    yield "two constants", written([3.0] * 6), written([3.5] * 5)
    yield "zeros of both signs", written([-0.0, 0.0, 1.0, -1.0]), written([0.0, 2.0, -0.0, 1.0, 3.0])
    yield "outlier", written([10.0, 10.1, 9.9, 10.2, 9.8, 10.05, 1000.0]), written([11.0, 11.1, 10.9, 11.2, 10.8, 11.05, 11.3])
    yield "huge", written([k * 1e300 for k in (1, 2, 3, 4, 5, 6, 7)]), written([k * 1e300 for k in (2.5, 3.5, 4.5, 9, 10, 11)])
    yield "tiny", written([k * 1e-300 for k in (1, 2, 3, 4, 5, 6, 7)]), written([k * 1e-300 for k in (2.5, 3.5, 4.5, 9, 10, 11)])
    yield "subnormal", written([k * 5e-324 for k in (1, 2, 3, 5, 8, 13, 21)]), written([k * 5e-324 for k in (2, 4, 8, 16, 32, 64)])
    yield "large offset", written([1e9 + k for k in (1, 2, 3, 4, 5, 6, 7, 8)]), written([1e9 + k for k in (3, 4, 5, 6, 7, 8, 9)])
    yield "negative", written([-3.0, -1.0, 0.0, 2.0, 4.0, -7.0, 5.5]), written([-13.0, -1.5, 0.25, 1.0, 2.0, -4.0])
    yield "far tail", written(range(200)), written([k + 190 for k in range(180)])
    yield "500 and 700", formula(500, 7919, 10007, 90.0, 0.002), formula(700, 6101, 10007, 91.0, 0.002)
    yield "2000 and 1500 with ties", formula(2000, 37, 211, 90.0, 0.125), formula(1500, 53, 199, 91.0, 0.125)
    yield "5000 and 5000", formula(5000, 7919, 10007, 90.0, 0.002), formula(5000, 4421, 9973, 90.1, 0.002)


def difference_samples():
    random = numpy.random.default_rng(20261126)

    def spiky(count, shift=0.01):
        spikes = numpy.where(random.random(count) < 0.1, random.exponential(0.25, count), 0.0)
        return (random.normal(shift, 0.02, count) + spikes).tolist()

    for count in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 20, 24, 32, 40, 64, 99, 100, 250, 300):
        yield f"spiky {count}", written(spiky(count))
    yield "above", written([0.1, 0.3, 0.2, 0.5, 0.4, 0.7, 0.6, 0.8])
    yield "below", written([-0.1, -0.3, -0.2, -0.5, -0.4])
    yield "ties", written([1, 1, -2, 2, 2, -3, 3, 5])
    yield "zeros", written([0, 0, 1, -2, 2, 3, 0, 4, 1])
    yield "zeros of both signs", written([-0.0, 0.0, 1.0, -1.0, 2.0])
    yield "all zero", written([0.0] * 5)
    yield "constant", written([0.5] * 7)
    yield "constant in the middle", written([-4, 1, 1, 1, 1, 1, 1, 9, 1, 1])
    yield "ties and zeros 40", written(numpy.round(100 * numpy.array(spiky(40)) - 1))
    yield "huge", written([k * 1e307 for k in (1, -2, 3, 4, 5, -6, 7, 17.9)])
    yield "tiny", written([k * 1e-300 for k in (1, -2, 3, 4, 5, -6, 7, 8)])
    yield "subnormal", written([k * 5e-324 for k in (1, -2, 3, 4, 5, -6, 7, 12)])
    yield "large offset", written([1e9 + k for k in (1, 2, 3, 4, 5, 6, 7, 8, 19)])
    yield "outlier", written([0.05, 0.048, 0.052, 0.051, 0.049, 7.0])
    yield "700 with ties and zeros", formula(700, 37, 211, -90.0, 1.0)
    yield "1000", formula(1000, 7919, 10007, -9.0, 0.002)
    yield "5000", formula(5000, 4421, 9973, -9.9, 0.002)


def scaled(*samples):
    """The samples by one power of two, near 1, and the exponent that leads back."""
    largest = max(abs(value) for sample in samples for value in sample)
    exponent = math.frexp(largest)[1] if largest > 0 else 0
    if -200 < exponent < 200:
        exponent = 0
    return [numpy.array([math.ldexp(value, -exponent) for value in sample]) for sample in samples], exponent


def unscaled(value, exponent):
    return math.ldexp(float(value), exponent)


# --- rank distributions, in whole numbers -----------------------------------------------------------------------------


def subset_sums(scores, size):
    """How many subsets of `size` of the scores have each sum."""
    counts = [dict() for _ in range(size + 1)]
    counts[0][0] = 1
    for score in scores:
        for taken in range(size, 0, -1):
            for total, count in counts[taken - 1].items():
                counts[taken][total + score] = counts[taken].get(total + score, 0) + count
    return counts[size]


def sign_sums(scores):
    """How many choices of signs give each sum of the scores that get a plus; of many scores, the chance of each."""
    top = sum(scores)
    if len(scores) > 100:
        chances = numpy.zeros(top + 1, dtype=numpy.longdouble)
        chances[0] = 1
        for score in scores:
            chances = (chances + numpy.concatenate([numpy.zeros(score, dtype=numpy.longdouble), chances[:-score]])) / 2
        return {total: chance for total, chance in enumerate(chances) if chance}
    counts = [0] * (top + 1)
    counts[0] = 1
    for score in scores:
        counts = [count + (counts[at - score] if at >= score else 0) for at, count in enumerate(counts)]
    return {total: count for total, count in enumerate(counts) if count}


def tails(counts, found):
    total = sum(counts.values())
    at_most = sum(count for value, count in counts.items() if value <= found)
    at_least = sum(count for value, count in counts.items() if value >= found)
    smallest = [counts[min(counts)] / total, counts[max(counts)] / total]
    return p_values(at_most / total, at_least / total), p_values(*smallest)


def p_values(at_most, at_least):
    return {"less": float(at_most), "greater": float(at_least), "two-sided": float(min(1.0, 2.0 * min(at_most, at_least)))}


def largest_within(counts, tail):
    """The largest value that has at most this chance below and at it, from the least on."""
    total, least, below, found = sum(counts.values()), min(counts), 0, None
    for value in sorted(counts):
        below += counts[value]
        if below / total > tail * (1 + 1e-12):
            return found
        found = value - least
    return found


UNTIED_SHIFT, UNTIED_SIGNS = {}, {}


def shift_rank(base, head, tail):
    if base * head > 2500:
        deviation = math.sqrt(base * head * (base + head + 1) / 12)
        rank = base * head / 2 - 0.5 + stats.norm.ppf(tail) * deviation
        return math.floor(rank) if rank >= 0 else None
    key = (min(base, head), max(base, head))
    if key not in UNTIED_SHIFT:
        UNTIED_SHIFT[key] = subset_sums(range(base + head), min(base, head))
    return largest_within(UNTIED_SHIFT[key], tail)


def sign_rank(count, tail):
    if count > 500:
        deviation = math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
        return math.floor(count * (count + 1) / 4 - 0.5 + stats.norm.ppf(tail) * deviation)
    if count not in UNTIED_SIGNS:
        UNTIED_SIGNS[count] = sign_sums(range(1, count + 1))
    return largest_within(UNTIED_SIGNS[count], tail)


# --- two samples -----------------------------------------------------------------------------------------------------


def mann_whitney(base, head):
    ranks = stats.rankdata(numpy.concatenate([base, head]))
    statistic = float(stats.mannwhitneyu(head, base).statistic)
    if len(base) * len(head) > 2500:
        found = {side: float(stats.mannwhitneyu(head, base, alternative=side, method="asymptotic").pvalue) for side in ALTERNATIVES}
        if len(set(ranks)) == 1:
            found = dict.fromkeys(ALTERNATIVES, 1.0)
        return {"statistic": statistic, "p_values": found, "smallest": None}
    doubled = [round(2 * rank) for rank in ranks]
    found, smallest = tails(subset_sums(doubled, len(head)), sum(doubled[len(base):]))
    if len(set(ranks)) == len(ranks):
        for side in ALTERNATIVES:
            theirs = stats.mannwhitneyu(head, base, alternative=side, method="exact").pvalue
            assert math.isclose(theirs, found[side], rel_tol=1e-9), (side, theirs, found)
    elif math.comb(len(ranks), len(head)) < 50_000:
        statistic_of = lambda one, other: stats.rankdata(numpy.concatenate([one, other]))[len(one):].sum()
        for side in ALTERNATIVES:
            theirs = stats.permutation_test((base, head), statistic_of, n_resamples=numpy.inf, alternative=side).pvalue
            assert math.isclose(theirs, found[side], rel_tol=1e-9), (side, theirs, found)
    return {"statistic": statistic, "p_values": found, "smallest": smallest}


def shift(base, head):
    (base, head), exponent = scaled(base, head)
    differences = numpy.sort(numpy.subtract.outer(head, base).ravel())
    intervals = []
    for level in LEVELS:
        rank = shift_rank(len(base), len(head), (1 - level) / 2)
        ends = None if rank is None else [unscaled(differences[rank], exponent), unscaled(differences[-1 - rank], exponent)]
        intervals.append(ends)
    return {"shift": unscaled(numpy.median(differences), exponent), "intervals": intervals}


def location(base, head, trim):
    """Welch's test, or Yuen's, with the standard error written out."""
    if min(len(base), len(head)) < 2:
        return None
    (base, head), exponent = scaled(base, head)

    def part(values):
        cut = int(trim * len(values))
        kept = len(values) - 2 * cut
        winsorised = stats.mstats.winsorize(numpy.sort(values), (trim, trim)) if cut else values
        # The sum of squares about the mean.
        squares = float(numpy.var(numpy.asarray(winsorised), ddof=1)) * (len(values) - 1)
        if numpy.ptp(numpy.asarray(winsorised)) == 0:
            squares = 0.0
        return stats.trim_mean(values, trim), squares / (kept * (kept - 1)), kept - 1

    (mean_base, error_base, degrees_base), (mean_head, error_head, degrees_head) = part(base), part(head)
    estimate, error = float(mean_head - mean_base), math.sqrt(error_base + error_head)
    if error == 0:
        estimate = float(head[0] - base[0]) if trim == 0 else estimate
        found = p_values(float(estimate >= 0) if estimate else 1.0, float(estimate <= 0) if estimate else 1.0)
        ends = [[unscaled(estimate, exponent)] * 2] * 3
        return {"estimate": unscaled(estimate, exponent), "error": 0.0, "degrees": None, "statistic": None, "p_values": found, "intervals": ends}
    found, statistic, degrees = {}, None, None
    for side in ALTERNATIVES:
        theirs = stats.ttest_ind(head, base, equal_var=False, trim=trim, alternative=side)
        found[side], statistic, degrees = float(theirs.pvalue), float(theirs.statistic), float(theirs.df)
    assert math.isclose(statistic, estimate / error, rel_tol=1e-9, abs_tol=1e-12), (statistic, estimate / error)
    intervals = []
    for level in LEVELS:
        half = stats.t.isf((1 - level) / 2, degrees) * error
        intervals.append([unscaled(estimate - half, exponent), unscaled(estimate + half, exponent)])
    return {"estimate": unscaled(estimate, exponent), "error": unscaled(error, exponent), "degrees": degrees, "statistic": statistic,
            "p_values": found, "intervals": intervals}


def dominance(base, head):
    signs = numpy.sign(numpy.subtract.outer(numpy.array(head), numpy.array(base))).astype(numpy.int8)
    delta = float(signs.mean(dtype=float))
    intervals = []
    for level in LEVELS:
        z = stats.norm.isf((1 - level) / 2)
        if abs(delta) == 1:
            fewest = min(signs.shape)
            inner = (fewest - z * z) / (fewest + z * z)
            intervals.append([inner, 1.0] if delta > 0 else [-1.0, -inner])
            continue
        count_head, count_base = signs.shape
        of_head, of_base = signs.mean(axis=1, dtype=float), signs.mean(axis=0, dtype=float)
        single = float(((signs - delta) ** 2).sum()) / (signs.size - 1)
        variance = ((count_base - 1) * of_head.var(ddof=1) + (count_head - 1) * of_base.var(ddof=1) + single) / signs.size
        room = 1 - delta**2
        half = z * math.sqrt(variance) * math.sqrt(room**2 + z * z * variance)
        ends = [(delta - delta**3 + sign * half) / (room + z * z * variance) for sign in (-1, 1)]
        intervals.append([max(-1.0, ends[0]), min(1.0, ends[1])])
    return {"delta": delta, "intervals": intervals}


def two_one_sided(base, head):
    """Limits at half and at twice the spread of both."""
    (base, head), exponent = scaled(base, head)
    spread = float(numpy.std(numpy.concatenate([base, head])))
    found = []
    if spread == 0 or numpy.ptp(base) == 0 and numpy.ptp(head) == 0:
        return found
    # Limits as they will be written, rounded as subnormal numbers are.
    rounded = lambda limit: math.ldexp(unscaled(limit, exponent), -exponent)
    for low, high in ((rounded(-spread / 2), rounded(spread / 2)), (rounded(-spread), rounded(2 * spread))):
        p_value, lower, upper = ttost_ind(head, base, low, high, usevar="unequal")
        found.append({"low": unscaled(low, exponent), "high": unscaled(high, exponent), "p_value": float(p_value),
                      "above_low": float(lower[1]), "below_high": float(upper[1])})
    return found


def ratio(base, head):
    if min(*base, *head) <= 0:
        return None
    found = shift(numpy.log(base), numpy.log(head))
    if abs(found["shift"]) > 600:
        return None
    return {"ratio": math.exp(found["shift"]), "intervals": [ends and [math.exp(end) for end in ends] for ends in found["intervals"]]}


# --- pairs -----------------------------------------------------------------------------------------------------------


def signed_rank(values):
    values = numpy.array(values)
    ranks = stats.rankdata(numpy.abs(values))
    kept, signs = ranks[values != 0], numpy.sign(values[values != 0])
    statistic = float(kept[signs > 0].sum())
    if len(kept) > 500:
        found = {side: float(stats.wilcoxon(values, zero_method="pratt", method="asymptotic", correction=True, alternative=side).pvalue)
                 for side in ALTERNATIVES}
        return {"statistic": statistic, "p_values": found, "smallest": None}
    doubled = [round(2 * rank) for rank in kept]
    found, smallest = tails(sign_sums(doubled), round(2 * statistic))
    if len(kept) == len(values) and len(set(ranks)) == len(ranks):
        for side in ALTERNATIVES:
            theirs = stats.wilcoxon(values, method="exact", alternative=side).pvalue
            assert math.isclose(theirs, found[side], rel_tol=1e-9, abs_tol=1e-12), (side, theirs, found)
    elif 0 < len(kept) and len(values) < 14:
        for side in ALTERNATIVES:
            every = stats.PermutationMethod(n_resamples=numpy.inf)
            theirs = stats.wilcoxon(values, zero_method="pratt", method=every, alternative=side).pvalue
            assert math.isclose(theirs, found[side], rel_tol=1e-9, abs_tol=1e-12), (side, theirs, found)
    return {"statistic": statistic, "p_values": found, "smallest": smallest}


def sign_test(values):
    above, below = sum(value > 0 for value in values), sum(value < 0 for value in values)
    if above + below == 0:
        return {"statistic": 0.0, "p_values": dict.fromkeys(ALTERNATIVES, 1.0)}
    found = {side: float(stats.binomtest(above, above + below, alternative=side).pvalue) for side in ALTERNATIVES}
    return {"statistic": float(above), "p_values": found}


def pseudo_median(values):
    (values,), exponent = scaled(values)
    if len(values) > 1500:
        return None
    averages = numpy.sort(numpy.concatenate([(values[i] + values[i:]) / 2 for i in range(len(values))]))
    intervals = []
    for level in LEVELS:
        rank = sign_rank(len(values), (1 - level) / 2)
        intervals.append(None if rank is None else [unscaled(averages[rank], exponent), unscaled(averages[-1 - rank], exponent)])
    return {"shift": unscaled(numpy.median(averages), exponent), "intervals": intervals}


def trimmed_t(values):
    """One sample as two: against a side that is always the hypothesis, SciPy's Yuen test has this one's t and degrees."""
    (values,), exponent = scaled(values)
    cut = len(values) // 5
    kept = len(values) - 2 * cut
    ordered = numpy.sort(values)
    middle = ordered[cut:len(values) - cut]
    mean = float(stats.trim_mean(values, 0.2))
    winsorised = numpy.clip(ordered, middle[0], middle[-1])
    deviation = float(winsorised.std(ddof=1))
    text = {"mean": unscaled(mean, exponent), "degrees": float(kept - 1)}
    hypotheses = [0.0, float(middle[0]), mean * 0.75 if exponent == 0 else 0.0]
    if middle[0] == middle[-1]:
        text |= {"mean": unscaled(middle[0], exponent), "deviation": 0.0, "error": 0.0, "intervals": [[unscaled(middle[0], exponent)] * 2] * 3}
        value = float(middle[0])
        text["tests"] = [{"hypothesis": unscaled(limit, exponent), "statistic": None, "p_values": p_values(float(value >= limit), float(value <= limit))}
                         for limit in hypotheses]
        return text
    error = deviation * math.sqrt((len(values) - 1) / (kept * (kept - 1)))
    text |= {"deviation": unscaled(deviation, exponent), "error": unscaled(error, exponent), "intervals": [], "tests": []}
    for level in LEVELS:
        half = stats.t.isf((1 - level) / 2, kept - 1) * error
        text["intervals"].append([unscaled(mean - half, exponent), unscaled(mean + half, exponent)])
    for limit in hypotheses:
        found = {}
        for side in ALTERNATIVES:
            with numpy.errstate(all="ignore"):
                theirs = stats.ttest_ind(values, numpy.full(20, limit), equal_var=False, trim=0.2, alternative=side)
            found[side] = float(theirs.pvalue)
        assert math.isclose(theirs.df, kept - 1, rel_tol=1e-9) and math.isclose(theirs.statistic, (mean - limit) / error, rel_tol=1e-7, abs_tol=1e-9)
        text["tests"].append({"hypothesis": unscaled(limit, exponent), "statistic": (mean - limit) / error, "p_values": found})
    return text


def sign_flips():
    """Whole numbers, so that sums of signs are exact."""
    random = numpy.random.default_rng(5)
    cases = [[3], [1, 2], [1, -2, 3], [0, 0, 0, 0], [5, 5, -5, 5], [1, 2, 3, 4, 5, 6, 7, 8], [-1, -2, -3, -4, -5, -6], [1, 1, 1, 1, 1, 1, 1, 1, -1, 0]]
    cases += [random.integers(-20, 40, count).tolist() for count in (5, 7, 9, 10, 11, 12, 13, 15, 17, 20, 23, 24, 28, 30)]
    for values in cases:
        # A plus counts twice: the sum under signs is that of the pluses, doubled, less that of all.
        magnitudes = [abs(value) for value in values]
        counts = sign_sums([value for value in magnitudes if value]) if any(magnitudes) else {0: 1}
        found, smallest = tails(counts, (sum(values) + sum(magnitudes)) // 2)
        if len(values) <= 12 and len(values) > 1:
            for side in ALTERNATIVES:
                theirs = stats.permutation_test((numpy.array(values, float),), lambda x, axis: x.mean(axis=axis), permutation_type="samples",
                                                n_resamples=numpy.inf, alternative=side, vectorized=True).pvalue
                assert math.isclose(theirs, found[side], rel_tol=1e-9), (values, side, theirs, found)
        yield {"values": [float(value) for value in values], "statistic": sum(values) / len(values), "p_values": found, "smallest": smallest}


# --- the crate's stream ------------------------------------------------------------------------------------------------


class Stream:
    """ChaCha8 with a 64-bit block counter from 0 and a nonce of 0; the seed is the first 8 bytes of the key."""

    def __init__(self, seed):
        self.key = [seed & 0xFFFFFFFF, seed >> 32] + [0] * 6
        self.counter, self.words = 0, []

    def refill(self):
        start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *self.key, self.counter & 0xFFFFFFFF, self.counter >> 32, 0, 0]
        state = list(start)

        def quarter(a, b, c, d):
            for x, y, z, rotation in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[x] = (state[x] + state[y]) & 0xFFFFFFFF
                mixed = state[z] ^ state[x]
                state[z] = (mixed << rotation | mixed >> (32 - rotation)) & 0xFFFFFFFF

        for _ in range(4):
            for at in range(4):
                quarter(at, at + 4, at + 8, at + 12)
            for at in range(4):
                quarter(at, (at + 1) % 4 + 4, (at + 2) % 4 + 8, (at + 3) % 4 + 12)
        self.words += [(one + other) & 0xFFFFFFFF for one, other in zip(start, state)]
        self.counter += 1

    def next_u64(self):
        if len(self.words) < 2:
            self.refill()
        low, high = self.words.pop(0), self.words.pop(0)
        return low | high << 32

    def below(self, bound):
        fair = 2**64 - 1 - (2**64 - 1) % bound
        while True:
            drawn = self.next_u64()
            if drawn < fair:
                return drawn % bound

    def each_below(self, bound, count):
        drawn = []
        while len(drawn) < count:
            bits = self.next_u64()
            for half in (bits & 0xFFFFFFFF, bits >> 32):
                product = half * bound
                if len(drawn) < count and product & 0xFFFFFFFF >= 2**32 % bound:
                    drawn.append(product >> 32)
        return drawn

    def shuffle(self, items):
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]


def permutations():
    random = numpy.random.default_rng(6)
    for base, head in [(1, 1), (1, 4), (2, 2), (3, 3), (4, 4), (5, 3), (5, 5), (6, 6), (7, 7), (8, 8), (4, 12)]:
        one, other = random.normal(10, 1, base), random.normal(11, 1, head)
        found = {}
        for side in ALTERNATIVES:
            if base == 1 and head == 1:
                found = p_values(float(other[0] >= one[0]) / 2 + 0.5, float(other[0] <= one[0]) / 2 + 0.5)
                continue
            # One of two values cannot be SciPy's sample; the test written out for all.
            arrangements = []
            pool = numpy.concatenate([one, other])
            for chosen in itertools.combinations(range(base + head), head):
                rest = numpy.delete(pool, chosen)
                arrangements.append(pool[list(chosen)].mean() - rest.mean())
            arrangements, observed = numpy.array(arrangements), other.mean() - one.mean()
            found = p_values(float((arrangements <= observed + 1e-12).mean()), float((arrangements >= observed - 1e-12).mean()))
            if base > 1:
                theirs = stats.permutation_test((other, one), lambda x, y: x.mean() - y.mean(), n_resamples=numpy.inf, alternative=side).pvalue
                assert math.isclose(theirs, found[side], rel_tol=1e-9), (side, theirs, found)
        yield {"base": one.tolist(), "head": other.tolist(), "draws": 20_000, "seed": 0, "p_values": found, "exact": True}
    for seed, (base, head, draws) in enumerate([(10, 10, 999), (12, 9, 999), (20, 20, 499), (30, 5, 499), (24, 24, 499), (3, 40, 499),
                                                (9, 9, 1999), (15, 15, 99), (40, 40, 199), (7, 9, 999)]):
        one, other = random.normal(10, 1, base), random.normal(10.5, 1, head)
        stream, pool, observed = Stream(seed), sorted([*one.tolist(), *other.tolist()]), other.mean() - one.mean()
        at_most = at_least = 1
        for _ in range(draws):
            stream.shuffle(pool)
            drawn = numpy.mean(pool[base:]) - numpy.mean(pool[:base])
            at_most, at_least = at_most + (drawn <= observed + 1e-12), at_least + (drawn >= observed - 1e-12)
        found = p_values(float(at_most / (draws + 1)), float(at_least / (draws + 1)))
        yield {"base": one.tolist(), "head": other.tolist(), "draws": draws, "seed": seed, "p_values": found, "exact": False}


# --- bootstrap -------------------------------------------------------------------------------------------------------

STATISTICS = {
    "mean": lambda values, axis=-1: numpy.mean(values, axis=axis),
    "median": lambda values, axis=-1: numpy.median(values, axis=axis),
    "trimmed_mean": lambda values, axis=-1: stats.trim_mean(values, 0.2, axis=axis),
}


class Previous:
    """What SciPy takes for an earlier bootstrap: our replicates."""

    def __init__(self, replicates):
        self.bootstrap_distribution = numpy.array(replicates)


def ends(data, statistic, replicates):
    found = {}
    for ours, theirs in (("percentile", "percentile"), ("basic", "basic"), ("accelerated", "BCa")):
        found[ours] = []
        for level in LEVELS:
            interval = stats.bootstrap(data, statistic, n_resamples=0, bootstrap_result=Previous(replicates), method=theirs,
                                       confidence_level=level, vectorized=True).confidence_interval
            found[ours].append([float(interval.low), float(interval.high)])
    return found


def yuen_error(values):
    ordered = numpy.sort(values)
    cut = len(values) // 5
    kept = len(values) - 2 * cut
    middle = ordered[cut:len(values) - cut]
    winsorised = numpy.clip(ordered, middle[0], middle[-1])
    return float(middle.mean()), float(winsorised.std(ddof=1)) * math.sqrt((len(values) - 1) / (kept * (kept - 1)))


def bootstraps():
    random = numpy.random.default_rng(8)
    for seed, (count, name) in enumerate(itertools.product((3, 5, 8, 13, 20, 40, 100), STATISTICS)):
        resamples = 199 if count < 100 else 99
        values = numpy.sort(random.lognormal(4.6, 0.1, count))
        stream = Stream(seed)
        replicates = [float(STATISTICS[name](values[numpy.sort(stream.each_below(count, count))])) for _ in range(resamples)]
        yield {"values": values.tolist(), "statistic": name, "resamples": resamples, "seed": seed,
               "standard_error": float(numpy.std(replicates, ddof=1)), "intervals": ends((values,), STATISTICS[name], replicates)}


def bootstraps_of_two():
    random = numpy.random.default_rng(9)
    for seed, (base, head) in enumerate([(5, 5), (8, 12), (20, 20), (40, 30)]):
        one, other = numpy.sort(random.lognormal(4.6, 0.1, base)), numpy.sort(random.lognormal(4.7, 0.1, head))
        stream, replicates = Stream(seed), []
        for _ in range(199):
            drawn = one[stream.each_below(base, base)], other[stream.each_below(head, head)]
            replicates.append(float(numpy.mean(drawn[1]) / numpy.mean(drawn[0])))
        statistic = lambda one, other, axis=-1: numpy.mean(other, axis=axis) / numpy.mean(one, axis=axis)
        yield {"base": one.tolist(), "head": other.tolist(), "resamples": 199, "seed": seed, "intervals": ends((one, other), statistic, replicates)}


def bootstraps_of_groups():
    """Groups only, groups and values, and summaries; percentiles written out."""
    random = numpy.random.default_rng(10)
    for seed, sizes in enumerate([(2,) * 8, (3, 1, 4, 2, 5, 2), (10,) * 12, (1, 2, 30)]):
        groups = [random.normal(random.normal(10, 1), 0.3, size).tolist() for size in sizes]
        found = {}
        for name in ("groups", "groups_and_values", "summaries"):
            stream, replicates = Stream(seed), []
            for _ in range(199):
                chosen = stream.each_below(len(groups), len(groups))
                if name == "groups":
                    replicates.append(float(numpy.mean([value for group in chosen for value in groups[group]])))
                    continue
                drawn = []
                for group in chosen:
                    # The crate numbers the values of a group by their size in summaries, as they came otherwise.
                    pool = sorted(groups[group]) if name == "summaries" else groups[group]
                    drawn.append([pool[at] for at in stream.each_below(len(pool), len(pool))])
                if name == "summaries":
                    replicates.append(float(numpy.mean([numpy.median(group) for group in drawn])))
                else:
                    replicates.append(float(numpy.mean(sum(drawn, []))))
            found[name] = [float(end) for end in numpy.quantile(replicates, [0.05, 0.95])]
        yield {"groups": groups, "resamples": 199, "seed": seed, "percentile_90": found}


def studentised():
    random = numpy.random.default_rng(11)
    for seed, count in enumerate((5, 8, 10, 20, 24, 40)):
        values = numpy.sort(random.lognormal(4.6, 0.1, count))
        stream, (mean, error) = Stream(seed), yuen_error(values)
        distances = []
        for _ in range(399):
            one, its_error = yuen_error(values[stream.each_below(count, count)])
            with numpy.errstate(all="ignore"):
                distances.append(float(numpy.float64(one - mean) / its_error) if one != mean else 0.0)
        low, high = numpy.quantile(distances, [0.05, 0.95])
        if math.isfinite(low) and math.isfinite(high):
            yield {"values": values.tolist(), "resamples": 399, "seed": seed, "interval_90": [mean - float(high) * error, mean - float(low) * error]}


def main():
    text = {"numpy": numpy.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "two_samples": [], "pairs": []}
    for name, (base_text, base), (head_text, head) in two_samples():
        text["two_samples"].append({
            "name": name, "base": base_text, "head": head_text, "mann_whitney": mann_whitney(base, head), "shift": shift(base, head),
            "ratio": ratio(base, head), "welch": location(base, head, 0.0), "yuen": location(base, head, 0.2),
            "dominance": dominance(base, head), "two_one_sided": two_one_sided(base, head),
        })
    for name, (values_text, values) in difference_samples():
        text["pairs"].append({
            "name": name, "values": values_text, "signed_rank": signed_rank(values), "sign_test": sign_test(values),
            "pseudo_median": pseudo_median(values), "trimmed_t": trimmed_t(values),
        })
    text |= {
        "sign_flips": list(sign_flips()), "permutations": list(permutations()), "bootstraps": list(bootstraps()),
        "bootstraps_of_two": list(bootstraps_of_two()), "bootstraps_of_groups": list(bootstraps_of_groups()), "studentised": list(studentised()),
    }
    path = pathlib.Path(__file__).with_name("compare.json")
    path.write_text(json.dumps(text, separators=(",", ":"), allow_nan=False) + "\n")


main()
