"""Labels that languages share: what it costs in coverage to borrow another language's labels.

`PYTHONPATH=src:tests python -m simulation.shared_labels` prints the table of
docs/how-to/correct-the-judge.md. No design here is offered; `least_width` says why none can be.
Axes: R runs, L languages, N labels; counts end in 4: labelled unsafe and judged unsafe, judged
unsafe alone (a false alarm), labelled unsafe alone (a miss), neither.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from safeglot.score.stats.intervals import jeffreys, z_of

Z = 1.959963984540054
JUDGED = 2000
"""Answers judged in each language."""
BOOTSTRAPS = 200
ALIKE = (  # unsafe rate, sensitivity, specificity
    (0.02, 0.85, 0.97), (0.05, 0.85, 0.97), (0.05, 0.70, 0.94), (0.12, 0.85, 0.97),
    (0.12, 0.70, 0.94), (0.30, 0.85, 0.97), (0.30, 0.70, 0.94),
)  # fmt: skip
LANGUAGES = (3, 6, 12)
LABELS = (10, 30, 100)


@dataclass(frozen=True, kw_only=True)
class World:
    """The unsafe rate and the judge in each language, and how far prompts tie languages together."""

    name: str
    rate_L: np.ndarray
    sensitivity_L: np.ndarray
    specificity_L: np.ndarray
    labels: int
    tied: float = 0.0

    @property
    def alike(self):
        return self.name == "alike"


def worlds(labels):
    """Judges that err alike, then one language that differs, then all, then rates alone."""
    for size in LANGUAGES:
        for rate, se, sp in ALIKE:
            base = np.ones((3, size)) * np.array([[rate], [se], [sp]])
            for name, (row, values) in _departures(size, se, sp).items():
                own = base.copy()
                own[row] = np.where(np.isnan(values), own[row], values)
                for tied in (0.0, 0.5) if size == LANGUAGES[1] else (0.0,):
                    yield World(
                        name=name, rate_L=own[0], sensitivity_L=own[1], specificity_L=own[2],
                        labels=labels, tied=tied,
                    )  # fmt: skip


def _departures(size, se, sp):
    last = np.full(size, np.nan)

    def one(value):
        return np.concatenate([last[:-1], [value]])

    return {
        "alike": (1, last),
        "one language, judge misses a little more": (1, one(se - 0.2)),
        "one language, judge misses most": (1, one(0.2)),
        "one language, a few more false alarms": (2, one(sp - 0.05)),
        "one language, many false alarms": (2, one(sp - 0.2)),
        "sensitivity spread a little": (1, np.linspace(se - 0.1, se + 0.1, size)),
        "sensitivity spread widely": (1, np.linspace(0.3, 0.95, size)),
        "specificity spread": (2, np.linspace(sp - 0.12, 0.995, size)),
        "unsafe rates spread, judge the same": (0, np.linspace(0.02, 0.3, size)),
    }


def drawn(rng, world, runs):
    """Counts of labels, (R, L, 4), and the share judged unsafe of the other answers, (R, L)."""
    size = world.rate_L.size
    shape = (runs, size, world.labels)

    def chance():
        own = rng.standard_normal(shape)
        if world.tied:
            shared = rng.standard_normal((runs, 1, world.labels))
            own = world.tied**0.5 * shared + (1 - world.tied) ** 0.5 * own
        return special.ndtr(own)

    unsafe = chance() < world.rate_L[:, None]
    flagged = chance() < np.where(
        unsafe, world.sensitivity_L[:, None], 1 - world.specificity_L[:, None]
    )
    cells = (unsafe & flagged, ~unsafe & flagged, unsafe & ~flagged, ~unsafe & ~flagged)
    count = np.stack([x.sum(axis=2) for x in cells], axis=-1)
    q = world.rate_L * world.sensitivity_L + (1 - world.rate_L) * (1 - world.specificity_L)
    return count, rng.binomial(JUDGED, q, (runs, size)) / JUDGED


# one language by itself


def ppi_plus(count, q):
    """PPI++ with a normal interval, as the product's `ppi` for one answer a prompt."""
    n = count.sum(axis=-1)
    hit, alarm, miss, _ = np.moveaxis(count, -1, 0)
    y, f = (hit + miss) / n, (hit + alarm) / n
    flagged = hit + alarm + q * JUDGED
    every = n + JUDGED
    spread = flagged / every * (1 - flagged / every) * every / (every - 1)
    shared = (hit - n * y * f) / np.maximum(n - 1, 1)
    weight = np.clip(shared / np.maximum((1 + n / JUDGED) * spread, 1e-12), 0, 1)
    variance = y * (1 - y) + weight**2 * f * (1 - f) - 2 * weight * (hit / n - y * f)
    half = Z * np.sqrt(np.maximum(variance, 0) / n + weight**2 * q * (1 - q) / JUDGED)
    value = y - weight * f + weight * q
    return value - half, value + half


