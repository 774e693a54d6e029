// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, OutputRoot, RollupId, StatementId} from "../types/Ids.sol";
import {Statement} from "../types/Statement.sol";
import {Change, Council, CouncilMode, Policy, RegisterParams, Suspension, Verdict} from "../types/Policy.sol";

/// @notice What stands between a statement and finality.
struct Tally {
    /// Whether domain, config, range, both commitments and parent are those Settlement expects, see `advance`.
    bool inputsMatch;
    /// Whether `advance` would make it final now.
    bool ready;
    /// Lanes of its policy, in order, that attest it and are not suspended, as bits.
    uint256 lanes;
}

/// @title Settlement: when an output is final
/// @notice One immutable contract for all rollups: no owner, no proxy, no pause. An output is final if and only if it follows, by a
/// range of batches inside an epoch, from the last final one and at least two live lanes attest that. The exceptions are named: a
/// council's choice among attested outputs, and the last resort. Final outputs never change. Only those at the ends of ranges are
/// recorded.
interface ISettlement {
    event RollupRegistered(RollupId indexed rollupId, address indexed inbox, OutputRoot genesisOutput, Council council);
    /// @notice A version of the rules was added; it judges batches from `policy.fromBatch` on.
    event PolicyAdded(RollupId indexed rollupId, uint256 indexed version, Policy policy);
    /// @notice All batches up to and with `batchIndex` are final; the output is recorded for the last one.
    /// @param lanes Agreeing lanes as bits, in policy order; fewer than two only by choice or last resort.
    event BatchFinalized(
        RollupId indexed rollupId,
        BatchIndex indexed batchIndex,
        OutputRoot output,
        StatementId statementId,
        uint256 lanes
    );
    /// @notice More lanes agree with an output that was final already; `lanes` are all that did.
    event LanesAgreed(RollupId indexed rollupId, BatchIndex indexed batchIndex, uint256 lanes);
    /// @notice A lane attests something else than the final output.
    event LaneDisagreed(
        RollupId indexed rollupId, BatchIndex indexed batchIndex, address indexed lane, StatementId statementId
    );
    event LaneSuspended(RollupId indexed rollupId, address indexed lane, Suspension reason);
    /// @notice The state of a rollup's finality: by anyone's call, and when `advance` could not finalize what it was given
    /// although nothing became final for an hour.
    event Heartbeat(RollupId indexed rollupId, BatchIndex finalizedBatch, uint64 waitingBatches, uint64 finalizedAt);
    event ChangeScheduled(RollupId indexed rollupId, uint64 executableAt, Change change);
    event CouncilChanged(RollupId indexed rollupId, Council council);
    event OutputChosen(
        RollupId indexed rollupId,
        BatchIndex indexed batchIndex,
        OutputRoot output,
        StatementId statementId,
        uint64 effectiveAt
    );
    /// @notice The output was made final by the council's choice.
    event ChoiceExecuted(RollupId indexed rollupId, BatchIndex indexed batchIndex);
    /// @notice The output was made final by the optimistic lane alone.
    event LastResort(RollupId indexed rollupId, BatchIndex indexed batchIndex);

