//! Follows L1 block by block.
//!
//! Every header is hashed here and must name the one before as its parent, so an endpoint cannot show two histories
//! as one. When the chain changes, the follower first says how far back ([`L1Event::Reorg`]), then gives the new blocks.
//! It remembers a bounded number of blocks; a deeper change is an error the caller must start over from.

use std::{collections::VecDeque, time::Duration};

use alloy::eips::BlockNumberOrTag;

use crate::{BlockRef, Error, L1Block, L1Client};

/// How close to the head to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FollowMode {
    /// The newest block; reorganisations are normal.
    #[default]
    Latest,
    /// Blocks that consensus calls safe.
    Safe,
    /// Finalized blocks only, about 13 minutes behind on mainnet.
    Finalized,
}

impl FollowMode {
    /// The JSON-RPC tag.
    pub fn tag(self) -> BlockNumberOrTag {
        match self {
            Self::Latest => BlockNumberOrTag::Latest,
            Self::Safe => BlockNumberOrTag::Safe,
            Self::Finalized => BlockNumberOrTag::Finalized,
        }
    }
}

/// What happened on L1.
#[expect(
    clippy::large_enum_variant,
    reason = "one event lives at a time, and nearly all are blocks"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum L1Event {
    /// The next block of the chain.
    Block(L1Block),
    /// The blocks after `to` are gone. The next events are their replacements.
    Reorg {
        /// The newest block both histories share.
        to: BlockRef,
    },
}

/// A cursor over the L1 chain.
#[derive(Debug)]
pub struct Follower {
    client: L1Client,
    mode: FollowMode,
    poll: Duration,
    depth: usize,
    /// Oldest first; never empty.
    window: VecDeque<BlockRef>,
    /// The head as last seen, so that catching up does not ask for it each time.
    target: u64,
}

impl Follower {
    /// Starts after `known`, oldest first: blocks the caller has processed already. One is enough; the more, the deeper
    /// a reorganisation during a stop can be followed.
    ///
    /// # Panics
    /// If `known` is empty.
    pub fn after(client: L1Client, mode: FollowMode, known: &[BlockRef]) -> Self {
        assert!(!known.is_empty(), "invariant: a follower starts after a block");
        Self {
            client,
            mode,
            poll: Duration::from_millis(500),
            depth: 4096,
            window: known.iter().copied().collect(),
            target: 0,
        }
    }

    /// Sets the pause between looks at an unchanged head.
    pub fn with_poll_interval(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }

    /// Sets the number of blocks remembered, at least 1.
    pub fn with_depth(mut self, depth: usize) -> Self {
        self.depth = depth.max(1);
        self
    }

    /// The last block given out.
    pub fn tip(&self) -> BlockRef {
        *self.window.back().expect("invariant: a follower remembers at least one block")
    }

    /// Waits for the next event.
    pub async fn next(&mut self) -> Result<L1Event, Error> {
        loop {
            if let Some(event) = self.poll().await? {
                return Ok(event);
            }
            tokio::time::sleep(self.poll).await;
        }
    }

    /// The next event, if there is one now.
    pub async fn poll(&mut self) -> Result<Option<L1Event>, Error> {
        let tip = self.tip();
        if self.target <= tip.number {
            let head = self.client.block(self.mode.tag()).await?;
            self.target = head.header.number;
            if self.target <= tip.number {
                return self.check_tip(&head).await;
            }
        }
        let Some(block) = self.client.try_block(tip.number + 1).await? else {
            // The chain became shorter since the head was read.
            self.target = 0;
            return self.check_known().await;
        };
        if block.header.parent_hash != tip.hash {
            self.target = 0;
            return self.check_known().await;
        }
        self.window.push_back(block.id());
        while self.window.len() > self.depth {
            self.window.pop_front();
        }
        Ok(Some(L1Event::Block(block)))
    }

    /// The head is not above the tip: nothing new, or another block in the tip's place.
    async fn check_tip(&mut self, head: &L1Block) -> Result<Option<L1Event>, Error> {
        let known = self.window.iter().rev().find(|b| b.number == head.header.number);
        match known {
            // Also an endpoint that lags behind our tip on the same chain.
            Some(block) if block.hash == head.hash => Ok(None),
            _ => self.check_known().await,
        }
    }

    /// Finds the newest remembered block that the endpoint still has in its chain.
    async fn check_known(&mut self) -> Result<Option<L1Event>, Error> {
        let head = self.client.block(self.mode.tag()).await?;
        let tip = self.tip();
        let mut keep = self.window.len();
        while keep > 0 {
            let block = self.window[keep - 1];
            if block.number > head.header.number {
                keep -= 1;
                continue;
            }
            let now = self.client.try_block(block.number).await?;
            if now.is_some_and(|b| b.hash == block.hash) {
                break;
            }
            keep -= 1;
        }
        if keep == 0 {
            return Err(Error::DeepReorg { oldest: self.window[0].number });
        }
        let to = self.window[keep - 1];
        if to == tip {
            return Ok(None);
        }
        if to.hash == head.hash {
            // Behind us on the same chain: a lagging endpoint looks the same as a reorganisation to a shorter chain.
            // The latter cannot last, so wait for blocks that contradict ours.
            return Ok(None);
        }
        self.window.truncate(keep);
        Ok(Some(L1Event::Reorg { to }))
    }
}
