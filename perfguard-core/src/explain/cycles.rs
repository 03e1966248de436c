//! Functions that call one another in a circle: the strongly connected components of a call graph. Kosaraju's way, as the
//! graphs of real programs are too deep for one that calls itself.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// The component of each node, numbered from 0. `successors` gives the nodes that a node leads to.
pub(super) fn components(successors: &[Vec<usize>]) -> Vec<usize> {
    let edges = successors.iter().enumerate().flat_map(|(from, to)| to.iter().map(move |to| (from, *to)));
    let mut graph: DiGraph<(), (), usize> = DiGraph::with_capacity(successors.len(), 0);
    for _ in successors {
        graph.add_node(());
    }
    for (from, to) in edges {
        graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), ());
    }
    let mut component = vec![0; successors.len()];
    for (number, members) in kosaraju_scc(&graph).into_iter().enumerate() {
        for member in members {
            component[member.index()] = number;
        }
    }
    component
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
