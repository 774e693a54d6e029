//! Folders of preimages: what is written is read, and everything else is refused.

use std::{fs, fs::File, os::unix::fs::symlink, path::Path};

use oneslot_prover::{Error, Input, MAX_PREIMAGES_BYTES, read_preimages, write_preimages};
use oneslot_riscv::{INPUT_KEY, PreimageKey};

fn key(first: u8) -> PreimageKey {
    std::array::from_fn(|byte| first.wrapping_add((7 * byte) as u8))
}

fn name(key: &PreimageKey) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_is_written_is_read() {
    let dir = tempfile::tempdir().expect("folder");
    let folder = dir.path().join("new").join("folder");
    let contents = [(INPUT_KEY, vec![]), (key(1), vec![1, 2, 3]), (key(0xf0), vec![0; 10_000])];
    write_preimages(&folder, contents.clone()).expect("written");
    let read = || read_preimages(&folder).expect("preimages");
    assert_eq!(read(), Input::Preimages(contents.clone().into()));
    assert_eq!(fs::read(folder.join(name(&key(1)))).expect("a file"), [1, 2, 3]);

    // Others stay, one of the same key is replaced.
    write_preimages(&folder, [(key(1), b"other")]).expect("written");
    let mut expected = std::collections::BTreeMap::from(contents);
    expected.insert(key(1), b"other".to_vec());
    assert_eq!(read(), Input::Preimages(expected));
}

#[test]
fn an_empty_folder_has_no_preimages_and_none_is_an_error() {
    let dir = tempfile::tempdir().expect("folder");
    assert_eq!(read_preimages(dir.path()).expect("a folder"), Input::Preimages([].into()));
    let error = read_preimages(&dir.path().join("none")).expect_err("no folder");
    assert!(matches!(error, Error::File { .. }), "{error}");
}

/// Folder with one right file and what `make` adds under a name.
fn refused(name: &str, make: impl Fn(&Path)) {
    let dir = tempfile::tempdir().expect("folder");
    write_preimages(dir.path(), [(key(1), [1])]).expect("written");
    let path = dir.path().join(name);
    make(&path);
    let error = read_preimages(dir.path()).expect_err("refused");
    let Error::NotAPreimage { path: got, .. } = &error else { panic!("{error}") };
    assert_eq!(*got, path, "{error}");
}

#[test]
fn other_names_are_refused() {
    let right = name(&key(2));
    let upper = right.to_uppercase();
    assert_ne!(upper, right);
    let prefixed = format!("0x{right}");
    let longer = format!("{right}00");
    let dotted = format!("{right}.bin");
    let names =
        [&right[1..], &right[2..], &upper, &prefixed, &longer, &dotted, "notes.txt", ".hidden"];
    for name in names {
        refused(name, |path| fs::write(path, [1]).expect("write"));
    }
    refused(&format!("{}g", &right[1..]), |path| fs::write(path, [1]).expect("write"));
    refused(&format!("{}é", &right[2..]), |path| fs::write(path, [1]).expect("write"));
}

#[test]
fn links_and_folders_are_refused() {
    let right = name(&key(2));
    refused(&right, |path| fs::create_dir(path).expect("folder"));
    refused(&right, |path| symlink(path.with_file_name(name(&key(1))), path).expect("link"));
    refused(&right, |path| symlink("/nowhere", path).expect("link"));
}

/// Files that take no room on the disk.
#[test]
fn more_bytes_than_the_limit_are_refused() {
    let dir = tempfile::tempdir().expect("folder");
    let file = File::create(dir.path().join(name(&key(1)))).expect("a file");
    file.set_len(MAX_PREIMAGES_BYTES + 1).expect("a length");
    let error = read_preimages(dir.path()).expect_err("too large");
    assert!(matches!(error, Error::PreimagesTooLarge { .. }), "{error}");
}
