// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IJournal} from "../src/interfaces/IJournal.sol";
import {Authorisation, Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Signing} from "./Signing.sol";

/// @title Entries that accounts sign and somebody else sends.
contract SignaturesTest is Signing {
    function test_the_signer_is_the_actor_whoever_sends() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        bytes32 before = ledger.ledgerHead();
        _send(entry, _sign(MAKER_KEY, entry));
        bytes32 expected = _ledgerHeadAfter(before, entry.subject, makerAccount);
        vm.assertEq(ledger.ledgerHead(), expected, "ledger head");
    }

    function test_what_the_ledger_writes_beside_it_is_the_signer_s_too() public {
        (bytes32 part, bytes32 parent) = (_asset("part"), _asset("parent"));
        Entry memory entry = _mounted(part, maker, parent);
        bytes memory beside = abi.encode(part);
        vm.expectEmit(address(ledger));
        emit IJournal.Appended(parent, maker, Kinds.PART_ADDED, 1, makerAccount, beside);
        _send(entry, _sign(MAKER_KEY, entry));
    }

    function test_many_signers_travel_together() public {
        Entry[] memory entries = new Entry[](2);
        entries[0] = _registered(maker, maker, DOCUMENT);
        entries[1] = _registered(buyer, buyer, DOCUMENT);
        Authorisation[] memory by = new Authorisation[](2);
        by[0] = _sign(MAKER_KEY, entries[0]);
        by[1] = _sign(BUYER_KEY, entries[1]);
        ledger.appendSigned(entries, by);
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 1, "maker");
        vm.assertEq(ledger.balanceOf(_addressOf(buyer)), 1, "buyer");
    }

    function test_is_good_until_its_deadline() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        Authorisation memory by = _sign(MAKER_KEY, entry);
        vm.warp(deadline + 1);
        _sendRefused(entry, by, _expired(deadline));
        vm.warp(deadline);
        _send(entry, by);
    }

    function test_is_good_once() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory entry = _observed(id, maker);
        Authorisation memory by = _sign(MAKER_KEY, entry);
        _send(entry, by);
        _sendRefused(entry, by, _wrongPosition(id, 2, 1));
    }

    function test_a_lost_race_refuses_the_later() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory entry = _observed(id, maker);
        Authorisation memory by = _sign(MAKER_KEY, entry);
        _append(makerAccount, _revised(id, maker));
        _sendRefused(entry, by, _wrongPosition(id, 2, 1));
    }

    function test_every_member_is_signed() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory entry = _observed(id, maker);
        Authorisation memory by = _sign(MAKER_KEY, entry);
        for (uint256 i; i < 6; ++i) {
            Entry memory other = Entry(id, maker, entry.kind, entry.position, entry.payload);
            if (i == 0) other.subject = REASON;
            if (i == 1) other.org = buyer;
            if (i == 2) other.kind = Kinds.REVISED;
            if (i == 3) other.position = 0;
            if (i == 4) other.payload = abi.encode(REASON);
            if (i == 5) by.deadline += 1;
            _sendRefused(other, by, _badSignature(makerAccount));
        }
    }

    function test_is_bound_to_its_chain_and_contract() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        bytes32[2] memory domains =
            [_domain(block.chainid + 1, address(ledger)), _domain(block.chainid, address(this))];
        for (uint256 i; i < domains.length; ++i) {
            bytes memory signature = _signature(MAKER_KEY, _digest(domains[i], entry, deadline));
            _sendRefused(
                entry, Authorisation(makerAccount, deadline, signature), _badSignature(makerAccount)
            );
        }
    }

    function test_the_domain_stays_when_the_chain_s_number_changes() public {
        bytes32 before = ledger.domain();
        vm.chainId(block.chainid + 1);
        vm.assertEq(ledger.domain(), before, "domain");
    }

    function test_refuses_another_s_signature() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        Authorisation memory by = _sign(BUYER_KEY, entry);
        by.actor = makerAccount;
        _sendRefused(entry, by, _badSignature(makerAccount));
    }

    function test_refuses_a_signer_who_is_no_account() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        _sendRefused(entry, _sign(BUYER_KEY, entry), _notAnAccount(maker, buyerAccount));
    }

    function test_refuses_a_signature_s_twin() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(MAKER_KEY, _digest(ledger.domain(), entry, deadline));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory twin = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? 28 : 27);
        _sendRefused(
            entry, Authorisation(makerAccount, deadline, twin), _badSignature(makerAccount)
        );
    }

    /// @dev EIP-2098's short form would be a second signature of the same.
    function test_refuses_a_signature_s_short_form() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        bytes32 digest = _digest(ledger.domain(), entry, deadline);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(MAKER_KEY, digest);
        bytes memory short = abi.encodePacked(r, uint256(s) | (uint256(v - 27) << 255));
        vm.assertEq(short.length, 64, "bytes");
        _sendRefused(
            entry, Authorisation(makerAccount, deadline, short), _badSignature(makerAccount)
        );
    }

    function test_refuses_who_is_an_account_no_more_and_the_suspended() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        Authorisation memory by = _sign(MAKER_KEY, entry);
        ledger.suspend(maker, REASON);
        _sendRefused(entry, by, _suspended(maker));
        ledger.reinstate(maker, REASON);
        _append(_accountAdded(maker, stranger));
        _append(stranger, _accountRemoved(maker, makerAccount));
        _sendRefused(entry, by, _notAnAccount(maker, makerAccount));
    }

    function test_nobody_signs_for_governance() public {
        Entry memory entry = _entry(_asset(DOCUMENT), 0, Kinds.FROZEN, abi.encode(REASON));
        _sendRefused(entry, _sign(MAKER_KEY, entry), _unknownOrganisation(0));
    }

    function test_refuses_what_is_no_signature() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        bytes[4] memory bad = [bytes(""), "x", new bytes(65), new bytes(64)];
        for (uint256 i; i < bad.length; ++i) {
            _sendRefused(
                entry, Authorisation(makerAccount, deadline, bad[i]), _badSignature(makerAccount)
            );
            // A failed recovery yields the zero address, which must not pass for an actor.
            _sendRefused(
                entry, Authorisation(address(0), deadline, bad[i]), _badSignature(address(0))
            );
        }
    }

    function test_refuses_lists_of_different_lengths() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        vm.expectRevert(abi.encodeWithSelector(LengthMismatch.selector, 1, 0));
        ledger.appendSigned(_one(entry), new Authorisation[](0));
        vm.expectRevert(abi.encodeWithSelector(LengthMismatch.selector, 0, 1));
        ledger.appendSigned(new Entry[](0), new Authorisation[](1));
    }
}
