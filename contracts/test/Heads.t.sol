// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Act, Entry} from "../src/types/Entry.sol";
import {Heads} from "../src/types/Heads.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Base} from "./Base.sol";

/// @title Fast code equals plain code, and a batch equals its entries one by one.
contract HeadsTest is Base {
    function testFuzz_id(bytes32 domain, uint16 kind, bytes32 org, bytes32 payloadHash)
        public
        pure
    {
        bytes32 plain = keccak256(abi.encode(domain, kind, org, payloadHash));
        vm.assertEq(Heads.id(domain, kind, org, payloadHash), plain, "id");
    }

    function testFuzz_next(bytes32 head, Act memory act, uint40 timestamp) public {
        vm.warp(timestamp);
        bytes32 plain = keccak256(
            abi.encode(
                head, act.position, act.kind, act.org, act.actor, block.timestamp, act.payloadHash
            )
        );
        vm.assertEq(Heads.next(head, act), plain, "next");
    }

    function testFuzz_fold(bytes32 all, bytes32 head, address actor, uint40 timestamp) public {
        vm.warp(timestamp);
        uint256 plain = uint256(keccak256(abi.encode(all, head, actor, block.timestamp)));
        bytes32 folded = Heads.fold(all, head, actor);
        vm.assertEq(uint256(folded) >> 1, plain >> 1, "hash");
        vm.assertTrue(Heads.isPaused(folded) == Heads.isPaused(all), "pause");
    }

    function testFuzz_a_pause_is_one_bit(bytes32 all, bool on) public pure {
        bytes32 paused = Heads.withPaused(all, on);
        vm.assertTrue(Heads.isPaused(paused) == on, "pause");
        vm.assertEq(uint256(paused) >> 1, uint256(all) >> 1, "hash");
    }

    /// @dev The same entries, sent together or one by one, leave the same ledger.
    function testFuzz_batch_and_single_agree(bytes32[8] memory documents, uint256 seed) public {
        Entry[] memory entries = _story(documents, seed);
        bytes32 id = entries[0].subject;
        uint256 before = vm.snapshotState();
        vm.prank(makerAccount);
        ledger.append(entries);
        (bytes32 all, bytes32 head, uint256 word) =
            (ledger.ledgerHead(), ledger.head(id), ledger.word(id));
        vm.assertEq(head, _refold(entries), "head refolded");

        vm.revertToState(before);
        for (uint256 i; i < entries.length; ++i) {
            _append(makerAccount, entries[i]);
        }
        vm.assertEq(ledger.head(id), head, "head");
        vm.assertEq(ledger.ledgerHead(), all, "ledger head");
        vm.assertEq(ledger.word(id), word, "word");
    }

    /// @dev A birth and seven entries of it: observed, revised or corrected.
    function _story(bytes32[8] memory documents, uint256 seed)
        private
        view
        returns (Entry[] memory entries)
    {
        entries = new Entry[](8);
        entries[0] = _registered(maker, maker, documents[0]);
        for (uint64 i = 1; i < 8; ++i) {
            uint256 choice = (seed >> (8 * i)) % 3;
            bytes memory payload =
                choice == 2 ? abi.encode(i - 1, documents[i]) : abi.encode(documents[i]);
            uint16 kind = [Kinds.OBSERVED, Kinds.REVISED, Kinds.CORRECTED][choice];
            entries[i] = Entry(entries[0].subject, maker, kind, i, payload);
        }
    }

    function _refold(Entry[] memory entries) private view returns (bytes32 head) {
        head = entries[0].subject;
        for (uint256 i = 1; i < entries.length; ++i) {
            head = keccak256(
                abi.encode(
                    head,
                    i,
                    entries[i].kind,
                    maker,
                    makerAccount,
                    block.timestamp,
                    keccak256(entries[i].payload)
                )
            );
        }
    }
}
