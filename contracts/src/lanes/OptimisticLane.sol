// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {TestChains} from "../TestChains.sol";
import {IInbox} from "../interfaces/IInbox.sol";
import {ILane} from "../interfaces/ILane.sol";
import {Challenge, Claim, ClaimState, IOptimisticLane} from "../interfaces/IOptimisticLane.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {BatchCommitment, BatchIndex, InputId, NO_BATCH, RollupId, StatementId} from "../types/Ids.sol";
import {LaneKind, Verdict} from "../types/Policy.sol";
import {Statement} from "../types/Statement.sol";

/// @title OptimisticLane
/// @notice See IOptimisticLane, and `docs/reference/optimistic-lane.md` for the invariants and the table of bonds.
contract OptimisticLane is IOptimisticLane {
    /// @dev What is claimed about one input.
    struct Question {
        /// Open claims with this input id.
        uint32 open;
        /// End of the window of the first of them: contradicting claims must come before.
        uint40 closesAt;
    }

    uint64 private constant MAX_WINDOW = 365 days;
    address private constant BURN = 0x000000000000000000000000000000000000dEaD;

    ISettlement public immutable settlement;
    /// @inheritdoc IOptimisticLane
    uint256 public immutable bond;
    /// @inheritdoc IOptimisticLane
    uint64 public immutable window;
    /// @inheritdoc IOptimisticLane
    address public immutable game;
    bytes32 private immutable _domain;

    mapping(StatementId statementId => Claim) private _claims;
    mapping(StatementId statementId => mapping(uint256 index => Challenge)) private _challenges;
    mapping(InputId inputId => Question) private _questions;
    /// @inheritdoc IOptimisticLane
    mapping(address proposer => bool) public defeated;

    /// @param game_ The contract that decides challenges; zero for none, on a test chain only.
    constructor(ISettlement settlement_, uint256 bond_, uint64 window_, address game_) {
        if (game_ == address(0) && !TestChains.includes(block.chainid)) revert NoGame(block.chainid);
        if (bond_ == 0) revert BondMismatch(1, 0);
        if (window_ == 0 || window_ > MAX_WINDOW) revert WindowOutOfRange(MAX_WINDOW, window_);
        settlement = settlement_;
        bond = bond_;
        window = window_;
        game = game_;
        _domain = settlement_.domain();
    }

    /// @inheritdoc ILane
    function kind() external pure returns (LaneKind) {
        return LaneKind.Optimistic;
    }

    /// @inheritdoc ILane
    /// @dev Two optimistic lanes whose disputes end in the same contract, or in none, are one vote.
    function trustRoot() external view returns (bytes32) {
        return keccak256(abi.encode("oneslot.optimistic", game));
    }

    // ── Claims ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IOptimisticLane
    function claim(Statement calldata statement) external payable {
        if (msg.value != bond) revert BondMismatch(bond, msg.value);
        if (statement.domain != _domain) revert DomainMismatch(_domain, statement.domain);
        if (defeated[msg.sender]) revert ProposerIsDefeated(msg.sender);
        if (!statement.isRange()) revert NotARange(statement.parentBatch, statement.batchIndex);
        address inbox = settlement.inbox(statement.rollupId);
        _requirePosted(inbox, statement.rollupId, statement.parentBatch, statement.parentCommitment);
        _requirePosted(inbox, statement.rollupId, statement.batchIndex, statement.batchCommitment);
        (StatementId statementId, InputId inputId) = statement.ids();
        Claim memory entry = _claims[statementId];
        if (entry.state == ClaimState.Open || entry.state == ClaimState.Returned) revert AlreadyClaimed(statementId);
        if (entry.state == ClaimState.Lost) {
            // The statement may be right although who claimed it lost elsewhere: another may claim it anew.
            if (entry.generation == type(uint8).max) revert TooManyGenerations(statementId);
            ++entry.generation;
        }
        Question memory question = _questions[inputId];
        if (question.open != 0 && block.timestamp >= question.closesAt) {
            revert DisputeClosed(inputId, question.closesAt);
        }

        uint40 readyAt = uint40(block.timestamp + window);
        if (question.open == 0) question.closesAt = readyAt;
        ++question.open;
        _questions[inputId] = question;
        entry.proposer = msg.sender;
        entry.readyAt = readyAt;
        entry.state = ClaimState.Open;
        entry.firstChallenge = entry.challenges;
        entry.openChallenges = 0;
        _claims[statementId] = entry;
        emit Claimed(statementId, inputId, msg.sender, readyAt);
    }

    /// @dev The window is for checking: it must not run before the data are public.
    function _requirePosted(address inbox, RollupId rollupId, BatchIndex batchIndex, BatchCommitment expected)
        private
        view
    {
        BatchCommitment commitment = inbox == address(0) ? NO_BATCH : IInbox(inbox).batchCommitment(batchIndex);
        if (commitment == NO_BATCH || commitment != expected) revert BatchNotPosted(rollupId, batchIndex);
    }

    /// @inheritdoc ILane
    /// @dev A claim names no program, and without a game nothing runs one: each of them is taken.
    function runs(bytes32 program) external pure returns (bool) {
        return program != 0;
    }

    /// @inheritdoc ILane
    /// @dev Ignores the program, see `runs`.
    function attests(StatementId statementId, InputId inputId, RollupId, bytes32) external view returns (bool) {
        Claim memory entry = _claims[statementId];
        return entry.state == ClaimState.Open && block.timestamp >= entry.readyAt && entry.openChallenges == 0
            && _questions[inputId].open == 1 && !defeated[entry.proposer];
    }

    // ── Challenges ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IOptimisticLane
    function challenge(StatementId statementId) external payable {
        if (msg.value != bond) revert BondMismatch(bond, msg.value);
        Claim memory entry = _open(statementId);
        if (block.timestamp >= entry.readyAt) revert WindowOver(statementId, entry.readyAt);
        if (entry.openChallenges == type(uint8).max || entry.challenges == type(uint16).max) {
            revert TooManyChallenges(statementId);
        }

        uint256 index = entry.challenges;
        ++entry.challenges;
        ++entry.openChallenges;
        _claims[statementId] = entry;
        _challenges[statementId][index] =
            Challenge({challenger: msg.sender, generation: entry.generation, closed: false});
        emit Challenged(statementId, index, msg.sender);
    }

    /// @inheritdoc IOptimisticLane
    function resolve(Statement calldata statement, uint256 index, bool claimUpheld) external {
        if (msg.sender != game) revert NotGame(msg.sender);
        (StatementId statementId, InputId inputId) = statement.ids();
        Claim memory entry = _open(statementId);
        Challenge memory decided = _challenges[statementId][index];
        if (decided.challenger == address(0) || decided.closed || decided.generation != entry.generation) {
            revert ChallengeNotOpen(statementId, index);
        }

        emit ChallengeResolved(statementId, index, claimUpheld);
        if (claimUpheld) {
            _closeAgainstChallenger(statementId, index, entry);
        } else {
            _defeat(entry.proposer, inputId);
            _lose(statementId, inputId, entry.proposer, decided.challenger);
            _payLoss(decided.challenger);
        }
    }

    /// @inheritdoc IOptimisticLane
    function closeChallenge(Statement calldata statement, uint256 index) external {
        (StatementId statementId,) = statement.ids();
        Claim memory entry = _claims[statementId];
        Challenge memory decided = _challenges[statementId][index];
        if (decided.challenger == address(0) || decided.closed) revert ChallengeNotOpen(statementId, index);

        // A claim of an earlier generation was lost, whatever became of the statement since.
        if (entry.state != ClaimState.Lost && decided.generation == entry.generation) {
            Verdict verdict = settlement.judge(statement);
            if (verdict == Verdict.Open) revert BatchNotFinal(statement.rollupId, statement.batchIndex);
            if (verdict == Verdict.Right) {
                _closeAgainstChallenger(statementId, index, entry);
                return;
            }
            if (verdict == Verdict.Moot && game != address(0) && entry.state == ClaimState.Open) {
                revert GameUndecided(statementId, entry.openChallenges);
            }
            if (entry.state == ClaimState.Open) --_claims[statementId].openChallenges;
        }
        _challenges[statementId][index].closed = true;
        emit ChallengeClosed(statementId, index, decided.challenger, bond);

        SafeTransferLib.forceSafeTransferETH(decided.challenger, bond);
    }

    /// @dev The challenge was wrong: half of its bond to the proposer, half burnt.
    function _closeAgainstChallenger(StatementId statementId, uint256 index, Claim memory entry) private {
        _challenges[statementId][index].closed = true;
        if (entry.state == ClaimState.Open) --_claims[statementId].openChallenges;
        uint256 reward = bond / 2;
        emit ChallengeClosed(statementId, index, entry.proposer, reward);

        SafeTransferLib.forceSafeTransferETH(entry.proposer, reward);
        SafeTransferLib.forceSafeTransferETH(BURN, bond - reward);
    }

    // ── Ends ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IOptimisticLane
    function withdrawBond(Statement calldata statement) external {
        (StatementId statementId, InputId inputId) = statement.ids();
        Claim memory entry = _open(statementId);
        if (block.timestamp < entry.readyAt && msg.sender != entry.proposer) {
            revert NotProposer(entry.proposer, msg.sender);
        }
        if (defeated[entry.proposer]) revert ProposerIsDefeated(entry.proposer);
        // The claim's last word: it may make its batch final, or be the agreement of the third lane.
        Statement[] memory statements = new Statement[](1);
        statements[0] = statement;
        settlement.advance(statements);
        Verdict verdict = settlement.judge(statement);
        if (verdict == Verdict.Open) revert BatchNotFinal(statement.rollupId, statement.batchIndex);
        if (verdict == Verdict.Wrong) revert ClaimIsWrong(statementId);
        if (verdict == Verdict.Moot && game != address(0) && entry.openChallenges != 0) {
            revert GameUndecided(statementId, entry.openChallenges);
        }

        _claims[statementId].state = ClaimState.Returned;
        --_questions[inputId].open;
        emit BondReturned(statementId, entry.proposer, bond);

        SafeTransferLib.forceSafeTransferETH(entry.proposer, bond);
    }

    /// @inheritdoc IOptimisticLane
    function slash(Statement calldata statement) external {
        (StatementId statementId, InputId inputId) = statement.ids();
        Claim memory entry = _open(statementId);
        if (!defeated[entry.proposer] && settlement.judge(statement) != Verdict.Wrong) {
            revert ClaimNotWrong(statementId);
        }
        address receiver = _receiver(statementId, entry);
        _lose(statementId, inputId, entry.proposer, receiver);
        _payLoss(receiver);
    }

    /// @inheritdoc IOptimisticLane
    function contradict(Statement calldata first, Statement calldata second) external {
        (StatementId firstId, InputId inputId) = first.ids();
        (StatementId secondId, InputId otherInputId) = second.ids();
        if (inputId != otherInputId || firstId == secondId) revert NoContradiction();
        Claim memory a = _open(firstId);
        Claim memory b = _open(secondId);
        if (a.proposer != b.proposer) revert DifferentProposers(a.proposer, b.proposer);
        _defeat(a.proposer, inputId);
        address firstReceiver = _receiver(firstId, a);
        address secondReceiver = _receiver(secondId, b);
        _lose(firstId, inputId, a.proposer, firstReceiver);
        _lose(secondId, inputId, b.proposer, secondReceiver);
        _payLoss(firstReceiver);
        _payLoss(secondReceiver);
    }

    /// @dev Whoever challenged the claim first, if that challenge still stands; else the caller.
    function _receiver(StatementId statementId, Claim memory entry) private view returns (address) {
        if (entry.firstChallenge == entry.challenges) return msg.sender;
        Challenge memory first = _challenges[statementId][entry.firstChallenge];
        return first.closed ? msg.sender : first.challenger;
    }

    function _defeat(address proposer, InputId inputId) private {
        if (defeated[proposer]) return;
        defeated[proposer] = true;
        emit ProposerDefeated(proposer, inputId);
    }

    /// @dev Effects only; `_payLoss` follows when all of them are done.
    function _lose(StatementId statementId, InputId inputId, address proposer, address receiver) private {
        _claims[statementId].state = ClaimState.Lost;
        _claims[statementId].openChallenges = 0;
        --_questions[inputId].open;
        emit BondLost(statementId, proposer, receiver, bond / 2);
    }

    function _payLoss(address receiver) private {
        uint256 reward = bond / 2;
        SafeTransferLib.forceSafeTransferETH(receiver, reward);
        SafeTransferLib.forceSafeTransferETH(BURN, bond - reward);
    }

    /// @inheritdoc ILane
    /// @dev Nothing to pay: while two claims contradict each other the lane attests neither, and their bonds answer one by one.
    function contradicted(RollupId, InputId, address) external view {
        if (msg.sender != address(settlement)) revert NotSettlement(msg.sender);
    }

    // ── Views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IOptimisticLane
    function claimOf(StatementId statementId) external view returns (Claim memory) {
        return _claims[statementId];
    }

    /// @inheritdoc IOptimisticLane
    function challengeOf(StatementId statementId, uint256 index) external view returns (Challenge memory) {
        return _challenges[statementId][index];
    }

    /// @inheritdoc IOptimisticLane
    function openClaims(InputId inputId) external view returns (uint256) {
        return _questions[inputId].open;
    }

    function _open(StatementId statementId) private view returns (Claim memory entry) {
        entry = _claims[statementId];
        if (entry.state != ClaimState.Open) revert ClaimNotOpen(statementId, entry.state);
    }
}
