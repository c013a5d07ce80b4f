// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IJournal} from "../src/interfaces/IJournal.sol";
import {IRefusals} from "../src/interfaces/IRefusals.sol";
import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Registered} from "../src/types/Payloads.sol";
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
        bytes32 expected = keccak256(
            abi.encode(
                id, 1, next.kind, maker, makerAccount, block.timestamp, keccak256(next.payload)
            )
        );
        vm.assertEq(ledger.head(id), expected, "rolled");
    }

    function test_ledger_head_folds_every_entry_with_its_actor() public {
        bytes32 before = ledger.ledgerHead();
        bytes32 id = _asset(DOCUMENT);
        bytes32 expected = keccak256(abi.encode(before, id, makerAccount, block.timestamp));
        vm.assertEq(ledger.ledgerHead(), expected, "one birth");
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
        vm.expectRevert(
            abi.encodeWithSelector(IRefusals.WrongPosition.selector, 1, entries[0].subject, 1, 5)
        );
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
        bytes32 other = ledger.enrol("did:web:other.example", _accounts(makerAccount));
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
        bytes memory refusal = abi.encodeWithSelector(IRefusals.WrongPosition.selector, 0, id, 2, 1);
        _refuses(makerAccount, entry, refusal);
    }

    function test_refuses_a_position_ahead() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory entry = _observed(id, maker);
        entry.position = type(uint64).max;
        bytes memory refusal =
            abi.encodeWithSelector(IRefusals.WrongPosition.selector, 0, id, 1, type(uint64).max);
        _refuses(makerAccount, entry, refusal);
    }

    function test_refuses_the_same_birth_twice() public {
        bytes32 id = _asset(DOCUMENT);
        bytes memory refusal = abi.encodeWithSelector(IRefusals.AlreadyExists.selector, 0, id);
        _refuses(makerAccount, _registered(maker, maker, DOCUMENT), refusal);
    }

    function test_refuses_a_birth_at_a_later_position() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        entry.position = 1;
        bytes memory refusal = abi.encodeWithSelector(IRefusals.AlreadyExists.selector, 0, id);
        _refuses(makerAccount, entry, refusal);
    }

    function test_refuses_a_birth_under_another_id() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        bytes32 expected = entry.subject;
        entry.subject = keccak256("mine");
        bytes memory refusal =
            abi.encodeWithSelector(IRefusals.WrongSubject.selector, 0, expected, entry.subject);
        _refuses(makerAccount, entry, refusal);
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

    function test_refuses_an_unknown_kind() public {
        bytes32 id = _asset(DOCUMENT);
        bytes memory refusal = abi.encodeWithSelector(IRefusals.UnknownKind.selector, 0, 999);
        _refuses(makerAccount, _entry(id, maker, 999, ""), refusal);
    }

    function test_refuses_a_subject_that_is_full() public {
        bytes32 id = _asset(DOCUMENT);
        bytes32 slot = keccak256(abi.encode(id, uint256(0)));
        bytes32 full = vm.load(address(ledger), slot) | bytes32(uint256(type(uint32).max) << 200);
        vm.store(address(ledger), slot, full);
        bytes memory refusal = abi.encodeWithSelector(IRefusals.Full.selector, 0, id);
        _refuses(makerAccount, _observed(id, maker), refusal);
    }

    function test_word_is_laid_out_as_drawn() public {
        bytes32 id = _asset(DOCUMENT);
        uint256 word = ledger.word(id);
        vm.assertEq(address(uint160(word)), _addressOf(maker), "owner");
        vm.assertEq((word >> 160) & type(uint40).max, block.timestamp, "opened at");
        vm.assertEq((word >> 200) & type(uint32).max, 1, "count");
        vm.assertEq(word >> 232, 1, "class asset, no flag");
        vm.assertEq(ledger.word(maker) >> 232, 5 | (1 << 8), "organisation with one account");
    }
}
