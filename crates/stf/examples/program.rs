//! What batches cost the RISC-V program: `program SYMBOLS.elf UNISWAP`.
//!
//! Prints the functions that take the most instructions of batches, with all precompiles of the
//! machine, and then the instructions of each batch, a figure a line, as `cargo xtask bench` reads
//! them. Names of functions are those of the program before it was stripped, if a file is named;
//! UNISWAP is the folder `build` of npm's `@uniswap/v2-core`, whose contracts are swapped on.

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, keccak256};
use oneslot_riscv::{Machine, MachineStatus, Preimages, Profile, Program, Symbols};
use oneslot_stf::{
    ExecutionInput, GenesisAccount,
    devchain::{Account, DevChain, blob_of_data, config, transfers},
};
use std::{error::Error, fs, path::Path};

/// Functions printed for each batch.
const TOP: usize = 12;

/// Calldata bytes that fill a blob.
const BLOB: usize = 126_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [symbols, uniswap] = &arguments[..] else {
        return Err("usage: program SYMBOLS.elf UNISWAP".into());
    };
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/elf/stf.elf");
    let program = Program::from_elf(&fs::read(elf)?)?;
    let symbols = match symbols.as_str() {
        "" => Symbols::default(),
        file => Symbols::from_elf(&fs::read(file)?)?,
    };
    let bench = Bench { program, symbols };

    let mut table = Vec::new();
    for (kind, token) in [("ETH transfers", false), ("ERC-20 transfers", true)] {
        let [one, ten, hundred] = [1, 10, 100].map(|count| {
            let name = format!("{count} {kind}");
            transfers(count, token).map(|input| bench.run(&name, &input))
        });
        let (one, ten, hundred) = (one?, ten?, hundred?);
        table.push((format!("one of many {kind}"), (hundred - ten) / 90));
        table.extend(
            [(1, one), (10, ten), (100, hundred)].map(|(n, steps)| (format!("{n} {kind}"), steps)),
        );
    }
    let [few, many] = [1, 21].map(empty_blocks);
    let (few, many) = (bench.run("an empty block", &few?), bench.run("21 empty blocks", &many?));
    table.push(("one empty block".into(), few));
    table.push(("each further empty block".into(), (many - few) / 20));
    table.push(("a full blob of data".into(), bench.run("a full blob", &blob_of_data(BLOB)?)));
    table.push(("a swap on Uniswap v2".into(), bench.run("a swap", &swap(Path::new(uniswap))?)));
    for (name, steps) in table {
        println!(r#"{{"name":"{name}","value":{steps},"unit":"instructions"}}"#);
    }
    Ok(())
}

struct Bench {
    program: Program,
    symbols: Symbols,
}

impl Bench {
    /// Instructions of a batch; prints where they went.
    fn run(&self, name: &str, input: &ExecutionInput) -> u64 {
        let contents = input.contents().map(|(key, content)| (key.to_bytes(), content.to_vec()));
        let mut machine = Machine::new(self.program.clone(), Preimages::new(contents));
        let mut profile = Profile::new(&self.program);
        let status = machine.run_profiled(u64::MAX, &mut profile);
        assert_eq!(
            status,
            MachineStatus::Halted { code: 0 },
            "invariant: the batch is a recorded one"
        );
        let steps = machine.steps();
        println!("\n{name}: {steps} instructions");
        for (function, count) in profile.by_function(&self.symbols).into_iter().take(TOP) {
            let percent = 100.0 * count as f64 / steps as f64;
            let function = rustc_demangle::demangle(function.unwrap_or("(no symbol)"));
            let function: String = format!("{function:#}").chars().take(80).collect();
            println!("{count:>12} {percent:>5.1} %  {function}");
        }
        steps
    }
}

/// A batch of blocks without transactions.
fn empty_blocks(count: usize) -> oneslot_stf::Result<ExecutionInput> {
    let mut chain = DevChain::new(config(), [], []);
    // The posting is later than the blocks, which are a second each.
    chain.l1_block();
    chain.l1_block();
    let input = chain.post(&chain.blocks(vec![Vec::new(); count]));
    Ok(chain.advance(input)?.0)
}

