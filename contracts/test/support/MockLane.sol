// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ILane} from "../../src/interfaces/ILane.sol";
import {InputId, RollupId, StatementId} from "../../src/types/Ids.sol";
import {LaneKind} from "../../src/types/Policy.sol";

/// @notice A lane that attests what the test tells it to, and misbehaves on request.
contract MockLane is ILane {
    enum Fault {
        None,
        Reverts,
        BurnsGas,
        ReturnsNothing,
        ReturnsTwo,
        ReturnsBomb
    }

    /// @dev A program that no seat may pin.
    bytes32 public constant REFUSED = "refused";

    LaneKind public immutable kind;
    bytes32 public trustRoot;
    Fault public fault;
    /// @dev What the lane runs: what its seat pins in the fixtures, and what it votes under.
    bytes32 public program;
    mapping(StatementId statementId => mapping(bytes32 program => bool)) public votes;

    RollupId public contradictedRollup;
    InputId public contradictedInput;
    address public contradictionReporter;

    constructor(LaneKind kind_, bytes32 trustRoot_) {
        kind = kind_;
        trustRoot = trustRoot_;
        program = keccak256(abi.encode("program", address(this)));
    }

    function setProgram(bytes32 program_) external {
        program = program_;
    }

    function runs(bytes32 program_) external pure returns (bool) {
        return program_ != REFUSED;
    }

    function setFault(Fault fault_) external {
        fault = fault_;
    }

    function setTrustRoot(bytes32 trustRoot_) external {
        trustRoot = trustRoot_;
    }

    function vote(StatementId statementId) external {
        votes[statementId][program] = true;
    }

    function unvote(StatementId statementId) external {
        votes[statementId][program] = false;
    }

    function attests(StatementId statementId, InputId, RollupId, bytes32 program_) external view returns (bool) {
        if (fault == Fault.Reverts) revert("broken");
        if (fault == Fault.BurnsGas) {
            uint256 x;
            while (true) x = uint256(keccak256(abi.encode(x)));
        }
        if (fault == Fault.ReturnsNothing) {
            assembly {
                return(0, 0)
            }
        }
        if (fault == Fault.ReturnsTwo) {
            assembly {
                mstore(0, 2)
                return(0, 32)
            }
        }
        if (fault == Fault.ReturnsBomb) {
            assembly {
                mstore(0, 1)
                return(0, 100000)
            }
        }
        return votes[statementId][program_];
    }

    function contradicted(RollupId rollupId, InputId inputId, address reporter) external {
        if (fault == Fault.Reverts) revert("broken");
        contradictedRollup = rollupId;
        contradictedInput = inputId;
        contradictionReporter = reporter;
    }
}
