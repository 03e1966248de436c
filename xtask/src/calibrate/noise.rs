//! Noise like that of one process after another on one machine: what the methods are tried on.
//!
//! The logarithm of a process's time is its level, plus the luck of its own memory layout, a skewed residual, now and then
//! a slow start, and whatever the machine does meanwhile. It knows no method and no verdict. The sizes come from
//! recorded series (`METHODOLOGY.md`).

use std::f64::consts::{SQRT_2, TAU};

use perfguard_stats::random::Stream;

/// Layouts in a pool.
pub(crate) const POOL: usize = 12;
/// The shape of the residual's logarithm.
const SHAPE: f64 = 0.6;
/// What the autoregressive part keeps from one process to the next.
const KEPT: f64 = 0.7;
/// How many processes a burst lasts.
const BURST: u32 = 2;

/// Where the code of an executable comes to lie, and what that does to its time. Sizes are standard deviations of the
/// logarithm, on each side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Layout {
    /// It does not matter.
    Even,
    /// One executable a side: a bias that no number of pairs averages away.
    Fixed(f64),
    /// Each pair runs on one of a pool of twelve, dealt without replacement.
    Pooled(f64),
}

/// One kind of noise. Sizes are in logarithms, so that 0.01 is about 1 %; chances are for each process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noise {
    /// Standard deviation from process to process (address space, hash seeds).
    pub(crate) process: f64,
    /// Standard deviation of the residual within one process.
    pub(crate) residual: f64,
    /// How the residual is distributed.
    pub(crate) tail: Tail,
    /// Chance and mean of a slow start.
    pub(crate) spike: (f64, f64),
    /// Standard deviation of the machine's random walk, a step a process.
    pub(crate) walk: f64,
    /// Chance and standard deviation of the machine's jumps to another level.
    pub(crate) jump: (f64, f64),
    /// How much slower the machine becomes with each process.
    pub(crate) trend: f64,
    /// Standard deviation of an autoregressive part that keeps 0.7 of itself.
    pub(crate) autoregressive: f64,
    /// Standard deviation of a part that each process shares with the next.
    pub(crate) moving_average: f64,
    /// Amplitude and period, in processes, of a wave with a random phase.
    pub(crate) wave: (f64, f64),
    /// What half of the processes are slower by.
    pub(crate) mode: f64,
    /// Chance that a process takes three times as long.
    pub(crate) triple: f64,
    /// Chance of a burst of two processes, and what they are slower by.
    pub(crate) burst: (f64, f64),
    /// The clock's tick, relative to a time; 0 for a fine one.
    pub(crate) tick: f64,
    /// What the place of the code does.
    pub(crate) layout: Layout,
}

/// How a residual is distributed, with mean 0 and its given standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Log-normal: skewed to the slow side.
    Skewed,
    /// Normal.
    Normal,
    /// Student's t with three degrees of freedom.
    Heavy,
}

/// A usual machine: pairs with a standard deviation of 2 %, slow starts, a drifting level.
pub(crate) const BASE: Noise = Noise {
    process: 0.01,
    residual: 0.01,
    tail: Tail::Skewed,
    spike: (0.03, 0.15),
    walk: 0.003,
    jump: (0.005, 0.04),
    trend: 0.0,
    autoregressive: 0.0,
    moving_average: 0.0,
    wave: (0.0, 4.0),
    mode: 0.0,
    triple: 0.0,
    burst: (0.0, 0.0),
    tick: 0.0,
    layout: Layout::Even,
};

/// Nothing but normal numbers: pairs with a standard deviation of 2 %.
pub(crate) const GAUSS: Noise = Noise { tail: Tail::Normal, spike: (0.0, 0.0), walk: 0.0, jump: (0.0, 0.0), ..BASE };

/// A quiet machine: pairs with a standard deviation of 0.6 %.
pub(crate) const QUIET: Noise = Noise { process: 0.003, residual: 0.003, ..BASE };