/// A token of OP's predeploys, and another account with its code.
const TOKENS: [Address; 2] = [
    address!("4200000000000000000000000000000000000006"),
    address!("4200000000000000000000000000000000000f06"),
];

/// A batch in which one account pays a token into a pair and takes the other one out.
fn swap(folder: &Path) -> Result<ExecutionInput, Box<dyn Error>> {
    let mut alice = Account::new(1);
    let (mut chain, me) = (DevChain::new(config(), [alice.address()], []), alice.address());
    let code = {
        use revm::Database;
        let mut state = oneslot_stf::State::new(&chain.source, chain.header.state_root);
        let hash = state.basic(TOKENS[0])?.ok_or("no token")?.code_hash;
        state.code_by_hash(hash)?.original_bytes()
    };
    // Slot 0 maps holders to balances: in the mapping, `holder . 3` for WETH9, `holder . 0` for WETH98.
    let balance = (0..4_u64).map(|slot| {
        let key = [me.into_word(), B256::from(U256::from(slot))].concat();
        (keccak256(key).into(), U256::from(10).pow(U256::from(24)))
    });
    let token = GenesisAccount { nonce: 1, balance: U256::ZERO, code, storage: balance.collect() };
    chain = DevChain::new(config(), [me], TOKENS.map(|address| (address, token.clone())));
    let config = chain.config.clone();
    let mut send =
        |chain: &mut DevChain, to: TxKind, gas, input: Vec<u8>| -> Result<_, Box<dyn Error>> {
            let tx = alice.send(&config, to, U256::ZERO, gas, input.into());
            let (input, executed) = chain.advance(chain.post(&chain.blocks([vec![tx]])))?;
            let receipts = &executed.blocks[0].receipts;
            let receipt = receipts.get(1).ok_or("skipped")?;
            if !receipt.status() {
                return Err("a transaction of the swap failed".into());
            }
            Ok((input, receipt.logs().to_vec()))
        };
    let word = |address: Address| address.into_word().to_vec();
    let number = |number: u64| U256::from(number).to_be_bytes::<32>().to_vec();
    let call = |signature: &str, arguments: &[Vec<u8>]| {
        [&keccak256(signature)[..4], &arguments.concat()].concat()
    };

    let factory: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("UniswapV2Factory.json"))?)?;
    let code: Bytes = factory["bytecode"].as_str().ok_or("no bytecode")?.parse()?;
    let address = me.create(0);
    send(&mut chain, TxKind::Create, 5_500_000, [&code[..], &word(me)].concat())?;
    let create = call("createPair(address,address)", &TOKENS.map(word));
    let (_, logs) = send(&mut chain, TxKind::Call(address), 5_500_000, create)?;
    // PairCreated(token0, token1, pair, count)
    let pair = Address::from_word(B256::from_slice(&logs.last().ok_or("no pair")?.data.data[..32]));
    let pay = |amount: u64| call("transfer(address,uint256)", &[word(pair), number(amount)]);
    for token in TOKENS {
        send(&mut chain, TxKind::Call(token), 200_000, pay(1_000_000))?;
    }
    let mint = call("mint(address)", &[word(me)]);
    send(&mut chain, TxKind::Call(pair), 1_000_000, mint)?;

    // The swap itself: pay 10,000 of the first token, take 9,000 of the second.
    let swap = call(
        "swap(uint256,uint256,address,bytes)",
        &[number(0), number(9_000), word(me), number(128), number(0)],
    );
    let transactions = [(TOKENS[0], pay(10_000)), (pair, swap)].map(|(to, input)| {
        alice.send(&config, TxKind::Call(to), U256::ZERO, 300_000, input.into())
    });
    let (input, executed) = chain.advance(chain.post(&chain.blocks([transactions.to_vec()])))?;
    let receipts = &executed.blocks[0].receipts;
    if receipts.len() != 3 || receipts.iter().any(|receipt| !receipt.status()) {
        return Err("the swap failed".into());
    }
    Ok(input)
}
