//! Where the gas of a final verifier goes: runs compiled contracts on a proof in revm and
//! attributes each instruction to the Solidity function that it was compiled from.
//!
//! ```sh
//! cargo xtask contracts
//! cargo run -p oneslot-recursion --example gas_profile -- demo target/contracts/out
//! ```
//!
//! Arithmetic and other small functions count for the last larger function before them. The folder
//! is forge's output. Parameters of the key that the contracts were generated for may follow, if
//! they are not the default ones; see `final_proof`.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use oneslot_recursion::final_proof::{FinalShape, encoding};
use oneslot_recursion::solidity;
use revm::Inspector;
use revm::context::result::ExecutionResult;
use revm::interpreter::Interpreter;
use revm::interpreter::interpreter::EthInterpreter;
use revm::interpreter::interpreter_types::{InputsTr, Jumps};
use revm::primitives::Address;

mod support;
// The tests use more of it.
#[allow(dead_code)]
#[path = "../tests/evm/mod.rs"]
mod evm;

use evm::{Contracts, EvmContext};

/// What a byte of calldata is proposed to cost at least (EIP-7976), and a transaction without any.
const FLOOR: u64 = 64;
const BASE: u64 = 21_000;

/// Files whose functions serve all parts.
const HELPERS: [&str; 2] = ["CubicExtension.sol", "Equality.sol"];
/// Functions that serve all parts.
const SMALL: [&str; 6] = ["newRow", "at", "put", "from", "allocate", ""];

/// Files and functions of a part; an empty list is every function of the file.
const PARTS: [(&str, &str, &[&str]); 12] = [
    ("transcript", "Transcript.sol", &[]),
    ("lookup argument", "FractionalGkr.sol", &[]),
    ("sumcheck", "Sumcheck.sol", &["ofDegree", "interpolate"]),
    ("opening: sumchecks", "Sumcheck.sol", &["quadratic"]),
    ("opening: Merkle trees", "MerkleMultiproof.sol", &[]),
    (
        "opening: Merkle trees",
        "WhirOpening.sol",
        &["_hashRow", "_preprocessedLeaves", "_authenticate"],
    ),
    (
        "opening: query indices",
        "WhirOpening.sol",
        &["_drawIndices", "_query", "_generator", "_basePower"],
    ),
    ("opening: folds of rows", "WhirOpening.sol", &["_foldRow", "_foldWeights"]),
    ("opening: column values", "WhirOpening.sol", &["_absorbValues", "_batchedValues"]),
    ("opening: final polynomial", "WhirOpening.sol", &["_univariate", "_final", "_finalValue"]),
    ("opening: statement", "WhirOpening.sol", &[]),
    ("statement", "StarkVerifier.sol", &[]),
];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [label, out, numbers @ ..] = args.as_slice() else {
        let usage = support::USAGE;
        return Err(format!("expected: tiny or demo, forge's output folder, {usage}").into());
    };
    let (parameters, demonstration) = support::parameters(numbers, support::circuit(label)?)?;
    let sample = demonstration.prove_last(&parameters, 7)?;
    let shape = FinalShape::new(&sample.verifying_key)?;
    let proof = encoding::encode(&shape, &sample.proof)?;
    let files = solidity::generate(&sample.verifying_key, label)?;
    let names: Vec<String> = files.into_iter().map(|file| file.name).collect();
    let out = Path::new(out);
    let creation = names.iter().map(|name| Ok((name.as_str(), code(out, name, "bytecode")?)));
    let creation = creation.collect::<Result<HashMap<_, _>, Box<dyn Error>>>()?;
    let mut contracts = Contracts::deploy(&names, |name| creation[name].clone());

    let sources = Sources::read(out)?;
    let codes = names
        .iter()
        .zip(&contracts.addresses)
        .map(|(name, &address)| Ok((address, sources.places(out, name)?)))
        .collect::<Result<_, Box<dyn Error>>>()?;
    let mut profile = Profile { codes, ..Profile::default() };
    let result = contracts.inspect(&sample.public_values, &proof, &mut profile);
    if !matches!(result, ExecutionResult::Success { .. }) {
        return Err(format!("the proof is refused: {result:?}").into());
    }
    let calldata = evm::call_data(&encoding::public_values(&sample.public_values), &proof);
    let floor = BASE + FLOOR * calldata.len() as u64;
    let gas = result.tx_gas_used();
    // What `cargo xtask bench` reads: a figure a line.
    println!(r#"{{"name":"proof","value":{},"unit":"bytes"}}"#, proof.len());
    println!(r#"{{"name":"transaction","value":{gas},"unit":"gas"}}"#);
    let proposed = gas.max(floor);
    println!(r#"{{"name":"with a floor of {FLOOR} a byte","value":{proposed},"unit":"gas"}}"#);
    println!("execution {} gas", profile.parts.values().sum::<u64>());
    print(&profile.parts);
    println!();
    print(&profile.functions);
    Ok(())
}

fn print(rows: &BTreeMap<String, u64>) {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(|(_, gas)| std::cmp::Reverse(**gas));
    for (name, gas) in rows {
        println!("| {name} | {gas} |");
    }
}

/// Positions of the functions in a source file.
struct File {
    name: String,
    functions: Vec<(std::ops::Range<usize>, String)>,
}

impl File {
    fn new(path: &Path) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(path)?;
        let mut functions = Vec::new();
        for (start, _) in text.match_indices("function ") {
            let rest = &text[start + "function ".len()..];
            let name = rest.split('(').next().unwrap_or_default().to_owned();
            let Some(open) = rest.find('{').filter(|&open| !rest[..open].contains(';')) else {
                continue;
            };
            let mut depth = 0;
            let end = rest[open..].find(|c| {
                depth += i32::from(c == '{') - i32::from(c == '}');
                depth == 0
            });
            let end = start + "function ".len() + open + end.unwrap_or_default();
            functions.push((start..end + 1, name));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, functions })
    }

    fn function(&self, at: usize) -> &str {
        let found = self.functions.iter().find(|(range, _)| range.contains(&at));
        found.map_or("", |(_, name)| name)
    }
}

