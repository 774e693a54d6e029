//! Keeps the hash of an old L1 block in the Inbox, by walking back to it from a block that L1 still knows.

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, Bytes};
use alloy_rlp::Encodable;

use crate::{Error, L1Client, TxRequest, bindings::Inbox};

/// L1 blocks back to which a posting may rely on L1 to know an origin: the 8191 of EIP-2935, less a margin for the time
/// that the posting waits.
pub const KNOWN_BLOCKS: u64 = 8_000;

/// Headers in one transaction: some 80 kB, of the 128 KiB that nodes take.
const WALK: u64 = 128;

/// What to send so that the Inbox comes to know the hash of L1 block `origin`; none once it does.
///
/// Ask again after each transaction: a long walk takes several, from the newest block down. They stop at multiples of a
/// fixed number, so that whoever goes on, after a crash or in somebody else's place, finds where the walk stands, and
/// later origins find a stop close by. `known` is how many L1 blocks back need no walk, see [`KNOWN_BLOCKS`].
///
/// # Errors
/// What L1 answers.
pub async fn keep_origin(
    client: &L1Client,
    inbox: Address,
    origin: u64,
    known: u64,
) -> Result<Option<TxRequest>, Error> {
    let oldest = client.block_number().await?.saturating_sub(known);
    let contract = Inbox::new(inbox, client.provider());
    let is_kept = async |number: u64| -> Result<bool, Error> {
        let hash = contract.keptOrigin(number).call().await;
        Ok(!hash.map_err(|e| client.call_error("Inbox", inbox, e))?.is_zero())
    };
    if origin >= oldest || is_kept(origin).await? {
        return Ok(None);
    }
    let mut start = stop_above(origin);
    while start < oldest && !is_kept(start).await? {
        start = stop_above(start);
    }
    let end = origin.max(start - WALK);
    let mut blocks = client.headers(end + 1, start).await?;
    blocks.reverse();
    let call = Inbox::keepOriginBehindCall {
        originNumber: end,
        headers: blocks.iter().map(|block| encoded(&block.header)).collect(),
    };
    Ok(Some(TxRequest::call(inbox, call.abi_encode())))
}

/// The first multiple of [`WALK`] above a block.
const fn stop_above(number: u64) -> u64 {
    (number / WALK + 1) * WALK
}

fn encoded(header: &alloy_consensus::Header) -> Bytes {
    let mut out = Vec::with_capacity(header.length());
    header.encode(&mut out);
    out.into()
}
