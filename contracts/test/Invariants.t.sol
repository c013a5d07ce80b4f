// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAssetLedger} from "../src/interfaces/IAssetLedger.sol";
import {VM} from "./Deploy.sol";
import {Handler} from "./Handler.sol";
import {Vm} from "./Vm.sol";

/// @title What holds after any sequence of calls.
contract InvariantsTest {
    Vm private constant vm = VM;

    IAssetLedger private ledger;
    Handler private handler;

    function setUp() public {
        vm.warp(1_700_000_000);
        handler = new Handler();
        ledger = handler.ledger();
    }

    /// @dev forge asks which contracts to call.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_nothing_forbidden_was_ever_logged() public view {
        vm.assertEq(handler.violation(), "", "violation");
    }

    function invariant_ledger_head_equals_the_refolded_logs() public view {
        vm.assertEq(ledger.ledgerHead(), handler.ledgerHead(), "ledger head");
    }

    function invariant_every_subject_equals_its_refolded_logs() public view {
        for (uint256 i; i < handler.numberOfOrganisations(); ++i) {
            bytes32 org = handler.organisations(i);
            _equalsModel(org);
            vm.assertTrue(ledger.isActive(org) != handler.suspended(org), "active");
            vm.assertEq(ledger.word(org) >> 240, handler.accounts(org), "accounts");
        }
        for (uint256 i; i < handler.numberOfAssets(); ++i) {
            bytes32 id = handler.assets(i);
            _equalsModel(id);
            vm.assertTrue((ledger.word(id) >> 235) & 1 == (handler.frozen(id) ? 1 : 0), "frozen");
            vm.assertEq(ledger.ownerOf(uint256(id)), _addressOf(handler.owner(id)), "owner");
        }
    }

    function invariant_balances_equal_owners() public view {
        for (uint256 i; i < handler.numberOfOrganisations(); ++i) {
            bytes32 org = handler.organisations(i);
            uint256 owned;
            for (uint256 j; j < handler.numberOfAssets(); ++j) {
                if (handler.owner(handler.assets(j)) == org) ++owned;
            }
            vm.assertEq(ledger.balanceOf(_addressOf(org)), owned, "balance");
        }
    }

    function invariant_every_organisation_keeps_an_account() public view {
        for (uint256 i; i < handler.numberOfOrganisations(); ++i) {
            vm.assertTrue(handler.accounts(handler.organisations(i)) > 0, "accounts");
        }
    }

    /// @dev Random histories mean something only if much of what is tried is done.
    function test_much_of_what_the_handler_tries_is_accepted() public {
        for (uint256 i; i < 24; ++i) {
            handler.register(i);
            handler.act(i);
            handler.actInBatch(i);
            handler.actSigned(i);
            handler.transferByToken(i);
            handler.approve(i);
            handler.changeAccount(i);
            handler.govern(i);
        }
        vm.assertTrue(2 * handler.accepted() > handler.refused(), "too much was refused");
    }

    function _equalsModel(bytes32 subject) private view {
        vm.assertEq(ledger.head(subject), handler.head(subject), "head");
        vm.assertEq(ledger.count(subject), handler.count(subject), "count");
    }

    function _addressOf(bytes32 org) private pure returns (address) {
        return address(uint160(uint256(org)));
    }
}
