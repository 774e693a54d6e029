//! Who may do what to a rollup, as L1 tells it in one call.
//!
//! The contract `SettlementFacts` asks everything that a rollup's team chose: lanes, Inbox, Portal and
//! council. Each of them may answer anything about itself, so the hashes of their code stand beside
//! what they say.

use alloy_primitives::{Address, B256, U256};
use oneslot_types::{BatchIndex, LaneKind, OutputRoot, RollupId, StatementId};
use serde::Serialize;

use crate::{
    CouncilMode, Error, L1Client, Suspension,
    bindings::SettlementFacts::{self, ContractFacts as Contract},
};

/// A contract, and the hash of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContractFacts {
    /// Where it is; zero where there is none.
    pub address: Address,
    /// keccak-256 of its code on L1.
    pub code_hash: B256,
}

/// A lane in a version of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LaneFacts {
    /// The lane.
    #[serde(flatten)]
    pub lane: ContractFacts,
    /// What it must have run for its votes to count.
    pub program: B256,
    /// Why its votes do not count for the rollup.
    pub suspension: Suspension,
    /// What it says about itself; none where it does not answer.
    pub says: Option<LaneSays>,
}

/// What a lane says about itself. Times are in seconds, and zero for lanes of other kinds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LaneSays {
    /// Its proof family.
    pub kind: LaneKind,
    /// What its votes rest on.
    pub trust_root: B256,
    /// How long a claim can be challenged.
    pub window: u64,
    /// From a key's registration to its first attestation.
    pub activation_delay: u64,
    /// How long a key lives.
    pub key_life: u64,
    /// The game of an optimistic lane, the verifier of quotes of a TEE lane.
    pub decided_by: ContractFacts,
}

/// A version of the rules. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesFacts {
    /// First batch that it judges.
    pub from_batch: BatchIndex,
    /// Hash of the rollup's configuration.
    pub config_hash: B256,
    /// Without finality, after which the optimistic lane decides alone; 0: never.
    pub last_resort_after: u64,
    /// After which an instant output counts like one that all lanes attested.
    pub instant_window: u64,
    /// In the order of the policy.
    pub lanes: Vec<LaneFacts>,
}

/// The Inbox of a rollup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxFacts {
    /// The Inbox.
    #[serde(flatten)]
    pub inbox: ContractFacts,
    /// What it and its Portal say about themselves; none where one does not answer.
    pub says: Option<InboxSays>,
}

/// What an Inbox and its Portal say about themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxSays {
    /// The Portal.
    pub portal: ContractFacts,
    /// The account that may always post.
    pub batcher: Address,
    /// Seconds after which a waiting deposit forces its inclusion.
    pub force_window: u64,
    /// Batches posted.
    pub batch_count: u64,
    /// Wei that may leave per 24 hours on two immediate votes; 0: no limit.
    pub instant_cap: U256,
}

/// The council of a rollup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CouncilFacts {
    /// The council.
    #[serde(flatten)]
    pub account: ContractFacts,
    /// What it may do.
    pub mode: CouncilMode,
    /// Seconds between scheduling a change and its earliest execution.
    pub change_delay: u64,
    /// How it decides; none where it does not answer like a Safe.
    pub safe: Option<SafeFacts>,
}

/// Who acts for a Safe. An address is zero where there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SafeFacts {
    /// Its owners.
    pub owners: Vec<Address>,
    /// How many of them must sign.
    pub threshold: U256,
    /// A module, which acts without them.
    pub module: Address,
    /// The guard, which decides what of theirs passes.
    pub guard: Address,
    /// The handler, through which anyone calls in the Safe's name.
    pub fallback_handler: Address,
}

/// A change of the rules that waits for its day. Times are in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeFacts {
    /// Hash of the change; `ChangeScheduled` has its contents.
    pub hash: B256,
    /// From when on anyone may execute it.
    pub executable_at: u64,
    /// From when on nobody may.
    pub lapses_at: u64,
}

/// An output that the council chose and nobody executed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChoiceFacts {
    /// The statement.
    pub statement_id: StatementId,
    /// Its last batch.
    pub batch: BatchIndex,
    /// From when on anyone may execute it, in seconds since 1970.
    pub effective_at: u64,
}

/// What anyone can know on L1 about who may do what to a rollup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RollupFacts {
    /// Settlement.
    pub settlement: ContractFacts,
    /// The last final batch.
    pub final_batch: BatchIndex,
    /// The output after it.
    pub final_output: OutputRoot,
    /// When it became final, in seconds since 1970.
    pub finalized_at: u64,
    /// The Inbox and its Portal.
    pub inbox: InboxFacts,
    /// How many versions of the rules there are.
    pub versions: U256,
    /// The version that judges the first open batch.
    pub rules: RulesFacts,
    /// A decided version that judges later batches.
    pub next_rules: Option<RulesFacts>,
    /// The council; none: nobody can change anything.
    pub council: Option<CouncilFacts>,
    /// The change that waits.
    pub change: Option<ChangeFacts>,
    /// The choice that waits.
    pub choice: Option<ChoiceFacts>,
}

