//! The final proof, end to end.

use oneslot_recursion::Demonstration;
use oneslot_recursion::final_proof::{self, FinalParameters};

#[test]
fn a_tiny_circuit_is_proven_and_verified() {
    let shape = Demonstration::TINY;
    let circuit = shape.circuit();
    let key = final_proof::setup(&circuit, &FinalParameters::default()).unwrap();
    let traces = circuit.trace(&shape.inputs(1)).unwrap();
    let proof = final_proof::prove(&key, &traces).unwrap();
    final_proof::verify(key.verifying_key(), traces.public_values(), &proof).unwrap();
    println!("{} bytes", postcard::to_allocvec(&proof).unwrap().len());
}
