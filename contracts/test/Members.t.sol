// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";

import {Entry} from "../src/types/Entry.sol";
import {PartyRoles} from "../src/types/PartyRoles.sol";
import {Stages} from "../src/types/Stages.sol";
import {Base} from "./Base.sol";

/// @title The first that is done to an asset of a batch, be it what it may.
contract MembersTest is Base {
    bytes32 internal batch;
    bytes32 internal id;
    bytes32 internal schema;
    bytes32 internal world;
    bytes32 internal frame;

    function setUp() public override {
        super.setUp();
        batch = _append(_batchRegistered(buyer, maker, 5));
        id = bytes32(uint256(batch) + 3);
        schema = _append(_schemaPublished(buyer, DOCUMENT, 0));
        world = _append(_worldOpened(buyer, 0, 0));
        frame = _asset("frame");
        vm.warp(block.timestamp + 1 days);
    }

    function test_whatever_comes_first_comes_at_position_1() public {
        Entry[] memory firsts = _firsts();
        for (uint256 i; i < firsts.length; ++i) {
            Entry memory entry = firsts[i];
            vm.assertEq(entry.position, 1, "position");
            entry.position = 0;
            _refuses(entry, _wrongPosition(id, 1, 0));
            entry.position = 2;
            _refuses(entry, _wrongPosition(id, 1, 2));

            entry.position = 1;
            uint256 before = vm.snapshotState();
            bytes32 head = _headAfter(id, entry, accountOf[entry.org]);
            _append(entry);
            vm.assertEq(ledger.count(id), 2, "count");
            vm.assertEq(ledger.head(id), head, "head");
            _othersAreAsTheyWere();
            vm.revertToState(before);
        }
    }

    function test_what_needs_something_before_it_is_refused_first() public {
        for (uint8 party; party <= PartyRoles.LIEN_HOLDER; ++party) {
            _refuses(_accepted(id, buyer, party), _notOffered(id, party, buyer));
            _refuses(_withdrawn(id, maker, party), _notOffered(id, party, maker));
            if (party == PartyRoles.OWNER) continue;
            _refuses(_released(id, maker, party), _notEntitled(id, maker));
        }
        _refuses(_dismounted(id, maker, frame), _notMounted(id, frame));
        _refuses(_attestationRevoked(id, buyer, 0, schema), _notInForce(id, 0));
        _refuses(_delisted(id, maker, world), _notListed(id, world));
        _refuses(_corrected(id, maker, 1), _notEarlier(1, 1));
    }

    function test_only_its_owner_does_what_owners_do() public {
        _refuses(_observed(id, buyer), _notEntitled(id, buyer));
        _refuses(_staged(id, buyer, Stages.COMMISSIONED), _notOwner(id, buyer));
        _refuses(_transferred(id, buyer, maker), _notOwner(id, buyer));
        _refuses(stranger, _observed(id, maker), _notAnAccount(maker, stranger));
    }

    function test_the_first_is_stored_with_the_batch_s_time() public {
        uint256 before = ledger.word(id);
        _append(_observed(id, maker));
        vm.assertEq(ledger.word(id), before + (1 << 196), "one entry more");
        vm.assertEq(uint256(vm.load(address(ledger), _slotOf(id))), ledger.word(id), "stored");
    }

    function test_title_to_one_passes_by_entry_or_by_token() public {
        _append(_transferred(id, maker, buyer));
        _isMoved(id);
        bytes32 other = bytes32(uint256(batch) + 5);
        vm.expectEmit(address(ledger));
        emit IERC721.Transfer(_addressOf(maker), _addressOf(buyer), uint256(other));
        vm.prank(makerAccount);
        ledger.safeTransferFrom(_addressOf(maker), _addressOf(buyer), uint256(other));
        _isMoved(other);
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 5 + 1 - 2, "maker's balance");
        vm.assertEq(ledger.balanceOf(_addressOf(buyer)), 2, "buyer's balance");
    }

    function test_one_is_approved_before_anything_else() public {
        vm.prank(makerAccount);
        ledger.approve(stranger, uint256(id));
        vm.assertEq(ledger.getApproved(uint256(id)), stranger, "approved");
        vm.assertEq(ledger.count(id), 1, "no entry");
        vm.assertEq(ledger.head(id), id, "head");
        _refuses(_birthAgain(), _wrongPosition(id, 1, 0));
        vm.prank(stranger);
        ledger.transferFrom(_addressOf(maker), _addressOf(buyer), uint256(id));
        _isMoved(id);
    }

    function test_one_is_frozen_and_the_others_are_not() public {
        ledger.freeze(id, REASON);
        vm.assertEq(ledger.count(id), 2, "count");
        _refuses(_observed(id, maker), _assetFrozen(id));
        vm.expectRevert(_assetFrozen(id));
        vm.prank(makerAccount);
        ledger.approve(stranger, uint256(id));
        _othersAreAsTheyWere();
        _append(_observed(bytes32(uint256(batch) + 2), maker));
        ledger.unfreeze(id, REASON);
        _append(_observed(id, maker));
    }

    function test_title_to_one_is_forced() public {
        ledger.forceTitle(id, buyer, REASON);
        _isMoved(id);
        _othersAreAsTheyWere();
    }

    function test_one_is_a_part_or_a_parent_from_the_start() public {
        bytes32 other = bytes32(uint256(batch) + 1);
        _append(_mounted(id, maker, other));
        vm.assertEq(ledger.parentOf(id), other, "parent");
        vm.assertEq(ledger.heightOf(other), 1, "height");
        vm.assertEq(ledger.count(other), 2, "the parent was told");
    }

    function test_one_that_was_written_of_is_born_no_more() public {
        _append(_observed(id, maker));
        _refuses(_birthAgain(), _wrongPosition(id, 2, 0));
        _refuses(_batchRegistered(buyer, maker, 5), _alreadyExists(batch));
    }

    /// @dev One entry of each kind that an asset of a batch may have as its first.
    function _firsts() private view returns (Entry[] memory firsts) {
        firsts = new Entry[](10);
        firsts[0] = _revised(id, maker);
        firsts[1] = _observed(id, maker);
        firsts[2] = _corrected(id, maker, 0);
        firsts[3] = _staged(id, maker, Stages.COMMISSIONED);
        firsts[4] = _transferred(id, maker, buyer);
        firsts[5] = _offered(id, maker, PartyRoles.OWNER, buyer);
        firsts[6] = _mounted(id, maker, frame);
        firsts[7] = _attested(id, buyer, schema, 0);
        firsts[8] = _listed(id, maker, world);
        firsts[9] = _erased(id, maker);
    }

    function _birthAgain() private view returns (Entry memory entry) {
        entry = _batchRegistered(buyer, maker, 5);
        entry.subject = id;
    }

    function _isMoved(bytes32 asset) private view {
        vm.assertEq(ledger.ownerOf(uint256(asset)), _addressOf(buyer), "owner");
        vm.assertEq(ledger.count(asset), 2, "count");
    }

    function _othersAreAsTheyWere() private view {
        for (uint256 i = 1; i <= 5; ++i) {
            bytes32 other = bytes32(uint256(batch) + i);
            if (other == id) continue;
            vm.assertEq(ledger.ownerOf(uint256(other)), _addressOf(maker), "another's owner");
            vm.assertEq(ledger.head(other), other, "another's head");
        }
        vm.assertEq(ledger.count(batch), 1, "the batch's entries");
    }
}