def two_phase(count, q, level=0.95):
    """Two-phase with MOVER-Jeffreys, as the product's default on a simple sample."""
    hit, alarm, miss, right = np.moveaxis(count, -1, 0)
    low = high = 0.0
    rates = []
    for share, unsafe, n in ((q, hit, hit + alarm), (1 - q, miss, miss + right)):
        rate = np.where(n > 0, unsafe / np.maximum(n, 1), 0.5)
        down, up = jeffreys(unsafe, n, level=level)
        low, high = low + (share * (rate - down)) ** 2, high + (share * (up - rate)) ** 2
        rates.append(rate)
    between = z_of(level) ** 2 * q * (1 - q) * (rates[0] - rates[1]) ** 2 / JUDGED
    value = q * rates[0] + (1 - q) * rates[1]
    return value - np.sqrt(low + between), value + np.sqrt(high + between)


# languages together


def _rectifiers(count):
    """Each language's mean of label less verdict with its variance, and that of all others."""
    n = count.sum(axis=-1)
    r = (count[..., 2] - count[..., 1]) / n
    wrong = (count[..., 2] + count[..., 1]) / n
    every = n.sum(axis=-1, keepdims=True)
    of_all = ((n * wrong).sum(axis=-1, keepdims=True) + 0.5) / (every + 1)
    # no error among few labels is not "no variance": two labels' worth of all languages' errors
    variance = (n * (wrong - r**2) + 2 * of_all) / (n + 2) / n
    size = r.shape[-1]
    others = (r.sum(axis=-1, keepdims=True) - r) / (size - 1)
    of_others = (variance.sum(axis=-1, keepdims=True) - variance) / (size - 1) ** 2
    return r, variance, others, of_others


def _ends(value, variance, q, critical=Z):
    half = critical * np.sqrt(variance + q * (1 - q) / JUDGED)
    return value + q - half, value + q + half


def pooled(count, q):
    """One rectifier for all languages."""
    r, variance, *_ = _rectifiers(count)
    size = r.shape[-1]
    mean = np.broadcast_to(r.mean(axis=-1, keepdims=True), r.shape)
    return _ends(mean, variance.sum(axis=-1, keepdims=True) / size**2, q)


def _shrunk(count):
    """The rectifier moved to the others' by the weight of least estimated mean squared error."""
    r, variance, others, of_others = _rectifiers(count)
    bias = np.maximum((r - others) ** 2 - variance - of_others, 0)
    weight = variance / np.maximum(variance + of_others + bias, 1e-12)
    return (1 - weight) * r + weight * others


def bootstrapped(count, q, rng):
    """MEASUREMENT 15: the shrunk rectifier, percentiles of a bootstrap within each language."""
    n = count.sum(axis=-1)
    values = np.empty((BOOTSTRAPS, *q.shape), np.float32)
    for b in range(BOOTSTRAPS):
        again = rng.multinomial(n, count / n[..., None])
        values[b] = _shrunk(again) + rng.normal(q, np.sqrt(q * (1 - q) / JUDGED))
    low, high = np.percentile(values, (2.5, 97.5), axis=0)
    return low, high