    error NotRegistrant(address expected, address got);
    error AlreadyRegistered(RollupId rollupId);
    error UnknownRollup(RollupId rollupId);
    error GenesisOutputZero();
    error ConfigHashZero();
    /// @notice The policy names another config than the one given.
    error ConfigHashMismatch(bytes32 expected, bytes32 got);
    /// @notice The config is one for another L1 chain.
    error ConfigL1ChainMismatch(uint256 expected, uint64 got);
    /// @notice The config names another batcher than the Inbox.
    error ConfigBatcherMismatch(address expected, address got);
    /// @notice An L2 block could not hold the deposit gas that the Portal sells in one L1 block beside the L1 attributes.
    error ConfigGasLimitTooLow(uint64 gasLimit, uint256 depositGas);
    error LaneCount(uint256 got);
    error LaneUnusable(address lane);
    /// @notice The lane says that no seat may pin the program.
    error ProgramRefused(address lane, bytes32 program);
    error TrustRootShared(address first, address second, bytes32 trustRoot);
    error LastResortTooShort(uint64 minimum, uint64 got);
    error NumberTooLarge(uint64 maximum, uint64 got);
    /// @notice The rollup's Portal has an instant cap, and the policy has no instant window or only two seats.
    error InstantCapWithoutEffect(uint256 cap);
    error FromBatch(BatchIndex expected, BatchIndex got);
    /// @notice No council is all zero, any other has an account.
    error CouncilMalformed(address account, CouncilMode mode, uint64 changeDelay);
    error ChangeDelayOutOfRange(uint64 minimum, uint64 maximum, uint64 got);
    error VersionsExhausted(RollupId rollupId);
    error CouncilModeEscalated(CouncilMode current, CouncilMode proposed);
    error NotCouncil(RollupId rollupId, address caller);
    error NotStage1(RollupId rollupId);
    error CouncilTooWeak(uint256 owners, uint256 threshold);
    error CouncilHasModule(address module);
    error CouncilHasGuard(address guard);
    error CouncilHasFallbackHandler(address handler);
    error NoChangeScheduled(RollupId rollupId);
    error ChangeMismatch(bytes32 expected, bytes32 got);
    error ChangeNotDue(uint64 executableAt, uint64 now_);
    error ChangeLapsed(uint64 lapsedAt, uint64 now_);
    /// @notice Posted batches wait for a version that begins with `fromBatch`. A change that is no rescue waits until the batch
    /// before it is final.
    error VersionWaits(RollupId rollupId, BatchIndex fromBatch);
    error InboxSilent(address inbox);
    error LaneNotInPolicy(RollupId rollupId, address lane);
    /// @notice No seat that judges open batches pins the program any more, so nothing it did speaks against the lane.
    error ProgramRetired(RollupId rollupId, address lane, bytes32 program);
    error LaneAlreadySuspended(RollupId rollupId, address lane);
    error NoContradiction();
    error NotDisagreeing(StatementId statementId);
    error WrongInputs(StatementId statementId);
    error NotAttested(StatementId statementId);
    error CandidateIndex(uint256 index, uint256 candidates);
    error QuorumReached(StatementId statementId);
    error PredicateNotMet(RollupId rollupId, BatchIndex batchIndex);
    error NotChosen(StatementId statementId);
    error NoticeNotOver(uint64 effectiveAt, uint64 now_);

    // Registration

    /// @notice Register a rollup; only its Inbox's `registrant()` may, once. The config is checked against what its contracts and
    /// this chain keep to, and the genesis output never changes: a Portal takes deposits from here on.
    function register(RegisterParams calldata params) external returns (RollupId rollupId);

    // Finality

    /// @notice Make outputs final as far as the statements reach, in the order given; several rollups may be mixed. A statement
    /// is ready if it starts at the last final batch (index, commitment and output), ends at a posted batch of the same epoch and
    /// of the same version of the rules, and two live lanes attest it under the programs that their seats pin. One that is not
    /// ready is skipped, never reverts the others, nor does one whose lane or Inbox burns its gas: several statements need
    /// 500,000 gas each, most of which comes back. For a batch that is final already it records which further lanes agree. Open
    /// to all.
    /// @return finalizedBatch Last final batch of the last statement's rollup.
    function advance(Statement[] calldata statements) external returns (BatchIndex finalizedBatch);

    /// @notice Prove that a lane that is not a Tee lane attests two statements with one input id: it is suspended for that
    /// rollup at once. The statements start at a recorded final output, and the lane attests both under the program that its
    /// seat in the version of the batch pins, as does its seat in a version that judges open batches. Open to all, also after the
    /// batch is final.
    function contradict(address lane, Statement calldata first, Statement calldata second) external;

