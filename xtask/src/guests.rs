//! `cargo xtask guests`: builds the RISC-V programs and writes guests/elf.
//!
//! A program's hash is part of every statement, so the same sources must give the same bytes on every
//! machine. They are built in one fixed folder (the names that rustc gives to symbols depend on the
//! paths of packages), with one compiler version, and stripped to what the loader reads.

use crate::sh;
use eyre::{Result, WrapErr, bail, ensure, eyre};
use sha2::{Digest, Sha256};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Where programs are built, whatever the checkout's path.
const BUILD: &str = "/tmp/oneslot-guests";

/// What a program is made of.
const SOURCES: &[&str] = &[
    "Cargo.toml",
    "crates/types/Cargo.toml",
    "crates/types/README.md",
    "crates/types/src",
    "crates/stf/Cargo.toml",
    "crates/stf/README.md",
    "crates/stf/examples",
    "crates/stf/src",
    "guests",
];

/// Folder and binary of each program, and the name of its ELF.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("stf", "oneslot-guest-stf", "stf.elf"),
    ("fibonacci", "oneslot-guest-fibonacci", "fibonacci.elf"),
    ("sha256", "oneslot-guest-sha256", "sha256.elf"),
    ("memory", "oneslot-guest-memory", "memory.elf"),
];

/// The compiler that the committed programs are built with.
const RUSTC: &str = "1.96.0";

const TOOLCHAIN: &str = "`cargo xtask setup` as root installs Debian's; or set \
    ONESLOT_GUEST_RUSTC and ONESLOT_GUEST_CARGO to another toolchain with the standard library's source";

/// Builds all programs. With `check`, compares with the committed ones and writes nothing.
pub(crate) fn run(check: bool) -> Result<()> {
    let tools = Tools::find()?;
    copy_sources()?;
    let folder = sh::root().join("guests/elf");
    let mut sums = String::new();
    for (program, binary, name) in PROGRAMS {
        sh::step(&format!("build guests/{program}"));
        let elf = strip(&tools.build(program, binary, check)?)?;
        ensure_clean(&elf)?;
        let hash = format!("{:x}", Sha256::digest(&elf));
        println!("{name}: {} bytes, sha256 {hash}", elf.len());
        sums += &format!("{hash}  {name}\n");
        put(check, &folder.join(name), &elf)?;
    }
    put(check, &folder.join("SHA256SUMS"), sums.as_bytes())
}

/// Compares the committed programs with their committed hashes, which needs no toolchain.
pub(crate) fn check_hashes() -> Result<()> {
    let folder = sh::root().join("guests/elf");
    let mut sums = String::new();
    for (_, _, name) in PROGRAMS {
        let elf = fs::read(folder.join(name)).wrap_err_with(|| format!("guests/elf/{name}"))?;
        sums += &format!("{:x}  {name}\n", Sha256::digest(&elf));
    }
    put(true, &folder.join("SHA256SUMS"), sums.as_bytes())
}

/// The state transition before it was stripped, which names its functions; none without the toolchain.
pub(crate) fn stf_with_symbols() -> Result<Option<PathBuf>> {
    if Tools::find().is_err() {
        println!("no names of functions: {TOOLCHAIN}");
        return Ok(None);
    }
    run(true)?;
    Ok(Some(Path::new(BUILD).join("target/riscv64im-oneslot/release/oneslot-guest-stf")))
}

/// Whether the toolchain is there: the error says how to install it.
pub(crate) fn check_toolchain() -> Result<()> {
    Tools::find().map(|_| ())
}

fn put(check: bool, path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if check {
        let committed = fs::read(path).wrap_err_with(|| format!("guests/elf/{name}"))?;
        ensure!(
            committed == bytes,
            "guests/elf/{name} is not what its sources build to; run `cargo xtask guests`"
        );
        return Ok(());
    }
    fs::create_dir_all(path.parent().expect("invariant: the path has a folder"))?;
    fs::write(path, bytes).wrap_err_with(|| format!("guests/elf/{name}"))
}

/// The compiler that the programs are built with, and its cargo.
struct Tools {
    rustc: PathBuf,
    cargo: PathBuf,
}

