//! What a pool of layouts promises.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use perfguard_core::build::LayoutRequest;

use crate::suite::{LIBRARY, REQUEST, SAID, both_sides, link, say, try_link, world};

#[test]
fn a_commit_that_adds_an_unused_function_leaves_every_shared_function_where_it_is() {
    let mut world = world();
    let (base, head) = both_sides(&mut world);
    let as_built = say(&base, "--list");
    assert_ne!(base.hash, head.hash);
    let layouts = link(&world, &base, &head);
    assert_eq!(layouts.functions.base, layouts.functions.common, "{:?}", layouts.functions);
    for number in 0..REQUEST.count {
        let placed = layouts.placed_alike(number).unwrap();
        assert_eq!((placed.alike, placed.found), (layouts.functions.common, layouts.functions.common));
        for side in [&layouts.base[number], &layouts.head[number]] {
            assert_eq!(say(side, "--list"), as_built);
            assert_eq!(say(side, "--bench"), SAID);
        }
    }
    let bytes = |number: usize| std::fs::read(&layouts.base[number].program).unwrap();
    assert_ne!(bytes(0), bytes(1), "each layout is another one");
}

#[test]
fn a_function_that_grew_moves_nothing_but_itself() {
    let mut world = world();
    let base = world.commit("base");
    let longer = LIBRARY.replace("value * 2 }", "(0..value).map(|x| x.rotate_left(3) ^ value).sum::<u64>() + 40 }");
    world.write("src/lib.rs", &longer);
    let head = world.commit("head");
    let base = world.build_commit(&base).artifacts.remove(0);
    let head = world.build_commit(&head).artifacts.remove(0);
    let layouts = link(&world, &base, &head);
    assert_eq!(
        (layouts.functions.common, layouts.functions.head),
        (layouts.functions.base - 1, layouts.functions.base)
    );
    for number in 0..REQUEST.count {
        let placed = layouts.placed_alike(number).unwrap();
        assert_eq!((placed.alike, placed.found), (layouts.functions.common, layouts.functions.common));
    }
}

#[test]
fn all_programs_have_the_name_of_the_one_as_built_and_paths_of_one_length() {
    let mut world = world();
    let (base, head) = both_sides(&mut world);
    let layouts = try_link(&world, &base, &head, LayoutRequest { second_base: true, ..REQUEST }).unwrap();
    let all = || layouts.base.iter().chain(&layouts.head).chain(&layouts.second_base);
    let length = layouts.base[0].program.as_os_str().as_bytes().len();
    assert!(all().all(|one| one.program.file_name() == base.program.file_name()));
    assert!(all().all(|one| one.program.as_os_str().as_bytes().len() == length));
    assert!(layouts.head.iter().chain(&layouts.second_base).all(|one| one.program.starts_with(head.folder())));
    for (base, copy) in layouts.base.iter().zip(&layouts.second_base) {
        assert_eq!(std::fs::read(&base.program).unwrap(), std::fs::read(&copy.program).unwrap());
        assert_ne!(base.program.metadata().unwrap().ino(), copy.program.metadata().unwrap().ino());
        assert_eq!((&copy.hash, &copy.run), (&base.hash, &base.run));
    }
}

#[test]
fn an_executable_and_itself_share_everything_in_files_of_their_own() {
    let mut world = world();
    let commit = world.commit("base");
    let base = world.build_commit(&commit).artifacts.remove(0);
    let layouts = link(&world, &base, &base);
    assert_eq!((layouts.functions.common, layouts.functions.head), (layouts.functions.base, layouts.functions.base));
    for (one, other) in layouts.base.iter().zip(&layouts.head) {
        assert_ne!(one.program, other.program);
        assert_eq!(std::fs::read(&one.program).unwrap(), std::fs::read(&other.program).unwrap());
    }
}

#[test]
fn what_was_linked_is_used_again_and_what_is_damaged_or_missing_is_linked_anew() {
    let mut world = world();
    let (base, head) = both_sides(&mut world);
    let first = link(&world, &base, &head);
    assert_eq!(first.linked, 2);
    let again = link(&world, &base, &head);
    assert_eq!((again.linked, &again.link_ns), (0, &first.link_ns));
    let good = std::fs::read(&first.head[1].program).unwrap();
    std::fs::remove_file(&first.head[1].program).unwrap();
    std::fs::write(&first.head[1].program, "no program").unwrap();
    let longer = try_link(&world, &base, &head, LayoutRequest { count: 3, ..REQUEST }).unwrap();
    assert_eq!(longer.linked, 2, "the damaged one and the new one");
    assert_eq!(std::fs::read(&first.head[1].program).unwrap(), good, "the same order gives the same bytes");
    assert_eq!(first.base[0].program, longer.base[0].program);
    // Pools of many other seeds: the oldest go.
    for seed in 100..108 {
        try_link(&world, &base, &head, LayoutRequest { count: 1, seed, ..REQUEST }).unwrap();
    }
    assert_eq!(std::fs::read_dir(base.folder().join("layouts")).unwrap().count(), 6);
    assert!(!first.base[0].program.exists());
}
