//! The last proof, end to end.

use oneslot_recursion::Demonstration;
use oneslot_recursion::last::{self, LastParameters};

#[test]
fn a_tiny_circuit_is_proven_and_verified() {
    let shape = Demonstration::TINY;
    let circuit = shape.circuit();
    let key = last::setup(&circuit, &LastParameters::default()).unwrap();
    let traces = circuit.trace(&shape.inputs(1)).unwrap();
    let proof = last::prove(&key, &traces).unwrap();
    last::verify(key.verifying_key(), traces.public_values(), &proof).unwrap();
    println!("{} bytes", postcard::to_allocvec(&proof).unwrap().len());
}
