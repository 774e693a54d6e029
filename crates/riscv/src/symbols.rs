//! Function names of an ELF file.

use elf::{ElfBytes, abi, endian::LittleEndian};

use crate::Error;

/// Names of functions by start address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbols {
    /// Start address, end address (equal to the start if the file does not say) and name, by start address.
    functions: Vec<(u64, u64, String)>,
}

impl Symbols {
    /// Reads the functions of the symbol table `.symtab`; none if the file has been stripped.
    ///
    /// # Errors
    /// [`Error::Symbols`] if the section headers or the table are malformed.
    pub fn from_elf(file: &[u8]) -> Result<Self, Error> {
        let failed = |error: elf::ParseError| Error::Symbols { reason: error.to_string() };
        let elf = ElfBytes::<LittleEndian>::minimal_parse(file).map_err(failed)?;
        let Some((table, names)) = elf.symbol_table().map_err(failed)? else {
            return Ok(Self::default());
        };
        let mut functions = Vec::new();
        for symbol in table.iter() {
            if symbol.st_symtype() == abi::STT_FUNC && !symbol.is_undefined() {
                let name = names.get_raw(symbol.st_name as usize).map_err(failed)?;
                let end = symbol.st_value.saturating_add(symbol.st_size);
                functions.push((symbol.st_value, end, String::from_utf8_lossy(name).into_owned()));
            }
        }
        // Of several names at one address the longest extent and then the first name stays.
        functions.sort_unstable_by(|a, b| (a.0, b.1, &a.2).cmp(&(b.0, a.1, &b.2)));
        functions.dedup_by_key(|function| function.0);
        Ok(Self { functions })
    }

    /// Name of the function that holds `address`.
    pub fn function(&self, address: u64) -> Option<&str> {
        let after = self.functions.partition_point(|function| function.0 <= address);
        let (start, end, name) = self.functions.get(after.checked_sub(1)?)?;
        (address < *end || start == end).then_some(name)
    }

    /// Number of functions.
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    /// Whether there is no function.
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }
}
