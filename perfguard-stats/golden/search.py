#!/usr/bin/env python3
"""Golden values for the search: posteriors on small histories, from the definitions, with NumPy alone.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6
    venv/bin/python perfguard-stats/golden/search.py

Written without a look at the Rust code's shortcuts: logarithms throughout, a density for every block at every level, one
change by summing over every commit, several changes by summing over every way to cut the measured commits. Writes
search.json beside itself."""

import itertools
import json
import math
import pathlib

import numpy

POINTS = numpy.arange(320) - 80


def grid(medians):
    needed = min(max(1.0, max(medians + [0.0]) / 0.4, -min(medians + [0.0]) / 0.13), 1e3)
    return POINTS * 0.002 * 2.0 ** math.ceil(math.log2(needed))


def log_sum(values):
    values = numpy.asarray(values, dtype=float)
    top = values.max()
    return top + math.log(numpy.exp(values - top).sum())


def scale(stored, groups):
    found = stored
    for _ in range(4):
        squares, freedom = 4.0 * stored**2, 4.0
        for group in groups:
            if len(group) > 1:
                off = numpy.minimum(numpy.abs(numpy.array(group) - numpy.median(group)), 3.0 * found)
                squares += float((off**2).sum())
                freedom += len(group) - 1
        found = math.sqrt(squares / freedom)
    return stored * max(1.02 ** round(math.log(found / stored) / math.log(1.02)), 0.8)


def block(levels, value, noise):
    step = levels[1] - levels[0]
    s = max(1.03 * noise, step / 2)
    b = max(0.07, 2 * s)
    value = min(max(value, levels[0] - 10 * b), levels[-1] + 10 * b)
    off = value - levels
    normal = 0.98 / (s * math.sqrt(2 * math.pi)) * numpy.exp(-0.5 * (off / s) ** 2)
    return numpy.log(normal + 0.02 / (2 * b) * numpy.exp(-numpy.abs(off) / b))


def level(levels, values, noise, bias):
    own = sum(block(levels, value, noise) for value in values)
    if bias <= 0:
        return own
    step = levels[1] - levels[0]
    reach = max(1, math.ceil(2.5 * bias / step))
    shifts = numpy.arange(-reach, reach + 1)
    weights = -0.5 * (shifts * step / bias) ** 2
    places = numpy.clip(numpy.arange(len(levels))[:, None] + shifts[None, :], 0, len(levels) - 1)
    return numpy.array([log_sum(weights + own[row]) for row in places])


def moments(levels, curve):
    weights = numpy.exp(curve - log_sum(curve))
    mean = float((weights * levels).sum())
    return mean, float((weights * (levels - mean) ** 2).sum())


def normal(levels, deviation):
    curve = -0.5 * (levels / deviation) ** 2
    return curve - log_sum(curve)


