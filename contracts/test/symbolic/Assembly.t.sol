// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {Mounted, Registered} from "../../src/types/Payloads.sol";
import {Stages} from "../../src/types/Stages.sol";
import {Word, Words} from "../../src/types/Word.sol";
import {Fixture} from "./Fixture.sol";

/// @title What is mounted on what: trees, not too deep, known on both sides.
/// @notice Bounds: three assets; any words that part and parent can have, where nothing is above
/// the parent; one more mounting in a chain of three; loops of 40.
/// @custom:halmos --loop 40
contract AssemblySymbolicTest is Fixture {
    bytes32 private frame;
    bytes32 private hall;

    function setUp() public override {
        super.setUp();
        frame = _registers("a frame");
        hall = _registers("a hall");
    }

    function check_a_part_and_its_parent_both_know_of_it(uint256 raw, uint256 above) public {
        Word part = _put(raw);
        Word parent = Word.wrap(above);
        vm.assume(parent.class() == Words.ASSET && parent.count() > 0 && !parent.isMounted());
        _putWord(frame, above);
        if (!_mounts(asset, frame)) return;
        assert(!part.isMounted() && _word().isMounted());
        assert(_word().count() == part.count() + 1);
        assert(!part.isFrozen() && !parent.isFrozen());
        assert(part.stage() != Stages.RETIRED && parent.stage() != Stages.RETIRED);
        assert(Word.wrap(ledger.word(frame)).count() == parent.count() + 1);
        assert(ledger.heightOf(frame) == 1);
        assert(ledger.parentOf(asset) == frame);
    }

    function check_nothing_becomes_a_part_of_its_own_parts(uint8 part, uint8 parent) public {
        vm.assume(part < 3 && parent < 3);
        assert(_mounts(asset, frame) && _mounts(frame, hall));
        assert(!_mounts(_at(part), _at(parent)));
    }

    function check_a_chain_of_two_may_grow_at_its_top_only(uint8 part, uint8 parent) public {
        vm.assume(part < 3 && parent < 3);
        assert(_mounts(asset, frame));
        bool done = _mounts(_at(part), _at(parent));
        // The frame on the hall, or the hall on either: all else is mounted, or its own parent.
        assert(done == ((part == 1 && parent == 2) || (part == 2 && parent != 2)));
    }

    function _at(uint8 place) private view returns (bytes32) {
        return place == 0 ? asset : place == 1 ? frame : hall;
    }

    function _mounts(bytes32 part, bytes32 parent) private returns (bool) {
        bytes memory payload = abi.encode(Mounted(parent));
        uint64 position = ledger.count(part);
        return _takes(MAKER_ACCOUNT, Entry(part, maker, Kinds.MOUNTED, position, payload));
    }

    function _registers(bytes memory document) private returns (bytes32 id) {
        bytes memory birth = abi.encode(Registered(maker, 0, keccak256(document), 1));
        id = ledger.idOf(Kinds.REGISTERED, maker, birth);
        assert(_takes(MAKER_ACCOUNT, Entry(id, maker, Kinds.REGISTERED, 0, birth)));
    }
}
