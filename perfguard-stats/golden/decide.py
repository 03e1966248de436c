"""Reference values for the modules `sequential`, `multiplicity` and `power`, from SciPy, statsmodels and a second
implementation of the sequential decision that was written from its description alone.

    pip install numpy scipy statsmodels && python decide.py
"""

import json
import pathlib

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests

random = np.random.default_rng(20261124)


def multiplicity():
    cases = []
    for count in [1, 2, 3, 4, 5, 7, 10, 16, 25, 50, 100, 250, 1000]:
        for power in [1, 6]:
            p = random.uniform(size=count) ** power
            if count in (7, 25):
                p = np.round(p, 2)  # ties
            if count == 16:
                p[:4] = [0.0, 1.0, 1e-300, 5e-324]
            cases.append(
                {
                    "p": p.tolist(),
                    "holm": multipletests(p, method="holm")[1].tolist(),
                    "benjamini_hochberg": multipletests(p, method="fdr_bh")[1].tolist(),
                }
            )
    cases.append({"p": [0.5] * 8, "holm": [1.0] * 8, "benjamini_hochberg": [0.5] * 8})
    return cases


def fisher():
    tables = [[[7, 17], [0, 24]], [[0, 0], [0, 0]], [[0, 5], [0, 5]], [[5, 0], [0, 5]], [[1, 0], [0, 0]], [[3, 1], [1, 3]]]
    tables += [[[8, 16], [1, 23]], [[24, 0], [23, 1]], [[100, 900], [60, 940]], [[2500, 2500], [2400, 2600]]]
    for size in [2, 3, 5, 8, 13, 24, 40, 64, 256, 1000]:
        for _ in range(2):
            slow = random.integers(0, size + 1, size=2)
            tables.append([[int(slow[0]), int(size - slow[0])], [int(slow[1]), int(size - slow[1])]])
    cases = []
    for table in tables:
        total = sum(map(sum, table))
        p = 1.0 if total == 0 else float(stats.fisher_exact(table).pvalue)
        cases.append({"table": table, "p": p})
    return cases


def noncentral_t():
    cases = []
    for freedom in [1, 2, 5, 13, 23, 50, 200, 1000]:
        for noncentrality in [0.0, 0.5, -1.0, 3.0, 8.0, 30.0]:
            for t in [-2.0, 0.0, 1.0, 3.0, 10.0]:
                tail = float(stats.nct.sf(t, freedom, noncentrality)) if noncentrality else float(stats.t.sf(t, freedom))
                if 1e-9 < tail < 1 - 1e-9:
                    cases.append({"t": t, "degrees_of_freedom": freedom, "noncentrality": noncentrality, "tail": tail})
    for freedom in [13, 23, 50]:  # the last noncentrality of the series
        for t in [35.0, 40.0, 45.0]:
            tail = float(stats.nct.sf(t, freedom, 40.0))
            cases.append({"t": t, "degrees_of_freedom": freedom, "noncentrality": 40.0, "tail": tail})
    return cases


