// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {TestChains} from "../TestChains.sol";
import {IInbox} from "../interfaces/IInbox.sol";
import {ILane} from "../interfaces/ILane.sol";
import {
    Challenge,
    ChallengeState,
    Claim,
    ClaimId,
    ClaimState,
    IOptimisticLane,
    Question
} from "../interfaces/IOptimisticLane.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {BatchCommitment, BatchIndex, InputId, NO_BATCH, RollupId, StatementId} from "../types/Ids.sol";
import {LaneKind, Policy, Verdict} from "../types/Policy.sol";
import {Statement} from "../types/Statement.sol";

/// @title OptimisticLane
/// @notice See IOptimisticLane, and `docs/reference/optimistic-lane.md` for the invariants and the table of bonds.
contract OptimisticLane is IOptimisticLane {
    /// @dev What is claimed of one statement under one program.
    struct Answer {
        /// See `speakerOf`.
        address speaker;
        /// Claims that stand.
        uint64 standing;
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

    mapping(ClaimId claimId => Claim) private _claims;
    mapping(ClaimId claimId => mapping(uint256 index => Challenge)) private _challenges;
    mapping(InputId inputId => mapping(bytes32 program => Question)) private _questions;
    mapping(StatementId statementId => mapping(bytes32 program => Answer)) private _answers;

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
    /// @dev A question closes with the first window although claims of one output do not contradict each other. If a late claim
    /// for a standing output were taken, a liar could keep its wrong answer standing by one claim after the other, and the right
    /// one, which comes late as well, out. It opens again when nothing stands: then no claim has ripened, and no right one waits.
    function claim(Statement calldata statement, bytes32 program) external payable {
        if (msg.value != bond) revert BondMismatch(bond, msg.value);
        _requireJudged(statement, program);
        (StatementId statementId, InputId inputId) = statement.ids();
        ClaimId claimId = _claimId(statementId, program, msg.sender);
        if (_claims[claimId].state != ClaimState.None) revert AlreadyClaimed(claimId);
        Question memory question = _questions[inputId][program];
        if (question.standing != 0 && block.timestamp >= question.closesAt) {
            revert QuestionClosed(inputId, program, question.closesAt);
        }

        uint40 readyAt = uint40(block.timestamp + window);
        if (question.standing == 0) question.closesAt = readyAt;
        ++question.standing;
        _questions[inputId][program] = question;
        Answer memory answer = _answers[statementId][program];
        if (answer.standing == 0) answer.speaker = msg.sender;
        ++answer.standing;
        _answers[statementId][program] = answer;
        _claims[claimId] = Claim({readyAt: readyAt, state: ClaimState.Open, challenges: 0, openChallenges: 0});
        emit Claimed(statementId, inputId, claimId, program, msg.sender, readyAt);
    }

    /// @dev The window is for checking: it must not run before the data are public and their meaning is fixed. A claim under rules
    /// that come into force later would ripen while everybody judges by those of today.
    function _requireJudged(Statement calldata statement, bytes32 program) private view {
        if (statement.domain != _domain) revert DomainMismatch(_domain, statement.domain);
        if (!statement.isRange()) revert NotARange(statement.parentBatch, statement.batchIndex);
        address inbox = settlement.inbox(statement.rollupId);
        _requirePosted(inbox, statement.rollupId, statement.parentBatch, statement.parentCommitment);
        _requirePosted(inbox, statement.rollupId, statement.batchIndex, statement.batchCommitment);
        Policy memory policy = settlement.policy(statement.rollupId, statement.batchIndex);
        if (statement.configHash != policy.configHash) revert ConfigMismatch(policy.configHash, statement.configHash);
        bytes32 pinned;
        for (uint256 i; i < policy.seats.length; ++i) {
            if (policy.seats[i].lane == address(this)) pinned = policy.seats[i].program;
        }
        if (pinned == 0 || pinned != program) revert ProgramMismatch(pinned, program);
    }

    function _requirePosted(address inbox, RollupId rollupId, BatchIndex batchIndex, BatchCommitment expected)
        private
        view
    {
        BatchCommitment commitment = inbox == address(0) ? NO_BATCH : IInbox(inbox).batchCommitment(batchIndex);
        if (commitment == NO_BATCH || commitment != expected) revert BatchNotPosted(rollupId, batchIndex);
    }

    /// @inheritdoc ILane
    /// @dev Without a game nothing runs a program, and the lane cannot tell what is one: each of them is taken.
    function runs(bytes32 program) external pure returns (bool) {
        return program != 0;
    }

    /// @inheritdoc ILane
    /// @dev Once yes, always yes: a ripe claim cannot be challenged, and while it stands no rival is taken.
    function attests(StatementId statementId, InputId inputId, RollupId, bytes32 program) external view returns (bool) {
        Answer memory answer = _answers[statementId][program];
        if (answer.standing == 0 || answer.standing != _questions[inputId][program].standing) return false;
        Claim memory entry = _claims[_claimId(statementId, program, answer.speaker)];
        if (entry.state == ClaimState.Returned) return true;
        return entry.state == ClaimState.Open && block.timestamp >= entry.readyAt && entry.openChallenges == 0;
    }

    // ── Challenges ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IOptimisticLane
    function challenge(ClaimId claimId) external payable {
        if (msg.value != bond) revert BondMismatch(bond, msg.value);
        Claim memory entry = _open(claimId);
        if (block.timestamp >= entry.readyAt) revert WindowOver(claimId, entry.readyAt);

        uint256 index = entry.challenges;
        ++entry.challenges;
        ++entry.openChallenges;
        _claims[claimId] = entry;
        _challenges[claimId][index] = Challenge({challenger: msg.sender, state: ChallengeState.Open});
        emit Challenged(claimId, index, msg.sender);
    }

    /// @inheritdoc IOptimisticLane
    function resolve(Statement calldata statement, bytes32 program, address proposer, uint256 index, bool claimUpheld)
        external
    {
        if (msg.sender != game) revert NotGame(msg.sender);
        (StatementId statementId, InputId inputId) = statement.ids();
        ClaimId claimId = _claimId(statementId, program, proposer);
        Claim memory entry = _disputed(claimId, index);
        if (claimUpheld) {
            _uphold(claimId, index);
        } else {
            _remove(claimId, statementId, inputId, program, ClaimState.Lost);
            _payLoss(claimId, entry, index);
        }
    }

    /// @inheritdoc IOptimisticLane
    function resolveByVerdict(Statement calldata statement, bytes32 program, address proposer, uint256 index) external {
        if (game != address(0)) revert GameDecides(game);
        (StatementId statementId, InputId inputId) = statement.ids();
        ClaimId claimId = _claimId(statementId, program, proposer);
        Claim memory entry = _disputed(claimId, index);
        Verdict verdict = settlement.judge(statement);
        if (verdict == Verdict.Open) revert BatchNotFinal(statement.rollupId, statement.batchIndex);
        if (verdict == Verdict.Right) {
            _uphold(claimId, index);
        } else if (verdict == Verdict.Wrong) {
            _remove(claimId, statementId, inputId, program, ClaimState.Lost);
            _payLoss(claimId, entry, index);
        } else {
            _remove(claimId, statementId, inputId, program, ClaimState.Void);
            emit ClaimVoid(claimId);
            _payProposer(claimId, entry, proposer);
        }
    }

    function _uphold(ClaimId claimId, uint256 index) private {
        --_claims[claimId].openChallenges;
        _challenges[claimId][index].state = ChallengeState.Lost;
        emit ChallengeLost(claimId, index);
    }

    function _remove(ClaimId claimId, StatementId statementId, InputId inputId, bytes32 program, ClaimState state)
        private
    {
        _claims[claimId].state = state;
        --_answers[statementId][program].standing;
        --_questions[inputId][program].standing;
    }

    // ── Money ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IOptimisticLane
    function withdrawBond(StatementId statementId, bytes32 program, address proposer) external {
        ClaimId claimId = _claimId(statementId, program, proposer);
        Claim memory entry = _open(claimId);
        if (block.timestamp < entry.readyAt) revert WindowOpen(claimId, entry.readyAt);
        if (entry.openChallenges != 0) revert ChallengesOpen(claimId, entry.openChallenges);

        _claims[claimId].state = ClaimState.Returned;
        _answers[statementId][program].speaker = proposer;
        _payProposer(claimId, entry, proposer);
    }

    /// @inheritdoc IOptimisticLane
    function withdrawChallenge(ClaimId claimId, uint256 index) external {
        ClaimState state = _claims[claimId].state;
        if (state != ClaimState.Lost && state != ClaimState.Void) revert ClaimStands(claimId, state);
        Challenge memory entry = _openChallenge(claimId, index);

        _challenges[claimId][index].state = ChallengeState.Returned;
        emit ChallengeReturned(claimId, index, entry.challenger, bond);
        SafeTransferLib.forceSafeTransferETH(entry.challenger, bond);
    }

    /// @dev The bond, and half of each bond that the claim won. Only now: what a claim wins belongs to it when all its challenges are
    /// decided, and to nobody if it is lost.
    function _payProposer(ClaimId claimId, Claim memory entry, address proposer) private {
        uint256 won = entry.challenges - entry.openChallenges;
        uint256 amount = bond + won * (bond / 2);
        emit BondReturned(claimId, proposer, amount);
        SafeTransferLib.forceSafeTransferETH(proposer, amount);
        _burn(won * (bond - bond / 2));
    }

    /// @dev Half of the bond, to the first challenger whoever calls and whichever challenge is decided first: else a liar would
    /// concede to a challenge of its own.
    function _payLoss(ClaimId claimId, Claim memory entry, uint256 index) private {
        Challenge memory heir = _challenges[claimId][0];
        if (heir.state != ChallengeState.Open) heir = _challenges[claimId][index];
        uint256 won = entry.challenges - entry.openChallenges;
        uint256 reward = bond / 2;
        emit ClaimLost(claimId, index, heir.challenger, reward);
        SafeTransferLib.forceSafeTransferETH(heir.challenger, reward);
        _burn(bond - reward + won * bond);
    }

    function _burn(uint256 amount) private {
        if (amount != 0) SafeTransferLib.forceSafeTransferETH(BURN, amount);
    }

    /// @inheritdoc ILane
    /// @dev Nothing to pay: the lane never stands by two outputs of one input, and bonds answer for claims one by one.
    function contradicted(RollupId, InputId, address) external view {
        if (msg.sender != address(settlement)) revert NotSettlement(msg.sender);
    }

    // ── Views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IOptimisticLane
    function claimOf(ClaimId claimId) external view returns (Claim memory) {
        return _claims[claimId];
    }

    /// @inheritdoc IOptimisticLane
    function challengeOf(ClaimId claimId, uint256 index) external view returns (Challenge memory) {
        return _challenges[claimId][index];
    }

    /// @inheritdoc IOptimisticLane
    function questionOf(InputId inputId, bytes32 program) external view returns (Question memory) {
        return _questions[inputId][program];
    }

    /// @inheritdoc IOptimisticLane
    function speakerOf(StatementId statementId, bytes32 program) external view returns (address) {
        return _answers[statementId][program].speaker;
    }

    /// @inheritdoc IOptimisticLane
    function rivalsOf(StatementId statementId, InputId inputId, bytes32 program) external view returns (uint256) {
        return _questions[inputId][program].standing - _answers[statementId][program].standing;
    }

    function _claimId(StatementId statementId, bytes32 program, address proposer) private pure returns (ClaimId) {
        return ClaimId.wrap(keccak256(abi.encode(statementId, program, proposer)));
    }

    function _open(ClaimId claimId) private view returns (Claim memory entry) {
        entry = _claims[claimId];
        if (entry.state != ClaimState.Open) revert ClaimNotOpen(claimId, entry.state);
    }

    function _openChallenge(ClaimId claimId, uint256 index) private view returns (Challenge memory entry) {
        entry = _challenges[claimId][index];
        if (entry.state != ChallengeState.Open) revert ChallengeNotOpen(claimId, index, entry.state);
    }

    /// @dev An open claim with an open challenge.
    function _disputed(ClaimId claimId, uint256 index) private view returns (Claim memory entry) {
        entry = _open(claimId);
        _openChallenge(claimId, index);
    }
}
