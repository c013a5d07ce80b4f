// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {Fixture} from "./Fixture.sol";

/// @title Heads and the ledger head are the hashes that `IJournal` says.
/// @notice Bounds: one entry or one act of governance; any payload of the lengths that the kinds
/// here have; loops of 40.
/// @custom:halmos --loop 40
contract HistorySymbolicTest is Fixture {
    function check_an_entry_folds_into_both_heads(bytes32 document, bytes32 all) public {
        vm.assume(!_isPaused(all));
        _putLedgerHead(all);
        bytes32 payloadHash = keccak256(abi.encode(document));
        assert(_takes(MAKER_ACCOUNT, Entry(asset, maker, Kinds.OBSERVED, 1, abi.encode(document))));
        bytes32 head = keccak256(
            abi.encode(asset, 1, Kinds.OBSERVED, maker, MAKER_ACCOUNT, block.timestamp, payloadHash)
        );
        assert(ledger.head(asset) == head);
        assert(ledger.ledgerHead() == _folded(all, head, MAKER_ACCOUNT));
    }

    function check_a_birth_folds_its_id(bytes32 document, bytes32 all) public {
        vm.assume(!_isPaused(all));
        _putLedgerHead(all);
        bytes memory payload = abi.encode(maker, bytes32(0), document, 1);
        bytes32 id =
            keccak256(abi.encode(ledger.domain(), Kinds.REGISTERED, maker, keccak256(payload)));
        if (!_takes(MAKER_ACCOUNT, Entry(id, maker, Kinds.REGISTERED, 0, payload))) return;
        assert(ledger.head(id) == id);
        assert(ledger.ledgerHead() == _folded(all, id, MAKER_ACCOUNT));
    }

    function check_governance_writes_with_the_pause_left_as_it_is(bytes32 reason, bytes32 all)
        public
    {
        _putLedgerHead(all);
        ledger.freeze(asset, reason);
        assert(_isPaused(ledger.ledgerHead()) == _isPaused(all));
        assert(ledger.ledgerHead() == _folded(all, ledger.head(asset), address(this)));
    }

    function check_pausing_sets_the_lowest_bit_and_resuming_clears_it(bytes32 reason, bytes32 all)
        public
    {
        vm.assume(!_isPaused(all));
        _putLedgerHead(all);
        ledger.pause(reason);
        assert(ledger.paused() && _isPaused(ledger.ledgerHead()));
        ledger.resume(reason);
        assert(!ledger.paused() && !_isPaused(ledger.ledgerHead()));
    }

    function _folded(bytes32 all, bytes32 head, address actor) private view returns (bytes32) {
        uint256 hash = uint256(keccak256(abi.encode(all, head, actor, block.timestamp)));
        return bytes32(hash & ~uint256(1) | uint256(all) & 1);
    }

    function _isPaused(bytes32 all) private pure returns (bool) {
        return uint256(all) & 1 == 1;
    }
}