/// The source files by the compiler's numbers, which are others for contracts compiled for size.
struct Sources(HashMap<(bool, i64), File>);

/// Whether an artifact is of a contract compiled for size, as the constraints are.
fn is_small(artifact: &str) -> bool {
    artifact.contains("\"runs\":200}")
}

impl Sources {
    fn read(out: &Path) -> Result<Self, Box<dyn Error>> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
        let mut files = HashMap::new();
        for folder in fs::read_dir(out)? {
            let folder = folder?.path();
            if folder.extension().is_none_or(|extension| extension != "sol") {
                continue;
            }
            for artifact in fs::read_dir(&folder)? {
                let artifact = artifact?.path();
                let text = fs::read_to_string(&artifact)?;
                let Some(path) = between(&text, "\"compilationTarget\":{\"", "\"") else {
                    continue;
                };
                let id = text.rfind("\"id\":").map(|at| &text[at + 5..]);
                let id = id.and_then(|rest| rest.split(['}', ',']).next()).unwrap_or_default();
                if path.starts_with("src/verifier/") {
                    files.insert(
                        (is_small(&text), id.trim().parse()?),
                        File::new(&root.join(path))?,
                    );
                }
            }
        }
        Ok(Self(files))
    }

    /// Part and function of each instruction of a contract, by its place in the code.
    fn places(&self, out: &Path, name: &str) -> Result<HashMap<usize, Place>, Box<dyn Error>> {
        let text = fs::read_to_string(artifact(out, name))?;
        let code = code(out, name, "deployedBytecode")?;
        let deployed = &text[text.find("\"deployedBytecode\":{").ok_or("no code")?..];
        let map = between(deployed, "\"sourceMap\":\"", "\"").ok_or("no source map")?;
        let (mut start, mut file) = (0, -1);
        let mut pc = 0;
        let mut places = HashMap::new();
        for entry in map.split(';') {
            let mut fields = entry.split(':');
            for (i, field) in fields.by_ref().enumerate().filter(|(_, field)| !field.is_empty()) {
                match i {
                    0 => start = field.parse::<i64>()?,
                    2 => file = field.parse::<i64>()?,
                    _ => {}
                }
            }
            if let Some(place) = self.place((is_small(&text), file), start) {
                places.insert(pc, place);
            }
            let Some(&opcode) = code.get(pc) else { break };
            pc += 1 + usize::from((0x60..=0x7f).contains(&opcode))
                * (usize::from(opcode) - 0x5f).min(32);
        }
        Ok(places)
    }

    fn place(&self, file: (bool, i64), start: i64) -> Option<Place> {
        let file = self.0.get(&file)?;
        let function = file.function(usize::try_from(start).ok()?);
        if HELPERS.contains(&file.name.as_str()) || SMALL.contains(&function) {
            return None;
        }
        let part = PARTS
            .iter()
            .find(|(_, name, functions)| {
                *name == file.name && (functions.is_empty() || functions.contains(&function))
            })
            .map(|(part, ..)| (*part).to_owned());
        let table = || {
            let name = file.name.trim_end_matches(".sol").trim_end_matches(char::is_numeric);
            format!("constraints: {name}")
        };
        let part = part.unwrap_or_else(|| match file.name.as_str() {
            "TableConstraints.sol" => "constraints".to_owned(),
            name if name.ends_with("Verifier.sol") => "statement".to_owned(),
            name if name.ends_with("Opening.sol") => "opening: statement".to_owned(),
            _ => table(),
        });
        Some(Place { part, function: format!("{} {function}", file.name) })
    }
}