def solve(case):
    sign = -1.0 if case["down"] else 1.0
    last = len(case["prior"])
    prior = [0.0] + case["prior"]
    twin = list(range(last + 1))
    for commit in range(1, last + 1):
        if prior[commit] == 0:
            twin[commit] = twin[commit - 1]
    single = list(prior)
    for one, other in case["identical"]:
        low, high = sorted((twin[one], twin[other]))
        twin = [low if t == high else t for t in twin]
        same = [commit for commit in range(last + 1) if twin[commit] == low]
        for commit in range(min(same) + 1, max(same) + 1):
            single[commit] = 0.0
    values = {}
    for commit, blocks in [(last, case["ends"])] + case["observed"]:
        values.setdefault(twin[commit], []).extend(sign * value for value in blocks)
    noise = scale(case["noise"], list(values.values()))
    levels = grid([float(numpy.median(group)) for group in values.values()])
    curves = {commit: level(levels, group, noise, case["bias"]) for commit, group in values.items()}

    # One change at k: all measured executables before k share one level, all others another.
    def sides(k):
        good = normal(levels, math.sqrt(case["bias"] ** 2 + 1e-6))
        bad = numpy.zeros(len(levels))
        for commit, curve in curves.items():
            if commit == 0:
                continue
            if commit < k:
                good = good + curve
            else:
                bad = bad + curve
        return good, bad

    logs = []
    for k in range(1, last + 1):
        good, bad = sides(k)
        logs.append(math.log(single[k]) + log_sum(good) + log_sum(bad) if single[k] > 0 else -math.inf)
    posterior = numpy.exp(numpy.array(logs) - log_sum(logs))
    # The most probable stretch between measured commits; the levels on both sides of it.
    ends = sorted(commit for commit in curves if commit > 0)
    ends[-1] = last
    masses = [posterior[low:high].sum() for low, high in zip([0] + ends, ends)]
    best = max(i for i, mass in enumerate(masses) if mass == max(masses))
    inside = [k for k in range(([0] + ends)[best] + 1, ends[best] + 1) if single[k] > 0]
    good, bad = sides(inside[0])
    (good_mean, good_variance), (bad_mean, bad_variance) = moments(levels, good), moments(levels, bad)

    # Several changes: every way to cut the places, each segment with a level of its own.
    reference = normal(levels, max(case["bias"], 0.002))
    places = [0] + [
        commit
        for commit in range(1, last + 1)
        if twin[commit] != twin[commit - 1] and (twin[commit] == 0 or twin[commit] in curves)
    ]
    moves = [0.0] + [prior[commit] if twin[commit] != twin[commit - 1] else 0.0 for commit in range(1, last + 1)]
    chances = []
    for low, high in zip(places, places[1:]):
        share = last * sum(moves[low + 1 : high + 1]) / sum(moves)
        chance = 1.0 - (1.0 - min(1.5 / last, 0.9)) ** share
        chances.append(0.0 if twin[low] == twin[high] else chance)
    wide = normal(levels, 0.08)
    total, with_cut = [], [[] for _ in chances]
    for cuts in itertools.product([False, True], repeat=len(chances)):
        if any(cut and chance == 0.0 for cut, chance in zip(cuts, chances)):
            continue
        log = sum(math.log(chance) if cut else math.log1p(-chance) for cut, chance in zip(cuts, chances))
        segment = [places[0]]
        segments = [segment]
        for place, cut in zip(places[1:], cuts):
            if cut:
                segment = []
                segments.append(segment)
            segment.append(place)
        known = set()
        for segment in segments:
            twins = {twin[place] for place in segment}
            # An executable that an earlier segment has: the level is that one's, a density over the grid.
            parts = [reference if t == 0 else curves[t] for t in twins - known]
            parts += [part - log_sum(part) for part in (reference if t == 0 else curves[t] for t in twins & known)]
            log += log_sum(wide + sum(parts))
            known |= twins
        total.append(log)
        for index, cut in enumerate(cuts):
            if cut:
                with_cut[index].append(log)
    stretches = [
        [low, high, math.exp(log_sum(logs) - log_sum(total)) if logs else 0.0]
        for low, high, logs in zip(places, places[1:], with_cut)
    ]
    return {
        "noise_found": noise,
        "posterior": posterior.tolist(),
        "effect": sign * (bad_mean - good_mean),
        "deviation": math.sqrt(good_variance + bad_variance),
        "stretches": stretches,
    }


