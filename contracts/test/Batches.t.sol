// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBatches} from "../src/interfaces/IBatches.sol";
import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {BatchRegistered} from "../src/types/Payloads.sol";
import {Words} from "../src/types/Word.sol";
import {Base} from "./Base.sol";

/// @title Batches: many assets by one entry, each there from the start.
contract BatchesTest is Base {
    uint32 private constant SIZE = 1000;
    uint32 private constant LARGEST = 2 ** 24 - 1;

    bytes32 internal batch;
    uint256 internal opened;

    function setUp() public override {
        super.setUp();
        batch = _append(_batchRegistered(maker, buyer, SIZE));
        opened = block.timestamp;
        vm.warp(opened + 1 days);
    }

    function test_an_id_leaves_room_for_its_assets() public view {
        bytes memory payload = _batchRegistered(maker, buyer, SIZE).payload;
        bytes32 hash = keccak256(
            abi.encode(ledger.domain(), Kinds.BATCH_REGISTERED, maker, keccak256(payload))
        );
        vm.assertEq(batch, hash >> 24 << 24, "the hash without its low 24 bits");
        vm.assertEq(ledger.idOf(Kinds.BATCH_REGISTERED, maker, payload), batch, "as told");
    }

    function test_refuses_the_whole_hash_as_an_id() public {
        Entry memory entry = _batchRegistered(maker, maker, 7);
        bytes32 id = entry.subject;
        entry.subject = bytes32(uint256(id) + 1);
        _refuses(entry, _wrongSubject(id, entry.subject));
    }

    function test_a_birth_is_a_mint_of_all_at_once() public {
        Entry memory entry = _batchRegistered(maker, buyer, 7);
        uint256 id = uint256(entry.subject);
        vm.expectEmit(address(ledger));
        emit IBatches.ConsecutiveTransfer(id + 1, id + 7, address(0), _addressOf(buyer));
        _append(entry);
        vm.assertEq(ledger.balanceOf(_addressOf(buyer)), SIZE + 7, "balance");
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 0, "the registrar's balance");
    }

    function test_a_batch_tells_its_size_and_owner() public view {
        uint256 word = ledger.word(batch);
        vm.assertEq(address(uint160(word)), _addressOf(buyer), "owner");
        vm.assertEq(word >> 160 & (2 ** 36 - 1), opened, "opened at");
        vm.assertEq(word >> 196 & type(uint32).max, 1, "count");
        vm.assertEq(word >> 228 & 15, Words.BATCH, "class");
        vm.assertEq(word >> 232, SIZE, "size");
    }

    function test_the_first_and_the_last_are_assets_before_anything_is_written_of_them()
        public
        view
    {
        uint32[3] memory places = [uint32(1), 2, SIZE];
        for (uint256 i; i < places.length; ++i) {
            _isUnwritten(_member(places[i]));
        }
    }

    function testFuzz_every_place_is_an_asset_and_none_beyond(uint24 place) public {
        bytes32 id = _member(place);
        if (place != 0 && place <= SIZE) return _isUnwritten(id);
        if (place != 0) _isNothing(id);
    }

    function test_nothing_is_before_the_first_or_behind_the_last() public {
        _isNothing(_member(SIZE + 1));
        _isNothing(_member(LARGEST));
        _isNothing(bytes32(uint256(batch) - 1));
        _isNothing(bytes32(uint256(batch) + 2 ** 24));
        _isNothing(bytes32(uint256(batch) + 2 ** 24 + 1));
    }

    function test_a_batch_is_no_token() public {
        vm.expectRevert(_unknownSubject(batch));
        ledger.ownerOf(uint256(batch));
        vm.expectRevert(_unknownSubject(batch));
        ledger.tokenURI(uint256(batch));
        vm.expectRevert(_unknownSubject(batch));
        vm.prank(buyerAccount);
        ledger.transferFrom(_addressOf(buyer), _addressOf(maker), uint256(batch));
        vm.expectRevert(_unknownSubject(batch));
        vm.prank(buyerAccount);
        ledger.approve(stranger, uint256(batch));
        vm.expectRevert(_wrongClass(batch, Words.ASSET, Words.BATCH));
        ledger.freeze(batch, REASON);
        vm.expectRevert(_wrongClass(batch, Words.ASSET, Words.BATCH));
        ledger.forceTitle(batch, maker, REASON);
        _refuses(_transferred(batch, buyer, maker), _wrongClass(batch, Words.ASSET, Words.BATCH));
    }

    function test_one_asset_is_a_batch_and_so_are_all_that_an_id_has_room_for() public {
        uint32[2] memory sizes = [uint32(1), LARGEST];
        for (uint256 i; i < sizes.length; ++i) {
            uint256 id = uint256(_append(_batchRegistered(maker, maker, sizes[i])));
            vm.assertEq(ledger.ownerOf(id + 1), _addressOf(maker), "first");
            vm.assertEq(ledger.ownerOf(id + sizes[i]), _addressOf(maker), "last");
            _isNothing(bytes32(id + sizes[i] + 1));
        }
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), uint256(LARGEST) + 1, "balance");
    }

    function test_refuses_a_batch_for_nobody_or_by_a_schema_that_is_none() public {
        _refuses(_batchRegistered(maker, REASON, 2), _unknownOrganisation(REASON));
        _refuses(_batchRegistered(maker, 0, 2), _unknownOrganisation(0));
        _refuses(_shaped(REASON), _unknownSubject(REASON));
        _refuses(_shaped(batch), _wrongClass(batch, Words.SCHEMA, Words.BATCH));
        ledger.suspend(buyer, REASON);
        _refuses(_batchRegistered(maker, buyer, 2), _suspended(buyer));
    }

    function test_takes_a_schema_that_is_one() public {
        _append(_shaped(_append(_schemaPublished(buyer, DOCUMENT, 0))));
    }

    function test_refuses_the_same_batch_twice() public {
        _refuses(_batchRegistered(maker, buyer, SIZE), _alreadyExists(batch));
    }

    function _shaped(bytes32 schema) private view returns (Entry memory) {
        bytes memory payload = abi.encode(BatchRegistered(maker, schema, DOCUMENT, 2, DOCUMENT));
        return _birth(Kinds.BATCH_REGISTERED, maker, payload);
    }

    function _member(uint256 place) private view returns (bytes32) {
        return bytes32(uint256(batch) + place);
    }

    /// @dev An asset of which its batch's entry is all that there is, and no storage of its own.
    function _isUnwritten(bytes32 id) private view {
        vm.assertEq(ledger.ownerOf(uint256(id)), _addressOf(buyer), "owner");
        vm.assertEq(ledger.partyOf(id, 0), _addressOf(buyer), "party");
        vm.assertEq(ledger.getApproved(uint256(id)), address(0), "approved");
        vm.assertEq(ledger.parentOf(id), bytes32(0), "parent");
        vm.assertEq(bytes(ledger.tokenURI(uint256(id))).length, 18 + 66, "URI");
        vm.assertEq(ledger.count(id), 1, "count");
        vm.assertEq(ledger.head(id), id, "head");
        vm.assertEq(ledger.getStateFingerprint(uint256(id)), id, "fingerprint");
        uint256 word = (uint256(Words.ASSET) << 228) | (1 << 196) | (opened << 160);
        vm.assertEq(ledger.word(id), word | uint160(_addressOf(buyer)), "word");
        vm.assertEq(vm.load(address(ledger), _slotOf(id)), bytes32(0), "nothing stored");
    }

    function _isNothing(bytes32 id) private {
        vm.assertEq(ledger.count(id), 0, "count");
        vm.assertEq(ledger.head(id), bytes32(0), "head");
        vm.assertEq(ledger.word(id), 0, "word");
        vm.assertEq(ledger.partyOf(id, 0), address(0), "party");
        vm.expectRevert(_unknownSubject(id));
        ledger.ownerOf(uint256(id));
    }
}
