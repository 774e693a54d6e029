//! The state of the rollup: accounts, storage and codes over sparse tries.

use crate::{
    code,
    source::NodeSource,
    trie::{Trie, TrieError},
};
use alloc::vec::Vec;
use alloy_eips::eip2935::{HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS};
use alloy_primitives::{
    Address, B256, Bytes, U256, keccak256,
    map::{AddressMap, B256Map, Entry, FbBuildHasher, HashMap},
};
use alloy_rlp::{Decodable, encode};
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY, TrieAccount};
use core::fmt;
use revm::{
    Database, DatabaseCommit,
    bytecode::Bytecode,
    database_interface::DBErrorMarker,
    state::{Account, AccountInfo},
};

/// Why the state cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// In the trie of accounts.
    #[error("account trie: {0}")]
    Accounts(TrieError),
    /// In the storage trie of one account.
    #[error("storage trie of {address}: {error}")]
    Storage {
        /// The account.
        address: Address,
        /// What is wrong.
        error: TrieError,
    },
    /// A value that is not what its trie holds.
    #[error("malformed {what} of {address}")]
    Value {
        /// `account` or `slot`.
        what: &'static str,
        /// The account.
        address: Address,
    },
    /// The source does not know a bytecode.
    #[error("missing bytecode {hash}")]
    MissingCode {
        /// Its keccak.
        hash: B256,
    },
    /// An ancestor's header is missing or malformed (rules before Isthmus only).
    #[error("missing or malformed header {hash} of block {number}")]
    Ancestor {
        /// Block number.
        number: u64,
        /// Its hash.
        hash: B256,
    },
    /// The EVM changed an account that it never read.
    #[error("account {address} was changed but never read")]
    Unread {
        /// The account.
        address: Address,
    },
}

impl DBErrorMarker for StateError {}

/// What a sealed block added to the state, by hash, for a store to keep. Nothing is ever removed.
#[derive(Clone, Debug, Default)]
pub struct NewState {
    /// Trie nodes.
    pub nodes: Vec<(B256, Bytes)>,
    /// Bytecodes.
    pub codes: Vec<(B256, Bytes)>,
}

impl NewState {
    /// Takes in what came later.
    pub fn extend(&mut self, later: Self) {
        self.nodes.extend(later.nodes);
        self.codes.extend(later.codes);
    }
}

/// The state as one block after another sees and changes it.
///
/// Reads go to the source once and stay in memory. Changes (`DatabaseCommit`) are in memory until
/// [`State::root`] writes them to the tries and hashes. After an error the state is of no use.
pub struct State<S> {
    source: S,
    accounts: Trie,
    entries: AddressMap<Loaded>,
    /// Accounts changed since the last root, in order of change, with repeats removed.
    changed: Vec<Address>,
    codes: B256Map<Bytecode>,
    new: NewState,
    /// Whether `new` is wanted.
    keep: bool,
    /// Where BLOCKHASH looks; none: in the storage of the EIP-2935 contract.
    ancestors: Option<(u64, B256)>,
    error: Option<StateError>,
}

/// What is known of one address.
struct Loaded {
    /// Keccak of the address.
    hash: B256,
    /// As it is now; `code` is always none.
    info: Option<AccountInfo>,
    /// As of the last root.
    stored: Option<TrieAccount>,
    /// As of the last root, unless `wiped`.
    storage_root: B256,
    trie: Option<Trie>,
    slots: Slots,
    /// Slots written since the last root.
    written: Vec<U256>,
    changed: bool,
}

/// Hashes slots as the EVM's own maps do.
type Slots = HashMap<U256, Slot, FbBuildHasher<32>>;

struct Slot {
    hash: B256,
    value: U256,
    /// As of the last root.
    stored: U256,
}

