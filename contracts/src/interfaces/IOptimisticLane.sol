// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, InputId, RollupId, StatementId} from "../types/Ids.sol";
import {Statement} from "../types/Statement.sol";
import {ILane} from "./ILane.sol";

/// @notice Key of a claim: `keccak256(abi.encode(statementId, program, proposer))`. Nobody shares a claim with anybody.
type ClaimId is bytes32;

/// @notice Life of a claim.
enum ClaimState {
    None,
    /// Stands, with its bond. It is ripe once its window is over and no challenge of it is open.
    Open,
    /// Ripe, and its bond went back. It stands for ever.
    Returned,
    /// It fell to a challenge, and its bond is lost.
    Lost,
    /// Only without a game: its batch became final by other inputs while it was challenged. It stands for nothing, and every
    /// bond that nothing had decided went back.
    Void
}

/// @notice A bonded claim. Every challenge that is neither open nor the one that it fell to was decided for it.
struct Claim {
    /// First second after its window.
    uint40 readyAt;
    ClaimState state;
    /// All challenges. No bond of a lane buys enough of them to fill the number.
    uint64 challenges;
    /// Those that nothing has decided.
    uint64 openChallenges;
}

/// @notice Life of a challenge.
enum ChallengeState {
    None,
    /// Its bond is here: nothing has decided it, or its claim fell and nobody has fetched the bond yet.
    Open,
    /// It was decided for the claim, and its bond is lost.
    Lost,
    /// Its claim fell or became void, and its bond went back.
    Returned
}

/// @notice A bonded challenge of one claim.
struct Challenge {
    address challenger;
    ChallengeState state;
}

/// @notice What is claimed about one input under one program.
struct Question {
    /// Claims that stand, of whatever output.
    uint64 standing;
    /// End of the window of the first of them: the last second for another claim lies before.
    uint40 closesAt;
}

/// @title The optimistic lane
/// @notice The lane stands by a statement under a program if a claim of it is ripe and no claim of another output of the same input
/// stands. See `docs/reference/optimistic-lane.md` for why nobody can delay a right claim by more than a window and a game. Half
/// of a lost bond, or more, is burnt, so that playing both sides always costs.
interface IOptimisticLane is ILane {
    event Claimed(
        StatementId indexed statementId,
        InputId indexed inputId,
        ClaimId indexed claimId,
        bytes32 program,
        address proposer,
        uint64 readyAt
    );
    event Challenged(ClaimId indexed claimId, uint256 indexed index, address challenger);
    /// @notice A challenge was decided for its claim.
    event ChallengeLost(ClaimId indexed claimId, uint256 indexed index);
    /// @notice A claim fell to a challenge: `reward` went to `receiver`, the rest of its bond was burnt, and so were the bonds of the
    /// challenges that it had survived.
    event ClaimLost(ClaimId indexed claimId, uint256 indexed index, address receiver, uint256 reward);
    /// @notice A claim became void, see `ClaimState.Void`.
    event ClaimVoid(ClaimId indexed claimId);
    /// @notice A proposer was paid: its bond, and half of the bond of each challenge that its claim survived.
    event BondReturned(ClaimId indexed claimId, address proposer, uint256 amount);
    event ChallengeReturned(ClaimId indexed claimId, uint256 indexed index, address challenger, uint256 amount);

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
    /// @notice The policy that judges the statement has another config.
    error ConfigMismatch(bytes32 expected, bytes32 got);
    /// @notice The lane's seat in the policy that judges the statement pins another program, or the lane has no seat there: then
    /// `expected` is zero.
    error ProgramMismatch(bytes32 expected, bytes32 got);
    /// @notice An account claims a statement under a program once, whatever became of the claim.
    error AlreadyClaimed(ClaimId claimId);
    /// @notice A claim about this input stands and its window is over; every other one belongs inside that window.
    error QuestionClosed(InputId inputId, bytes32 program, uint64 closedAt);
    error ClaimNotOpen(ClaimId claimId, ClaimState state);
    error WindowOver(ClaimId claimId, uint64 readyAt);
    error WindowOpen(ClaimId claimId, uint64 readyAt);
    error ChallengesOpen(ClaimId claimId, uint64 openChallenges);
    error NotGame(address caller);
    /// @notice The lane has a game, which alone decides its challenges.
    error GameDecides(address game);
    error NotSettlement(address caller);
    error ChallengeNotOpen(ClaimId claimId, uint256 index, ChallengeState state);
    /// @notice The claim stands, so its challenges are not paid back.
    error ClaimStands(ClaimId claimId, ClaimState state);
    error BatchNotFinal(RollupId rollupId, BatchIndex batchIndex);

    /// @notice Wei a claim, and a challenge, deposits.
    function bond() external view returns (uint256);
    /// @notice Seconds in which a claim can be challenged.
    function window() external view returns (uint64);
    /// @notice The contract that decides challenges; zero, on test chains: the final verdict does, see `resolveByVerdict`.
    function game() external view returns (address);
    /// @notice A claim; all zero if there is none.
    function claimOf(ClaimId claimId) external view returns (Claim memory);
    /// @notice A challenge of a claim, by its position; all zero if there is none.
    function challengeOf(ClaimId claimId, uint256 index) external view returns (Challenge memory);
    /// @notice What is claimed about an input under a program.
    function questionOf(InputId inputId, bytes32 program) external view returns (Question memory);
    /// @notice Whose claim speaks for a statement under a program: the first proposer's, until the bond of another one's claim goes
    /// back. Zero if nobody claimed it.
    function speakerOf(StatementId statementId, bytes32 program) external view returns (address);
    /// @notice How many claims stand about an input under a program for other outputs than the statement's.
    function rivalsOf(StatementId statementId, InputId inputId, bytes32 program) external view returns (uint256);

    /// @notice Claim, with `bond()` wei, that `program` says the statement. Its range lies inside an epoch, both its ends are posted
    /// batches, and the policy that judges it has its config and pins `program` for this lane.
    function claim(Statement calldata statement, bytes32 program) external payable;
    /// @notice Challenge a claim inside its window, with `bond()` wei. There is no limit to the number of challenges.
    function challenge(ClaimId claimId) external payable;
    /// @notice Game only: decide a challenge. A claim that is upheld goes on. A claim that is not is lost, at once and alone: half of
    /// its bond goes to its first challenger, or to the one that it falls to if the first has lost; the rest is burnt.
    function resolve(Statement calldata statement, bytes32 program, address proposer, uint256 index, bool claimUpheld)
        external;
    /// @notice Without a game: decide a challenge by what became final. It upholds a claim that is right, a claim that is wrong falls,
    /// and one about other inputs becomes void.
    function resolveByVerdict(Statement calldata statement, bytes32 program, address proposer, uint256 index) external;
    /// @notice Pay the proposer of a ripe claim. Anyone may call; the claim stands on, and from now on speaks for its statement.
    function withdrawBond(StatementId statementId, bytes32 program, address proposer) external;
    /// @notice Pay a challenger back whose claim fell to another challenge or became void. Anyone may call.
    function withdrawChallenge(ClaimId claimId, uint256 index) external;
}