def power():
    cases = []
    for pairs in [5, 7, 8, 10, 24, 40, 100, 1024]:
        for level in [0.0005, 0.005, 0.05]:
            for standardised in [-0.1, 0.05, 0.4, 1.2]:
                deviation = 0.02
                freedom = pairs - 2 * (pairs // 5) - 1
                noncentrality = standardised / np.sqrt(1.142 / pairs)
                if noncentrality > 30:
                    continue
                tail = float(stats.nct.sf(stats.t.isf(level, freedom), freedom, noncentrality))
                case = {"pairs": pairs, "deviation": deviation, "shift": standardised * deviation, "level": level}
                cases.append({**case, "power": tail})
    return cases


def student():
    cases = []
    for freedom in [2, 3, 5, 7, 13, 23, 39, 153]:
        for deviate in [0.5, 1.645, 2.389, 2.985, 3.5, 4.1, 5.5]:
            t = float(stats.t.isf(stats.norm.sf(deviate), freedom))
            cases.append({"degrees_of_freedom": freedom, "deviate": deviate, "t": t})
    return cases


def rates():
    cases = []
    for trials in [1, 2, 5, 24, 50, 598, 947, 5000, 200000]:
        for events in sorted({0, 1, 2, trials // 10, trials // 2, trials - 1, trials}):
            if 0 <= events <= trials:
                for level in [0.8, 0.9, 0.95, 0.99]:
                    # Not binomtest(): its ends are only good to 2e-12, absolute.
                    tail = (1 - level) / 2
                    low = float(stats.beta.ppf(tail, events, trials - events + 1)) if events else 0.0
                    high = float(stats.beta.isf(tail, events + 1, trials - events)) if events < trials else 1.0
                    cases.append({"events": events, "trials": trials, "level": level, "low": low, "high": high})
    return cases


def layouts():
    cases = []
    for kinds, each, spread in [(2, 2, 1), (5, 4, 0), (12, 2, 1), (12, 3, 0.5), (12, 4, 2), (10, 8, 0.2), (3, 40, 1)]:
        for ragged in [False, True]:
            groups = [
                spread * random.normal() + random.normal(size=each + (random.integers(0, 4) if ragged else 0))
                for _ in range(kinds)
            ]
            sizes = np.array([len(group) for group in groups])
            count = sizes.sum()
            flat = np.concatenate(groups)
            within = sum(((group - group.mean()) ** 2).sum() for group in groups) / (count - kinds)
            between = stats.f_oneway(*groups).statistic * within
            per = (count - (sizes**2).sum() / count) / (kinds - 1)
            variance = max(0.0, (between - within) / per)
            upper = max(0.0, (between * (kinds - 1) / stats.chi2.ppf(0.2, kinds - 1) - within) / per)
            cases.append(
                {
                    "differences": flat.tolist(),
                    "layouts": [int(k) for k, size in enumerate(sizes) for _ in range(size)],
                    "between": variance**0.5,
                    "between_at_most": upper**0.5,
                    "within": within**0.5,
                }
            )
    return cases


TABLE_LEVELS = [1e-5, 1e-4, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05]
TABLE = {
    24: [4.633, 4.100, 3.683, 3.484, 3.207, 2.985, 2.743, 2.389, 2.089],
    40: [4.633, 4.097, 3.685, 3.495, 3.225, 3.005, 2.773, 2.433, 2.144],
    64: [4.671, 4.102, 3.684, 3.496, 3.226, 3.012, 2.783, 2.451, 2.172],
}
MARGIN, THRESHOLD = np.log(1.01), np.log(1.03)


def decide(d, last, quantum):
    """The decision, from its description. Slow starts do not occur in these cases."""
    constant = dict(zip(TABLE_LEVELS, TABLE[last]))
    shared, furthest = (-np.inf, np.inf), {1: 0.0, -1: 0.0}
    for n in range(8, last + 1, 2):
        x = np.sort(d[:n])
        cut = n // 5
        kept = n - 2 * cut
        tm = x[cut : n - cut].mean()
        sw = np.asarray(stats.mstats.winsorize(x, limits=(cut / n + 1e-12, cut / n + 1e-12))).std(ddof=1)
        sw = max(sw, max(quantum, 1e-4) / 6**0.5)
        se = sw * np.sqrt((n - 1) / (kept * (kept - 1)))
        rise = (n / last) ** -0.15
        z = lambda value: -stats.norm.ppf(stats.t.sf(value / se, kept - 1))
        reach = stats.t.isf(stats.norm.sf(constant[0.025] * rise), kept - 1) * se
        shared = (max(shared[0], tm - reach), min(shared[1], tm + reach))
        for sign in (1, -1):
            furthest[sign] = max(furthest[sign], z(sign * tm - MARGIN) / rise)
        change, same = constant[0.005] * rise, constant[0.01] * rise
        if z(tm - MARGIN) >= change:
            verdict = "regressed"
        elif z(-tm - MARGIN) >= change:
            verdict = "improved"
        elif min(z(THRESHOLD - tm), z(THRESHOLD + tm)) >= same:
            verdict = "unchanged"
        else:
            verdict = "undecided"
        if verdict != "undecided":
            break
    if shared[0] > shared[1]:
        shared = (tm - reach, tm + reach)

    def level(c):
        row = TABLE[last]
        if c < row[-1]:
            return 1.0
        return float(np.exp(np.interp(c, row[::-1], np.log(TABLE_LEVELS)[::-1])))

    return {
        "verdict": verdict,
        "pairs": n,
        "estimate": tm,
        "standard_error": se,
        "low": shared[0],
        "high": shared[1],
        "p_regressed": level(furthest[1]),
        "p_improved": level(furthest[-1]),
    }


def sequential():
    cases = []
    for last in [24, 40, 64]:
        for effect in [0.0, 0.01, 0.02, 0.03, 0.05, 0.3, -0.02, -0.05]:
            for spread in [0.004, 0.02, 0.03]:
                d = np.log1p(effect) + spread * random.normal(size=last)
                if spread == 0.004:
                    d = np.round(d, 3)  # ties
                cases.append({"last": last, "differences": d.tolist(), "quantum": 0.0, **decide(d, last, 0.0)})
    for constant in [0.0, 0.02, 0.1, -0.1]:
        d = np.full(24, constant)
        cases.append({"last": 24, "differences": d.tolist(), "quantum": 0.005, **decide(d, 24, 0.005)})
    return cases


result = {
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
    "multiplicity": multiplicity(),
    "fisher": fisher(),
    "noncentral_t": noncentral_t(),
    "power": power(),
    "student": student(),
    "rates": rates(),
    "layouts": layouts(),
    "sequential": sequential(),
}
path = pathlib.Path(__file__).with_name("decide.json")
path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
print(path, path.stat().st_size)
