//! Runs a program on a raw input and prints what it cost: `count PROGRAM.elf [INPUT.bin [software]]`, with
//! `software` without the precompiles.

use std::{process::ExitCode, time::Instant};

use oneslot_riscv::{Machine, MachineStatus, Preimages, Profile, Program, Symbols};

/// Functions printed.
const TOP: usize = 25;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let Some(path) = arguments.next() else {
        return Err("usage: count PROGRAM.elf [INPUT.bin [software]]".into());
    };
    let elf = std::fs::read(path)?;
    let input = arguments.next().map(std::fs::read).transpose()?.unwrap_or_default();
    let program = Program::from_elf(&elf)?;
    let program = match arguments.next() {
        Some(word) if word == "software" => program.with_precompiles(0)?,
        Some(word) => return Err(format!("expected software, got {word:?}").into()),
        None => program,
    };
    let preimages = Preimages::input(&input);
    let symbols = Symbols::from_elf(&elf)?;

    let mut machine = Machine::new(program.clone(), preimages.clone());
    let start = Instant::now();
    let status = machine.run(u64::MAX);
    let seconds = start.elapsed().as_secs_f64();
    let steps = machine.steps();
    match status {
        MachineStatus::Trapped(trap) => {
            let function = symbols.function(machine.pc()).unwrap_or("?");
            let function = rustc_demangle::demangle(function);
            println!("status        trapped at {:#x} in {function:#}: {trap}", machine.pc());
        }
        status => println!("status        {status}"),
    }
    match machine.output() {
        Some(output) => {
            let output: String = output.iter().map(|byte| format!("{byte:02x}")).collect();
            println!("output        {output}");
        }
        None => println!("output        none"),
    }
    println!("input         {} bytes", input.len());
    println!("instructions  {steps}");
    println!("seconds       {seconds:.3}");
    println!("speed         {:.1} M instructions/s", steps as f64 / seconds / 1e6);
    println!("memory        {} pages of 4 KiB", machine.memory().page_count());

    let mut profile = Profile::new(&program);
    Machine::new(program, preimages).run_profiled(u64::MAX, &mut profile);
    println!("\n{:>15} {:>6}  function", "instructions", "%");
    for (function, count) in profile.by_function(&symbols).into_iter().take(TOP) {
        let percent = 100.0 * count as f64 / steps as f64;
        let function = function.unwrap_or("(no symbol)");
        println!("{count:>15} {percent:>6.2}  {:#}", rustc_demangle::demangle(function));
    }
    let success = status == MachineStatus::Halted { code: 0 };
    Ok(if success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