impl<S> fmt::Debug for State<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("accounts_read", &self.entries.len())
            .field("accounts_changed", &self.changed.len())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl<S: NodeSource> State<S> {
    /// The state with this root. Nothing is read yet.
    pub fn new(source: S, root: B256) -> Self {
        Self {
            source,
            accounts: Trie::new(root),
            entries: AddressMap::default(),
            changed: Vec::new(),
            codes: B256Map::default(),
            new: NewState::default(),
            keep: false,
            ancestors: None,
            error: None,
        }
    }

    /// The same, keeping what blocks add for [`State::take_new`].
    pub fn keep_new(mut self) -> Self {
        self.keep();
        self
    }

    /// Keeps what blocks add from now on.
    pub(crate) const fn keep(&mut self) {
        self.keep = true;
    }

    /// What was added since the last call, if it is kept.
    pub fn take_new(&mut self) -> NewState {
        core::mem::take(&mut self.new)
    }

    /// Where nodes and codes come from.
    pub const fn source(&self) -> &S {
        &self.source
    }

    /// The source again; the state is dropped.
    pub fn into_source(self) -> S {
        self.source
    }

    /// The first error since the last call. The EVM reports errors as text; this is the typed one.
    pub fn take_error(&mut self) -> Option<StateError> {
        self.error.take()
    }

    /// Makes BLOCKHASH walk the headers from this block down instead of reading EIP-2935 storage.
    pub(crate) const fn walk_ancestors(&mut self, from: Option<(u64, B256)>) {
        self.ancestors = from;
    }

    /// The account as the trie holds it after the last [`State::root`].
    pub fn account(&mut self, address: Address) -> Result<Option<TrieAccount>, StateError> {
        let entry = self.load(address)?;
        Ok(entry.account())
    }

    /// The code of an account; empty if it has none.
    pub fn code(&mut self, address: Address) -> Result<Bytes, StateError> {
        let Some(account) = self.account(address)? else {
            return Ok(Bytes::new());
        };
        if account.code_hash == KECCAK_EMPTY {
            return Ok(Bytes::new());
        }
        Ok(self.code_by_hash(account.code_hash)?.original_bytes())
    }

    /// The Merkle proofs of an account and of slots of it, as `eth_getProof` gives them. Changes must
    /// have been hashed by [`State::root`] before.
    pub fn prove(&mut self, address: Address, slots: &[U256]) -> Result<AccountProof, StateError> {
        let account = self.account(address)?;
        let proof =
            self.accounts.prove(&self.source, &keccak256(address)).map_err(StateError::Accounts)?;
        let mut storage = Vec::with_capacity(slots.len());
        for slot in slots {
            let value = self.storage(address, *slot)?;
            let entry = self.entries.get_mut(&address).expect("invariant: just loaded");
            let trie = entry.trie.get_or_insert_with(|| Trie::new(entry.storage_root));
            let proof = trie
                .prove(&self.source, &keccak256(slot.to_be_bytes::<32>()))
                .map_err(|error| StateError::Storage { address, error })?;
            storage.push(SlotProof { slot: *slot, value, proof });
        }
        Ok(AccountProof { account, proof, storage })
    }

    /// Writes the changes to the tries and gives the root.
    ///
    /// Within each trie, values are put in before others are removed, both in the order of the hashed
    /// keys: the set of nodes that removal reads is then the same on every machine.
    pub fn root(&mut self) -> Result<B256, StateError> {
        if let Some(error) = self.error.clone() {
            return Err(error);
        }
        let Self { source, accounts, entries, changed, new, keep, .. } = self;
        let mut sink = |hash: B256, node: &[u8]| {
            if *keep {
                new.nodes.push((hash, Bytes::copy_from_slice(node)));
            }
        };
        let mut values = Vec::with_capacity(changed.len());
        for address in changed.drain(..) {
            let entry = entries.get_mut(&address).expect("invariant: changed accounts are loaded");
            entry.changed = false;
            entry
                .flush(source, &mut sink)
                .map_err(|error| StateError::Storage { address, error })?;
            let account = entry.account();
            if account != entry.stored {
                entry.stored = account;
                values.push((entry.hash, account));
            }
        }
        let order = order(&values);
        for (hash, account) in order.iter().map(|(_, place)| &values[*place]) {
            if let Some(account) = account {
                accounts.insert(source, hash, encode(account)).map_err(StateError::Accounts)?;
            }
        }
        for (hash, account) in order.iter().map(|(_, place)| &values[*place]) {
            if account.is_none() {
                accounts.remove(source, hash).map_err(StateError::Accounts)?;
            }
        }
        Ok(accounts.root(&mut sink))
    }

    /// What the code does that `address` has in any genesis, called once a block: writes some slots. False if the account
    /// has another code, or none. Reads what the code would read.
    pub(crate) fn write_as(
        &mut self,
        address: Address,
        code_hash: B256,
        slots: &[(U256, U256)],
    ) -> Result<bool, StateError> {
        if self.load(address)?.info.as_ref().is_none_or(|info| info.code_hash != code_hash) {
            return Ok(false);
        }
        self.code_by_hash(code_hash)?;
        for (key, _) in slots {
            self.storage(address, *key)?;
        }
        let entry = self.entries.get_mut(&address).expect("invariant: just loaded");
        if !entry.changed {
            entry.changed = true;
            self.changed.push(address);
        }
        for (key, value) in slots {
            entry.write(*key, *value, U256::ZERO);
        }
        Ok(true)
    }

    fn load(&mut self, address: Address) -> Result<&mut Loaded, StateError> {
        self.load_with_source(address).map(|(entry, _)| entry)
    }

    fn load_with_source(&mut self, address: Address) -> Result<(&mut Loaded, &S), StateError> {
        let Self { source, accounts, entries, error, .. } = self;
        let vacant = match entries.entry(address) {
            Entry::Occupied(entry) => return Ok((entry.into_mut(), source)),
            Entry::Vacant(vacant) => vacant,
        };
        let hash = keccak256(address);
        let loaded = accounts.get(source, &hash).map_err(StateError::Accounts).and_then(|value| {
            let Some(mut value) = value else { return Ok(None) };
            TrieAccount::decode(&mut value)
                .ok()
                .filter(|_| value.is_empty())
                .map(Some)
                .ok_or(StateError::Value { what: "account", address })
        });
        match loaded {
            Ok(account) => Ok((vacant.insert(Loaded::new(hash, account)), source)),
            Err(failed) => {
                error.get_or_insert_with(|| failed.clone());
                Err(failed)
            }
        }
    }

    fn fail<T>(&mut self, error: StateError) -> Result<T, StateError> {
        self.error.get_or_insert_with(|| error.clone());
        Err(error)
    }
}