/// Every kind of noise by name.
pub(crate) const SCENARIOS: [(&str, Noise); 24] = [
    ("gauss", GAUSS),
    ("nospike", Noise { spike: (0.0, 0.0), ..BASE }),
    ("base", BASE),
    ("spiky", Noise { spike: (0.08, 0.25), ..BASE }),
    ("t3", Noise { tail: Tail::Heavy, ..BASE }),
    ("drift", Noise { walk: 0.01, jump: (0.02, 0.06), ..BASE }),
    ("trend", Noise { trend: 0.002, ..BASE }),
    ("ar", Noise { autoregressive: 0.01, ..BASE }),
    ("noisy2x", Noise { process: 0.02, residual: 0.02, ..BASE }),
    ("quiet", QUIET),
    ("sine P2", Noise { wave: (0.02, 2.0), ..BASE }),
    ("sine P4", Noise { wave: (0.02, 4.0), ..BASE }),
    ("sine P4 quiet", Noise { wave: (0.02, 4.0), ..QUIET }),
    ("ma1", Noise { moving_average: 0.02, ..BASE }),
    ("bursts", Noise { burst: (0.25, 0.06), ..QUIET }),
    ("two modes 5 %", Noise { mode: 0.05, ..BASE }),
    ("two modes 10 % quiet", Noise { mode: 0.10, ..QUIET }),
    ("3x outliers", Noise { triple: 0.10, ..BASE }),
    ("tick .9 %", Noise { tick: 0.009, ..BASE }),
    ("tick 2 %", Noise { tick: 0.02, ..BASE }),
    ("build .5 %", Noise { layout: Layout::Fixed(0.005), ..BASE }),
    ("build 1 %", Noise { layout: Layout::Fixed(0.01), ..BASE }),
    ("pool .5 %", Noise { layout: Layout::Pooled(0.005), ..BASE }),
    ("pool 1 %", Noise { layout: Layout::Pooled(0.01), ..BASE }),
];

/// The noise of a name.
pub(crate) fn scenario(name: &str) -> Option<Noise> {
    SCENARIOS.iter().find(|(known, _)| *known == name).map(|(_, noise)| *noise)
}

/// A machine that runs processes one after another.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    noise: Noise,
    level: f64,
    count: u32,
    phase: f64,
    shared: f64,
    kept: f64,
    burst_left: u32,
    ticks: f64,
    layouts: Layouts,
}

impl Machine {
    /// A machine in a random state.
    pub(crate) fn new(noise: Noise, stream: &mut Stream) -> Self {
        Self {
            noise,
            level: 0.0,
            count: 0,
            phase: stream.unit() * TAU,
            shared: stream.normal(),
            kept: noise.autoregressive * stream.normal(),
            burst_left: 0,
            ticks: if noise.tick > 0.0 { (1.0 + 0.5 * stream.unit()) / noise.tick } else { 0.0 },
            layouts: Layouts::new(noise.layout, stream),
        }
    }

    /// The logarithm of the time of the next process, of a program whose own logarithm is `level`. The place of its code
    /// is in `level`, if it matters.
    pub(crate) fn run(&mut self, stream: &mut Stream, level: f64) -> f64 {
        let noise = self.noise;
        self.level += noise.trend + noise.walk * stream.normal();
        if chance(stream, noise.jump.0) {
            self.level += noise.jump.1 * stream.normal();
        }
        let mut time =
            self.level + level + noise.process * stream.normal() + noise.residual * residual(noise.tail, stream);
        time += self.correlated(stream);
        if chance(stream, noise.spike.0) {
            time += noise.spike.1 * stream.exponential();
        }
        if noise.mode > 0.0 && stream.coin() {
            time += noise.mode;
        }
        if chance(stream, noise.triple) {
            time += 3.0_f64.ln();
        }
        if self.burst_left == 0 && chance(stream, noise.burst.0) {
            self.burst_left = BURST;
        }
        if self.burst_left > 0 {
            time += noise.burst.1;
            self.burst_left -= 1;
        }
        if noise.tick > 0.0 {
            time = ((self.ticks * time.exp()).round().max(1.0) / self.ticks).ln();
        }
        time
    }

    /// The logarithms of the times of base and head in the next pair, run in a random order; head's own logarithm is
    /// `effect` above base's.
    pub(crate) fn pair(&mut self, stream: &mut Stream, effect: f64) -> (f64, f64) {
        let (base_bias, head_bias) = self.layouts.deal(stream);
        if stream.coin() {
            let base = self.run(stream, base_bias);
            (base, self.run(stream, head_bias + effect))
        } else {
            let head = self.run(stream, head_bias + effect);
            (self.run(stream, base_bias), head)
        }
    }

