// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {ILane} from "../../src/interfaces/ILane.sol";
import {InputId, RollupId, StatementId} from "../../src/types/Ids.sol";
import {LaneKind} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";

/// @notice A validity lane without the proof check: what such a lane costs beside it. Anyone may attest anything.
contract ZkStub is ILane {
    ISettlement private immutable _settlement;
    bytes32 private constant PROGRAM = keccak256("program");

    mapping(StatementId statementId => bool) private _votes;

    event Attested(StatementId indexed statementId);

    constructor(ISettlement settlement) {
        _settlement = settlement;
    }

    function kind() external pure returns (LaneKind) {
        return LaneKind.Zk;
    }

    function trustRoot() external pure returns (bytes32) {
        return "zk stub";
    }

    /// @dev As TeeLane does: votes that make their batch final in this call are not stored.
    function attest(Statement[] calldata statements) external {
        for (uint256 i; i < statements.length; ++i) {
            StatementId id = statements[i].id();
            assembly ("memory-safe") {
                tstore(id, 1)
            }
            emit Attested(id);
        }
        _settlement.advance(statements);
        for (uint256 i; i < statements.length; ++i) {
            Statement calldata s = statements[i];
            if (_settlement.finalOutput(s.rollupId, s.batchIndex) != s.output) _votes[s.id()] = true;
        }
    }

    function runs(bytes32 program) external pure returns (bool) {
        return program == PROGRAM;
    }

    function attests(StatementId id, InputId, RollupId, bytes32 program) external view returns (bool) {
        if (program != PROGRAM) return false;
        bool vouched;
        assembly ("memory-safe") {
            vouched := tload(id)
        }
        return vouched || _votes[id];
    }

    function contradicted(RollupId, InputId, address) external {}
}

/// @notice Calls in one transaction, as an aggregator operator makes them.
contract Batcher {
    struct Call {
        address to;
        bytes data;
    }

    function run(Call[] calldata calls) external {
        for (uint256 i; i < calls.length; ++i) {
            (bool ok, bytes memory reason) = calls[i].to.call(calls[i].data);
            if (!ok) {
                assembly {
                    revert(add(reason, 0x20), mload(reason))
                }
            }
        }
    }
}