fn artifact(out: &Path, name: &str) -> PathBuf {
    out.join(format!("{name}.sol/{name}.json"))
}

/// The code of a contract that forge compiled: `bytecode` or `deployedBytecode`.
fn code(out: &Path, name: &str, kind: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let path = artifact(out, name);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let code = between(&text, &format!("\"{kind}\":{{\"object\":\"0x"), "\"");
    Ok(evm::hex(code.ok_or("no code")?))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let start = text.find(before)? + before.len();
    let end = start + text[start..].find(after)?;
    Some(&text[start..end])
}

#[derive(Clone, Debug, PartialEq)]
struct Place {
    part: String,
    function: String,
}

#[derive(Default)]
struct Profile {
    codes: HashMap<Address, HashMap<usize, Place>>,
    /// The last place of each contract under way.
    stack: Vec<Option<Place>>,
    parts: BTreeMap<String, u64>,
    functions: BTreeMap<String, u64>,
    before: u64,
    opcode: u8,
}

impl<'a> Inspector<EvmContext<'a>, EthInterpreter> for Profile {
    fn initialize_interp(
        &mut self,
        _interp: &mut Interpreter<EthInterpreter>,
        _context: &mut EvmContext<'a>,
    ) {
        self.stack.push(None);
    }

    fn step(&mut self, interp: &mut Interpreter<EthInterpreter>, _context: &mut EvmContext<'a>) {
        self.before = interp.gas.remaining();
        self.opcode = interp.bytecode.opcode();
        let code = self.codes.get(&interp.input.target_address());
        if let Some(place) = code.and_then(|code| code.get(&interp.bytecode.pc())) {
            let shared = place.part == "constraints";
            let top = self.stack.last_mut().expect("invariant: a contract is running");
            if !(shared && top.is_some()) {
                *top = Some(place.clone());
            }
        }
    }

    fn step_end(
        &mut self,
        interp: &mut Interpreter<EthInterpreter>,
        _context: &mut EvmContext<'a>,
    ) {
        // What a call forwards is counted where it is used.
        if self.opcode == 0xfa {
            return;
        }
        let gas = self.before.saturating_sub(interp.gas.remaining());
        let place = self.stack.last().cloned().flatten();
        let (part, function) = place.map_or_else(
            || ("statement".to_owned(), "entry".to_owned()),
            |place| (place.part, place.function),
        );
        *self.parts.entry(part).or_default() += gas;
        *self.functions.entry(function).or_default() += gas;
    }

    fn call_end(
        &mut self,
        _context: &mut EvmContext<'a>,
        _inputs: &revm::interpreter::CallInputs,
        _outcome: &mut revm::interpreter::CallOutcome,
    ) {
        self.stack.pop();
    }
}
