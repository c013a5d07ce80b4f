// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";

import {IJournal} from "../src/interfaces/IJournal.sol";
import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Base} from "./Base.sol";

/// @title Title, by entries and by ERC-721 calls.
contract TitlesTest is Base {
    bytes32 internal id;
    uint256 internal token;
    address internal makerAddress;
    address internal buyerAddress;

    function setUp() public override {
        super.setUp();
        id = _asset(DOCUMENT);
        token = uint256(id);
        makerAddress = _addressOf(maker);
        buyerAddress = _addressOf(buyer);
    }

    function test_an_entry_transfers() public {
        vm.expectEmit(address(ledger));
        emit IERC721.Transfer(makerAddress, buyerAddress, token);
        _append(makerAccount, _transferred(id, maker, buyer));
        _isTheBuyers();
    }

    function test_an_account_of_the_owner_transfers_by_erc721() public {
        vm.expectEmit(address(ledger));
        emit IERC721.Transfer(makerAddress, buyerAddress, token);
        vm.expectEmit(address(ledger));
        emit IJournal.Appended(id, maker, Kinds.TRANSFERRED, 1, makerAccount, abi.encode(buyer));
        vm.prank(makerAccount);
        ledger.transferFrom(makerAddress, buyerAddress, token);
        _isTheBuyers();
    }

    function test_erc721_and_entry_leave_the_same_heads() public {
        bytes32 before = ledger.ledgerHead();
        vm.prank(makerAccount);
        ledger.transferFrom(makerAddress, buyerAddress, token);
        Entry memory same = Entry(id, maker, Kinds.TRANSFERRED, 1, abi.encode(buyer));
        bytes32 head = _headAfter(id, same, makerAccount);
        vm.assertEq(ledger.head(id), head, "head");
        bytes32 all = _ledgerHeadAfter(before, head, makerAccount);
        vm.assertEq(ledger.ledgerHead(), all, "ledger head");
    }

    function test_safe_transfers_do_the_same() public {
        vm.prank(makerAccount);
        ledger.safeTransferFrom(makerAddress, buyerAddress, token);
        _isTheBuyers();
        vm.prank(buyerAccount);
        ledger.safeTransferFrom(buyerAddress, makerAddress, token, "with words");
        vm.assertEq(ledger.ownerOf(token), makerAddress, "back");
    }

    function test_an_approved_address_transfers_once() public {
        vm.expectEmit(address(ledger));
        emit IERC721.Approval(makerAddress, stranger, token);
        vm.prank(makerAccount);
        ledger.approve(stranger, token);
        vm.assertEq(ledger.getApproved(token), stranger, "approved");

        vm.prank(stranger);
        ledger.transferFrom(makerAddress, buyerAddress, token);
        _isTheBuyers();
        vm.assertEq(ledger.getApproved(token), address(0), "ended");
        _transferRefused(stranger, buyerAddress, makerAddress, _notAnAccount(buyer, stranger));
    }

    function test_an_approval_ends_with_a_transfer_by_entry() public {
        vm.prank(makerAccount);
        ledger.approve(stranger, token);
        _append(makerAccount, _transferred(id, maker, buyer));
        vm.assertEq(ledger.getApproved(token), address(0), "ended");
        _transferRefused(stranger, buyerAddress, makerAddress, _notAnAccount(buyer, stranger));
    }

    function test_an_approval_is_withdrawn() public {
        vm.prank(makerAccount);
        ledger.approve(stranger, token);
        vm.prank(makerAccount);
        ledger.approve(address(0), token);
        vm.assertEq(ledger.getApproved(token), address(0), "none");
        _transferRefused(stranger, makerAddress, buyerAddress, _notAnAccount(maker, stranger));
    }

    function test_an_approval_is_no_entry() public {
        (bytes32 head, bytes32 all) = (ledger.head(id), ledger.ledgerHead());
        vm.prank(makerAccount);
        ledger.approve(stranger, token);
        vm.assertEq(ledger.head(id), head, "head");
        vm.assertEq(ledger.ledgerHead(), all, "ledger head");
        vm.assertEq(ledger.count(id), 1, "count");
    }

    function test_an_approval_outlives_the_account_that_set_it() public {
        vm.prank(makerAccount);
        ledger.approve(stranger, token);
        _append(_accountAdded(maker, address(0xAC2)));
        _append(address(0xAC2), _accountRemoved(maker, makerAccount));
        vm.prank(stranger);
        ledger.transferFrom(makerAddress, buyerAddress, token);
        _isTheBuyers();
    }

    function test_only_accounts_of_the_owner_approve() public {
        vm.expectRevert(_notAnAccount(maker, stranger));
        vm.prank(stranger);
        ledger.approve(stranger, token);
        ledger.suspend(maker, REASON);
        vm.expectRevert(_suspended(maker));
        vm.prank(makerAccount);
        ledger.approve(stranger, token);
    }

    function test_a_frozen_asset_is_neither_approved_nor_moved() public {
        vm.prank(makerAccount);
        ledger.approve(stranger, token);
        ledger.freeze(id, REASON);
        vm.expectRevert(_assetFrozen(id));
        vm.prank(makerAccount);
        ledger.approve(stranger, token);
        _transferRefused(makerAccount, makerAddress, buyerAddress, _assetFrozen(id));
        _transferRefused(stranger, makerAddress, buyerAddress, _assetFrozen(id));
    }

    function test_suspension_binds_the_approved_too() public {
        vm.prank(makerAccount);
        ledger.approve(stranger, token);
        ledger.suspend(maker, REASON);
        _transferRefused(stranger, makerAddress, buyerAddress, _suspended(maker));
        _transferRefused(makerAccount, makerAddress, buyerAddress, _suspended(maker));
    }

    function test_refuses_to_move_for_a_stranger() public {
        _transferRefused(stranger, makerAddress, buyerAddress, _notAnAccount(maker, stranger));
        _transferRefused(
            buyerAccount, makerAddress, buyerAddress, _notAnAccount(maker, buyerAccount)
        );
    }

    function test_refuses_to_move_from_another_than_the_owner() public {
        _transferRefused(makerAccount, buyerAddress, buyerAddress, _notOwner(id, buyer));
        _transferRefused(makerAccount, stranger, buyerAddress, _notOwner(id, 0));
    }

    function test_refuses_receivers_that_are_no_active_organisation() public {
        bytes32 shown = bytes32(uint256(uint160(stranger)));
        _transferRefused(makerAccount, makerAddress, stranger, _unknownOrganisation(shown));
        _transferRefused(makerAccount, makerAddress, address(0), _unknownOrganisation(0));
        _transferRefused(makerAccount, makerAddress, makerAddress, _unchanged(id));
        ledger.suspend(buyer, REASON);
        _transferRefused(makerAccount, makerAddress, buyerAddress, _suspended(buyer));
        _refuses(makerAccount, _transferred(id, maker, REASON), _unknownOrganisation(REASON));
        _refuses(makerAccount, _transferred(id, maker, maker), _unchanged(id));
        _refuses(makerAccount, _transferred(id, maker, id), _unknownOrganisation(id));
    }

    function test_accounts_are_the_operators_and_nobody_else() public {
        vm.assertTrue(ledger.isApprovedForAll(makerAddress, makerAccount), "account");
        vm.assertTrue(!ledger.isApprovedForAll(makerAddress, buyerAccount), "other");
        vm.assertTrue(!ledger.isApprovedForAll(stranger, makerAccount), "no organisation");
        vm.expectRevert(abi.encodeWithSelector(OperatorsAreAccounts.selector));
        vm.prank(makerAccount);
        ledger.setApprovalForAll(stranger, true);
    }

    function test_views_refuse_what_is_no_token() public {
        uint256[2] memory none = [uint256(REASON), uint256(maker)];
        for (uint256 i; i < none.length; ++i) {
            bytes memory refusal = _unknownSubject(bytes32(none[i]));
            vm.expectRevert(refusal);
            ledger.ownerOf(none[i]);
            vm.expectRevert(refusal);
            ledger.getApproved(none[i]);
            vm.expectRevert(refusal);
            ledger.tokenURI(none[i]);
            vm.expectRevert(refusal);
            vm.prank(makerAccount);
            ledger.approve(stranger, none[i]);
            vm.expectRevert(refusal);
            vm.prank(makerAccount);
            ledger.transferFrom(makerAddress, buyerAddress, none[i]);
        }
        vm.expectRevert(_unknownOrganisation(0));
        ledger.balanceOf(address(0));
    }

    function test_metadata_and_interfaces() public view {
        vm.assertEq(ledger.name(), "Asset Ledger", "name");
        vm.assertEq(ledger.symbol(), "ASSET", "symbol");
        vm.assertEq(ledger.getStateFingerprint(token), ledger.head(id), "fingerprint");
        bytes4[5] memory known =
            [bytes4(0x01ffc9a7), 0x80ac58cd, 0x5b5e139f, 0x49064906, 0xf5112315];
        for (uint256 i; i < known.length; ++i) {
            vm.assertTrue(ledger.supportsInterface(known[i]), "supported");
        }
        vm.assertTrue(!ledger.supportsInterface(0xffffffff), "never");
    }

    function test_governance_says_where_metadata_is() public {
        vm.assertEq(bytes(ledger.tokenURI(token)).length, 18 + 66, "base and id");
        vm.expectEmit(address(ledger));
        emit IERC4906.BatchMetadataUpdate(0, type(uint256).max);
        ledger.setBaseURI("ipfs://x/");
        vm.assertEq(bytes(ledger.tokenURI(token)).length, 9 + 66, "moved");
        vm.expectRevert(_unauthorised(makerAccount));
        vm.prank(makerAccount);
        ledger.setBaseURI("ipfs://y/");
    }

    function _isTheBuyers() private view {
        vm.assertEq(ledger.ownerOf(token), buyerAddress, "owner");
        vm.assertEq(ledger.balanceOf(buyerAddress), 1, "buyer's balance");
        vm.assertEq(ledger.balanceOf(makerAddress), 0, "maker's balance");
        vm.assertEq(ledger.count(id), 2, "count");
    }

    function _transferRefused(address actor, address from, address to, bytes memory refusal)
        private
    {
        vm.expectRevert(refusal);
        vm.prank(actor);
        ledger.transferFrom(from, to, token);
    }
}
