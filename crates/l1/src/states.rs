//! The states that contracts give as numbers, with their names.
//!
//! A contract's ABI says of an enumeration only that it is a `uint8`, so the names stand here once.
//! A test compares them with the Solidity source.

use serde::Serialize;

use crate::Error;

/// An enumeration whose variants are the numbers of a Solidity one, in its order.
macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $state:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub enum $name {
            $($(#[$of])* $state,)+
        }

        impl $name {
            #[cfg(test)]
            const NAMES: &'static [&'static str] = &[$(stringify!($state)),+];
        }

        impl TryFrom<u8> for $name {
            type Error = Error;

            fn try_from(number: u8) -> Result<Self, Error> {
                const STATES: &[$name] = &[$($name::$state),+];
                STATES.get(usize::from(number)).copied().ok_or_else(|| Error::Local {
                    what: concat!("reading a contract's ", stringify!($name)).into(),
                    message: format!("expected a number below {}, got {number}", STATES.len()),
                })
            }
        }
    };
}

states! {
    /// Life of a claim on the optimistic lane.
    ClaimState {
        /// The proposer did not claim the statement under the program.
        None,
        /// The claim stands, with its bond, disputed or not.
        Open,
        /// The claim is ripe and its bond went back; it stands for ever.
        Returned,
        /// It fell to a challenge, and its bond is lost.
        Lost,
        /// Without a game: its batch became final by other inputs while it was challenged.
        Void,
    }
}

states! {
    /// What finality says about a statement.
    Verdict {
        /// Its batch is not final.
        Open,
        /// It is about other inputs than those that became final.
        Moot,
        /// Its output is the final one.
        Right,
        /// Another output is final for its inputs.
        Wrong,
    }
}

states! {
    /// What a council may do beside removing enclaves and scheduling changes.
    CouncilMode {
        /// There is no council.
        None,
        /// It chooses only while a predicate holds on chain.
        Standard,
        /// It chooses without a predicate, and suspends lanes.
        Stage1,
    }
}

states! {
    /// Why a lane's votes do not count for a rollup.
    Suspension {
        /// They count.
        None,
        /// It attested two outputs for one input.
        Contradiction,
        /// The council of a stage-1 rollup suspended it.
        Council,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use oneslot_types::LaneKind;

    use super::*;

    /// The variants of an enumeration in a Solidity source, in order.
    fn variants(file: &str, name: &str) -> Vec<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/src").join(file);
        let source = fs::read_to_string(&path).unwrap();
        let (_, rest) = source.split_once(&format!("enum {name} {{")).expect(name);
        let (body, _) = rest.split_once('}').expect("an end");
        let code = body.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = code.collect::<String>();
        code.split(',').map(|variant| variant.trim().to_owned()).collect()
    }

    #[test]
    fn names_stand_in_the_order_of_the_contracts() {
        assert_eq!(variants("interfaces/IOptimisticLane.sol", "ClaimState"), ClaimState::NAMES);
        assert_eq!(variants("types/Policy.sol", "Verdict"), Verdict::NAMES);
        assert_eq!(variants("types/Policy.sol", "CouncilMode"), CouncilMode::NAMES);
        assert_eq!(variants("types/Policy.sol", "Suspension"), Suspension::NAMES);
        let kinds = LaneKind::ALL.map(|kind| format!("{kind:?}"));
        assert_eq!(variants("types/Policy.sol", "LaneKind"), kinds);
    }

    #[test]
    fn a_number_is_the_state_at_that_place() {
        for state in [Verdict::Open, Verdict::Moot, Verdict::Right, Verdict::Wrong] {
            assert_eq!(Verdict::try_from(state as u8).unwrap(), state);
        }
        assert!(Verdict::try_from(4).is_err());
    }
}
