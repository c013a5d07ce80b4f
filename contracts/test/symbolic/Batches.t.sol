// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {BatchRegistered, Observed} from "../../src/types/Payloads.sol";
import {Word, Words} from "../../src/types/Word.sol";
import {Fixture} from "./Fixture.sol";

/// @title The assets of a batch: each is there from the start, and each for itself.
/// @notice Bounds: a batch of any size there can be, and any place in it; one entry with any
/// payload of 0 to 6 whole words; loops of 40.
/// @custom:halmos --default-bytes-lengths 0,32,64,96,128,160,192 --loop 40
contract BatchesSymbolicTest is Fixture {
    uint256 private constant LARGEST = (1 << 24) - 1;

    bytes32 private batch;

    function setUp() public override {
        super.setUp();
        BatchRegistered memory birth =
            BatchRegistered(maker, 0, keccak256("a root"), uint32(LARGEST), keccak256("a list"));
        batch = ledger.idOf(Kinds.BATCH_REGISTERED, maker, abi.encode(birth));
        assert(
            _takes(MAKER_ACCOUNT, Entry(batch, maker, Kinds.BATCH_REGISTERED, 0, abi.encode(birth)))
        );
    }

    function check_a_batch_has_as_many_assets_as_its_size_and_no_more(uint24 size, uint24 place)
        public
    {
        vm.assume(size > 0);
        _resize(size);
        bytes32 id = _member(place);
        if (place > 0 && place <= size) {
            assert(ledger.ownerOf(uint256(id)) == _addressOf(maker));
            assert(ledger.count(id) == 1 && ledger.head(id) == id);
        } else if (place > 0) {
            assert(ledger.word(id) == 0);
        }
    }

    function check_an_entry_of_one_asset_touches_no_other(uint24 place, uint24 other) public {
        vm.assume(place > 0 && other != place);
        uint256 before = ledger.word(_member(other));
        bytes memory payload = abi.encode(Observed(REASON));
        assert(_takes(MAKER_ACCOUNT, Entry(_member(place), maker, Kinds.OBSERVED, 1, payload)));
        assert(Word.wrap(ledger.word(_member(place))).count() == 2);
        assert(ledger.word(_member(other)) == before);
    }

    /// @dev Unless one finds another entry of the same hash.
    function check_no_asset_of_a_batch_is_born_twice(uint24 place, Entry memory entry) public {
        vm.assume(place > 0);
        entry.subject = _member(place);
        entry.position = 0;
        vm.assume(ledger.idOf(entry.kind, entry.org, entry.payload) != entry.subject);
        assert(!_takes(MAKER_ACCOUNT, entry));
    }

    function _member(uint24 place) private view returns (bytes32) {
        return batch | bytes32(uint256(place));
    }

    /// @dev As if the batch had been registered with another size.
    function _resize(uint24 size) private {
        uint256 raw = ledger.word(batch) << 24 >> 24 | uint256(size) << 232;
        assert(Word.wrap(raw).class() == Words.BATCH);
        _putWord(batch, raw);
    }
}