    /// The parts that one process has in common with its neighbours.
    fn correlated(&mut self, stream: &mut Stream) -> f64 {
        let noise = self.noise;
        let mut sum = 0.0;
        if noise.autoregressive > 0.0 {
            self.kept = KEPT * self.kept + noise.autoregressive * (1.0 - KEPT * KEPT).sqrt() * stream.normal();
            sum += self.kept;
        }
        if noise.moving_average > 0.0 {
            let fresh = stream.normal();
            sum += noise.moving_average * (fresh + self.shared) / SQRT_2;
            self.shared = fresh;
        }
        if noise.wave.0 > 0.0 {
            sum += noise.wave.0 * (TAU * f64::from(self.count) / noise.wave.1 + self.phase).sin();
        }
        self.count += 1;
        sum
    }
}

/// The biases of the layouts of one comparison, dealt to its pairs.
#[derive(Debug, Clone)]
struct Layouts {
    biases: [(f64, f64); POOL],
    order: [usize; POOL],
    dealt: usize,
}

impl Layouts {
    fn new(layout: Layout, stream: &mut Stream) -> Self {
        let mut biases = [(0.0, 0.0); POOL];
        match layout {
            Layout::Even => {}
            Layout::Fixed(deviation) => biases = [(deviation * stream.normal(), deviation * stream.normal()); POOL],
            Layout::Pooled(deviation) => {
                biases = std::array::from_fn(|_| (deviation * stream.normal(), deviation * stream.normal()));
            }
        }
        Self { biases, order: std::array::from_fn(|place| place), dealt: 0 }
    }

    fn deal(&mut self, stream: &mut Stream) -> (f64, f64) {
        let place = self.dealt % POOL;
        if place == 0 {
            stream.shuffle(&mut self.order);
        }
        self.dealt += 1;
        self.biases[self.order[place]]
    }
}

/// True with the given chance; draws nothing where it is 0.
fn chance(stream: &mut Stream, chance: f64) -> bool {
    chance > 0.0 && stream.unit() < chance
}

/// A residual with mean 0 and standard deviation 1.
fn residual(tail: Tail, stream: &mut Stream) -> f64 {
    match tail {
        Tail::Normal => stream.normal(),
        Tail::Skewed => {
            let square = SHAPE * SHAPE;
            let spread = ((square.exp() - 1.0) * square.exp()).sqrt();
            ((SHAPE * stream.normal()).exp() - (square / 2.0).exp()) / spread
        }
        Tail::Heavy => {
            let squares: f64 = (0..3).map(|_| stream.normal().powi(2)).sum();
            stream.normal() / squares.sqrt()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_have_the_spread_that_their_noise_promises() {
        for (name, spread) in [("gauss", 0.02), ("noisy2x", 0.04), ("quiet", 0.006)] {
            let noise = Noise { spike: (0.0, 0.0), walk: 0.0, jump: (0.0, 0.0), ..scenario(name).unwrap() };
            let mut stream = Stream::new(1);
            let mut machine = Machine::new(noise, &mut stream);
            let squares: f64 =
                (0..20_000).map(|_| machine.pair(&mut stream, 0.0)).map(|(base, head)| (head - base).powi(2)).sum();
            let found = (squares / 20_000.0).sqrt();
            assert!((found / spread - 1.0).abs() < 0.05, "{name}: {found}");
        }
    }

    #[test]
    fn a_pool_deals_every_layout_once_before_it_deals_one_twice() {
        let mut stream = Stream::new(2);
        let mut layouts = Layouts::new(Layout::Pooled(0.01), &mut stream);
        for _ in 0..3 {
            let mut dealt: Vec<u64> = (0..POOL).map(|_| layouts.deal(&mut stream).0.to_bits()).collect();
            dealt.sort_unstable();
            dealt.dedup();
            assert_eq!(dealt.len(), POOL);
        }
    }

    #[test]
    fn every_noise_gives_finite_times() {
        for (name, noise) in SCENARIOS {
            let mut stream = Stream::new(3);
            let mut machine = Machine::new(noise, &mut stream);
            assert!((0..1_000).all(|_| machine.run(&mut stream, 0.0).is_finite()), "{name}");
        }
    }
}