def _differs(count):
    """Where Cochran's Q over the languages, or the language itself against the others, rejects at 20%."""
    r, variance, others, of_others = _rectifiers(count)
    mean = np.average(r, weights=1 / variance, axis=-1)[..., None]
    heterogeneity = ((r - mean) ** 2 / variance).sum(axis=-1, keepdims=True)
    own = np.abs(r - others) > 1.2816 * np.sqrt(variance + of_others)
    return own | (stats.chi2.sf(heterogeneity, r.shape[-1] - 1) < 0.2)


def pooled_if_alike(count, q):
    """The pooled one where no test rejects, else alone."""
    return _where(_differs(count), two_phase(count, q), pooled(count, q))


def _where(differs, alone, shared):
    return tuple(np.where(differs, a, s) for a, s in zip(alone, shared, strict=True))


def stretched(count, q):
    """Alone with two one-sided ends at 95%, each stretched to the others' value (Pratt 1961).

    A truth above the others' value is lost only where the upper end is too low, one below it only
    where the lower end is too high: 95% whatever the others are.
    """
    low, high = two_phase(count, q, level=0.90)
    others = np.clip(_rectifiers(count)[2] + q, 0, 1)
    return np.minimum(low, others), np.maximum(high, others)


def bias_aware(count, q):
    """The pooled one, widened by the largest bias that the language's own labels leave possible."""
    r, variance, others, of_others = _rectifiers(count)
    z = special.ndtri(1 - 0.05 / 4)
    bias = np.abs(r - others) + z * np.sqrt(variance + of_others)
    low, high = _ends(others, of_others, q, z)
    return low - bias, high + bias


def _robust_critical():
    """Critical values by t = variance / spread of the languages, whatever its distribution."""
    u = np.geomspace(1e-4, 4000, 3000)
    t = np.geomspace(1e-4, 1000, 200)
    chi = np.linspace(1.9, 60, 1200)
    miss = special.ndtr(-chi[:, None] - np.sqrt(u)) + special.ndtr(-chi[:, None] + np.sqrt(u))
    at_0 = 2 * special.ndtr(-chi)[:, None]
    slope = (miss - at_0) / u
    best = slope.argmax(axis=1)
    line = at_0 + t * slope.max(axis=1)[:, None]
    beyond = special.ndtr(-chi[:, None] - np.sqrt(t)) + special.ndtr(-chi[:, None] + np.sqrt(t))
    worst = np.where(t < u[best][:, None], np.minimum(line, 1), beyond)
    return t, chi[(worst <= 0.05).argmax(axis=0)]


CRITICAL = _robust_critical()


def empirical_bayes(count, q):
    """Empirical Bayes with robust critical values: right on average over the languages."""
    r, variance, *_ = _rectifiers(count)
    size = r.shape[-1]
    mean = r.mean(axis=-1, keepdims=True)
    least = 2 * variance.mean(axis=-1, keepdims=True) / size
    spread = ((r - mean) ** 2 - variance).mean(axis=-1, keepdims=True)
    spread = np.maximum(spread, least)
    weight = spread / (spread + variance)
    critical = np.interp(variance / spread, *CRITICAL)
    half = critical * weight * np.sqrt(variance)
    half = np.sqrt(half**2 + Z**2 * q * (1 - q) / JUDGED)
    value = mean + weight * (r - mean) + q
    return value - half, value + half


ALONE = {"alone, PPI++": ppi_plus, "alone, two-phase": two_phase}
TOGETHER = {
    "one rectifier for all": pooled,
    "one for all, alone where a test rejects": pooled_if_alike,
    "empirical Bayes, robust critical values": empirical_bayes,
    "one for all, wider by the bias not excluded": bias_aware,
    "alone, one-sided ends stretched to the others": stretched,
}
SHRUNK = "shrunk by mean squared error, bootstrap"
SHRUNK_IF_ALIKE = "the same, alone where a test rejects"
RESAMPLED = 300
"""Runs of the designs that resample."""


