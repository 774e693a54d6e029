//! RV64IM: ELF loader and interpreter with the ABI of the Oneslot program.