    /// @notice Make it public that lanes attest something else than the final output. Open to all.
    function reportDisagreement(Statement calldata statement) external;

    /// @notice Emit `Heartbeat`. Open to all.
    function heartbeat(RollupId rollupId) external;

    // Council

    /// @notice Council: schedule new rules, executable after the change delay, for 14 days. Replaces a change not yet executed.
    function schedule(RollupId rollupId, Change calldata change) external;

    /// @notice Execute the scheduled change once it is due and before it lapses. The rules judge batches after the first end of an
    /// epoch that is not posted yet, those of a rescue all batches after the last final one. A version that judges no batch
    /// before them is dropped. Open to all.
    function executeChange(RollupId rollupId, Change calldata change) external;

    /// @notice Council: choose an output among attested ones that start at the last final batch and have one input id. Takes
    /// effect by `executeChoice` after a day, if no quorum was faster and the reason for it still holds.
    /// @param candidates Different statements with the expected inputs, each attested by a live lane.
    /// @param index Position of the chosen one.
    function choose(Statement[] calldata candidates, uint256 index) external;

    /// @notice Make the council's choice final after its notice. Open to all.
    /// @param candidates Evidence as in `choose`.
    /// @param index Position of the chosen statement.
    function executeChoice(Statement[] calldata candidates, uint256 index) external;

    /// @notice Council of a stage-1 rollup: a lane's votes stop counting at once.
    function suspend(RollupId rollupId, address lane) external;

    // Views

    /// @notice Domain of the statements this contract counts.
    function domain() external view returns (bytes32);
    /// @notice The rollup's Inbox; zero if it is not registered.
    function inbox(RollupId rollupId) external view returns (address);
    /// @notice Recorded final output of a batch; zero while it is not final, and for ever if it lies inside a final range.
    function finalOutput(RollupId rollupId, BatchIndex batchIndex) external view returns (OutputRoot);
    /// @notice The last final batch, its output and when it became final.
    function lastFinalized(RollupId rollupId)
        external
        view
        returns (BatchIndex batchIndex, OutputRoot output, uint64 finalizedAt);
    /// @notice The rules that judge a batch.
    function policy(RollupId rollupId, BatchIndex batchIndex) external view returns (Policy memory);
    /// @notice The program that the lane's seat pins in the version that judges a batch; zero where the lane has no seat.
    function programOf(RollupId rollupId, BatchIndex batchIndex, address lane) external view returns (bytes32);
    /// @notice How many versions of the rules there are.
    function policyVersions(RollupId rollupId) external view returns (uint256);
    /// @notice The rollup's council.
    function council(RollupId rollupId) external view returns (Council memory);
    /// @notice Whether and why a lane's votes do not count for a rollup.
    function suspended(RollupId rollupId, address lane) external view returns (Suspension);
    /// @notice What stands between a statement and finality.
    function tally(Statement calldata statement) external view returns (Tally memory);
    /// @notice What finality says about a statement.
    function judge(Statement calldata statement) external view returns (Verdict);
    /// @notice Whether a final output no longer falls under Portal's instant cap: all lanes agreed and none of them was suspended
    /// since, or the policy's `instantWindow` has passed since it became final. False where no final output is recorded.
    function isSettledBeyondInstant(RollupId rollupId, BatchIndex batchIndex) external view returns (bool);
    /// @notice The council's standing choice; all zero if there is none.
    function choice(RollupId rollupId)
        external
        view
        returns (StatementId statementId, BatchIndex batchIndex, uint64 effectiveAt);
    /// @notice Hash of the scheduled change, and the first seconds in which it may be executed and may not any more; zero if there
    /// is none.
    function scheduledChange(RollupId rollupId)
        external
        view
        returns (bytes32 changeHash, uint64 executableAt, uint64 lapsesAt);
}
