//! JSON files: read with an error that names the file, written whole or not at all.

use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};

use crate::Error;

/// Reads a JSON file. `what` names it in errors, beside its path.
///
/// # Errors
/// [`Error::Local`]: there is no such file, or it does not hold what was expected.
pub fn load_json<T: DeserializeOwned>(what: &str, path: &Path) -> Result<T, Error> {
    let bytes = std::fs::read(path).map_err(|e| fail(what, path, &e))?;
    serde_json::from_slice(&bytes).map_err(|e| fail(what, path, &e))
}

/// Writes a JSON file. A reader sees the old file or the new one, and nothing between.
///
/// # Errors
/// [`Error::Local`]: the file cannot be written.
pub fn save_json<T: Serialize>(what: &str, path: &Path, value: &T) -> Result<(), Error> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|e| fail(what, path, &e))?;
    bytes.push(b'\n');
    let part = path.with_extension("part");
    std::fs::write(&part, bytes).map_err(|e| fail(what, path, &e))?;
    std::fs::rename(&part, path).map_err(|e| fail(what, path, &e))
}

fn fail(what: &str, path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Local { what: format!("{what} {}", path.display()), message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_reads_back_and_errors_name_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("numbers.json");
        let missing = load_json::<Vec<u64>>("numbers", &path).unwrap_err().to_string();
        assert!(missing.contains("numbers.json"), "{missing}");
        save_json("numbers", &path, &[1u64, 2]).unwrap();
        assert_eq!(load_json::<Vec<u64>>("numbers", &path).unwrap(), [1, 2]);
        assert!(!path.with_extension("part").exists());
        let wrong = load_json::<Vec<String>>("numbers", &path).unwrap_err().to_string();
        assert!(wrong.contains("numbers.json") && wrong.contains("expected a string"), "{wrong}");
    }
}
