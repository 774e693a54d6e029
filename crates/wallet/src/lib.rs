//! Deposits, withdrawals and their status: what a person or a bridge front end calls.