/// Merkle proofs of one account.
#[derive(Clone, Debug)]
pub struct AccountProof {
    /// The account; none if it does not exist.
    pub account: Option<TrieAccount>,
    /// Nodes from the state root down.
    pub proof: Vec<Bytes>,
    /// In the order asked for.
    pub storage: Vec<SlotProof>,
}

/// Merkle proof of one slot.
#[derive(Clone, Debug)]
pub struct SlotProof {
    /// The slot.
    pub slot: U256,
    /// Its value.
    pub value: U256,
    /// Nodes from the account's storage root down.
    pub proof: Vec<Bytes>,
}

impl Loaded {
    fn new(hash: B256, account: Option<TrieAccount>) -> Self {
        Self {
            hash,
            storage_root: account.as_ref().map_or(EMPTY_ROOT_HASH, |account| account.storage_root),
            stored: account,
            info: account.map(|account| AccountInfo {
                balance: account.balance,
                nonce: account.nonce,
                code_hash: account.code_hash,
                account_id: None,
                code: None,
            }),
            trie: None,
            slots: Slots::default(),
            written: Vec::new(),
            changed: false,
        }
    }

    fn account(&self) -> Option<TrieAccount> {
        self.info.as_ref().map(|info| TrieAccount {
            nonce: info.nonce,
            balance: info.balance,
            storage_root: self.storage_root,
            code_hash: info.code_hash,
        })
    }

    /// Forgets all storage.
    fn wipe(&mut self) {
        self.storage_root = EMPTY_ROOT_HASH;
        self.trie = None;
        self.slots.clear();
        self.written.clear();
    }

    fn write(&mut self, key: U256, value: U256, original: U256) {
        let slot = self.slots.entry(key).or_insert_with(|| Slot {
            hash: keccak256(key.to_be_bytes::<32>()),
            value: original,
            stored: original,
        });
        if slot.value == slot.stored {
            self.written.push(key);
        }
        slot.value = value;
    }

    /// Writes slots to the storage trie and updates the storage root.
    fn flush<S: NodeSource>(
        &mut self,
        source: &S,
        sink: &mut impl FnMut(B256, &[u8]),
    ) -> Result<(), TrieError> {
        let mut values = Vec::with_capacity(self.written.len());
        for key in self.written.drain(..) {
            // A slot that went back and was written again is here twice.
            let slot = self.slots.get_mut(&key).expect("invariant: written slots are known");
            if slot.value != slot.stored {
                slot.stored = slot.value;
                values.push((slot.hash, slot.value));
            }
        }
        if values.is_empty() {
            return Ok(());
        }
        let order = order(&values);
        let ordered = || order.iter().map(|(_, place)| &values[*place]);
        let trie = self.trie.get_or_insert_with(|| Trie::new(self.storage_root));
        for (hash, value) in ordered().filter(|(_, value)| !value.is_zero()) {
            trie.insert(source, hash, encode(value))?;
        }
        for (hash, _) in ordered().filter(|(_, value)| value.is_zero()) {
            trie.remove(source, hash)?;
        }
        self.storage_root = trie.root(sink);
        Ok(())
    }
}

