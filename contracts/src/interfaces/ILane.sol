// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {InputId, RollupId, StatementId} from "../types/Ids.sol";
import {LaneKind} from "../types/Policy.sol";

/// @title A proof family that can attest statements
/// @notice Votes live in the lanes; Settlement asks for them. Settlement calls a lane with bounded gas and takes
/// a revert for "no", so a broken lane cannot hold the others up.
interface ILane {
    /// @notice Proof family of the lane.
    function kind() external view returns (LaneKind);

    /// @notice What this lane's votes rest on: two lanes with one trust root are one vote and are refused together.
    function trustRoot() external view returns (bytes32);

    /// @notice Whether a seat may pin the program with this lane. Settlement asks when a policy is written.
    function runs(bytes32 program) external view returns (bool);

    /// @notice Whether the lane stands by the statement now, for a seat that pins `program`.
    /// @param statementId `StatementLib.id` of the statement.
    /// @param inputId `StatementLib.inputId` of the same statement.
    /// @param rollupId The statement's rollup.
    /// @param program What the lane must have run, see `Seat.program`.
    function attests(StatementId statementId, InputId inputId, RollupId rollupId, bytes32 program)
        external
        view
        returns (bool);

    /// @notice Settlement has suspended the lane for the rollup, because it attested two statements with this
    /// input id. The lane pays `reporter` from its bond, if it has one. Only Settlement may call; a revert changes nothing.
    function contradicted(RollupId rollupId, InputId inputId, address reporter) external;
}
