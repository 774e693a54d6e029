//! Bindings of the contracts.

#![allow(missing_docs, unreachable_pub)]

use alloy::sol;

sol! {
    #[derive(Debug, PartialEq, Eq)]
    struct BatchHeader {
        bytes32 parentCommitment;
        uint64 index;
        bytes32 dataHash;
        uint64 depositsBefore;
        bytes32 depositHashBefore;
        uint64 depositsAfter;
        bytes32 depositHashAfter;
        uint64 originNumber;
        bytes32 originHash;
        uint64 postedAt;
    }

    #[derive(Debug, PartialEq, Eq)]
    struct BlobOpening { bytes32 versionedHash; bytes32 z; bytes32 y; }

    #[derive(Debug, PartialEq, Eq)]
    struct BlobInput { bytes32 z; bytes32 y; bytes commitment; bytes proof; }

    #[sol(rpc)]
    #[derive(Debug)]
    interface Inbox {
        event BatchPosted(uint64 indexed index, bytes32 indexed commitment, BatchHeader header, BlobOpening[] openings);
        event DepositQueued(uint64 indexed index, bytes32 rollingHash, uint64 l1Block, uint64 timestamp);
        function postBlobs(uint64 index, uint64 originNumber, uint64 checkpoint, BlobInput[] calldata blobs) external;
        function postCalldata(uint64 index, uint64 originNumber, uint64 checkpoint, bytes calldata data) external;
        function batchCount() external view returns (uint64);
        function batchCommitment(uint64 index) external view returns (bytes32);
        function postedAt(uint64 index) external view returns (uint64);
        function head() external view returns (uint64 count, uint64 originNumber, uint64 checkpointsConsumed, uint64 depositsConsumed);
        function checkpointCount() external view returns (uint256);
        function depositCheckpoints(uint256 i) external view returns (bytes32 rollingHash, uint64 count, uint64 blockNumber, uint64 timestamp);
        function depositCount() external view returns (uint64);
        function depositHash() external view returns (bytes32);
        function forcedDue() external view returns (bool);
        function batcher() external view returns (address);
        function portal() external view returns (address);
        function forceWindow() external view returns (uint64);
    }

    #[sol(rpc)]
    #[derive(Debug)]
    interface Portal {
        event TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData);
    }
}

impl From<BatchHeader> for oneslot_types::BatchHeader {
    fn from(h: BatchHeader) -> Self {
        Self {
            parentCommitment: h.parentCommitment,
            index: h.index,
            dataHash: h.dataHash,
            depositsBefore: h.depositsBefore,
            depositHashBefore: h.depositHashBefore,
            depositsAfter: h.depositsAfter,
            depositHashAfter: h.depositHashAfter,
            originNumber: h.originNumber,
            originHash: h.originHash,
            postedAt: h.postedAt,
        }
    }
}

impl From<BlobOpening> for oneslot_types::BlobOpening {
    fn from(o: BlobOpening) -> Self {
        Self { versionedHash: o.versionedHash, z: o.z, y: o.y }
    }
}
