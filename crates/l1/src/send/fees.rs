//! What to offer for a transaction, and how much more for its replacement.

use serde::{Deserialize, Deserializer, Serialize};

use crate::Error;

/// Fees of one signed attempt, wei per unit of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// `maxFeePerGas`.
    pub max_fee: u128,
    /// `maxPriorityFeePerGas`.
    pub priority: u128,
    /// `maxFeePerBlobGas`; `None` without blobs.
    pub blob: Option<u128>,
}

/// What the chain asks for now, wei per unit of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Market {
    /// Base fee of the next block.
    pub(crate) base_fee: u128,
    /// Usual priority fee.
    pub(crate) priority: u128,
    /// Blob base fee of the next block.
    pub(crate) blob_base_fee: u128,
}

/// The most an operator is ready to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeeCaps {
    /// Highest `maxFeePerGas`, wei.
    #[serde(deserialize_with = "deserialize_wei")]
    pub max_fee: u128,
    /// Highest `maxPriorityFeePerGas`, wei.
    #[serde(deserialize_with = "deserialize_wei")]
    pub priority: u128,
    /// Highest `maxFeePerBlobGas`, wei.
    #[serde(deserialize_with = "deserialize_wei")]
    pub blob: u128,
}

/// Reads a price in wei from a configuration file, whose readers take no numbers of 128 bits.
///
/// # Errors
/// If the number does not fit in 64 bits, which is 18 ether a unit of gas.
pub fn deserialize_wei<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    u64::deserialize(deserializer).map(u128::from)
}

impl Default for FeeCaps {
    fn default() -> Self {
        const GWEI: u128 = 1_000_000_000;
        Self { max_fee: 500 * GWEI, priority: 20 * GWEI, blob: 1_000 * GWEI }
    }
}

impl Fees {
    /// A first offer: holds while the base fees at most double.
    pub(crate) fn first(market: &Market, blobs: bool, caps: &FeeCaps) -> Result<Self, Error> {
        check("priority fee", market.priority, caps.priority)?;
        let needed = market.base_fee + market.priority;
        check("fee per gas", needed, caps.max_fee)?;
        if blobs {
            check("fee per blob gas", market.blob_base_fee, caps.blob)?;
        }
        Ok(Self {
            max_fee: (2 * market.base_fee + market.priority).min(caps.max_fee),
            priority: market.priority,
            blob: blobs.then(|| (2 * market.blob_base_fee).max(1).min(caps.blob)),
        })
    }

    /// An offer that nodes accept in the place of this one: a tenth more in every field, or double for a transaction
    /// with blobs (the rule of their separate pool), and at least what the market asks. `None`: the caps forbid it.
    pub(crate) fn bump(&self, market: &Market, caps: &FeeCaps) -> Option<Self> {
        let more = |fee: u128| match self.blob {
            Some(_) => fee.max(1) * 2,
            None => fee + (fee / 8).max(1),
        };
        let priority = more(self.priority).max(market.priority);
        let max_fee = more(self.max_fee).max(2 * market.base_fee + priority);
        let blob = self.blob.map(|fee| more(fee).max((2 * market.blob_base_fee).max(1)));
        let fits = priority <= caps.priority
            && max_fee <= caps.max_fee
            && blob.is_none_or(|fee| fee <= caps.blob);
        fits.then_some(Self { max_fee, priority, blob })
    }
}

fn check(what: &'static str, needed: u128, cap: u128) -> Result<(), Error> {
    if needed > cap {
        return Err(Error::FeeCap { what, needed, cap });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKET: Market = Market { base_fee: 1_000, priority: 100, blob_base_fee: 1 };

    #[test]
    fn a_first_offer_survives_a_doubled_base_fee() {
        let fees = Fees::first(&MARKET, false, &FeeCaps::default()).unwrap();
        assert_eq!(fees, Fees { max_fee: 2_100, priority: 100, blob: None });
    }

    #[test]
    fn a_replacement_pays_a_tenth_more_in_every_field() {
        let fees = Fees::first(&MARKET, false, &FeeCaps::default()).unwrap();
        let next = fees.bump(&MARKET, &FeeCaps::default()).unwrap();
        assert!(next.max_fee * 10 >= fees.max_fee * 11);
        assert!(next.priority * 10 >= fees.priority * 11);
    }

    #[test]
    fn a_replacement_with_blobs_doubles_every_field() {
        let fees = Fees::first(&MARKET, true, &FeeCaps::default()).unwrap();
        let next = fees.bump(&MARKET, &FeeCaps::default()).unwrap();
        assert!(next.max_fee >= 2 * fees.max_fee);
        assert!(next.priority >= 2 * fees.priority);
        assert_eq!(next.blob, Some(4));
    }

    #[test]
    fn a_replacement_follows_a_market_that_ran_away() {
        let fees = Fees::first(&MARKET, false, &FeeCaps::default()).unwrap();
        let market = Market { base_fee: 50_000, ..MARKET };
        assert!(fees.bump(&market, &FeeCaps::default()).unwrap().max_fee >= 100_000);
    }

    #[test]
    fn caps_hold() {
        let caps = FeeCaps { max_fee: 1_050, ..FeeCaps::default() };
        assert!(matches!(
            Fees::first(&MARKET, false, &caps),
            Err(Error::FeeCap { needed: 1_100, cap: 1_050, .. })
        ));
        let fees = Fees { max_fee: 1_000, priority: 1, blob: None };
        assert_eq!(fees.bump(&MARKET, &caps), None);
    }
}
