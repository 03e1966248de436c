//! What the search claims is true: of the commits named with a posterior of .99, at least .975 are the culprit, also
//! where the noise is not the one it was told. `cargo xtask calibrate` does the same with many more histories.

use perfguard_stats::random::Stream;
use perfguard_stats::search::{Direction, Search, Settings, Step, block_difference};

const COMMITS: usize = 16;
const HISTORIES: u32 = 80;

/// Noise of one process: its own, slow starts (chance and mean), and the machine's walk and jumps (chance and size).
struct Noise {
    own: f64,
    spike: (f64, f64),
    walk: f64,
    jump: (f64, f64),
}

const BASE: Noise = Noise { own: 0.0141, spike: (0.03, 0.15), walk: 0.003, jump: (0.005, 0.04) };

struct Machine<'a> {
    noise: &'a Noise,
    stream: Stream,
    level: f64,
}

impl Machine<'_> {
    fn run(&mut self, level: f64) -> f64 {
        let Noise { own, spike, walk, jump } = self.noise;
        self.level += walk * self.stream.normal();
        if self.stream.unit() < jump.0 {
            self.level += jump.1 * self.stream.normal();
        }
        let slow = if self.stream.unit() < spike.0 { spike.1 * self.stream.exponential() } else { 0.0 };
        (self.level + level + own * self.stream.normal() + slow).exp()
    }

    fn block(&mut self, level: f64) -> f64 {
        let (mut good, mut commit) = ([0.0; 2], [0.0; 2]);
        for (good, commit) in good.iter_mut().zip(&mut commit) {
            if self.stream.coin() {
                *good = self.run(0.0);
                *commit = self.run(level);
            } else {
                *commit = self.run(level);
                *good = self.run(0.0);
            }
        }
        block_difference(good, commit).expect("exponentials are positive")
    }
}

/// Share of histories with a step of 5 % in which the culprit, and nothing else, is named.
fn right(noise: &Noise) -> f64 {
    let mut right = 0_u32;
    for history in 0..HISTORIES {
        let mut stream = Stream::new(u64::from(history));
        let culprit = 1 + usize::try_from(stream.below(COMMITS as u64)).expect("below sixteen");
        let mut machine = Machine { noise, stream, level: 0.0 };
        let level = |commit: usize| if commit >= culprit { 0.0488 } else { 0.0 };
        let ends: Vec<f64> = (0..8).map(|_| machine.block(level(COMMITS))).collect();
        let settings = Settings { build_cost: 3.0, ..Settings::default() };
        let mut search = Search::new(settings, &[1.0; COMMITS], Some(Direction::Up), &ends).expect("a sound start");
        let outcome = loop {
            match search.next_step() {
                Step::Measure { commit, blocks } => {
                    let values: Vec<f64> = (0..blocks).map(|_| machine.block(level(commit))).collect();
                    search.observed(commit, &values).expect("its own commit");
                }
                Step::Done(outcome) => break outcome,
            }
        };
        right += u32::from(outcome.changes[0].commits == [culprit]);
    }
    f64::from(right) / f64::from(HISTORIES)
}

#[test]
fn a_claim_of_99_percent_holds_under_the_noise_it_was_made_for() {
    assert!(right(&BASE) >= 0.975);
}

#[test]
fn a_claim_of_99_percent_holds_under_many_slow_starts() {
    assert!(right(&Noise { spike: (0.08, 0.25), ..BASE }) >= 0.975);
}

#[test]
fn a_claim_of_99_percent_holds_on_a_drifting_machine() {
    assert!(right(&Noise { walk: 0.01, jump: (0.02, 0.06), ..BASE }) >= 0.975);
}

#[test]
fn a_claim_of_99_percent_holds_under_twice_the_noise() {
    assert!(right(&Noise { own: 0.0283, ..BASE }) >= 0.975);
}
