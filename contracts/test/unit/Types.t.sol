// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AttestationLib} from "../../src/types/Attestation.sol";
import {BatchHeader, BatchHeaderLib} from "../../src/types/BatchHeader.sol";
import {BlobOpening} from "../../src/types/BlobOpening.sol";
import {DepositLib} from "../../src/types/Deposit.sol";
import {BatchCommitment, InputId, OutputRoot, RollupId, StatementId} from "../../src/types/Ids.sol";
import {RollupConfig} from "../../src/types/RollupConfig.sol";
import {Statement, StatementLib} from "../../src/types/Statement.sol";
import {nth, raw} from "../support/Ids.sol";
import {Test} from "../support/Test.sol";

/// @notice The golden vectors that crate `types` writes: one set of bytes on both sides.
contract TypesTest is Test {
    string private json;

    function setUp() public {
        json = vm.readFile("../fixtures/types.json");
    }

    // The libraries as external functions, for calldata arguments.

    function dataHash(bytes calldata data) external pure returns (bytes32) {
        return BatchHeaderLib.dataHash(data);
    }

    function ids(Statement calldata statement) external pure returns (StatementId, InputId) {
        return statement.ids();
    }

    function test_Statements() public view {
        uint256 count = _count("statements");
        assertGe(count, 2);
        for (uint256 i; i < count; ++i) {
            string memory path = _at("statements", i);
            Statement memory statement = Statement({
                domain: _word(path, ".statement.domain"),
                rollupId: RollupId.wrap(_word(path, ".statement.rollupId")),
                configHash: _word(path, ".statement.configHash"),
                parentBatch: nth(_u64(path, ".statement.parentBatch")),
                parentCommitment: BatchCommitment.wrap(_word(path, ".statement.parentCommitment")),
                parentOutput: OutputRoot.wrap(_word(path, ".statement.parentOutput")),
                batchIndex: nth(_u64(path, ".statement.batchIndex")),
                batchCommitment: BatchCommitment.wrap(_word(path, ".statement.batchCommitment")),
                output: OutputRoot.wrap(_word(path, ".statement.output"))
            });
            assertEq(raw(statement.id()), _word(path, ".id"));
            assertEq(raw(statement.inputId()), _word(path, ".inputId"));
            (StatementId id, InputId inputId) = this.ids(statement);
            assertEq(raw(id), _word(path, ".id"));
            assertEq(raw(inputId), _word(path, ".inputId"));
        }
    }

    function test_BatchHeaders() public view {
        uint256 count = _count("batchHeaders");
        assertGe(count, 2);
        for (uint256 i; i < count; ++i) {
            string memory path = _at("batchHeaders", i);
            BatchHeader memory header = BatchHeader({
                parentCommitment: BatchCommitment.wrap(_word(path, ".header.parentCommitment")),
                index: nth(_u64(path, ".header.index")),
                dataHash: _word(path, ".header.dataHash"),
                depositsBefore: _u64(path, ".header.depositsBefore"),
                depositHashBefore: _word(path, ".header.depositHashBefore"),
                depositsAfter: _u64(path, ".header.depositsAfter"),
                depositHashAfter: _word(path, ".header.depositHashAfter"),
                originNumber: _u64(path, ".header.originNumber"),
                originHash: _word(path, ".header.originHash"),
                postedAt: _u64(path, ".header.postedAt")
            });
            assertEq(raw(header.commitment()), _word(path, ".commitment"));
        }
    }

    function test_Configs() public view {
        uint256 count = _count("configs");
        assertGe(count, 2);
        for (uint256 i; i < count; ++i) {
            string memory path = _at("configs", i);
            RollupConfig memory config = RollupConfig({
                l1ChainId: _u64(path, ".config.l1ChainId"),
                l2ChainId: _u64(path, ".config.l2ChainId"),
                gasLimit: _u64(path, ".config.gasLimit"),
                eip1559Denominator: _u64(path, ".config.eip1559Denominator"),
                eip1559Elasticity: _u64(path, ".config.eip1559Elasticity"),
                minBaseFee: _u64(path, ".config.minBaseFee"),
                daFootprintGasScalar: _u64(path, ".config.daFootprintGasScalar"),
                baseFeeScalar: uint32(_u64(path, ".config.baseFeeScalar")),
                blobBaseFeeScalar: uint32(_u64(path, ".config.blobBaseFeeScalar")),
                batcher: vm.parseJsonAddress(json, string.concat(path, ".config.batcher")),
                maxSequencerDrift: _u64(path, ".config.maxSequencerDrift"),
                maxBlocksPerBatch: _u64(path, ".config.maxBlocksPerBatch"),
                maxBatchBytes: _u64(path, ".config.maxBatchBytes")
            });
            assertEq(config.hash(), _word(path, ".hash"));
        }
    }

    function test_Deposits() public view {
        uint256 count = _count("deposits");
        assertGe(count, 2);
        for (uint256 i; i < count; ++i) {
            string memory path = _at("deposits", i);
            bytes32 next = DepositLib.next(
                _word(path, ".rolling"),
                vm.parseJsonAddress(json, string.concat(path, ".from")),
                vm.parseJsonAddress(json, string.concat(path, ".to")),
                _u64(path, ".l1BlockNumber"),
                vm.parseJsonBytes(json, string.concat(path, ".opaqueData"))
            );
            assertEq(next, _word(path, ".next"));
        }
    }

    function test_Openings() public view {
        uint256 count = _count("openings");
        assertGe(count, 2);
        for (uint256 i; i < count; ++i) {
            string memory path = _at("openings", i);
            uint256 blobs;
            while (vm.keyExistsJson(json, string.concat(path, ".openings[", vm.toString(blobs), "]"))) ++blobs;
            BlobOpening[] memory openings = new BlobOpening[](blobs);
            for (uint256 k; k < blobs; ++k) {
                string memory opening = string.concat(path, ".openings[", vm.toString(k), "]");
                openings[k] = BlobOpening(_word(opening, ".versionedHash"), _word(opening, ".z"), _word(opening, ".y"));
            }
            assertEq(BatchHeaderLib.dataHash(openings), _word(path, ".dataHash"));
        }
    }

    function test_Calldata() public view {
        uint256 count = _count("calldata");
        assertGe(count, 2);
        for (uint256 i; i < count; ++i) {
            string memory path = _at("calldata", i);
            bytes memory data = vm.parseJsonBytes(json, string.concat(path, ".data"));
            assertEq(this.dataHash(data), _word(path, ".dataHash"));
        }
    }

    function test_TeeDigests() public view {
        uint256 count = _count("teeDigests");
        assertGe(count, 1);
        for (uint256 i; i < count; ++i) {
            string memory path = _at("teeDigests", i);
            bytes32 digest = AttestationLib.digest(
                _u64(path, ".chainId"),
                vm.parseJsonAddress(json, string.concat(path, ".lane")),
                StatementId.wrap(_word(path, ".statementId")),
                vm.parseJsonAddress(json, string.concat(path, ".payee"))
            );
            assertEq(digest, _word(path, ".digest"));
        }
    }

    function test_ReportData() public view {
        uint256 count = _count("reportData");
        assertGe(count, 1);
        for (uint256 i; i < count; ++i) {
            string memory path = _at("reportData", i);
            bytes32 first = AttestationLib.reportData(
                _u64(path, ".chainId"),
                vm.parseJsonAddress(json, string.concat(path, ".lane")),
                vm.parseJsonAddress(json, string.concat(path, ".key"))
            );
            bytes memory expected = vm.parseJsonBytes(json, string.concat(path, ".reportData"));
            bytes32 l1BlockHash = vm.parseJsonBytes32(json, string.concat(path, ".l1BlockHash"));
            assertEq(abi.encode(first, l1BlockHash), expected);
        }
    }

    function test_TeePrograms() public view {
        uint256 count = _count("teePrograms");
        assertGe(count, 2);
        for (uint256 i; i < count; ++i) {
            string memory path = _at("teePrograms", i);
            uint256 length;
            while (vm.keyExistsJson(json, string.concat(path, ".measurements[", vm.toString(length), "]"))) ++length;
            bytes32[] memory measurements = new bytes32[](length);
            for (uint256 k; k < length; ++k) {
                measurements[k] = _word(path, string.concat(".measurements[", vm.toString(k), "]"));
            }
            assertEq(AttestationLib.program(measurements), _word(path, ".program"));
        }
    }

    /// @dev One copy of calldata hashes as two encodings do, and numbers above 64 bits are refused.
    function testFuzz_IdsEqualEncodings(Statement calldata statement) public view {
        (StatementId id, InputId inputId) = this.ids(statement);
        Statement memory copy = statement;
        assertEq(id, copy.id());
        assertEq(inputId, copy.inputId());
        assertEq(raw(StatementLib.id(copy)), keccak256(abi.encode(copy)));
    }

    function testFuzz_IdsRefuseDirtyNumbers(Statement memory statement, uint256 dirt, bool index) public view {
        dirt = bound(dirt, 1, type(uint192).max) << 64;
        bytes memory data = abi.encodeCall(this.ids, (statement));
        uint256 offset = 4 + uint256(index ? 6 : 3) * 32;
        assembly ("memory-safe") {
            let word := add(add(data, 0x20), offset)
            mstore(word, or(mload(word), dirt))
        }
        (bool ok,) = address(this).staticcall(data);
        assertFalse(ok);
    }

    /// @dev An epoch ends at each multiple of 256, and its last batch belongs to it.
    function test_IsRange() public view {
        uint64[2][6] memory ranges = [
            [uint64(0), 1], [uint64(0), 256], [uint64(255), 256], [uint64(256), 257], [uint64(256), 512], [uint64(7), 9]
        ];
        for (uint256 i; i < ranges.length; ++i) {
            assertTrue(_isRange(ranges[i][0], ranges[i][1]));
        }
        uint64[2][7] memory others = [
            [uint64(0), 0],
            [uint64(1), 0],
            [uint64(7), 7],
            [uint64(0), 257],
            [uint64(255), 257],
            [type(uint64).max, type(uint64).max],
            [uint64(0), type(uint64).max]
        ];
        for (uint256 i; i < others.length; ++i) {
            assertFalse(_isRange(others[i][0], others[i][1]));
        }
    }

    /// @dev By the words: no batch of the range but the last is a multiple of the span.
    function testFuzz_IsRange(uint64 first, uint64 length) public view {
        first = uint64(bound(first, 0, type(uint64).max - 600));
        length = uint64(bound(length, 0, 600));
        bool crosses;
        for (uint64 batch = first + 1; batch < first + length; ++batch) {
            if (batch % 256 == 0) crosses = true;
        }
        assertEq(_isRange(first, first + length), length != 0 && !crosses);
    }

    function isRange(Statement calldata statement) external pure returns (bool) {
        return statement.isRange();
    }

    function _isRange(uint64 first, uint64 last) private view returns (bool) {
        Statement memory statement;
        statement.parentBatch = nth(first);
        statement.batchIndex = nth(last);
        return this.isRange(statement);
    }

    function _at(string memory name, uint256 i) private pure returns (string memory) {
        return string.concat(".", name, "[", vm.toString(i), "]");
    }

    function _count(string memory name) private view returns (uint256 count) {
        while (vm.keyExistsJson(json, _at(name, count))) ++count;
    }

    function _word(string memory path, string memory field) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(path, field));
    }

    function _u64(string memory path, string memory field) private view returns (uint64) {
        return uint64(vm.parseJsonUint(json, string.concat(path, field)));
    }
}
