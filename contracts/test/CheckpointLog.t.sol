// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Checkpoint, ICheckpointLog} from "../src/interfaces/ICheckpointLog.sol";
import {VM, deployCheckpointLog} from "./Deploy.sol";
import {Vm} from "./Vm.sol";

/// @title Checkpoints, as their witnesses signed them, and none changed.
contract CheckpointLogTest {
    Vm private constant vm = VM;
    uint256 private constant ANNE = 0xA22E;
    uint256 private constant BERT = 0xBE27;

    ICheckpointLog private log;
    address private anne = vm.addr(ANNE);
    address private bert = vm.addr(BERT);

    function setUp() public {
        log = deployCheckpointLog();
    }

    function test_a_digest_is_plain_eip712_without_chain_and_contract() public view {
        Checkpoint memory point = _checkpoint(7);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version)"),
                keccak256("AssetLedgerCheckpoint"),
                keccak256("1")
            )
        );
        bytes32 content = keccak256(
            abi.encode(
                keccak256(
                    "Checkpoint(bytes32 domain,uint64 blockNumber,bytes32 blockHash,bytes32 ledgerHead)"
                ),
                point.domain,
                point.blockNumber,
                point.blockHash,
                point.ledgerHead
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, content));
        vm.assertEq(log.digest(point), digest, "digest");
    }

    function test_a_checkpoint_is_kept_for_each_witness_who_signed_it() public {
        Checkpoint memory point = _checkpoint(7);
        bytes[] memory signatures = new bytes[](2);
        (signatures[0], signatures[1]) = (_sign(ANNE, point), _sign(BERT, point));
        _announces(point, anne);
        _announces(point, bert);
        log.anchor(point, signatures);
        _isKept(point, anne);
        _isKept(point, bert);
        vm.assertEq(log.digestOf(point.domain, address(this), 7), bytes32(0), "nobody else's");
        vm.assertEq(log.digestOf("another ledger", anne, 7), bytes32(0), "of this ledger");
        vm.assertEq(log.digestOf(point.domain, anne, 8), bytes32(0), "of this block");
    }

    function test_anybody_may_bring_it() public {
        Checkpoint memory point = _checkpoint(7);
        vm.prank(address(0x57A));
        log.anchor(point, _signed(ANNE, point));
        _isKept(point, anne);
    }

    function test_what_is_kept_already_is_skipped() public {
        Checkpoint memory point = _checkpoint(7);
        log.anchor(point, _signed(ANNE, point));
        bytes[] memory signatures = new bytes[](3);
        signatures[0] = _sign(ANNE, point);
        signatures[1] = _sign(BERT, point);
        signatures[2] = _sign(BERT, point);
        vm.recordLogs();
        log.anchor(point, signatures);
        vm.assertEq(vm.getRecordedLogs().length, 1, "the second witness alone");
        _isKept(point, bert);
    }

    function test_no_signature_keeps_nothing() public {
        vm.recordLogs();
        log.anchor(_checkpoint(7), new bytes[](0));
        vm.assertEq(vm.getRecordedLogs().length, 0, "events");
    }

    function test_a_witness_who_says_two_things_is_told_of_and_the_first_stays() public {
        Checkpoint memory point = _checkpoint(7);
        log.anchor(point, _signed(ANNE, point));
        for (uint256 i; i < 2; ++i) {
            Checkpoint memory other = _checkpoint(7);
            if (i == 0) other.blockHash = "another block";
            else other.ledgerHead = "another head";
            vm.expectEmit(address(log));
            emit ICheckpointLog.Contradicted(
                other.domain, 7, anne, other.blockHash, other.ledgerHead
            );
            log.anchor(other, _signed(ANNE, other));
        }
        _isKept(point, anne);
        vm.assertEq(log.latestOf(point.domain, anne), 7, "latest");
    }

    function test_one_witness_s_contradiction_keeps_no_other_from_being_kept() public {
        Checkpoint memory point = _checkpoint(7);
        log.anchor(point, _signed(ANNE, point));
        Checkpoint memory other = _checkpoint(7);
        other.blockHash = "another block";
        bytes[] memory signatures = new bytes[](2);
        (signatures[0], signatures[1]) = (_sign(ANNE, other), _sign(BERT, other));
        log.anchor(other, signatures);
        _isKept(point, anne);
        _isKept(other, bert);
    }

    function test_witnesses_may_disagree() public {
        Checkpoint memory point = _checkpoint(7);
        log.anchor(point, _signed(ANNE, point));
        point.ledgerHead = "another head";
        log.anchor(point, _signed(BERT, point));
        _isKept(point, bert);
    }

    function test_ledgers_are_kept_apart() public {
        Checkpoint memory point = _checkpoint(7);
        log.anchor(point, _signed(ANNE, point));
        Checkpoint memory other = _checkpoint(7);
        other.domain = "another ledger";
        log.anchor(other, _signed(ANNE, other));
        _isKept(point, anne);
        _isKept(other, anne);
    }

    function test_the_latest_is_the_highest_block_in_whatever_order_they_come() public {
        uint64[4] memory numbers = [uint64(5), 9, 7, 0];
        uint64[4] memory latest = [uint64(5), 9, 9, 9];
        for (uint256 i; i < numbers.length; ++i) {
            Checkpoint memory point = _checkpoint(numbers[i]);
            log.anchor(point, _signed(ANNE, point));
            _isKept(point, anne);
            vm.assertEq(log.latestOf(point.domain, anne), latest[i], "latest");
        }
        vm.assertEq(log.latestOf(_checkpoint(0).domain, bert), 0, "nobody else's");
    }

    function test_refuses_what_is_no_signature_and_names_it() public {
        Checkpoint memory point = _checkpoint(7);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ANNE, log.digest(point));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes32 compact = bytes32(uint256(s) | (uint256(v - 27) << 255));
        bytes[6] memory bad = [
            bytes(""),
            new bytes(65),
            new bytes(64),
            abi.encodePacked(r, s),
            abi.encodePacked(r, compact), // EIP-2098
            abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? 28 : 27) // the twin
        ];
        for (uint256 i; i < bad.length; ++i) {
            bytes[] memory signatures = new bytes[](2);
            (signatures[0], signatures[1]) = (_sign(BERT, point), bad[i]);
            vm.expectRevert(abi.encodeWithSelector(ICheckpointLog.BadSignature.selector, 1));
            log.anchor(point, signatures);
        }
    }

    /// @dev A signature of something else is somebody's nobody knows: not the witness's.
    function testFuzz_a_signature_is_for_one_checkpoint(Checkpoint memory point, uint256 change)
        public
    {
        bytes[] memory signatures = _signed(ANNE, point);
        uint256 which = change % 4;
        if (which == 0) point.domain = ~point.domain;
        if (which == 1) point.blockNumber = ~point.blockNumber;
        if (which == 2) point.blockHash = ~point.blockHash;
        if (which == 3) point.ledgerHead = ~point.ledgerHead;
        try log.anchor(point, signatures) {} catch {}
        vm.assertEq(
            log.digestOf(point.domain, anne, point.blockNumber), bytes32(0), "not the witness's"
        );
    }

    function _checkpoint(uint64 number) private pure returns (Checkpoint memory) {
        return Checkpoint("a ledger", number, keccak256(abi.encode(number)), "a head");
    }

    function _sign(uint256 key, Checkpoint memory point) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, log.digest(point));
        return abi.encodePacked(r, s, v);
    }

    function _signed(uint256 key, Checkpoint memory point)
        private
        view
        returns (bytes[] memory signatures)
    {
        signatures = new bytes[](1);
        signatures[0] = _sign(key, point);
    }

    function _isKept(Checkpoint memory point, address witness) private view {
        bytes32 kept = log.digestOf(point.domain, witness, point.blockNumber);
        vm.assertEq(kept, log.digest(point), "kept");
    }

    function _announces(Checkpoint memory point, address witness) private {
        vm.expectEmit(address(log));
        emit ICheckpointLog.Anchored(
            point.domain, point.blockNumber, witness, point.blockHash, point.ledgerHead
        );
    }
}
