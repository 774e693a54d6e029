//! The calldata that a transaction brought to a contract: its own, or that of a call inside it.
//!
//! Nothing is trusted: whoever asks says by a hash what it looks for, so a hostile endpoint can only fail to have it.

use alloy::{consensus::Transaction as _, providers::Provider};
use alloy_primitives::{Address, TxHash};
use serde_json::{Value, json};

use crate::{Error, L1Client};

/// Deepest call looked at; the EVM allows 1024, and the walk is recursive.
const MAX_DEPTH: usize = 1024;

/// The first calldata in `tx` that `read` makes something of: the transaction's own if it goes to `contract`, else that
/// of the calls inside it, which needs `debug_traceTransaction`.
pub(crate) async fn find_call<T>(
    client: &L1Client,
    tx: TxHash,
    contract: Address,
    read: impl Fn(&[u8]) -> Option<T>,
) -> Result<Option<T>, Error> {
    let outer = client
        .provider()
        .get_transaction_by_hash(tx)
        .await
        .map_err(|e| client.rpc_error("eth_getTransactionByHash", e))?
        .ok_or_else(|| Error::NoBlock { block: format!("of transaction {tx}") })?;
    if outer.to() == Some(contract)
        && let Some(found) = read(outer.input())
    {
        return Ok(Some(found));
    }
    let trace: Value = client
        .provider()
        .raw_request("debug_traceTransaction".into(), (tx, json!({"tracer": "callTracer"})))
        .await
        .map_err(|e| client.rpc_error("debug_traceTransaction", e))?;
    Ok(walk(&trace, &read, MAX_DEPTH))
}

/// Walks a `callTracer` frame.
fn walk<T>(frame: &Value, read: &impl Fn(&[u8]) -> Option<T>, depth: usize) -> Option<T> {
    let input = frame.get("input").and_then(Value::as_str)?;
    if let Ok(input) = alloy_primitives::hex::decode(input)
        && let Some(found) = read(&input)
    {
        return Some(found);
    }
    let calls = frame.get("calls").and_then(Value::as_array)?;
    let depth = depth.checked_sub(1)?;
    calls.iter().find_map(|call| walk(call, read, depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_call_that_can_be_read_is_found_at_any_depth() {
        let trace = json!({
            "input": "0x01",
            "calls": [
                {"input": "no hex"},
                {"input": "0x02", "calls": [{"input": "0x0305"}, {"input": "0x0306"}]},
            ],
        });
        let read = |input: &[u8]| (input.first() == Some(&3)).then(|| input[1]);
        assert_eq!(walk(&trace, &read, MAX_DEPTH), Some(5));
        assert_eq!(walk(&trace, &read, 1), None);
        assert_eq!(walk(&json!({"calls": []}), &read, MAX_DEPTH), None);
    }
}