/// The places of values in the order of their hashes, no two of which are equal, each with the start of its hash: values are
/// large, and most hashes differ in their first word.
fn order<T>(values: &[(B256, T)]) -> Vec<(u64, usize)> {
    let first = |hash: &B256| hash.0.first_chunk().map_or(0, |word| u64::from_be_bytes(*word));
    let starts = values.iter().map(|(hash, _)| first(hash));
    let mut order: Vec<_> = starts.zip(0..).collect();
    order.sort_unstable_by(|(start, place), (other, another)| {
        start.cmp(other).then_with(|| values[*place].0.cmp(&values[*another].0))
    });
    order
}

impl<S: NodeSource> Database for State<S> {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        Ok(self.load(address)?.info.clone())
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, StateError> {
        if hash == KECCAK_EMPTY || hash.is_zero() {
            return Ok(Bytecode::default());
        }
        if let Some(code) = self.codes.get(&hash) {
            return Ok(code.clone());
        }
        let Some(bytes) = self.source.code(&hash) else {
            return self.fail(StateError::MissingCode { hash });
        };
        let code = code::analyze(bytes);
        self.codes.insert(hash, code.clone());
        Ok(code)
    }

    fn storage(&mut self, address: Address, key: U256) -> Result<U256, StateError> {
        let (entry, source) = self.load_with_source(address)?;
        let vacant = match entry.slots.entry(key) {
            Entry::Occupied(slot) => return Ok(slot.get().value),
            Entry::Vacant(vacant) => vacant,
        };
        let hash = keccak256(key.to_be_bytes::<32>());
        let value = if entry.storage_root == EMPTY_ROOT_HASH {
            Ok(U256::ZERO)
        } else {
            let trie = entry.trie.get_or_insert_with(|| Trie::new(entry.storage_root));
            match trie.get(source, &hash) {
                Err(error) => Err(StateError::Storage { address, error }),
                Ok(None) => Ok(U256::ZERO),
                Ok(Some(mut item)) => U256::decode(&mut item)
                    .ok()
                    .filter(|_| item.is_empty())
                    .ok_or(StateError::Value { what: "slot", address }),
            }
        };
        match value {
            Ok(value) => {
                vacant.insert(Slot { hash, value, stored: value });
                Ok(value)
            }
            Err(error) => self.fail(error),
        }
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        let Some((mut at, mut hash)) = self.ancestors else {
            let slot = U256::from(number % HISTORY_SERVE_WINDOW as u64);
            return Ok(self.storage(HISTORY_STORAGE_ADDRESS, slot)?.into());
        };
        while at > number {
            let parent = self
                .source
                .node(&hash)
                .and_then(|rlp| alloy_consensus::Header::decode(&mut rlp.as_ref()).ok())
                .filter(|header| header.number == at);
            let Some(header) = parent else {
                return self.fail(StateError::Ancestor { number: at, hash });
            };
            hash = header.parent_hash;
            at -= 1;
        }
        Ok(hash)
    }
}

impl<S: NodeSource> DatabaseCommit for State<S> {
    fn commit(&mut self, changes: AddressMap<Account>) {
        // Accounts are large, so they stay where they are.
        for (address, account) in &changes {
            if !account.is_touched() {
                continue;
            }
            let Some(entry) = self.entries.get_mut(address) else {
                self.error.get_or_insert(StateError::Unread { address: *address });
                continue;
            };
            if !entry.changed {
                entry.changed = true;
                self.changed.push(*address);
            }
            if account.is_selfdestructed() {
                entry.info = None;
                entry.wipe();
                continue;
            }
            if account.is_created() {
                entry.wipe();
            }
            // EIP-161: a touched account that is empty does not exist. Hashes are compared last.
            let AccountInfo { balance, nonce, code_hash, .. } = account.info;
            if nonce == 0 && balance.is_zero() && account.is_empty() {
                entry.info = None;
                entry.wipe();
                continue;
            }
            let info = entry.info.get_or_insert(AccountInfo {
                balance,
                nonce,
                code_hash: KECCAK_EMPTY,
                account_id: None,
                code: None,
            });
            (info.balance, info.nonce) = (balance, nonce);
            if code_hash != info.code_hash {
                info.code_hash = code_hash;
                if code_hash != KECCAK_EMPTY
                    && let Some(code) = &account.info.code
                    && let Entry::Vacant(vacant) = self.codes.entry(code_hash)
                {
                    if self.keep {
                        self.new.codes.push((code_hash, code.original_bytes()));
                    }
                    vacant.insert(code.clone());
                }
            }
            for (key, slot) in &account.storage {
                if slot.present_value != slot.original_value {
                    entry.write(*key, slot.present_value, slot.original_value);
                }
            }
        }
    }
}
