//! The TEE lane: the enclave program, its attestation platforms and the socket protocol.