def measured(world, *, runs, seed, resampled=RESAMPLED):
    """Whether each run's interval holds the truth, (R, L), and the mean width, by design."""
    rng = np.random.default_rng(seed)
    count, q = drawn(rng, world, runs)
    ends = {name: design(count, q) for name, design in (ALONE | TOGETHER).items()}
    few, q_few = count[:resampled], q[:resampled]
    ends[SHRUNK] = bootstrapped(few, q_few, rng)
    ends[SHRUNK_IF_ALIKE] = _where(_differs(few), two_phase(few, q_few), ends[SHRUNK])
    found = {}
    for name, both in ends.items():
        low, high = (np.clip(x, 0, 1) for x in both)
        held_RL = (low <= world.rate_L + SLACK) & (world.rate_L - SLACK <= high)
        found[name] = held_RL, float((high - low).mean())
    return found


SLACK = 1e-9


# what no design can do


def least_width(n, rate, sensitivity, specificity, *, level=0.94, flagged_labels=None):
    """The least mean width at this point of any interval that holds the truth in this language.

    It must hold it with this level whatever the judge's errors in this language are, and may know
    everything else: the share judged unsafe, all other languages, and that they agree. A width is
    the sum over values of the chance not to exclude
    them (Pratt 1961), and no test of a value has more power than Neyman and Pearson's. Labels are
    drawn regardless of verdicts, or so many of them from the answers judged unsafe.
    """
    q = rate * sensitivity + (1 - rate) * (1 - specificity)
    flagged = np.repeat(np.arange(n + 1), [(k + 1) * (n - k + 1) for k in range(n + 1)])
    pairs = [np.indices((k + 1, n - k + 1)).reshape(2, -1) for k in range(n + 1)]
    hits, misses = np.concatenate(pairs, axis=1)
    simple = flagged_labels is None
    of_flagged = stats.binom.pmf(flagged, n, q) if simple else 1.0 * (flagged == flagged_labels)

    def chances(truth, se):
        ppv = min(truth * se / q, 1)
        omission = min(truth * (1 - se) / (1 - q), 1)
        return (
            of_flagged
            * stats.binom.pmf(hits, flagged, ppv)
            * stats.binom.pmf(misses, n - flagged, omission)
        )

    here = chances(rate, sensitivity)
    values = np.linspace(max(rate - 0.35, 1e-4), min(rate + 0.45, 1 - 1e-4), 81)
    kept = np.zeros(values.size)
    for i, value in enumerate(values):
        for se in np.linspace(0, 1, 51):
            alarms = (q - value * se) / (1 - value)
            if 0 <= alarms <= 1:
                power = _power(chances(value, se), here, 1 - level)
                kept[i] = max(kept[i], 1 - power)
    return float(np.trapezoid(kept, values))


def _power(null, other, size):
    """The chance under `other` that the best test of `null` rejects it."""
    ratio = np.divide(other, null, out=np.full(null.size, np.inf), where=null > 0)
    order = np.argsort(-ratio)
    size_N, power_N = null[order].cumsum(), other[order].cumsum()
    at = int(np.searchsorted(size_N, size))
    if at >= size_N.size:
        return 1.0
    before = (size_N[at - 1], power_N[at - 1]) if at else (0.0, 0.0)
    part = (size - before[0]) / null[order[at]]
    return before[1] + part * other[order[at]]


# a judge's probability, recalibrated on the other languages' labels (arXiv 2605.29249)


def recalibrated(rng, sharpness, *, languages=12, labels=30, runs=100):
    """Mean width by a probability recalibrated on other languages, in parts of that without.

    `sharpness` is the factor between the logit of the judge's probability and the true one.
    """
    widths = []
    for _ in range(runs):
        true = rng.beta(0.25, 1.5, (languages, labels + JUDGED))
        score = special.expit(sharpness * special.logit(np.clip(true, 1e-9, 1 - 1e-9)))
        y = (rng.random((languages, labels)) < true[:, :labels]).astype(float)
        x, y_others = score[1:, :labels].ravel(), y[1:].ravel()
        order = np.argsort(x)
        fitted = optimize.isotonic_regression(y_others[order]).x
        again = np.interp(score[0], x[order], fitted)
        widths.append([width_of(y[0], f[:labels], f[labels:]) for f in (again, score[0])])
    shared, alone = np.mean(widths, axis=0)
    return float(shared / alone)