impl Tools {
    fn find() -> Result<Self> {
        let tool = |variable, default: &str| {
            env::var_os(variable).map_or_else(|| PathBuf::from(default), PathBuf::from)
        };
        let rustc = tool("ONESLOT_GUEST_RUSTC", "/usr/bin/rustc");
        let cargo = tool("ONESLOT_GUEST_CARGO", "/usr/bin/cargo");
        let output = Command::new(&rustc)
            .arg("--version")
            .output()
            .wrap_err_with(|| format!("{}: {TOOLCHAIN}", rustc.display()))?;
        let version = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            version.split(' ').nth(1) == Some(RUSTC),
            "rustc: expected {RUSTC}, got {}; {TOOLCHAIN}",
            version.trim()
        );
        Ok(Self { rustc, cargo })
    }

    /// The ELF with its symbols; it stays in the build folder for profiles.
    fn build(&self, program: &str, binary: &str, check: bool) -> Result<Vec<u8>> {
        let folder = Path::new(BUILD).join("guests").join(program);
        let target = Path::new(BUILD).join("target");
        let home = env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
        let home = home.ok_or_else(|| eyre!("neither CARGO_HOME nor HOME is set"))?;
        let flags = [
            // One hart: atomics are plain loads and stores.
            "-Cpasses=lower-atomic".into(),
            "-Clink-arg=-T../program.ld".into(),
            // Panic messages would carry paths.
            "-Zlocation-detail=none".into(),
            format!("--remap-path-prefix={}=", BUILD),
            format!("--remap-path-prefix={}=cargo", home.display()),
        ];
        let mut cargo = Command::new(&self.cargo);
        sh::run(
            cargo
                .current_dir(&folder)
                .env("RUSTC", &self.rustc)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
                .env("CARGO_TARGET_DIR", &target)
                .env_remove("RUSTFLAGS")
                .env_remove("RUSTUP_TOOLCHAIN")
                .args(["build", "--release"])
                .args(check.then_some("--locked"))
                .args(["-Zbuild-std=core,alloc,panic_abort"])
                .args(["-Zbuild-std-features=compiler-builtins-mem", "-Zjson-target-spec"])
                .args(["--target", "../riscv64im-oneslot.json"]),
        )?;
        if !check {
            // Dependencies of our crates may have changed.
            let lock = Path::new("guests").join(program).join("Cargo.lock");
            fs::copy(folder.join("Cargo.lock"), sh::root().join(lock))?;
        }
        let path = target.join("riscv64im-oneslot/release").join(binary);
        fs::read(&path).wrap_err_with(|| path.display().to_string())
    }
}

/// Puts a fresh copy of the sources into the build folder; what was built there is kept.
fn copy_sources() -> Result<()> {
    for source in SOURCES {
        let to = Path::new(BUILD).join(source);
        if to.is_dir() {
            fs::remove_dir_all(&to)?;
        }
        copy(&sh::root().join(source), &to).wrap_err_with(|| (*source).to_string())?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_file() {
        fs::create_dir_all(to.parent().expect("invariant: the path has a folder"))?;
        fs::copy(from, to)?;
        // Cargo looks at the time of a file to see whether it changed.
        fs::File::open(to)?.set_modified(fs::metadata(from)?.modified()?)?;
        return Ok(());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != "target" && name != "elf" {
            copy(&entry.path(), &to.join(name))?;
        }
    }
    Ok(())
}

/// The ELF without sections: header, program headers and segments are all that the loader reads.
fn strip(elf: &[u8]) -> Result<Vec<u8>> {
    let word = |at: usize, size: usize| -> Result<usize> {
        let bytes = elf.get(at..at + size).ok_or_else(|| eyre!("truncated ELF"))?;
        Ok(bytes.iter().rev().fold(0, |word, byte| word << 8 | usize::from(*byte)))
    };
    // Offsets of the ELF64 header: program headers, their size and number, sections.
    let (headers, size, count) = (word(32, 8)?, word(54, 2)?, word(56, 2)?);
    let mut end = headers + size * count;
    for header in (0..count).map(|index| headers + index * size) {
        end = end.max(word(header + 8, 8)? + word(header + 32, 8)?);
    }
    let mut out = elf.get(..end).ok_or_else(|| eyre!("truncated ELF"))?.to_vec();
    out[40..48].fill(0);
    out[58..64].fill(0);
    Ok(out)
}

/// No path of the building machine may be in the program.
fn ensure_clean(elf: &[u8]) -> Result<()> {
    let home = env::var("HOME").unwrap_or_default();
    for path in [BUILD, "/usr/lib/rust", "/.cargo/", &home] {
        if path.len() > 1 && elf.windows(path.len()).any(|part| part == path.as_bytes()) {
            bail!("the program contains the path {path}");
        }
    }
    Ok(())
}
