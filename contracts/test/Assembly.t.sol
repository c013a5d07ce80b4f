// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IJournal} from "../src/interfaces/IJournal.sol";
import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {PartyRoles} from "../src/types/PartyRoles.sol";
import {Words} from "../src/types/Word.sol";
import {Base} from "./Base.sol";

/// @title Mounting and dismounting: what is told to part and parent, who may, and of what.
contract AssemblyTest is Base {
    bytes32 internal wheel;
    bytes32 internal axle;
    bytes32 internal car;

    function setUp() public override {
        super.setUp();
        wheel = _asset("wheel");
        axle = _asset("axle");
        car = _asset("car");
    }

    function test_part_and_parent_are_both_told_the_part_first() public {
        _append(_observed(axle, maker));
        _isToldToBoth(_mounted(wheel, maker, axle), Kinds.PART_ADDED);
        vm.assertEq(ledger.parentOf(wheel), axle, "mounted");
        vm.warp(block.timestamp + 1 hours);
        _isToldToBoth(_dismounted(wheel, maker, axle), Kinds.PART_REMOVED);
        vm.assertEq(ledger.parentOf(wheel), bytes32(0), "dismounted");
    }

    function test_what_is_mounted_is_told_by_the_part_s_word() public {
        uint256 word = ledger.word(wheel);
        _append(_mounted(wheel, maker, axle));
        vm.assertEq(ledger.word(wheel), (word | (1 << 244)) + (1 << 196), "mounted");
        _append(_dismounted(wheel, maker, axle));
        vm.assertEq(ledger.word(wheel), word + (2 << 196), "dismounted");
    }

    function test_parts_are_mounted_in_one_transaction_each_at_the_parent_s_next_position() public {
        Entry[] memory entries = new Entry[](4);
        entries[0] = _mounted(wheel, maker, axle);
        entries[1] = _mounted(car, maker, axle);
        entries[2] = _observed(axle, maker);
        entries[2].position = 3;
        entries[3] = _dismounted(wheel, maker, axle);
        entries[3].position = 2;
        vm.prank(makerAccount);
        ledger.append(entries);
        vm.assertEq(ledger.count(axle), 5, "the parent's entries");
        vm.assertEq(ledger.parentOf(car), axle, "mounted");
    }

    function test_an_entry_of_the_parent_that_forgot_the_other_half_is_refused() public {
        Entry[] memory entries = new Entry[](2);
        entries[0] = _mounted(wheel, maker, axle);
        entries[1] = _observed(axle, maker);
        vm.expectRevert(_at(1, _wrongPosition(axle, 2, 1)));
        vm.prank(makerAccount);
        ledger.append(entries);
    }

    function test_nothing_is_mounted_twice() public {
        _append(_mounted(wheel, maker, axle));
        _refuses(_mounted(wheel, maker, axle), _alreadyMounted(wheel, axle));
        _refuses(_mounted(wheel, maker, car), _alreadyMounted(wheel, axle));
    }

    function test_nothing_is_dismounted_from_where_it_is_not() public {
        _refuses(_dismounted(wheel, maker, axle), _notMounted(wheel, axle));
        _append(_mounted(wheel, maker, axle));
        _refuses(_dismounted(wheel, maker, car), _notMounted(wheel, car));
        _refuses(_dismounted(axle, maker, wheel), _notMounted(axle, wheel));
        _append(_dismounted(wheel, maker, axle));
        _refuses(_dismounted(wheel, maker, axle), _notMounted(wheel, axle));
    }

    function test_what_was_dismounted_is_mounted_elsewhere() public {
        _append(_mounted(wheel, maker, axle));
        _append(_dismounted(wheel, maker, axle));
        _append(_mounted(wheel, maker, car));
        vm.assertEq(ledger.parentOf(wheel), car, "elsewhere");
        _refuses(_dismounted(wheel, maker, axle), _notMounted(wheel, axle));
        _append(_mounted(axle, maker, wheel));
        vm.assertEq(ledger.parentOf(axle), wheel, "the other way round");
    }

    function test_nothing_is_a_part_of_itself() public {
        _refuses(_mounted(car, maker, car), _cycle(car, car));
        _append(_mounted(axle, maker, car));
        _refuses(_mounted(car, maker, axle), _cycle(car, axle));
        _append(_mounted(wheel, maker, axle));
        _refuses(_mounted(car, maker, wheel), _cycle(car, wheel));
        _refuses(_mounted(car, maker, car), _cycle(car, car));
    }

    function test_a_part_of_what_was_dismounted_is_no_part_any_more() public {
        _append(_mounted(axle, maker, car));
        _append(_mounted(wheel, maker, axle));
        _append(_dismounted(axle, maker, car));
        _append(_mounted(car, maker, wheel));
        vm.assertEq(ledger.parentOf(car), wheel, "turned round");
    }

    function test_the_owner_of_one_mounts_on_another_s_where_it_has_custody() public {
        bytes32 theirs = _append(_registered(buyer, buyer, "theirs"));
        _refuses(_mounted(wheel, maker, theirs), _notEntitled(theirs, maker));
        _refuses(_mounted(wheel, buyer, theirs), _notEntitled(wheel, buyer));
        _refuses(_mounted(theirs, maker, car), _notEntitled(theirs, maker));

        _append(_offered(theirs, buyer, PartyRoles.CUSTODIAN, maker));
        _append(_accepted(theirs, maker, PartyRoles.CUSTODIAN));
        _append(_mounted(wheel, maker, theirs));
        _append(_mounted(theirs, maker, car));
        vm.assertEq(ledger.parentOf(wheel), theirs, "mounted");
    }

    function test_whoever_has_either_takes_the_part_off() public {
        bytes32 carrier = _enrol("did:web:carrier.example", address(0xCA441E4));
        bytes32 bank = _enrol("did:web:bank.example", address(0xBA4C));
        _append(_mounted(wheel, maker, car));
        _append(_offered(car, maker, PartyRoles.CUSTODIAN, carrier));
        _append(_accepted(car, carrier, PartyRoles.CUSTODIAN));
        _append(_offered(wheel, maker, PartyRoles.OPERATOR, bank));
        _append(_accepted(wheel, bank, PartyRoles.OPERATOR));
        _append(_transferred(wheel, maker, buyer));
        // The part's owner, the parent's owner, the parent's custodian, and nobody else.
        _takes(_dismounted(wheel, buyer, car));
        _takes(_dismounted(wheel, maker, car));
        _takes(_dismounted(wheel, carrier, car));
        _refuses(_dismounted(wheel, bank, car), _notEntitled(car, bank));
    }

    function test_an_operator_mounts_nothing() public {
        _append(_offered(wheel, maker, PartyRoles.OPERATOR, buyer));
        _append(_accepted(wheel, buyer, PartyRoles.OPERATOR));
        _refuses(_mounted(wheel, buyer, car), _notEntitled(wheel, buyer));
    }

    function test_a_part_changes_owner_where_it_is() public {
        _append(_mounted(wheel, maker, car));
        _append(_transferred(wheel, maker, buyer));
        vm.assertEq(ledger.parentOf(wheel), car, "mounted");
        _append(_dismounted(wheel, buyer, car));
        _refuses(_mounted(wheel, buyer, car), _notEntitled(car, buyer));
        _refuses(_mounted(wheel, maker, car), _notEntitled(wheel, maker));
    }

    function test_nothing_is_mounted_that_is_frozen_or_retired_or_on_what_is() public {
        bytes32[2] memory barred = [axle, car];
        for (uint256 i; i < barred.length; ++i) {
            uint256 before = vm.snapshotState();
            ledger.freeze(barred[i], REASON);
            _refuses(_mounted(axle, maker, car), _assetFrozen(barred[i]));
            ledger.unfreeze(barred[i], REASON);
            _retire(barred[i], maker);
            _refuses(_mounted(axle, maker, car), _assetRetired(barred[i]));
            vm.revertToState(before);
        }
    }

    function test_what_is_retired_is_taken_off_and_lets_go_but_not_what_is_frozen() public {
        _append(_mounted(wheel, maker, car));
        bytes32[2] memory barred = [wheel, car];
        for (uint256 i; i < barred.length; ++i) {
            uint256 before = vm.snapshotState();
            ledger.freeze(barred[i], REASON);
            _refuses(_dismounted(wheel, maker, car), _assetFrozen(barred[i]));
            ledger.unfreeze(barred[i], REASON);
            _retire(barred[i], maker);
            _append(_dismounted(wheel, maker, car));
            vm.revertToState(before);
        }
    }

    function test_a_parent_is_an_asset() public {
        bytes32 founding = ledger.founding();
        bytes32 batch = _append(_batchRegistered(maker, maker, 2));
        _refuses(_mounted(wheel, maker, REASON), _unknownSubject(REASON));
        _refuses(_mounted(wheel, maker, 0), _unknownSubject(0));
        _refuses(_mounted(wheel, maker, batch), _wrongClass(batch, Words.ASSET, Words.BATCH));
        _refuses(_mounted(wheel, maker, maker), _wrongClass(maker, Words.ASSET, Words.ORGANISATION));
        _refuses(_mounted(wheel, maker, founding), _wrongClass(founding, Words.ASSET, Words.LEDGER));
        _refuses(_dismounted(wheel, maker, REASON), _notMounted(wheel, REASON));
    }

    function test_an_asset_of_a_batch_that_nothing_was_written_of_is_a_parent_or_a_part() public {
        bytes32 batch = _append(_batchRegistered(maker, maker, 3));
        bytes32 first = bytes32(uint256(batch) + 1);
        bytes32 second = bytes32(uint256(batch) + 2);
        _isToldToBoth(_mounted(wheel, maker, first), Kinds.PART_ADDED);
        vm.assertEq(ledger.count(first), 2, "the parent's second entry");
        _isToldToBoth(_mounted(second, maker, first), Kinds.PART_ADDED);
        vm.assertEq(ledger.parentOf(second), first, "mounted");
        bytes32 beyond = bytes32(uint256(batch) + 4);
        _refuses(_mounted(axle, maker, beyond), _unknownSubject(beyond));
    }

    function test_a_parent_with_no_room_for_an_entry_takes_no_part() public {
        bytes32 slot = _slotOf(axle);
        bytes32 full = vm.load(address(ledger), slot) | bytes32(uint256(type(uint32).max) << 196);
        vm.store(address(ledger), slot, full);
        _refuses(_mounted(wheel, maker, axle), _full(axle));
    }

    /// @dev Appends a mounting or dismounting, and holds events, heads and counts to two entries.
    function _isToldToBoth(Entry memory entry, uint16 kind) private {
        bytes32 parent = abi.decode(entry.payload, (bytes32));
        Entry memory beside = _entry(parent, entry.org, kind, abi.encode(entry.subject));
        address actor = accountOf[entry.org];
        bytes32 head = _headAfter(ledger.head(entry.subject), entry, actor);
        bytes32 above = _headAfter(ledger.head(parent), beside, actor);
        bytes32 all = _ledgerHeadAfter(ledger.ledgerHead(), head, actor);
        all = _ledgerHeadAfter(all, above, actor);

        _announces(entry, actor);
        _announces(beside, actor);
        _append(entry);
        vm.assertEq(ledger.head(entry.subject), head, "the part's head");
        vm.assertEq(ledger.head(parent), above, "the parent's head");
        vm.assertEq(ledger.ledgerHead(), all, "ledger head");
        vm.assertEq(ledger.count(entry.subject), entry.position + 1, "the part's entries");
        vm.assertEq(ledger.count(parent), beside.position + 1, "the parent's entries");
    }

    function _announces(Entry memory e, address actor) private {
        vm.expectEmit(address(ledger));
        emit IJournal.Appended(e.subject, e.org, e.kind, e.position, actor, e.payload);
    }
}
