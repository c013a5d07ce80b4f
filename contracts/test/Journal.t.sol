// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IJournal} from "../src/interfaces/IJournal.sol";
import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Registered} from "../src/types/Payloads.sol";
import {Words} from "../src/types/Word.sol";
import {Base} from "./Base.sol";

/// @title Positions, ids, heads, the event, and batches.
contract JournalTest is Base {
    function test_domain_is_the_eip712_separator() public view {
        bytes32 expected = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("AssetLedger"),
                keccak256("1"),
                block.chainid,
                address(ledger)
            )
        );
        vm.assertEq(ledger.domain(), expected, "domain");
    }

    function test_id_is_the_hash_of_the_first_entry() public view {
        bytes memory payload = abi.encode(Registered(maker, 0, DOCUMENT, 1));
        bytes32 expected =
            keccak256(abi.encode(ledger.domain(), uint16(32), maker, keccak256(payload)));
        vm.assertEq(ledger.idOf(32, maker, payload), expected, "id");
    }

    function test_head_is_zero_then_the_id_then_a_rolling_hash() public {
        Entry memory birth = _registered(maker, maker, DOCUMENT);
        bytes32 id = birth.subject;
        vm.assertEq(ledger.head(id), bytes32(0), "nothing yet");
        _append(makerAccount, birth);
        vm.assertEq(ledger.head(id), id, "the id");

        vm.warp(block.timestamp + 1 hours);
        Entry memory next = _observed(id, maker);
        _append(makerAccount, next);
        vm.assertEq(ledger.head(id), _headAfter(id, next, makerAccount), "rolled");
    }

    function test_ledger_head_folds_every_entry_with_its_actor() public {
        bytes32 before = ledger.ledgerHead();
        bytes32 id = _asset(DOCUMENT);
        bytes32 expected = _ledgerHeadAfter(before, id, makerAccount);
        vm.assertEq(ledger.ledgerHead(), expected, "one birth");
        Entry memory next = _observed(id, maker);
        _append(next);
        expected = _ledgerHeadAfter(expected, _headAfter(id, next, makerAccount), makerAccount);
        vm.assertEq(ledger.ledgerHead(), expected, "and one more");
    }

    function test_an_entry_is_announced() public {
        Entry memory birth = _registered(maker, buyer, DOCUMENT);
        vm.expectEmit(address(ledger));
        emit IJournal.Appended(birth.subject, maker, 32, 0, makerAccount, birth.payload);
        _append(makerAccount, birth);
    }

    function test_a_batch_is_appended_in_order() public {
        Entry[] memory entries = new Entry[](3);
        entries[0] = _registered(maker, maker, DOCUMENT);
        bytes32 id = entries[0].subject;
        entries[1] = Entry(id, maker, Kinds.OBSERVED, 1, abi.encode(DOCUMENT));
        entries[2] = Entry(id, maker, Kinds.TRANSFERRED, 2, abi.encode(buyer));
        vm.prank(makerAccount);
        ledger.append(entries);
        vm.assertEq(ledger.count(id), 3, "count");
        vm.assertEq(ledger.ownerOf(uint256(id)), _addressOf(buyer), "owner");
    }

    function test_one_refused_entry_undoes_its_batch_and_is_named() public {
        Entry[] memory entries = new Entry[](2);
        entries[0] = _registered(maker, maker, DOCUMENT);
        entries[1] = Entry(entries[0].subject, maker, Kinds.OBSERVED, 5, abi.encode(DOCUMENT));
        vm.expectRevert(_at(1, _wrongPosition(entries[0].subject, 1, 5)));
        vm.prank(makerAccount);
        ledger.append(entries);
        vm.assertEq(ledger.count(entries[0].subject), 0, "undone");
    }

    function test_an_empty_batch_changes_nothing() public {
        bytes32 before = ledger.ledgerHead();
        ledger.append(new Entry[](0));
        vm.assertEq(ledger.ledgerHead(), before, "ledger head");
    }

    function test_one_account_may_append_for_several_organisations() public {
        bytes32 other = _enrol("did:web:other.example", makerAccount);
        Entry[] memory entries = new Entry[](2);
        entries[0] = _registered(maker, maker, DOCUMENT);
        entries[1] = _registered(other, other, DOCUMENT);
        vm.prank(makerAccount);
        ledger.append(entries);
        vm.assertEq(ledger.ownerOf(uint256(entries[0].subject)), _addressOf(maker), "first");
        vm.assertEq(ledger.ownerOf(uint256(entries[1].subject)), _addressOf(other), "second");
    }

    function test_refuses_a_position_taken() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory entry = _observed(id, maker);
        _append(makerAccount, entry);
        _refuses(entry, _wrongPosition(id, 2, 1));
    }

    function test_refuses_a_position_ahead() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory entry = _observed(id, maker);
        entry.position = type(uint64).max;
        _refuses(entry, _wrongPosition(id, 1, type(uint64).max));
    }

    function test_refuses_the_same_birth_twice() public {
        bytes32 id = _asset(DOCUMENT);
        _refuses(_registered(maker, maker, DOCUMENT), _alreadyExists(id));
    }

    function test_refuses_a_birth_at_a_later_position() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        entry.position = 1;
        _refuses(entry, _alreadyExists(id));
    }

    function test_refuses_a_birth_under_another_id() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        bytes32 expected = entry.subject;
        entry.subject = keccak256("mine");
        _refuses(entry, _wrongSubject(expected, entry.subject));
    }

    function test_refuses_a_first_entry_that_is_no_birth() public {
        bytes memory payload = abi.encode(DOCUMENT);
        bytes32 id = ledger.idOf(Kinds.OBSERVED, maker, payload);
        Entry memory entry = Entry(id, maker, Kinds.OBSERVED, 0, payload);
        _refuses(makerAccount, entry, _unknownSubject(id));
    }

    function test_refuses_a_later_entry_of_an_unknown_subject() public {
        Entry memory entry = Entry(REASON, maker, Kinds.OBSERVED, 1, abi.encode(DOCUMENT));
        _refuses(makerAccount, entry, _unknownSubject(REASON));
    }

    function test_refuses_a_subject_that_is_full() public {
        bytes32 id = _asset(DOCUMENT);
        bytes32 slot = _slotOf(id);
        bytes32 full = vm.load(address(ledger), slot) | bytes32(uint256(type(uint32).max) << 196);
        vm.store(address(ledger), slot, full);
        _refuses(_observed(id, maker), _full(id));
    }

    function test_word_is_laid_out_as_drawn() public {
        bytes32 id = _asset(DOCUMENT);
        uint256 word = ledger.word(id);
        vm.assertEq(address(uint160(word)), _addressOf(maker), "owner");
        vm.assertEq((word >> 160) & (2 ** 36 - 1), block.timestamp, "opened at");
        vm.assertEq((word >> 196) & type(uint32).max, 1, "count");
        vm.assertEq(word >> 228, Words.ASSET, "an asset, and nothing of it yet");
        vm.assertEq(ledger.word(maker) >> 228, Words.ORGANISATION | (1 << 4), "one account");
        vm.assertEq(ledger.word(ledger.founding()) >> 228, Words.LEDGER, "the ledger");
        vm.assertEq(ledger.word(REASON), 0, "nothing");
    }

    /// @dev Proofs read these slots.
    function test_word_head_and_ledger_head_are_stored_where_proofs_look() public {
        bytes32 id = _asset(DOCUMENT);
        (bytes32 word, bytes32 head) = (_slotOf(id), bytes32(uint256(_slotOf(id)) + 1));
        vm.assertEq(vm.load(address(ledger), head), 0, "a birth writes no head");
        _append(_observed(id, maker));
        vm.assertEq(uint256(vm.load(address(ledger), word)), ledger.word(id), "word");
        vm.assertEq(vm.load(address(ledger), head), ledger.head(id), "head");
        vm.assertEq(vm.load(address(ledger), bytes32(uint256(1))), ledger.ledgerHead(), "all");
    }
}
