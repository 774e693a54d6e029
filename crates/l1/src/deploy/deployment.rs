//! Where everything of a rollup is on L1: the file that its services read.

use std::{collections::BTreeMap, path::Path};

use alloy_primitives::{Address, B256, U256};
use oneslot_types::{LaneKind, OutputRoot, RollupConfig, RollupId};
use serde::{Deserialize, Serialize};

use super::{Contract, Deployed, PolicyName};
use crate::{
    BlockRef, Error, Lane,
    file::{load_json, save_json},
};

/// Where everything of a rollup is. The file `deployment.json` in the folder of a rollup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// EIP-155 id of the L1.
    pub l1_chain_id: u64,
    /// EIP-155 id of the rollup.
    pub l2_chain_id: u64,
    /// Domain of all statements, see [`oneslot_types::domain`].
    pub domain: B256,
    /// Id of the rollup, see [`oneslot_types::rollup_id`].
    pub rollup_id: RollupId,
    /// Settlement contract.
    pub settlement: Address,
    /// Tells everything about a rollup in one call, see [`crate::RollupFacts`].
    pub settlement_facts: Address,
    /// The lanes that the rollup was registered with, in the order of its first policy. Which lanes
    /// judge a batch is read from L1 (see [`crate::LaneReader`]), since a policy can change.
    pub lanes: Vec<Lane>,
    /// Inbox of the rollup.
    pub inbox: Address,
    /// Portal of the rollup.
    pub portal: Address,
    /// OP's L1CrossDomainMessenger.
    pub l1_messenger: Address,
    /// OP's L1StandardBridge.
    pub l1_standard_bridge: Address,
    /// Council; zero: none.
    pub council: Address,
    /// A token that anyone may mint; test chains only.
    #[serde(default)]
    pub test_token: Option<Address>,
    /// L1 block in which the Inbox was deployed: nothing of the rollup is before it.
    pub start_block: BlockRef,
    /// L1 origin of the rollup's genesis.
    pub origin: BlockRef,
    /// Output root of the genesis.
    pub genesis_output: OutputRoot,
    /// SHA-256 of the ELF of the state transition: what the seats of ZK and optimistic lanes pin.
    pub program_hash: B256,
    /// Enclave measurements that the seat of the TEE lane lists, ascending.
    pub measurements: Vec<B256>,
    /// Rules of the rollup.
    pub config: RollupConfig,
    /// Account that registered the rollup.
    pub registrant: Address,
    /// The policy that the rollup was registered with.
    pub policy: PolicyName,
    /// Seconds after which a waiting deposit can be forced.
    pub force_window: u64,
    /// Wei that may leave per 24 hours on two immediate votes; 0: no limit.
    pub instant_cap: U256,
    /// Seconds after which an instant output counts like one that all lanes attested, for the cap.
    pub instant_window: u64,
    /// Seconds without finality after which the optimistic lane decides alone; 0: never.
    pub last_resort_after: u64,
    /// Seconds between scheduling and executing a change; 0 without a council.
    pub change_delay: u64,
    /// The contracts of this rollup alone, with the hashes of their code.
    pub contracts: BTreeMap<Contract, Deployed>,
}

impl Deployment {
    /// Reads `deployment.json`.
    pub fn load(path: &Path) -> Result<Self, Error> {
        load_json("deployment", path)
    }

    /// Writes `deployment.json`: complete or not at all.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        save_json("deployment", path, self)
    }

    /// The address of the first lane of a kind that was deployed.
    pub fn lane(&self, kind: LaneKind) -> Option<Address> {
        self.lanes.iter().find(|lane| lane.kind == kind).map(|lane| lane.address)
    }

    /// The rules' hash, as statements carry it.
    pub fn config_hash(&self) -> B256 {
        self.config.hash()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_file_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deployment.json");
        let deployment = Deployment {
            l1_chain_id: 31337,
            l2_chain_id: 901,
            domain: B256::repeat_byte(1),
            rollup_id: RollupId(B256::repeat_byte(2)),
            settlement: Address::repeat_byte(1),
            settlement_facts: Address::repeat_byte(3),
            lanes: vec![
                Lane { kind: LaneKind::Tee, address: Address::repeat_byte(3) },
                Lane { kind: LaneKind::Optimistic, address: Address::repeat_byte(4) },
            ],
            inbox: Address::repeat_byte(5),
            portal: Address::repeat_byte(6),
            l1_messenger: Address::repeat_byte(7),
            l1_standard_bridge: Address::repeat_byte(8),
            council: Address::ZERO,
            test_token: None,
            start_block: BlockRef { number: 5, hash: B256::repeat_byte(5) },
            origin: BlockRef { number: 4, hash: B256::repeat_byte(4) },
            genesis_output: OutputRoot(B256::repeat_byte(9)),
            program_hash: B256::repeat_byte(10),
            measurements: vec![B256::repeat_byte(10)],
            config: RollupConfig::default(),
            registrant: Address::repeat_byte(9),
            policy: PolicyName::TeeOp,
            force_window: 600,
            instant_cap: U256::ZERO,
            instant_window: 0,
            last_resort_after: 0,
            change_delay: 0,
            contracts: BTreeMap::from([(
                Contract::Inbox,
                Deployed { address: Address::repeat_byte(5), code_hash: B256::repeat_byte(11) },
            )]),
        };
        deployment.save(&path).unwrap();
        assert_eq!(Deployment::load(&path).unwrap(), deployment);
        assert_eq!(deployment.lane(LaneKind::Optimistic), Some(Address::repeat_byte(4)));
        assert_eq!(deployment.lane(LaneKind::Zk), None);

        // A file that lacks something is refused by name.
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("\"portal\"", "\"door\"")).unwrap();
        let error = Deployment::load(&path).unwrap_err().to_string();
        assert!(error.contains("portal") && error.contains("deployment.json"), "{error}");
    }
}
