//! The transition from block to block: what provers, the rollup node and its sequencer execute.

use crate::{
    attributes::BlockAttributes,
    block::{self, ExecutedBlock, Prepared},
    bounds::Budget,
    crypto::Crypto,
    derive::{Inputs, derive},
    error::{Error, Result},
    evm::{self, Evm},
    fastlz::FastLz,
    origin::Tip,
    rules::ForkRules,
    source::NodeSource,
    state::{NewState, State},
};
use alloy_consensus::{Header, Sealed};
use alloy_evm::{Evm as _, EvmEnv};
use core::fmt;
use oneslot_types::{OutputParts, OutputRoot};
use op_revm::{L1BlockInfo, OpSpecId};

const HAS_EVM: &str = "invariant: a transition has an EVM between its methods";

/// A chain that goes on from a block, in memory.
///
/// Its state reads from a source by hash and never writes there: what blocks add is taken with
/// [`Transition::take_new`]. After an error a transition is of no use.
pub struct Transition<'a, S: NodeSource> {
    rules: &'a ForkRules,
    crypto: Crypto,
    head: Sealed<Header>,
    /// One for all blocks of a fork: it holds nothing of a block but what the next one replaces. There is one whenever
    /// a method begins.
    evm: Option<Evm<State<S>>>,
    budget: Budget,
    sizes: FastLz,
}

impl<S: NodeSource> fmt::Debug for Transition<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transition")
            .field("head", &self.head.hash())
            .field("state", &self.evm.as_ref().map(|evm| evm.components().0))
            .finish_non_exhaustive()
    }
}

impl<'a, S: NodeSource> Transition<'a, S> {
    /// Stands on `head`, whose state `source` knows, at the start of a batch.
    pub fn new(rules: &'a ForkRules, crypto: Crypto, head: Sealed<Header>, source: S) -> Self {
        let state = State::new(source, head.state_root);
        let evm = Some(evm::create_evm(state, evm::fork_env(&head, rules), rules, crypto));
        Self { rules, crypto, head, evm, budget: Budget::batch(), sizes: FastLz::default() }
    }

    /// The same, keeping what blocks add to the state for [`Transition::take_new`].
    pub fn keep_new(mut self) -> Self {
        self.state().keep();
        self
    }

    /// The same without a bound on gas, for blocks that are in no batch: those of other chains.
    pub fn unlimited(self) -> Self {
        Self { budget: Budget::unlimited(), ..self }
    }

    /// The last block's header.
    pub const fn head(&self) -> &Sealed<Header> {
        &self.head
    }

    /// The output root of the state after the last block.
    ///
    /// # Errors
    /// Its header has no withdrawals root.
    pub fn output(&self) -> Result<OutputRoot> {
        let missing = Error::Header { which: "parent", what: "no withdrawals root" };
        output_root(&self.head).ok_or(missing)
    }

    /// Where the chain stands on L1, as the state says.
    pub fn tip(&mut self) -> Result<Tip> {
        let evm = self.evm.as_mut().expect(HAS_EVM);
        Ok(Tip::read(evm.db_mut(), &self.head)?)
    }

    fn state(&mut self) -> &mut State<S> {
        self.evm.as_mut().expect(HAS_EVM).db_mut()
    }

    /// The EVM for a block, and what else one needs. The EVM keeps the fork that it was made for, so another fork takes
    /// another one.
    fn prepare(&mut self, env: EvmEnv<OpSpecId>) -> Prepared<'_, S> {
        let Self { rules, crypto, head, evm, budget, sizes } = self;
        if evm.as_ref().is_none_or(|evm| evm.cfg_env().spec != env.cfg_env.spec) {
            let (state, _) = evm.take().expect(HAS_EVM).finish();
            *evm = Some(evm::create_evm(state, env, rules, *crypto));
        } else if let Some(evm) = evm {
            let context = evm.ctx_mut();
            context.block = env.block_env;
            context.chain = L1BlockInfo::default();
        }
        let evm = evm.as_mut().expect(HAS_EVM);
        Prepared { rules, crypto: *crypto, parent: head, evm, budget, sizes }
    }

    /// What blocks added to the state since the last call; nothing without [`Transition::keep_new`].
    pub fn take_new(&mut self) -> NewState {
        self.state().take_new()
    }

    /// The source again.
    pub fn into_source(self) -> S {
        self.evm.expect(HAS_EVM).finish().0.into_source()
    }

    /// Derives the blocks of a batch whose data holds `payload`, or holds none, and executes them.
    ///
    /// `each` is told of every block as soon as it is executed, and whether it is the last.
    pub fn execute_batch<E: From<Error>>(
        &mut self,
        inputs: &Inputs<'_>,
        payload: Option<&[u8]>,
        mut each: impl FnMut(&mut Self, ExecutedBlock, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        let blocks = derive(inputs, payload);
        let last = blocks.len() - 1;
        for (position, attributes) in blocks.iter().enumerate() {
            let block = self.execute_block(attributes)?;
            each(self, block, position == last)?;
        }
        Ok(())
    }

    /// Executes and seals the block that `attributes` make, which becomes the last one.
    ///
    /// # Errors
    /// They are about the block before or about the state's source, never about a transaction: those
    /// are skipped.
    pub fn execute_block(&mut self, attributes: &BlockAttributes) -> Result<ExecutedBlock> {
        let env = evm::evm_env(&self.head, attributes, self.rules)?;
        let block = block::execute_block(self.prepare(env), attributes)?;
        self.head = block.header.clone();
        Ok(block)
    }
}

/// The output root of the state after this block. None if the header has no withdrawals root.
pub fn output_root(header: &Sealed<Header>) -> Option<OutputRoot> {
    output_parts(header).map(|parts| parts.root())
}

/// What [`output_root`] is the hash of.
pub(crate) fn output_parts(header: &Sealed<Header>) -> Option<OutputParts> {
    Some(OutputParts {
        state_root: header.state_root,
        message_passer_storage_root: header.withdrawals_root?,
        block_hash: header.hash(),
    })
}
