// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IJournal} from "../src/interfaces/IJournal.sol";
import {Authorisation, Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Cast} from "./Cast.sol";

/// @title A paused ledger takes nothing but acts of governance, and says so in its head.
contract PauseTest is Cast {
    function test_pausing_and_resuming_are_entries_of_the_ledger() public {
        bytes32 founding = ledger.founding();
        bytes32 head = founding;
        bytes32 all = ledger.ledgerHead();
        for (uint64 position = 1; position < 5; ++position) {
            bool on = position % 2 == 1;
            uint16 kind = on ? Kinds.PAUSED : Kinds.RESUMED;
            bytes memory payload = abi.encode(REASON);
            head = _headAfter(head, Entry(founding, 0, kind, position, payload), address(this));
            // What was the head until now is hashed whole, pause and all.
            all = bytes32(uint256(keccak256(abi.encode(all, head, address(this), block.timestamp))));
            all = bytes32(uint256(all) >> 1 << 1 | (on ? 1 : 0));

            vm.expectEmit(address(ledger));
            emit IJournal.Appended(founding, 0, kind, position, address(this), payload);
            if (on) ledger.pause(REASON);
            else ledger.resume(REASON);
            vm.assertTrue(ledger.paused() == on, "paused");
            vm.assertEq(ledger.head(founding), head, "head");
            vm.assertEq(ledger.ledgerHead(), all, "ledger head");
            vm.warp(block.timestamp + 1 hours);
        }
    }

    function test_a_pause_changes_something() public {
        bytes32 founding = ledger.founding();
        vm.expectRevert(_unchanged(founding));
        ledger.resume(REASON);
        ledger.pause(REASON);
        vm.expectRevert(_unchanged(founding));
        ledger.pause(REASON);
    }

    function test_no_kind_is_appended_until_the_ledger_goes_on() public {
        ledger.pause(REASON);
        for (uint256 i; i < kinds.length; ++i) {
            Entry memory entry = _good(kinds[i]);
            vm.expectRevert(_ledgerPaused());
            vm.prank(accountOf[entry.org]);
            ledger.append(_one(entry));
        }
        vm.expectRevert(_ledgerPaused());
        ledger.append(new Entry[](0));
        ledger.resume(REASON);
        for (uint256 i; i < kinds.length; ++i) {
            _takes(_good(kinds[i]));
        }
    }

    function test_no_kind_is_relayed_either() public {
        ledger.pause(REASON);
        for (uint256 i; i < kinds.length; ++i) {
            Entry memory entry = _good(kinds[i]);
            vm.expectRevert(_ledgerPaused());
            ledger.appendSigned(_one(entry), new Authorisation[](1));
        }
    }

    function test_no_token_moves_or_is_approved() public {
        (bytes32 owner, bytes32 to) = (_who(Role.OWNER), _who(Role.OUTSIDER));
        address account = accountOf[owner];
        vm.prank(account);
        ledger.approve(stranger, uint256(free));
        ledger.pause(REASON);
        bytes[] memory calls = new bytes[](5);
        calls[0] =
            abi.encodeCall(ledger.transferFrom, (_addressOf(owner), _addressOf(to), uint256(free)));
        calls[1] = abi.encodeWithSignature(
            "safeTransferFrom(address,address,uint256)", _addressOf(owner), _addressOf(to), free
        );
        calls[2] = abi.encodeWithSignature(
            "safeTransferFrom(address,address,uint256,bytes)",
            _addressOf(owner),
            _addressOf(to),
            free,
            ""
        );
        calls[3] = abi.encodeCall(ledger.approve, (stranger, uint256(free)));
        calls[4] = abi.encodeCall(ledger.approve, (address(0), uint256(free)));
        for (uint256 i; i < calls.length; ++i) {
            address[2] memory callers = [account, stranger];
            for (uint256 j; j < callers.length; ++j) {
                _refusesCall(callers[j], calls[i], _ledgerPaused());
            }
        }
        vm.assertEq(ledger.getApproved(uint256(free)), stranger, "as it was");
    }

    function test_governance_goes_on_and_the_pause_with_it() public {
        ledger.pause(REASON);
        bytes32 outsider = _who(Role.OUTSIDER);
        for (uint256 i; i < 8; ++i) {
            bytes32 before = ledger.ledgerHead();
            if (i == 0) ledger.freeze(asset, REASON);
            if (i == 1) ledger.unfreeze(asset, REASON);
            if (i == 2) ledger.suspend(outsider, REASON);
            if (i == 3) ledger.reinstate(outsider, REASON);
            if (i == 4) ledger.forceTitle(asset, outsider, REASON);
            if (i == 5) ledger.nameSuccessor(stranger, REASON);
            if (i == 6) ledger.enrol("did:web:new.example", _accounts(stranger));
            if (i == 7) ledger.setBaseURI("ipfs://x/");
            vm.assertTrue(ledger.paused(), "paused");
            if (i < 7) vm.assertTrue(ledger.ledgerHead() != before, "an entry");
        }
        vm.assertEq(ledger.ownerOf(uint256(asset)), _addressOf(outsider), "title was forced");
    }

    function test_whatever_may_be_read_is_read() public {
        ledger.pause(REASON);
        vm.assertEq(ledger.ownerOf(uint256(asset)), _addressOf(_who(Role.OWNER)), "owner");
        vm.assertTrue(ledger.isListed(asset, world), "listed");
        vm.assertTrue(
            ledger.isInForce(asset, attestation, _who(Role.ISSUER), schema), "attestation"
        );
    }
}