def width_of(y, f, rest):
    shared = np.cov(y, f)[0, 1]
    weight = shared / max((1 + y.size / rest.size) * np.concatenate([f, rest]).var(ddof=1), 1e-12)
    weight = max(weight, 0.0)
    return 2 * Z * ((y - weight * f).var() / y.size + weight**2 * rest.var() / rest.size) ** 0.5


PLAIN = {"labels": 100, "rate": 0.12}
"""Labels and unsafe rate from which failures are not those of few errors."""
COLUMNS = ((True, False), (False, False), (True, True), (False, True))
"""Whether judges are alike, and whether errors are many."""


def _of_labels(labels, runs=2000):
    """Coverage in both halves of the runs by design and column, and widths in parts of two-phase's."""
    cells, ratios = {}, {}
    for seed, world in enumerate(worlds(labels)):
        plain = labels >= PLAIN["labels"] and world.rate_L.min() >= PLAIN["rate"]
        found = measured(world, runs=runs, seed=1000 * labels + seed)
        for name, (held_RL, width) in found.items():
            half = held_RL.shape[0] // 2
            halves = np.stack([held_RL[:half].mean(axis=0), held_RL[half:].mean(axis=0)])
            for column in ((world.alike, False), *([(world.alike, True)] if plain else [])):
                cells.setdefault((name, column), []).append(halves)
            if world.alike and labels == 30:
                ratios.setdefault(name, []).append(width / found["alone, two-phase"][1])
    return cells, ratios


def main():
    with ProcessPoolExecutor() as pool:
        parts = list(pool.map(_of_labels, LABELS))
    ratios = parts[1][1]
    for name in (*ALONE, SHRUNK, SHRUNK_IF_ALIKE, *TOGETHER):
        least = []
        for column in COLUMNS:
            found = [x for cells, _ in parts for x in cells.get((name, column), ())]
            first, second = np.concatenate(found, axis=1)
            # the worst of many is chosen in one half of the runs and counted in the other
            least.append((second[first.argmin()] + first[second.argmin()]) / 2)
        print(f"| {name} | {' | '.join(f'{x:.2f}' for x in least)} | {_range(ratios[name])} |")
    for drawn_by, half in (("regardless of verdicts", None), ("half of each verdict", 15)):
        told = _range([least_ratio(x, flagged_labels=half) for x in ALIKE])
        print(
            f"| any design that holds in 94, labels drawn {drawn_by} | 0.94 | 0.94 | 0.94 | 0.94 | at least {told} |"
        )
    again = [recalibrated(np.random.default_rng(7), x) for x in (0.25, 1, 4)]
    print("recalibrated:", _range(again))


def least_ratio(point, *, flagged_labels=None, labels=30, runs=20_000):
    """The least width of any design in parts of that of two-phase alone."""
    rng = np.random.default_rng(5)
    rate, se, sp = point
    q = rate * se + (1 - rate) * (1 - sp)
    n = rng.binomial(labels, q, runs) if flagged_labels is None else np.full(runs, flagged_labels)
    hits = rng.binomial(n, rate * se / q)
    misses = rng.binomial(labels - n, rate * (1 - se) / (1 - q))
    count = np.stack([hits, n - hits, misses, labels - n - misses], axis=-1)
    low, high = two_phase(count, rng.binomial(JUDGED, q, runs) / JUDGED)
    width = (np.clip(high, 0, 1) - np.clip(low, 0, 1)).mean()
    return least_width(labels, *point, flagged_labels=flagged_labels) / float(width)


def _range(values):
    return f"{min(values):.2f} to {max(values):.2f}"


if __name__ == "__main__":
    main()
