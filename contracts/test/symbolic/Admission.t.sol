// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IJournal} from "../../src/interfaces/IJournal.sol";
import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {SYMBOLIC} from "./Cheats.sol";
import {Fixture} from "./Fixture.sol";

/// @title Who gets an entry in: accounts of active organisations, at the next position, unpaused.
/// @notice Bounds: one entry a call, of any subject, organisation, kind and position, with any
/// payload of 0 to 6 whole words or of 31 bytes (32 or 64 bytes for kinds of governance); for calls of
/// any function, arrays of one item and bytes of the same lengths; loops of 40.
/// @custom:halmos --default-bytes-lengths 0,31,32,64,96,128,160,192 --default-array-lengths 1 --loop 40 --solver-timeout-branching 10ms
contract AdmissionSymbolicTest is Fixture {
    function check_who_has_no_account_appends_nothing(address actor, Entry memory entry) public {
        vm.assume(actor != MAKER_ACCOUNT && actor != BUYER_ACCOUNT);
        assert(!_takes(actor, entry));
    }

    function check_an_account_acts_for_its_own_organisation_only(Entry memory entry) public {
        vm.assume(entry.org != maker);
        assert(!_takes(MAKER_ACCOUNT, entry));
    }

    function check_a_suspended_organisation_appends_nothing(Entry memory entry) public {
        ledger.suspend(maker, REASON);
        vm.assume(entry.org == maker);
        assert(!_takes(MAKER_ACCOUNT, entry));
    }

    function check_a_paused_ledger_takes_no_entry(address actor, Entry memory entry) public {
        ledger.pause(REASON);
        assert(!_takes(actor, entry));
    }

    function check_a_subject_takes_its_next_position_only(Entry memory entry) public {
        entry.subject = asset;
        vm.assume(entry.position != ledger.count(asset));
        assert(!_takes(MAKER_ACCOUNT, entry));
    }

    /// @custom:halmos --solver-timeout-branching 1ms
    function check_a_birth_names_its_own_hash(Entry memory entry) public {
        entry.position = 0;
        bytes32 id = ledger.idOf(entry.kind, entry.org, entry.payload);
        if (_takes(MAKER_ACCOUNT, entry)) assert(entry.subject == id);
    }

    /// @custom:halmos --default-bytes-lengths 32,64 --solver-timeout-branching 1ms
    function check_what_governance_and_the_ledger_write_nobody_appends(Entry memory entry) public {
        uint16 kind = entry.kind;
        vm.assume(
            kind == Kinds.ENROLLED || kind == Kinds.SUSPENDED || kind == Kinds.REINSTATED
                || kind == Kinds.PART_ADDED || kind == Kinds.PART_REMOVED || kind >= Kinds.FROZEN
        );
        assert(!_takes(MAKER_ACCOUNT, entry));
    }

    function check_a_stranger_finds_no_function_that_lets_it_in(address caller) public {
        vm.assume(caller != MAKER_ACCOUNT && caller != BUYER_ACCOUNT);
        _reachesNothing(caller);
    }

    function check_accounts_govern_nothing(bytes32 subject, bytes32 to) public {
        bytes[] memory doors = new bytes[](8);
        doors[0] = abi.encodeCall(ledger.suspend, (subject, REASON));
        doors[1] = abi.encodeCall(ledger.reinstate, (subject, REASON));
        doors[2] = abi.encodeCall(ledger.freeze, (subject, REASON));
        doors[3] = abi.encodeCall(ledger.unfreeze, (subject, REASON));
        doors[4] = abi.encodeCall(ledger.forceTitle, (subject, to, REASON));
        doors[5] = abi.encodeCall(ledger.pause, (REASON));
        doors[6] = abi.encodeCall(ledger.resume, (REASON));
        doors[7] = abi.encodeCall(ledger.nameSuccessor, (_addressOf(to), REASON));
        for (uint256 i; i < doors.length; ++i) {
            vm.prank(MAKER_ACCOUNT);
            (bool done,) = address(ledger).call(doors[i]);
            assert(!done);
        }
    }

    function check_a_paused_ledger_moves_by_governance_alone(address caller) public {
        ledger.pause(REASON);
        _reachesNothing(caller);
    }

    /// @dev Any call of any function but by a signature, which is a matter of cryptography.
    function _reachesNothing(address caller) private {
        vm.assume(caller != address(this) && caller != address(authority));
        bytes memory call = SYMBOLIC.createCalldata("AssetLedger");
        vm.assume(bytes4(call) != IJournal.appendSigned.selector);
        vm.prank(caller);
        (bool done,) = address(ledger).call(call);
        assert(!done);
    }
}
