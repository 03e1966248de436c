//! From two executables and a seed to their layouts: what is kept is used again, the rest is linked.

use std::path::Path;

use super::order::{Pairing, pair};
use super::pool::{self, Place, Pool, Summary};
use super::side::{Side, page_for};
use super::watch::{Ended, Watch, Work};
use super::{CommonLayouts, LayoutRequest, NotLinked, SharedFunctions};
use crate::model::Artifact;

/// One request, on its way.
pub(super) struct Linking<'a> {
    base: &'a Artifact,
    head: &'a Artifact,
    request: LayoutRequest,
    reader: &'a Path,
    watch: Watch<'a>,
    base_pool: Pool,
    head_pool: Pool,
    second_base_pool: Pool,
}

/// Both sides, ready to be linked in any order.
struct Sides {
    base: Side,
    head: Side,
    pairing: Pairing,
    page: Option<u64>,
}

impl<'a> Linking<'a> {
    pub(super) fn new(
        base: &'a Artifact,
        head: &'a Artifact,
        request: LayoutRequest,
        reader: &'a Path,
        watch: Watch<'a>,
    ) -> Self {
        let pool = |place, owner| Pool::of(place, owner, &base.hash, &head.hash, request.seed);
        let (base_pool, head_pool) = (pool(Place::Base, base), pool(Place::Head, head));
        let second_base_pool = pool(Place::SecondBase, head);
        Self { base, head, request, reader, watch, base_pool, head_pool, second_base_pool }
    }

    /// Gives what is asked for.
    pub(super) fn layouts(&self) -> Result<CommonLayouts, NotLinked> {
        let numbers = 0..self.request.count;
        let kept = self.base_pool.summary().zip(self.head_pool.summary());
        let missing: Vec<_> = numbers.filter(|number| kept.is_none() || !self.is_kept(*number)).collect();
        let (base, head) = match kept {
            Some(kept) if missing.is_empty() => kept,
            _ => self.link_all(&missing)?,
        };
        if self.request.second_base {
            self.copy_base(&base)?;
        }
        let of = |artifact: &Artifact, pool: &Pool| {
            let layout = |number| Artifact { program: pool.program(number), ..artifact.clone() };
            (0..self.request.count).map(layout).collect::<Vec<_>>()
        };
        let link_ns = (0..self.request.count).filter_map(|number| self.base_pool.link_ns(number)).collect();
        let second_base = if self.request.second_base { of(self.base, &self.second_base_pool) } else { Vec::new() };
        Ok(CommonLayouts {
            base: of(self.base, &self.base_pool),
            head: of(self.head, &self.head_pool),
            second_base,
            functions: base.functions,
            link_ns,
            linked: missing.len(),
            common: base.common.into_iter().zip(head.common).collect(),
        })
    }

    /// Whether both sides of a layout are there, as they were linked.
    fn is_kept(&self, number: usize) -> bool {
        self.base_pool.is_whole(number) && self.head_pool.is_whole(number)
    }

    fn is_one_executable(&self) -> bool {
        self.base.hash == self.head.hash
    }

    fn link_all(&self, numbers: &[usize]) -> Result<(Summary, Summary), NotLinked> {
        let sides = self.read_sides()?;
        let Pairing { common, .. } = &sides.pairing;
        let functions = SharedFunctions {
            common: common.len(),
            base: sides.base.functions().len(),
            head: sides.head.functions().len(),
        };
        let symbols = |side: &Side, numbers: Vec<usize>| {
            numbers.into_iter().map(|number| side.functions()[number].symbol.clone()).collect()
        };
        let (of_base, of_head) = common.iter().copied().unzip();
        let base = Summary { functions, common: symbols(&sides.base, of_base) };
        let head = Summary { functions, common: symbols(&sides.head, of_head) };
        self.base_pool.create(&base)?;
        self.head_pool.create(&head)?;
        for number in numbers {
            self.link(&sides, *number)?;
        }
        Ok((base, head))
    }

    fn read_sides(&self) -> Result<Sides, NotLinked> {
        let read = |artifact: &'a Artifact, pool: &Pool| -> Work<'a, Result<Side, NotLinked>> {
            let (scratch, reader) = (pool.scratch(), self.reader);
            Box::new(move |cancel| {
                let side = Side::read(artifact, &scratch, reader, cancel);
                pool::remove(&scratch)?;
                side
            })
        };
        let mut works = vec![read(self.base, &self.base_pool)];
        if !self.is_one_executable() {
            works.push(read(self.head, &self.head_pool));
        }
        let mut sides = self.finish(self.watch.run(works))?.into_iter();
        let base = sides.next().expect("every work gives a side");
        let head = sides.next().unwrap_or_else(|| base.clone());
        Ok(Sides { pairing: pair(base.functions(), head.functions()), page: page_for(&base, &head), base, head })
    }

    /// Links one layout of both sides.
    fn link(&self, sides: &Sides, number: usize) -> Result<(), NotLinked> {
        let (of_base, of_head) = sides.pairing.orders(self.request.seed, number);
        let (target, page) = (self.base.target.to_string(), sides.page);
        let (base_program, head_program) = (self.base_pool.making(number)?, self.head_pool.making(number)?);
        let mut works: Vec<Work<'_, Result<(), NotLinked>>> =
            vec![Box::new(|cancel| sides.base.link(&target, &of_base, page, &base_program, cancel))];
        if !self.is_one_executable() {
            works.push(Box::new(|cancel| sides.head.link(&target, &of_head, page, &head_program, cancel)));
        }
        let ended = self.watch.run(works);
        let link_ns = u64::try_from(ended.took.as_nanos()).unwrap_or(u64::MAX);
        self.finish(ended)?;
        self.base_pool.take(number, link_ns)?;
        if self.is_one_executable() {
            self.head_pool.copy(&self.base_pool, number, link_ns)?;
        } else {
            self.head_pool.take(number, link_ns)?;
        }
        Ok(())
    }

    /// Copies base's layouts to head's place, where they are not there yet.
    fn copy_base(&self, base: &Summary) -> Result<(), NotLinked> {
        let is_known = self.second_base_pool.summary().is_some();
        if !is_known {
            self.second_base_pool.create(base)?;
        }
        for number in 0..self.request.count {
            let is_same =
                self.second_base_pool.hash(number).is_some_and(|hash| Some(hash) == self.base_pool.hash(number));
            if !is_known || !is_same {
                self.second_base_pool.copy(&self.base_pool, number, 0)?;
            }
        }
        Ok(())
    }

    /// The results, or the first reason why there are none.
    fn finish<T>(&self, ended: Ended<Result<T, NotLinked>>) -> Result<Vec<T>, NotLinked> {
        if self.watch.cancel.is_cancelled() {
            return Err(NotLinked::Interrupted);
        }
        if ended.overran {
            return Err(NotLinked::TookTooLong { target: self.base.target.to_string(), limit: self.watch.limit });
        }
        ended.results.into_iter().collect()
    }
}
