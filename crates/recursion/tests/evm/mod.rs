//! The committed contracts of a final verifier in revm.

use std::path::Path;

use oneslot_recursion::Val;
use oneslot_recursion::final_proof::encoding;
use revm::context::TxEnv;
use revm::context::result::{ExecutionResult, Output};
use revm::database::{CacheDB, EmptyDB};
use revm::inspector::NoOpInspector;
use revm::interpreter::interpreter::EthInterpreter;
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, Bytes, TxKind, U256, keccak256};
use revm::{Context, ExecuteCommitEvm, InspectEvm, Inspector, MainBuilder, MainContext};

/// Gas that one transaction may use (EIP-7825).
pub(crate) const GAS: u64 = 16_777_216;

pub(crate) type Database = CacheDB<EmptyDB>;
/// What an inspector of these transactions sees.
pub(crate) type EvmContext<'a> = revm::handler::MainnetContext<&'a mut Database>;

/// A deployed verifier.
#[derive(Clone)]
pub(crate) struct Contracts {
    database: Database,
    /// The verifier first, then its parts.
    pub(crate) addresses: Vec<Address>,
}

fn transaction(kind: TxKind, data: Vec<u8>) -> TxEnv {
    TxEnv::builder()
        .caller(Address::with_last_byte(1))
        .kind(kind)
        .data(Bytes::from(data))
        .gas_limit(GAS)
        .gas_price(0)
        .chain_id(None)
        .build()
        .expect("transaction")
}

fn context(database: &mut Database) -> EvmContext<'_> {
    Context::mainnet().with_db(database).modify_cfg_chained(|cfg| {
        cfg.disable_nonce_check = true;
        cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA);
    })
}

impl Contracts {
    /// Deploys the contracts of these names, the verifier first, then its parts, from each one's
    /// bytecode.
    pub(crate) fn deploy(names: &[String], bytecode: impl Fn(&str) -> Vec<u8>) -> Self {
        let mut database = Database::default();
        let parts: Vec<Address> =
            names[1..].iter().map(|name| create(&mut database, bytecode(name))).collect();
        let mut code = bytecode(&names[0]);
        for part in &parts {
            code.extend_from_slice(part.into_word().as_slice());
        }
        let verifier = create(&mut database, code);
        Self { database, addresses: [vec![verifier], parts].concat() }
    }

    /// The result of the transaction that verifies a proof.
    pub(crate) fn verify(&mut self, public_values: &[Val; 8], proof: &[u8]) -> ExecutionResult {
        self.inspect(public_values, proof, NoOpInspector {})
    }

    /// The same, seen by an inspector.
    pub(crate) fn inspect<I>(
        &mut self,
        public_values: &[Val; 8],
        proof: &[u8],
        inspector: I,
    ) -> ExecutionResult
    where
        I: for<'a> Inspector<EvmContext<'a>, EthInterpreter>,
    {
        let public = encoding::public_values(public_values);
        let call = transaction(TxKind::Call(self.addresses[0]), call_data(&public, proof));
        let mut evm = context(&mut self.database).build_mainnet_with_inspector(inspector);
        evm.inspect_tx(call).expect("transaction").result
    }
}

fn create(database: &mut Database, code: Vec<u8>) -> Address {
    let mut evm = context(database).build_mainnet();
    match evm.transact_commit(transaction(TxKind::Create, code)).expect("transaction") {
        ExecutionResult::Success { output: Output::Create(_, Some(address)), .. } => address,
        other => panic!("not deployed: {other:?}"),
    }
}

/// The calldata of `verify(bytes,bytes)`.
pub(crate) fn call_data(public_values: &[u8], proof: &[u8]) -> Vec<u8> {
    let word = |n: usize| U256::from(n).to_be_bytes::<32>();
    let padded = |bytes: &[u8]| {
        let mut out = word(bytes.len()).to_vec();
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(32), 0);
        out
    };
    let public_values = padded(public_values);
    [
        &keccak256("verify(bytes,bytes)")[..4],
        &word(64),
        &word(64 + public_values.len()),
        &public_values,
        &padded(proof),
    ]
    .concat()
}

/// The bytecode of a contract, from its committed artifact.
pub(crate) fn committed(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/artifacts");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("artifact");
    let start = text.find("\"bytecode\": \"0x").expect("bytecode") + "\"bytecode\": \"0x".len();
    let end = start + text[start..].find('"').expect("end of the bytecode");
    hex(&text[start..end])
}

/// The bytes of hexadecimal digits.
pub(crate) fn hex(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("ascii");
            u8::from_str_radix(pair, 16).expect("hexadecimal digits")
        })
        .collect()
}
