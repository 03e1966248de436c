//! Functions that call one another in a circle: the strongly connected components of a call graph (Tarjan 1972, without
//! recursion, as the graphs of real programs are deep).

/// The component of each node, numbered from 0. `successors` gives the nodes that a node leads to.
pub(super) fn components(successors: &[Vec<usize>]) -> Vec<usize> {
    let mut search = Search {
        successors,
        index: vec![None; successors.len()],
        low: vec![0; successors.len()],
        component: vec![None; successors.len()],
        stack: Vec::new(),
        next_index: 0,
        next_component: 0,
    };
    for node in 0..successors.len() {
        if search.index[node].is_none() {
            search.from(node);
        }
    }
    search.component.into_iter().map(Option::unwrap_or_default).collect()
}

struct Search<'a> {
    successors: &'a [Vec<usize>],
    index: Vec<Option<usize>>,
    /// The smallest index that a node leads back to.
    low: Vec<usize>,
    component: Vec<Option<usize>>,
    /// Nodes that are in no component yet.
    stack: Vec<usize>,
    next_index: usize,
    next_component: usize,
}

impl Search<'_> {
    fn from(&mut self, root: usize) {
        // A node, and which of its successors is next.
        let mut open = vec![(root, 0)];
        self.enter(root);
        while let Some((node, next)) = open.last_mut() {
            let node = *node;
            let Some(successor) = self.successors[node].get(*next).copied() else {
                open.pop();
                self.leave(node);
                if let Some((parent, _)) = open.last() {
                    self.low[*parent] = self.low[*parent].min(self.low[node]);
                }
                continue;
            };
            *next += 1;
            match self.index[successor] {
                None => {
                    self.enter(successor);
                    open.push((successor, 0));
                }
                Some(index) if self.component[successor].is_none() => self.low[node] = self.low[node].min(index),
                Some(_) => {}
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.index[node] = Some(self.next_index);
        self.low[node] = self.next_index;
        self.next_index += 1;
        self.stack.push(node);
    }

    /// Takes a component off the stack where this node began one.
    fn leave(&mut self, node: usize) {
        if self.index[node] != Some(self.low[node]) {
            return;
        }
        while let Some(member) = self.stack.pop() {
            self.component[member] = Some(self.next_component);
            if member == node {
                break;
            }
        }
        self.next_component += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_lead_to_one_another_are_one_component_and_others_are_alone() {
        // 0 → 1 ⇄ 2 → 3, 3 → 3, 4 → 1.
        let found = components(&[vec![1], vec![2], vec![1, 3], vec![3], vec![1]]);
        assert_eq!(found[1], found[2]);
        let mut all = found.clone();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 4, "{found:?}");
        assert!(components(&[]).is_empty());
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_calls_is_no_trouble() {
        let chain: Vec<Vec<usize>> = (1..=100_000).map(|next| vec![next]).chain([vec![0]]).collect();
        let found = components(&chain);
        assert!(found.iter().all(|number| *number == found[0]), "one large circle");
    }
}
