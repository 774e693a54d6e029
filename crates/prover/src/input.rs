//! What a program of a run reads, and the folders that hold it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use oneslot_riscv::{INPUT_KEY, KEY_BYTES, PreimageKey, Preimages};
use sha2::{Digest, Sha256};

use crate::{Error, hex};

/// Most files of a folder of preimages.
pub const MAX_PREIMAGES: usize = 1 << 20;
/// Most bytes that the preimages of a folder may have in all.
pub const MAX_PREIMAGES_BYTES: u64 = 1 << 30;

/// Input of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The raw input: one preimage, under [`INPUT_KEY`].
    Raw(Vec<u8>),
    /// Preimages by key.
    Preimages(BTreeMap<PreimageKey, Vec<u8>>),
}

impl Input {
    /// What a machine reads.
    pub fn preimages(&self) -> Preimages {
        match self {
            Self::Raw(bytes) => Preimages::input(bytes),
            Self::Preimages(contents) => {
                Preimages::new(contents.iter().map(|(key, content)| (*key, content.clone())))
            }
        }
    }

    /// SHA-256 of all keys and contents, in the order of the keys: for each its key, the length of the content in 8 bytes,
    /// little endian, and the content.
    pub(crate) fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |key: &PreimageKey, content: &[u8]| {
            hash.update(key);
            hash.update((content.len() as u64).to_le_bytes());
            hash.update(content);
        };
        match self {
            Self::Raw(bytes) => add(&INPUT_KEY, bytes),
            Self::Preimages(contents) => {
                contents.iter().for_each(|(key, content)| add(key, content));
            }
        }
        hex(&hash.finalize())
    }
}

/// Reads a folder of preimages: a file each, whose name is the key in 80 lower-case hexadecimal digits.
///
/// # Errors
/// [`Error::NotAPreimage`] if the folder holds anything else, a link or a folder with such a name included;
/// [`Error::TooManyPreimages`] or [`Error::PreimagesTooLarge`] beyond [`MAX_PREIMAGES`] and [`MAX_PREIMAGES_BYTES`].
pub fn read_preimages(folder: &Path) -> Result<Input, Error> {
    read(folder, Room { files: MAX_PREIMAGES, bytes: MAX_PREIMAGES_BYTES }).map(Input::Preimages)
}

fn read(folder: &Path, mut room: Room) -> Result<BTreeMap<PreimageKey, Vec<u8>>, Error> {
    let mut contents = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        let path = entry.path();
        let Some(key) = entry.file_name().to_str().and_then(key_of) else {
            let why = "its name is not 80 lower-case hexadecimal digits";
            return Err(Error::NotAPreimage { path, why });
        };
        if !entry.file_type().map_err(failed(&path))?.is_file() {
            return Err(Error::NotAPreimage { path, why: "it is no plain file" });
        }
        let file = File::open(&path).map_err(failed(&path))?;
        let size = file.metadata().map_err(failed(&path))?.len();
        room.take(folder, size)?;
        let mut content = Vec::new();
        // No more than there was room for, should the file grow.
        file.take(size).read_to_end(&mut content).map_err(failed(&path))?;
        contents.insert(key, content);
    }
    Ok(contents)
}

/// Writes preimages into a folder, for [`read_preimages`]. Makes the folder if need be; what is in it stays, but for files of
/// the same keys.
///
/// # Errors
/// [`Error::File`], and as [`read_preimages`] if they are more than it accepts.
pub fn write_preimages(
    folder: &Path,
    preimages: impl IntoIterator<Item = (PreimageKey, impl AsRef<[u8]>)>,
) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let mut room = Room { files: MAX_PREIMAGES, bytes: MAX_PREIMAGES_BYTES };
    for (key, content) in preimages {
        let content = content.as_ref();
        room.take(folder, content.len() as u64)?;
        let path = folder.join(hex(&key));
        fs::write(&path, content).map_err(failed(&path))?;
    }
    Ok(())
}

/// What a folder may still hold.
struct Room {
    files: usize,
    bytes: u64,
}

impl Room {
    /// Takes room for one more file of the folder.
    fn take(&mut self, folder: &Path, bytes: u64) -> Result<(), Error> {
        let Some(files) = self.files.checked_sub(1) else {
            return Err(Error::TooManyPreimages { path: folder.to_owned() });
        };
        let Some(bytes) = self.bytes.checked_sub(bytes) else {
            return Err(Error::PreimagesTooLarge { path: folder.to_owned() });
        };
        *self = Self { files, bytes };
        Ok(())
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    move |source| Error::File { path: path.to_owned(), source }
}

/// The key that a file's name says; `None` if it says none.
fn key_of(name: &str) -> Option<PreimageKey> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (digits, []) = name.as_bytes().as_chunks::<2>() else { return None };
    let digits: &[[u8; 2]; KEY_BYTES] = digits.try_into().ok()?;
    let mut key = [0; KEY_BYTES];
    for (byte, &[high, low]) in key.iter_mut().zip(digits) {
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_a_number_of_files_and_of_bytes_at_most() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = [(INPUT_KEY, vec![0; 5]), ([1; KEY_BYTES], vec![0; 7])];
        write_preimages(folder.path(), files).expect("written");
        let read = |files, bytes| read(folder.path(), Room { files, bytes });
        assert_eq!(read(2, 12).expect("both").len(), 2);
        let error = read(1, 12).expect_err("two files");
        assert!(matches!(error, Error::TooManyPreimages { .. }), "{error}");
        let error = read(2, 11).expect_err("twelve bytes");
        assert!(matches!(error, Error::PreimagesTooLarge { .. }), "{error}");
    }
}