impl RollupFacts {
    /// Asks L1 for all facts about a rollup.
    ///
    /// # Errors
    /// [`Error::Call`] if the rollup is not registered; what L1 answers.
    pub async fn read(
        client: &L1Client,
        reader: Address,
        rollup_id: RollupId,
    ) -> Result<Self, Error> {
        let facts = SettlementFacts::new(reader, client.provider()).facts(rollup_id.0).call().await;
        facts.map_err(|e| client.call_error("SettlementFacts", reader, e))?.try_into()
    }
}

impl From<Contract> for ContractFacts {
    fn from(contract: Contract) -> Self {
        Self { address: contract.account, code_hash: contract.codeHash }
    }
}

impl TryFrom<SettlementFacts::LaneFacts> for LaneFacts {
    type Error = Error;

    fn try_from(lane: SettlementFacts::LaneFacts) -> Result<Self, Error> {
        let says = LaneSays {
            kind: LaneKind::from_number(lane.kind).ok_or_else(|| Error::Local {
                what: "reading a lane's facts".into(),
                message: format!("expected a kind of lane, got {}", lane.kind),
            })?,
            trust_root: lane.trustRoot,
            window: lane.window,
            activation_delay: lane.activationDelay,
            key_life: lane.keyLife,
            decided_by: lane.decidedBy.into(),
        };
        Ok(Self {
            lane: lane.lane.into(),
            program: lane.program,
            suspension: lane.suspension.try_into()?,
            says: lane.answers.then_some(says),
        })
    }
}

impl TryFrom<SettlementFacts::RulesFacts> for RulesFacts {
    type Error = Error;

    fn try_from(rules: SettlementFacts::RulesFacts) -> Result<Self, Error> {
        let lanes = rules.lanes.into_iter().map(LaneFacts::try_from);
        Ok(Self {
            from_batch: BatchIndex(rules.fromBatch),
            config_hash: rules.configHash,
            last_resort_after: rules.lastResortAfter,
            instant_window: rules.instantWindow,
            lanes: lanes.collect::<Result<_, _>>()?,
        })
    }
}

impl From<SettlementFacts::InboxFacts> for InboxFacts {
    fn from(inbox: SettlementFacts::InboxFacts) -> Self {
        let says = InboxSays {
            portal: inbox.portal.into(),
            batcher: inbox.batcher,
            force_window: inbox.forceWindow,
            batch_count: inbox.batchCount,
            instant_cap: inbox.instantCap,
        };
        Self { inbox: inbox.inbox.into(), says: inbox.answers.then_some(says) }
    }
}

impl TryFrom<SettlementFacts::CouncilFacts> for CouncilFacts {
    type Error = Error;

    fn try_from(council: SettlementFacts::CouncilFacts) -> Result<Self, Error> {
        let safe = SafeFacts {
            owners: council.owners,
            threshold: council.threshold,
            module: council.module,
            guard: council.guard,
            fallback_handler: council.fallbackHandler,
        };
        Ok(Self {
            account: council.account.into(),
            mode: council.mode.try_into()?,
            change_delay: council.changeDelay,
            safe: council.isSafe.then_some(safe),
        })
    }
}

impl TryFrom<SettlementFacts::RollupFacts> for RollupFacts {
    type Error = Error;

    fn try_from(facts: SettlementFacts::RollupFacts) -> Result<Self, Error> {
        let change = ChangeFacts {
            hash: facts.changeHash,
            executable_at: facts.changeExecutableAt,
            lapses_at: facts.changeLapsesAt,
        };
        let choice = ChoiceFacts {
            statement_id: StatementId(facts.chosenStatement),
            batch: BatchIndex(facts.chosenBatch),
            effective_at: facts.choiceEffectiveAt,
        };
        let next = Some(facts.nextRules).filter(|rules| !rules.lanes.is_empty());
        let council = CouncilFacts::try_from(facts.council)?;
        Ok(Self {
            settlement: facts.settlement.into(),
            final_batch: BatchIndex(facts.finalBatch),
            final_output: OutputRoot(facts.finalOutput),
            finalized_at: facts.finalizedAt,
            inbox: facts.inbox.into(),
            versions: facts.versions,
            rules: facts.rules.try_into()?,
            next_rules: next.map(RulesFacts::try_from).transpose()?,
            council: Some(council).filter(|council| council.mode != CouncilMode::None),
            change: Some(change).filter(|change| !change.hash.is_zero()),
            choice: Some(choice).filter(|choice| !choice.statement_id.is_zero()),
        })
    }
}
