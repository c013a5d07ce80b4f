// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {Word} from "../../src/types/Word.sol";
import {Fixture} from "./Fixture.sol";

/// @title Title and balances, by entries, by ERC-721 and by governance.
/// @notice Bounds: one call; any addresses, receivers and words of the asset; entries with any
/// payload of 0 to 6 whole words; loops of 40.
/// @custom:halmos --default-bytes-lengths 0,32,64,96,128,160,192 --loop 40
contract TitlesSymbolicTest is Fixture {
    function check_balances_are_conserved(Entry memory entry) public {
        uint256 both = _balance(maker) + _balance(buyer);
        (entry.subject, entry.org) = (asset, maker);
        _takes(MAKER_ACCOUNT, entry);
        assert(_balance(maker) + _balance(buyer) == both);
        assert(_balance(maker) == (_word().owner() == _addressOf(maker) ? 1 : 0));
    }

    function check_a_transfer_moves_one_title_to_an_active_organisation(bytes32 to) public {
        if (!_takes(MAKER_ACCOUNT, Entry(asset, maker, Kinds.TRANSFERRED, 1, abi.encode(to)))) {
            return;
        }
        assert(to == buyer);
        assert(_word().owner() == _addressOf(buyer));
        assert(_balance(maker) == 0 && _balance(buyer) == 1);
    }

    function check_nobody_receives_while_suspended(address caller, address to) public {
        ledger.suspend(buyer, REASON);
        vm.assume(to == _addressOf(buyer));
        assert(!_transfersFrom(caller, _addressOf(maker), to));
    }

    function check_a_token_moves_for_the_owners_accounts_only(
        address caller,
        address from,
        address to
    ) public {
        vm.assume(caller != MAKER_ACCOUNT);
        assert(!_transfersFrom(caller, from, to));
    }

    function check_an_approval_lets_its_address_move_the_token_once(
        address approved,
        address caller,
        address to
    ) public {
        vm.assume(caller != MAKER_ACCOUNT && caller != BUYER_ACCOUNT);
        vm.prank(MAKER_ACCOUNT);
        ledger.approve(approved, uint256(asset));
        if (!_transfersFrom(caller, _addressOf(maker), to)) return;
        assert(caller == approved && to == _addressOf(buyer));
        assert(!_transfersFrom(caller, to, _addressOf(maker)));
    }

    function check_a_frozen_token_neither_moves_nor_is_approved(
        uint256 raw,
        address caller,
        address from,
        address to
    ) public {
        vm.assume(_put(raw).isFrozen());
        assert(!_transfersFrom(caller, from, to));
        vm.prank(caller);
        (bool done,) = address(ledger).call(abi.encodeCall(ledger.approve, (to, uint256(asset))));
        assert(!done);
    }

    function check_governance_forces_title_whatever_the_word_says(uint256 raw) public {
        Word before = _put(raw);
        vm.assume(before.owner() != _addressOf(buyer) && before.count() < type(uint32).max);
        ledger.forceTitle(asset, buyer, REASON);
        assert(_word().owner() == _addressOf(buyer));
        assert(_word().isFrozen() == before.isFrozen() && _word().stage() == before.stage());
    }

    function _transfersFrom(address caller, address from, address to) private returns (bool done) {
        bytes memory call = abi.encodeCall(ledger.transferFrom, (from, to, uint256(asset)));
        vm.prank(caller);
        (done,) = address(ledger).call(call);
    }

    function _balance(bytes32 org) private view returns (uint256) {
        return ledger.balanceOf(_addressOf(org));
    }
}
