//! Whose disk it is.

use std::fs;

use ferry_store::{Identity, IdentityError};
use ferry_types::{ClusterId, NodeId};

use crate::disk;

fn cluster(name: &str) -> ClusterId {
    name.parse().expect("a cluster id")
}

const NODE: NodeId = NodeId::new(1);

#[test]
fn a_new_directory_becomes_the_nodes_and_stays_so() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("a/b");
    let identity = Identity::open(&data, &cluster("c"), NODE).expect("open");
    assert!(identity.is_new());
    let disk = identity.disk();
    drop(identity);
    let identity = Identity::open(&data, &cluster("c"), NODE).expect("open again");
    assert!(!identity.is_new());
    assert_eq!(identity.disk(), disk);
}

#[test]
fn two_disks_have_two_numbers() {
    let [one, two] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let disk = |dir: &tempfile::TempDir| {
        Identity::open(dir.path(), &cluster("c"), NODE).expect("open").disk()
    };
    assert_ne!(disk(&one), disk(&two));
}

#[test]
fn a_second_user_of_the_directory_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let _held = Identity::open(dir.path(), &cluster("c"), NODE).expect("open");
    let second = Identity::open(dir.path(), &cluster("c"), NODE).err().expect("a refusal");
    assert!(matches!(second, IdentityError::Locked { .. }), "{second}");
}

#[test]
fn a_directory_of_another_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    drop(Identity::open(dir.path(), &cluster("c"), NODE).expect("open"));
    for (name, node) in [("d", 1), ("c", 2)] {
        let refused = Identity::open(dir.path(), &cluster(name), NodeId::new(node));
        let Some(IdentityError::Foreign { found, wanted, .. }) = refused.err() else {
            panic!("not refused as foreign");
        };
        assert_eq!(found, "node 1 of cluster c");
        assert_eq!(wanted, format!("node {node} of cluster {name}"));
    }
}

#[test]
fn a_directory_with_something_else_in_it_is_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("photo"), "x").expect("write");
    let refused = Identity::open(dir.path(), &cluster("c"), NODE).err().expect("a refusal");
    assert!(refused.to_string().contains("photo"), "{refused}");
    assert!(!dir.path().join("identity").exists());
}

#[test]
fn an_identity_that_a_crash_left_unfinished_is_begun_again() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("identity.new"), "half").expect("write");
    assert!(Identity::open(dir.path(), &cluster("c"), NODE).expect("open").is_new());
}

#[test]
fn a_damaged_identity_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    drop(Identity::open(dir.path(), &cluster("c"), NODE).expect("open"));
    let file = dir.path().join("identity");
    for byte in 0..disk::length(&file) as usize {
        disk::flip(&file, byte, 3);
        let refused = Identity::open(dir.path(), &cluster("c"), NODE).err().expect("a refusal");
        assert!(refused.to_string().contains("is corrupt"), "{refused}");
        disk::flip(&file, byte, 3);
    }
}

#[test]
fn the_disk_of_another_node_is_remembered_from_the_first_contact() {
    let dir = tempfile::tempdir().expect("a directory");
    let open = || Identity::open(dir.path(), &cluster("c"), NODE).expect("open");
    let learn = |identity: &Identity, node, disk| {
        identity.learn(NodeId::new(node), disk).expect("remember")
    };
    let identity = open();
    assert!(learn(&identity, 2, 22));
    assert!(learn(&identity, 3, u64::MAX));
    assert!(!learn(&identity, 2, 23));
    drop(identity);
    let identity = open();
    assert!(learn(&identity, 2, 22));
    assert!(!learn(&identity, 2, 23));
    assert!(learn(&identity, 3, u64::MAX));
    assert!(!identity.is_new());
}
