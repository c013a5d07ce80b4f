// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";

import {IJournal} from "../src/interfaces/IJournal.sol";
import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {AccountAdded, Enrolled} from "../src/types/Payloads.sol";
import {Base} from "./Base.sol";

/// @title Organisations: enrolment, accounts, suspension.
contract DirectoryTest is Base {
    function test_enrolment_writes_the_birth_and_each_account() public {
        address[] memory accounts = new address[](2);
        (accounts[0], accounts[1]) = (makerAccount, stranger);
        bytes memory birth = abi.encode(Enrolled("did:web:new.example"));
        bytes32 id = ledger.idOf(Kinds.ENROLLED, 0, birth);

        vm.expectEmit(address(ledger));
        emit IJournal.Appended(id, 0, 1, 0, address(this), birth);
        vm.expectEmit(address(ledger));
        emit IJournal.Appended(id, 0, 4, 1, address(this), abi.encode(AccountAdded(accounts[0])));
        vm.expectEmit(address(ledger));
        emit IJournal.Appended(id, 0, 4, 2, address(this), abi.encode(AccountAdded(accounts[1])));
        bytes32 org = ledger.enrol("did:web:new.example", accounts);

        vm.assertEq(org, id, "id");
        vm.assertTrue(ledger.isActive(org), "active");
        vm.assertTrue(ledger.isAccount(org, stranger), "account");
        vm.assertEq(ledger.organisationAt(_addressOf(org)), org, "found by address");
    }

    function test_enrolment_is_governance_only() public {
        vm.expectRevert(_unauthorised(stranger));
        vm.prank(stranger);
        ledger.enrol("did:web:new.example", _accounts(stranger));
    }

    function test_refuses_the_same_did_twice() public {
        vm.expectRevert(_alreadyExists(maker));
        ledger.enrol("did:web:maker.example", _accounts(stranger));
    }

    function test_refuses_enrolment_without_an_account() public {
        bytes32 id = ledger.idOf(Kinds.ENROLLED, 0, abi.encode(Enrolled("did:web:new.example")));
        vm.expectRevert(_lastAccount(id));
        ledger.enrol("did:web:new.example", new address[](0));
    }

    function test_refuses_enrolment_with_the_same_account_twice() public {
        address[] memory accounts = new address[](2);
        (accounts[0], accounts[1]) = (stranger, stranger);
        bytes32 id = ledger.idOf(Kinds.ENROLLED, 0, abi.encode(Enrolled("did:web:new.example")));
        vm.expectRevert(_alreadyAnAccount(id, stranger));
        ledger.enrol("did:web:new.example", accounts);
    }

    function test_refuses_enrolment_with_the_zero_address() public {
        vm.expectRevert(_badPayload(Kinds.ACCOUNT_ADDED));
        ledger.enrol("did:web:new.example", _accounts(address(0)));
    }

    function test_refuses_a_did_that_is_no_did() public {
        string[8] memory bad = [
            "",
            "did",
            "did:",
            "DID:web:x",
            "web:maker.example",
            "did:web:with space",
            "did:web:\n",
            unicode"did:web:例"
        ];
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(_badPayload(Kinds.ENROLLED));
            ledger.enrol(bad[i], _accounts(stranger));
        }
    }

    function test_a_did_is_visible_ascii() public {
        for (uint256 c; c < 256; ++c) {
            string memory did = string(abi.encodePacked("did:web:a", uint8(c)));
            bool visible = c > 0x20 && c < 0x7f;
            if (!visible) vm.expectRevert(_badPayload(Kinds.ENROLLED));
            ledger.enrol(did, _accounts(stranger));
        }
    }

    function test_refuses_an_organisation_whose_address_is_taken() public {
        bytes32 id = ledger.idOf(Kinds.ENROLLED, 0, abi.encode(Enrolled("did:web:new.example")));
        // No two organisations with one address can be found; so one is put there.
        bytes32 slot = keccak256(abi.encode(_addressOf(id), uint256(3)));
        vm.store(address(ledger), slot, maker);
        vm.assertEq(ledger.organisationAt(_addressOf(id)), maker, "taken");
        vm.expectRevert(_alreadyExists(id));
        ledger.enrol("did:web:new.example", _accounts(stranger));
    }

    function test_wallets_are_told_whose_operators_accounts_are() public {
        address held = _addressOf(maker);
        Entry memory added = _accountAdded(maker, stranger);
        vm.expectEmit(address(ledger));
        emit IERC721.ApprovalForAll(held, stranger, true);
        _append(added);
        vm.assertTrue(ledger.isApprovedForAll(held, stranger), "operator");
        Entry memory removed = _accountRemoved(maker, stranger);
        vm.expectEmit(address(ledger));
        emit IERC721.ApprovalForAll(held, stranger, false);
        _append(removed);
        vm.assertTrue(!ledger.isApprovedForAll(held, stranger), "no more");
    }

    function test_an_account_adds_another_which_then_acts() public {
        _append(_accountAdded(maker, stranger));
        _append(stranger, _registered(maker, maker, DOCUMENT));
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 1, "registered");
    }

    function test_an_account_removed_acts_no_more() public {
        _append(_accountAdded(maker, stranger));
        _append(stranger, _accountRemoved(maker, makerAccount));
        vm.assertTrue(!ledger.isAccount(maker, makerAccount), "gone");
        _refuses(
            makerAccount, _registered(maker, maker, DOCUMENT), _notAnAccount(maker, makerAccount)
        );
    }

    function test_an_account_removed_in_a_batch_acts_no_more_in_it() public {
        _append(_accountAdded(maker, stranger));
        Entry[] memory entries = new Entry[](2);
        entries[0] = _accountRemoved(maker, makerAccount);
        entries[1] = _registered(maker, maker, DOCUMENT);
        vm.expectRevert(_at(1, _notAnAccount(maker, makerAccount)));
        vm.prank(makerAccount);
        ledger.append(entries);
    }

    function test_refuses_to_remove_the_last_account() public {
        _refuses(_accountRemoved(maker, makerAccount), _lastAccount(maker));
    }

    function test_refuses_to_remove_what_is_no_account() public {
        _append(_accountAdded(maker, stranger));
        _refuses(
            makerAccount, _accountRemoved(maker, buyerAccount), _notAnAccount(maker, buyerAccount)
        );
    }

    function test_refuses_to_add_an_account_twice() public {
        _refuses(_accountAdded(maker, makerAccount), _alreadyAnAccount(maker, makerAccount));
    }

    function test_refuses_more_accounts_than_are_counted() public {
        bytes32 slot = _slotOf(maker);
        bytes32 full = vm.load(address(ledger), slot) | bytes32(uint256(type(uint16).max) << 232);
        vm.store(address(ledger), slot, full);
        _refuses(_accountAdded(maker, stranger), _full(maker));
    }

    function test_refuses_another_organisation_s_accounts() public {
        Entry memory entry = _accountAdded(maker, stranger);
        entry.org = buyer;
        _refuses(buyerAccount, entry, _notOwner(maker, buyer));
    }

    function test_refuses_accounts_of_what_is_no_organisation() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory entry = _entry(id, maker, Kinds.ACCOUNT_ADDED, abi.encode(stranger));
        _refuses(makerAccount, entry, _wrongClass(id, 5, 1));
    }

    function test_refuses_malformed_accounts() public {
        bytes[4] memory bad = [
            bytes(""),
            abi.encodePacked(stranger),
            abi.encode(uint256(1) << 160 | uint160(stranger)),
            abi.encode(address(0))
        ];
        for (uint256 i; i < bad.length; ++i) {
            Entry memory entry = _entry(maker, maker, Kinds.ACCOUNT_ADDED, bad[i]);
            _refuses(makerAccount, entry, _badPayload(Kinds.ACCOUNT_ADDED));
        }
    }

    function test_only_accounts_act_for_an_organisation() public {
        Entry memory birth = _registered(maker, maker, DOCUMENT);
        _refuses(stranger, birth, _notAnAccount(maker, stranger));
        _refuses(buyerAccount, birth, _notAnAccount(maker, buyerAccount));
        _refuses(address(this), birth, _notAnAccount(maker, address(this)));
    }

    function test_nobody_acts_for_an_organisation_that_is_not_there() public {
        Entry memory birth = _registered(REASON, maker, DOCUMENT);
        _refuses(makerAccount, birth, _unknownOrganisation(REASON));
        birth = _registered(0, maker, DOCUMENT);
        _refuses(makerAccount, birth, _unknownOrganisation(0));
        bytes32 asset = _asset(DOCUMENT);
        birth = _registered(asset, maker, REASON);
        _refuses(makerAccount, birth, _unknownOrganisation(asset));
    }

    function test_a_suspended_organisation_neither_acts_nor_receives_until_reinstated() public {
        bytes32 id = _asset(DOCUMENT);
        ledger.suspend(buyer, REASON);
        vm.assertTrue(!ledger.isActive(buyer), "suspended");
        vm.assertTrue(ledger.isAccount(buyer, buyerAccount), "its account stays");
        _refuses(buyerAccount, _registered(buyer, buyer, DOCUMENT), _suspended(buyer));
        _refuses(buyerAccount, _accountAdded(buyer, stranger), _suspended(buyer));
        _refuses(makerAccount, _registered(maker, buyer, REASON), _suspended(buyer));
        _refuses(makerAccount, _transferred(id, maker, buyer), _suspended(buyer));

        ledger.reinstate(buyer, REASON);
        _append(_transferred(id, maker, buyer));
        vm.assertEq(ledger.ownerOf(uint256(id)), _addressOf(buyer), "received");
    }

    function test_suspension_is_governance_only_and_changes_something() public {
        vm.expectRevert(_unauthorised(makerAccount));
        vm.prank(makerAccount);
        ledger.suspend(buyer, REASON);
        vm.expectRevert(_unauthorised(makerAccount));
        vm.prank(makerAccount);
        ledger.reinstate(buyer, REASON);

        vm.expectRevert(_unchanged(buyer));
        ledger.reinstate(buyer, REASON);
        ledger.suspend(buyer, REASON);
        vm.expectRevert(_unchanged(buyer));
        ledger.suspend(buyer, REASON);
    }

    function test_only_organisations_are_suspended() public {
        bytes32 id = _asset(DOCUMENT);
        vm.expectRevert(_wrongClass(id, 5, 1));
        ledger.suspend(id, REASON);
        vm.expectRevert(_unknownSubject(REASON));
        ledger.suspend(REASON, REASON);
    }

    function test_organisations_enrol_nobody() public {
        bytes memory payload = abi.encode(Enrolled("did:web:new.example"));
        bytes32 id = ledger.idOf(Kinds.ENROLLED, maker, payload);
        Entry memory enrolment = Entry(id, maker, Kinds.ENROLLED, 0, payload);
        _refuses(makerAccount, enrolment, _governanceOnly(Kinds.ENROLLED));
    }
}