def cases():
    random = numpy.random.default_rng(20261124)
    plain = {"prior": [1.0] * 4, "down": False, "noise": 0.0165, "bias": 0.0025, "identical": [], "observed": []}
    yield "ends only", {**plain, "ends": [0.05] * 8}
    yield "one block of the ends", {**plain, "ends": [0.05]}
    yield "one commit, one candidate", {**plain, "prior": [1.0], "ends": [0.05, 0.04]}
    yield "middle is good", {**plain, "ends": [0.05] * 8, "observed": [[2, [0.001, -0.003]]]}
    yield "middle is bad", {**plain, "ends": [0.05] * 8, "observed": [[2, [0.052, 0.041]]]}
    yield "middle is in between", {**plain, "ends": [0.05] * 8, "observed": [[2, [0.026, 0.024]]]}
    yield "improvement", {**plain, "down": True, "ends": [-0.05] * 8, "observed": [[2, [-0.049]], [1, [0.004]]]}
    yield "wild block", {**plain, "ends": [0.05] * 8, "observed": [[2, [0.3, 0.05]], [3, [-0.9]]]}
    yield "wilder block", {**plain, "ends": [0.05] * 8, "observed": [[2, [40.0, 0.0, 0.01]], [3, [-35.0, 0.05, 0.06]]]}
    yield "no bias", {**plain, "bias": 0.0, "ends": [0.03] * 8, "observed": [[2, [0.01]], [3, [0.028, 0.031]]]}
    yield "much bias", {**plain, "bias": 0.01, "ends": [0.03] * 8, "observed": [[2, [0.01]], [3, [0.028, 0.031]]]}
    yield "quieter than the grid", {**plain, "noise": 1e-4, "ends": [0.0301] * 8, "observed": [[2, [0.0007, 0.0009]]]}
    yield "loud", {**plain, "noise": 0.08, "ends": [0.2, 0.3, 0.25], "observed": [[2, [0.1, 0.15]], [3, [0.2]]]}
    yield "huge step", {**plain, "ends": [2.3, 2.31, 2.29], "observed": [[2, [2.3]], [1, [0.01]]]}
    yield "huge improvement", {**plain, "down": True, "ends": [-1.2] * 4, "observed": [[2, [-1.22]], [1, [0.01]]]}
    yield "noisier than stored", {**plain, "ends": [0.05, -0.02, 0.12, 0.01, 0.09, 0.07], "observed": [[2, [0.06, -0.05, 0.02]]]}
    yield "weights", {**plain, "prior": [4.25, 0.1875, 4.25, 0.1875], "ends": [0.05] * 8, "observed": [[2, [0.02]]]}
    yield "no weight", {**plain, "prior": [1.0, 0.0, 1.0, 0.0], "ends": [0.05] * 8, "observed": [[2, [0.001]], [1, [0.003]]]}
    yield "identical neighbours", {**plain, "prior": [1.0] * 6, "identical": [[2, 3]], "ends": [0.05] * 8, "observed": [[2, [0.01]], [3, [0.012]]]}
    yield "identical apart", {**plain, "prior": [1.0] * 6, "identical": [[2, 4]], "ends": [0.05] * 8, "observed": [[2, [0.01]], [3, [0.05]], [4, [0.012]]]}
    yield "identical to the good end", {**plain, "prior": [1.0] * 6, "identical": [[0, 3]], "ends": [0.05] * 8, "observed": [[2, [0.01]], [3, [0.012]]]}
    yield "identical to the bad end", {**plain, "prior": [1.0] * 6, "identical": [[6, 4]], "ends": [0.05] * 8, "observed": [[4, [0.03]], [2, [0.02]]]}
    yield "two steps", {**plain, "prior": [1.0] * 8, "ends": [0.08] * 8, "observed": [[3, [0.05] * 4], [6, [0.079] * 3], [2, [0.001] * 3]]}
    yield "there and back", {**plain, "prior": [1.0] * 8, "ends": [0.02] * 8, "observed": [[3, [0.05] * 4], [6, [0.02] * 3], [2, [0.001] * 3]]}
    for index in range(12):
        commits = int(random.integers(2, 40))
        culprit = int(random.integers(1, commits + 1))
        step = float(random.choice([0.03, 0.05, 0.1, -0.04, -0.12]))
        noise = float(random.choice([0.004, 0.0165, 0.03]))
        value = lambda commit: float((step if commit >= culprit else 0.0) + noise * random.normal())
        measured = random.choice(numpy.arange(1, commits + 1), size=min(commits, 6), replace=False)
        yield f"drawn {index}", {
            "prior": random.choice([0.1875, 1.0, 4.25], size=commits).tolist(),
            "down": step < 0,
            "noise": 0.0165,
            "bias": float(random.choice([0.0, 0.0025, 0.005])),
            "identical": [],
            "ends": [value(commits) for _ in range(8)],
            "observed": [[int(c), [value(c) for _ in range(int(random.integers(1, 5)))]] for c in measured],
        }


def main():
    done = [{"name": name, **case, **solve(case)} for name, case in cases()]
    text = {"numpy": numpy.__version__, "cases": done}
    pathlib.Path(__file__).with_name("search.json").write_text(json.dumps(text, separators=(",", ":")) + "\n")


main()
