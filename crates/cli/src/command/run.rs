//! `oneslot run`: executes a RISC-V program and tells what it did.

use std::{fs, path::PathBuf, time::Instant};

use eyre::{Result, WrapErr, ensure};
use oneslot_riscv::{Machine, MachineStatus, Profile, Symbols};
use serde_json::json;

/// Execute a RISC-V program without proving it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// ELF file of the program (RV64IM, see docs/reference/guests.md).
    #[arg(long, value_name = "FILE")]
    elf: PathBuf,
    #[command(flatten)]
    input: super::prove::InputArgs,
    /// Set the program's mask of precompiles to 0, so that it does without them.
    #[arg(long)]
    software: bool,
    /// Instructions of a segment, at most. `oneslot prove` cuts where tables are full, so it may make up to twice as many
    /// segments as are reported here.
    #[arg(long, value_name = "N", default_value_t = super::prove::SEGMENT_STEPS)]
    segment_steps: u64,
    /// Functions to list, those with most instructions first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
}

pub(crate) fn run(args: Args, json: bool) -> Result<()> {
    ensure!(args.segment_steps > 0, "--segment-steps must be above 0");
    let elf = fs::read(&args.elf).wrap_err_with(|| args.elf.display().to_string())?;
    let preimages = args.input.read()?.preimages();
    let program = oneslot_prover::program(&elf, !args.software)?;
    let symbols = Symbols::from_elf(&elf)?;
    let mut machine = Machine::new(program.clone(), preimages);
    let mut profile = Profile::new(&program);
    let start = Instant::now();
    let status = machine.run_profiled(u64::MAX, &mut profile);
    let seconds = start.elapsed().as_secs_f64();

    let steps = machine.steps();
    let segments = steps.div_ceil(args.segment_steps);
    let output = machine
        .output()
        .map(|output| output.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let pages = machine.memory().page_count();
    let functions: Vec<_> = profile
        .by_function(&symbols)
        .into_iter()
        .take(args.top)
        .map(|(name, count)| {
            let name = name.map_or("(no symbol)".to_owned(), |name| {
                format!("{:#}", rustc_demangle::demangle(name))
            });
            (name, count)
        })
        .collect();
    if json {
        let functions: Vec<_> = functions
            .iter()
            .map(|(name, count)| json!({"function": name, "instructions": count}))
            .collect();
        let row = json!({
            "status": status.to_string(), "output": output, "instructions": steps,
            "segments": segments, "pages": pages, "seconds": seconds, "functions": functions,
        });
        println!("{}", serde_json::to_string_pretty(&row)?);
    } else {
        println!("status        {status}");
        println!("output        {}", output.as_deref().unwrap_or("none"));
        println!("instructions  {steps} in {seconds:.3} s");
        println!(
            "segments      {segments} or more, of at most {} instructions",
            args.segment_steps
        );
        println!("memory        {pages} pages of 4 KiB");
        println!("\n{:>15} {:>6}  function", "instructions", "%");
        for (name, count) in functions {
            println!("{count:>15} {:>6.2}  {name}", 100.0 * count as f64 / steps as f64);
        }
    }
    match status {
        MachineStatus::Halted { code: 0 } => Ok(()),
        MachineStatus::Trapped(trap) => {
            let function = symbols.function(machine.pc()).unwrap_or("no symbol");
            eyre::bail!("the program trapped at pc {:#x} ({function}): {trap}", machine.pc())
        }
        status => eyre::bail!("the program is {status} at pc {:#x}", machine.pc()),
    }
}
