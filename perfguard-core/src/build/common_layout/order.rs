//! Which functions the two sides have in common, and in which order each side's are linked. Pure.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use perfguard_stats::random::Stream;

use super::functions::Function;

/// How the functions of two sides belong together, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pairing {
    /// The same code on both sides: base's number, head's number.
    pub(super) common: Vec<(usize, usize)>,
    /// The same function with other code.
    changed: Vec<(usize, usize)>,
    base_only: Vec<usize>,
    head_only: Vec<usize>,
}

/// Pairs the functions of two sides.
///
/// Equal code takes the same room wherever it is, so it matters only for what is compared with what: the same symbol
/// first, then the same lasting name, then any name (a crate's version is part of its symbols), at last the same name and
/// code that refers to something else, such as a constant that changed.
pub(super) fn pair(base: &[Function], head: &[Function]) -> Pairing {
    let mut open = Open { base, head, base_left: (0..base.len()).collect(), head_left: (0..head.len()).collect() };
    let mut common = open.match_by(|one| (one.symbol.clone(), one.full));
    common.extend(open.match_by(|one| (one.lasting.clone(), one.full)));
    common.extend(open.match_by(|one| one.full));
    common.extend(open.match_by(|one| (one.lasting.clone(), one.code)));
    common.sort_unstable();
    let changed = open.match_by(|one| one.lasting.clone());
    Pairing { common, changed, base_only: open.base_left, head_only: open.head_left }
}

impl Pairing {
    /// The order of base's functions and that of head's in a layout: what they have in common, then what changed, then
    /// what only one has, each part shuffled, the first two alike on both sides.
    pub(super) fn orders(&self, seed: u64, number: usize) -> (Vec<usize>, Vec<usize>) {
        let mut stream = Stream::new(seed_of(seed, number));
        let mut pairs = self.common.clone();
        stream.shuffle(&mut pairs);
        let mut changed = self.changed.clone();
        stream.shuffle(&mut changed);
        pairs.append(&mut changed);
        let (mut base, mut head): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let mut tail = |only: &[usize]| {
            let mut only = only.to_vec();
            stream.shuffle(&mut only);
            only
        };
        base.extend(tail(&self.base_only));
        head.extend(tail(&self.head_only));
        (base, head)
    }
}

/// A seed for each layout of a pool, so that the first ones do not depend on how many there are.
fn seed_of(seed: u64, number: usize) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(&(number as u64).to_le_bytes());
    let hash = *hasher.finalize().as_bytes();
    u64::from_le_bytes(hash[..8].try_into().expect("eight bytes"))
}

/// What is not paired yet.
struct Open<'a> {
    base: &'a [Function],
    head: &'a [Function],
    base_left: Vec<usize>,
    head_left: Vec<usize>,
}

impl Open<'_> {
    /// Pairs those with equal keys, in the order in which each side was linked.
    fn match_by<K: Eq + Hash>(&mut self, key: impl Fn(&Function) -> K) -> Vec<(usize, usize)> {
        let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
        for number in &self.head_left {
            waiting.entry(key(&self.head[*number])).or_default().push_back(*number);
        }
        let mut pairs = Vec::new();
        let mut taken = vec![false; self.head.len()];
        self.base_left.retain(|number| {
            let found = waiting.get_mut(&key(&self.base[*number])).and_then(VecDeque::pop_front);
            if let Some(found) = found {
                taken[found] = true;
                pairs.push((*number, found));
            }
            found.is_none()
        });
        self.head_left.retain(|number| !taken[*number]);
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `symbol/lasting/full/code`.
    fn functions(list: &[&str]) -> Vec<Function> {
        let hash = |text: &str| *blake3::hash(text.as_bytes()).as_bytes().first_chunk().unwrap();
        let read = |text: &&str| {
            let parts: Vec<_> = text.split('/').collect();
            let [symbol, lasting, full, code] = parts[..] else { panic!("{text}") };
            Function { symbol: symbol.into(), lasting: lasting.into(), full: hash(full), code: hash(code) }
        };
        list.iter().map(read).collect()
    }

    #[test]
    fn the_same_symbol_goes_before_the_same_name_before_the_same_code() {
        let base = functions(&["a1/a/x/x", "a2/a/x/x", "old/old/y/y", "b/b/z/c", "gone/gone/q/q", "t/t/1/1"]);
        let head = functions(&["a2/a/x/x", "a3/a/x/x", "new/new/y/y", "b/b/w/c", "t/t/2/2", "came/came/r/r"]);
        let pairing = pair(&base, &head);
        assert_eq!(pairing.common, [(0, 1), (1, 0), (2, 2), (3, 3)]);
        assert_eq!(pairing.changed, [(5, 4)]);
        assert_eq!((pairing.base_only, pairing.head_only), (vec![4], vec![5]));
    }

    #[test]
    fn both_sides_begin_with_what_they_share_in_the_same_order() {
        let names: Vec<_> = (0..40).map(|n| format!("f{n}/f{n}/{n}/{n}")).collect();
        let mut base: Vec<_> = names.iter().map(String::as_str).collect();
        let mut head = base.clone();
        head.reverse();
        base.insert(7, "old/old/o/o");
        head.insert(3, "new/new/n/n");
        let (base, head) = (functions(&base), functions(&head));
        let pairing = pair(&base, &head);
        let symbols = |side: &[Function], order: Vec<usize>| {
            order.into_iter().map(|number| side[number].symbol.clone()).collect::<Vec<_>>()
        };
        let orders = |seed, number| {
            let (one, other) = pairing.orders(seed, number);
            (symbols(&base, one), symbols(&head, other))
        };
        let (one, other) = orders(1, 0);
        assert_eq!(one[..40], other[..40]);
        assert_eq!((one[40].as_str(), other[40].as_str()), ("old", "new"));
        assert_ne!(one, orders(1, 1).0);
        assert_ne!(one, orders(2, 0).0);
        assert_eq!((one, other), orders(1, 0));
    }
}
