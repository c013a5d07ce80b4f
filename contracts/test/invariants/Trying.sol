// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IJournal} from "../../src/interfaces/IJournal.sol";
import {Authorisation, Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {Attempt, Door} from "./Model.sol";
import {Signers} from "./Signers.sol";

/// @title Sends calls to the ledger, and holds what it does with them to what it should.
abstract contract Trying is Signers {
    uint256 private constant COMPARE_EVERY = 32;

    /// @dev Sends a call of which `fault` says why it must be refused; nothing, if it must not.
    function _send(address from, Door through, bytes memory call, string memory fault)
        internal
        returns (bool done)
    {
        (sender, door) = (from, through);
        ++sent;
        vm.prank(from);
        (done,) = address(ledger).call(call);
        if (!done) {
            ++refused;
            // forge records what was emitted before a revert, too.
            vm.getRecordedLogs();
            _hold(ledger.ledgerHead() == ledgerHead, "refusals_leave_no_trace");
            _hold(bytes(fault).length != 0, "what_is_allowed_is_accepted");
            return done;
        }
        ++accepted;
        _listen(vm.getRecordedLogs());
        _hold(bytes(fault).length == 0, fault);
        if (accepted % COMPARE_EVERY == 0) _compareAll();
    }

    function _sendAppend(Attempt memory it) internal returns (bool) {
        it.door = Door.APPEND;
        Entry[] memory entries = new Entry[](1);
        entries[0] = it.entry;
        bytes memory call = abi.encodeCall(IJournal.append, (entries));
        uint256 before = ledger.word(it.entry.subject);
        if (!_send(it.actor, Door.APPEND, call, _faultOf(it))) return false;
        if (!_isTelling(it.entry.kind)) return true;
        // The count is all that goes on.
        bool same = ledger.word(it.entry.subject) == before + (1 << 196);
        _hold(same, "what_is_told_changes_nothing_but_count_and_head");
        return true;
    }

    /// @dev What is kept in no word: what happened, what was claimed, shown and erased.
    function _isTelling(uint16 kind) private pure returns (bool) {
        if (kind >= Kinds.REVISED && kind <= Kinds.CORRECTED) return true;
        if (kind >= Kinds.ATTESTED && kind <= Kinds.ERASED) return true;
        return kind == Kinds.CREDENTIAL_ISSUED || kind == Kinds.CREDENTIAL_REVOKED;
    }

    function _sendSigned(Attempt memory it, Authorisation memory by, string memory fault)
        internal
        returns (bool)
    {
        it.door = Door.SIGNED;
        if (bytes(fault).length == 0) fault = _faultOf(it);
        Entry[] memory entries = new Entry[](1);
        Authorisation[] memory authorisations = new Authorisation[](1);
        (entries[0], authorisations[0]) = (it.entry, by);
        bytes memory call = abi.encodeCall(IJournal.appendSigned, (entries, authorisations));
        return _send(address(this), Door.SIGNED, call, fault);
    }

    /// @dev The call that sends all of them at once.
    function _callOf(Attempt[] memory list, bool signed) internal view returns (bytes memory) {
        Entry[] memory entries = new Entry[](list.length);
        Authorisation[] memory authorisations = new Authorisation[](list.length);
        for (uint256 i; i < list.length; ++i) {
            entries[i] = list[i].entry;
            if (signed) authorisations[i] = _authorise(list[i], type(uint64).max);
        }
        return signed
            ? abi.encodeCall(IJournal.appendSigned, (entries, authorisations))
            : abi.encodeCall(IJournal.append, (entries));
    }
}
