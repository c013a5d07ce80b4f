// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Authorisation, Entry} from "../src/types/Entry.sol";
import {ScriptedWallet} from "./ScriptedWallet.sol";
import {Signing} from "./Signing.sol";

/// @title Contracts that sign (ERC-1271): asked by a static call, at a price that has an end.
contract WalletsTest is Signing {
    uint256 private constant ANSWER_GAS = 500_000;
    uint256 private constant OWN_GAS = 150_000;
    uint8 private constant GOOD = uint8(ScriptedWallet.Answer.YES_AFTER_WORK);

    function test_a_contract_signs_however_long_it_says_yes() public {
        for (uint8 answer; answer <= GOOD; ++answer) {
            address wallet = _wallet(ScriptedWallet.Answer(answer));
            Entry memory entry = _registered(maker, maker, bytes32(uint256(answer)));
            _send(entry, Authorisation(wallet, deadline, "any"));
            vm.assertEq(ledger.count(entry.subject), 1, "count");
        }
    }

    function test_whatever_else_a_contract_does_is_no_signature() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        for (uint8 answer = GOOD + 1; answer <= uint8(type(ScriptedWallet.Answer).max); ++answer) {
            address wallet = _wallet(ScriptedWallet.Answer(answer));
            _sendRefused(entry, Authorisation(wallet, deadline, "any"), _badSignature(wallet));
        }
    }

    function test_no_answer_costs_more_than_its_limit() public {
        for (uint8 answer; answer <= uint8(type(ScriptedWallet.Answer).max); ++answer) {
            uint256 before = vm.snapshotState();
            uint256 used = _gasOf(_wallet(ScriptedWallet.Answer(answer)));
            vm.assertTrue(used < ANSWER_GAS + OWN_GAS, "no more than the limit");
            bool burns = answer == uint8(ScriptedWallet.Answer.BURNS_ALL)
                || answer == uint8(ScriptedWallet.Answer.NEVER_ENDS);
            if (burns) vm.assertTrue(used > ANSWER_GAS, "all of it was burnt");
            vm.revertToState(before);
        }
    }

    /// @dev A relay that is sparing with gas spoils its own transaction only.
    function test_a_yes_that_lacks_gas_is_no_yes() public {
        address wallet = _wallet(ScriptedWallet.Answer.YES_AFTER_WORK);
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        bytes memory call = _call(entry, Authorisation(wallet, deadline, "any"));
        (bool done,) = address(ledger).call{gas: 400_000}(call);
        vm.assertTrue(!done, "too little");
        vm.assertEq(ledger.count(entry.subject), 0, "nothing written");
        (done,) = address(ledger).call{gas: 1_000_000}(call);
        vm.assertTrue(done, "enough");
    }

    function test_a_contract_speaks_for_organisations_whose_account_it_is() public {
        address wallet = _wallet(ScriptedWallet.Answer.YES);
        Entry memory entry = _registered(buyer, buyer, DOCUMENT);
        _sendRefused(entry, Authorisation(wallet, deadline, "any"), _notAnAccount(buyer, wallet));
    }

    function test_a_contract_s_word_has_a_deadline_too() public {
        address wallet = _wallet(ScriptedWallet.Answer.YES);
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        vm.warp(deadline + 1);
        _sendRefused(entry, Authorisation(wallet, deadline, "any"), _expired(deadline));
    }

    /// @dev An account that has taken on code (EIP-7702) is asked like any contract.
    function test_where_there_is_code_it_is_asked_and_no_key_counts() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        Authorisation memory by = _sign(MAKER_KEY, entry);
        vm.etch(makerAccount, address(new ScriptedWallet(ScriptedWallet.Answer.NO)).code);
        _sendRefused(entry, by, _badSignature(makerAccount));
        vm.etch(makerAccount, address(new ScriptedWallet(ScriptedWallet.Answer.YES)).code);
        _send(entry, by);
    }

    /// @dev An account of the maker's.
    function _wallet(ScriptedWallet.Answer answer) private returns (address wallet) {
        wallet = address(new ScriptedWallet(answer));
        _append(_accountAdded(maker, wallet));
    }

    function _gasOf(address wallet) private returns (uint256) {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        bytes memory call = _call(entry, Authorisation(wallet, deadline, "any"));
        uint256 before = gasleft();
        (bool done,) = address(ledger).call(call);
        done;
        return before - gasleft();
    }

    function _call(Entry memory entry, Authorisation memory by)
        private
        view
        returns (bytes memory)
    {
        Authorisation[] memory list = new Authorisation[](1);
        list[0] = by;
        return abi.encodeCall(ledger.appendSigned, (_one(entry), list));
    }
}
