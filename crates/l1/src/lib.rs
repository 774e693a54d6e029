//! L1 access: contract bindings, transactions, fees, blobs and reorgs.
