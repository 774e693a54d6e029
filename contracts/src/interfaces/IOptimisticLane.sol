// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, InputId, RollupId, StatementId} from "../types/Ids.sol";
import {Statement} from "../types/Statement.sol";
import {ILane} from "./ILane.sol";

/// @notice Life of a claim.
enum ClaimState {
    None,
    /// Stands; attests once it is undisputed, see `IOptimisticLane.attests`.
    Open,
    /// Its bond went back to the proposer.
    Returned,
    /// Its bond is lost.
    Lost
}

/// @notice A bonded claim of one statement.
struct Claim {
    address proposer;
    /// First second after its window.
    uint40 readyAt;
    ClaimState state;
    /// How often the statement was claimed before, each time by a proposer that lost.
    uint8 generation;
    /// Position of this generation's first challenge.
    uint16 firstChallenge;
    /// Challenges of all generations.
    uint16 challenges;
    /// Challenges of this generation that nothing has decided.
    uint8 openChallenges;
}

/// @notice A bonded challenge of one claim.
struct Challenge {
    address challenger;
    /// Generation of the claim it is against.
    uint8 generation;
    /// Whether its bond has been paid out.
    bool closed;
}

/// @title The optimistic lane
/// @notice A claim attests its statement when its window is over, no challenge of it is open, no other claim with the same
/// input id stands, and its proposer never lost. Ambiguous is never yes. What a loser's bond does not pay is burnt, so that
/// playing both sides always costs.
interface IOptimisticLane is ILane {
    event Claimed(StatementId indexed statementId, InputId indexed inputId, address proposer, uint64 readyAt);
    event Challenged(StatementId indexed statementId, uint256 indexed index, address challenger);
    /// @notice The game decided a challenge.
    event ChallengeResolved(StatementId indexed statementId, uint256 indexed index, bool claimUpheld);
    event BondReturned(StatementId indexed statementId, address proposer, uint256 amount);
    /// @notice A claim lost its bond: `reward` went to `receiver`, the rest was burnt.
    event BondLost(StatementId indexed statementId, address proposer, address receiver, uint256 reward);
    /// @notice A challenger's bond was paid out: to the challenger, or half to the proposer and half burnt.
    event ChallengeClosed(StatementId indexed statementId, uint256 indexed index, address receiver, uint256 amount);
    /// @notice A proposer was proven wrong: none of its claims attests any more.
    event ProposerDefeated(address indexed proposer, InputId indexed inputId);

    /// @notice A lane without a game is for test chains.
    error NoGame(uint256 chainId);
    error BondMismatch(uint256 expected, uint256 got);
    error DomainMismatch(bytes32 expected, bytes32 got);
    error WindowOutOfRange(uint64 maximum, uint64 got);
    /// @notice The rollup's Inbox holds no such batch, or another one with this index: nobody could check the claim while its
    /// window runs.
    error BatchNotPosted(RollupId rollupId, BatchIndex batchIndex);
    /// @notice The statement covers no batch, or crosses the end of an epoch.
    error NotARange(BatchIndex parentBatch, BatchIndex batchIndex);
    error AlreadyClaimed(StatementId statementId);
    error ProposerIsDefeated(address proposer);
    /// @notice A claim with this input id stands and its window is over; a contradicting one belongs inside that window.
    error DisputeClosed(InputId inputId, uint64 closedAt);
    /// @notice The statement was claimed and lost too often to keep count.
    error TooManyGenerations(StatementId statementId);
    error ClaimNotOpen(StatementId statementId, ClaimState state);
    error WindowOver(StatementId statementId, uint64 readyAt);
    error TooManyChallenges(StatementId statementId);
    error NotGame(address caller);
    error NotSettlement(address caller);
    error ChallengeNotOpen(StatementId statementId, uint256 index);
    error BatchNotFinal(RollupId rollupId, BatchIndex batchIndex);
    error ClaimIsWrong(StatementId statementId);
    /// @notice Before the window is over only the proposer may take a claim back.
    error NotProposer(address expected, address got);
    error ClaimNotWrong(StatementId statementId);
    error GameUndecided(StatementId statementId, uint16 openChallenges);
    error NoContradiction();
    error DifferentProposers(address first, address second);
    error TransferFailed(address to, uint256 amount);

    /// @notice Wei a claim, and a challenge, deposits.
    function bond() external view returns (uint256);
    /// @notice Seconds in which a claim can be challenged.
    function window() external view returns (uint64);
    /// @notice The contract that decides challenges; zero, on test chains: nobody does, and a challenged claim never attests.
    function game() external view returns (address);
    /// @notice The claim of a statement; all zero if there is none.
    function claimOf(StatementId statementId) external view returns (Claim memory);
    /// @notice A challenge of a claim, by its position.
    function challengeOf(StatementId statementId, uint256 index) external view returns (Challenge memory);
    /// @notice How many open claims there are with an input id.
    function openClaims(InputId inputId) external view returns (uint256);
    /// @notice Whether the proposer was proven wrong by the game or by itself.
    function defeated(address proposer) external view returns (bool);

    /// @notice Claim a statement with `bond()` wei. Its range lies inside an epoch, and both its ends are posted batches.
    function claim(Statement calldata statement) external payable;
    /// @notice Challenge a claim inside its window, with `bond()` wei.
    function challenge(StatementId statementId) external payable;
    /// @notice Game only: decide a challenge and pay its winner half of the loser's bond; the rest is burnt. A lost claim
    /// defeats its proposer.
    function resolve(Statement calldata statement, uint256 index, bool claimUpheld) external;
    /// @notice Let Settlement advance, then give the bond of a claim back if its batch is final and the claim is not wrong. Open
    /// to all once the window is over, to the proposer at any time.
    function withdrawBond(Statement calldata statement) external;
    /// @notice Take the bond of a claim that contradicts the final output, or whose proposer is defeated: half goes to its
    /// first challenger, or to the caller if it had none; the rest is burnt.
    function slash(Statement calldata statement) external;
    /// @notice Pay out a challenger's bond once the claim's fate is known without the game: back to the challenger if the
    /// claim was lost or its batch became final otherwise; half to the proposer and half burnt if the claim was right.
    function closeChallenge(Statement calldata statement, uint256 index) external;
    /// @notice Prove that one proposer claimed two statements with one input id: it is defeated and both bonds are lost.
    function contradict(Statement calldata first, Statement calldata second) external;
}
