// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";

import {IBatches} from "../../src/interfaces/IBatches.sol";
import {IJournal} from "../../src/interfaces/IJournal.sol";
import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {Words} from "../../src/types/Word.sol";
import {Vm} from "../Vm.sol";
import {Comparison} from "./Comparison.sol";
import {Attempt, Door} from "./Model.sol";

/// @title Takes in what the ledger logs: judges each entry, folds it, and replays ERC-721's events.
/// @dev The model learns nothing but by this.
abstract contract Listener is Comparison {
    /// @notice How often each kind was logged.
    mapping(uint16 kind => uint256) public acceptedOf;

    /// @dev Whom an asset's owner approved last, be it in force or not.
    mapping(bytes32 asset => address) internal approvedBefore;

    /// @dev By which door, and from whom, the call came that is being listened to.
    Door internal door;
    address internal sender;

    /// @dev The title that moved and waits for its entry: from, to, first and last asset.
    struct Move {
        bool waits;
        address from;
        address to;
        bytes32 first;
        bytes32 last;
    }

    Move private _move;

    function _listen(Vm.Log[] memory logs) internal {
        for (uint256 i; i < logs.length; ++i) {
            if (bytes(violation).length != 0) return;
            if (logs[i].emitter != address(ledger)) continue;
            bytes32 topic = logs[i].topics[0];
            if (topic == IJournal.Appended.selector) _hear(logs[i]);
            else if (topic == IERC721.Transfer.selector) _replayOne(logs[i].topics);
            else if (topic == IBatches.ConsecutiveTransfer.selector) _replayMany(logs[i]);
            else if (topic == IERC721.Approval.selector) _approve(logs[i].topics);
            else if (topic == IERC721.ApprovalForAll.selector) _appoint(logs[i]);
        }
        _hold(!_isAnythingDue(), "parents_are_told_next");
        _hold(!_move.waits, "transfers_stand_beside_changes_of_title");
        if (bytes(violation).length != 0) return;
        _compareLedger();
        for (uint256 i; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (topic == IJournal.Appended.selector) _compareSubject(logs[i].topics[1]);
            if (topic == IERC721.Approval.selector) _compareSubject(logs[i].topics[3]);
        }
    }

    function _hear(Vm.Log memory log) private {
        (uint64 position, address actor, bytes memory payload) =
            abi.decode(log.data, (uint64, address, bytes));
        uint16 kind = uint16(uint256(log.topics[3]));
        Attempt memory it =
            Attempt(Entry(log.topics[1], log.topics[2], kind, position, payload), actor, door);
        string memory fault = _faultOf(it);
        if (bytes(fault).length != 0) return _break(fault);
        _hold(actor == sender || door == Door.SIGNED, "actors_are_who_they_are_said_to_be");
        _settle(it.entry);
        _fold(it);
        _note(it);
        ++acceptedOf[kind];
    }

    /// @dev Births and changes of title have exactly one event of ERC-721 before them, others none.
    function _settle(Entry memory e) private {
        Move memory it = _move;
        delete _move;
        bytes32 to = e.kind == Kinds.ACCEPTED ? e.org : _at(e.payload, 0);
        Move memory due = Move(true, address(0), _addressOf(to), e.subject, e.subject);
        if (e.kind == Kinds.BATCH_REGISTERED) {
            due.first = bytes32(uint256(e.subject) + 1);
            due.last = bytes32(uint256(e.subject) + uint256(_at(e.payload, 3)));
        } else if (
            e.kind == Kinds.TRANSFERRED || e.kind == Kinds.TITLE_FORCED
                || (e.kind == Kinds.ACCEPTED && _at(e.payload, 0) == 0)
        ) {
            due.from = _addressOf(subjects[e.subject].parties[0]);
        } else if (e.kind != Kinds.REGISTERED) {
            delete due;
        }
        bool same = keccak256(abi.encode(it)) == keccak256(abi.encode(due));
        _hold(same, "transfers_stand_beside_changes_of_title");
    }

    function _replayOne(bytes32[] memory topics) private {
        (address from, address to) = (_addressOf(topics[1]), _addressOf(topics[2]));
        _hold(!_move.waits, "transfers_stand_beside_changes_of_title");
        _hold(replayedOwner[topics[3]] == from, "transfers_replay_to_the_same_owners");
        _move = Move(true, from, to, topics[3], topics[3]);
        replayedOwner[topics[3]] = to;
        unchecked {
            if (from != address(0)) --replayedBalance[from];
            ++replayedBalance[to];
        }
    }

    function _replayMany(Vm.Log memory log) private {
        (bytes32 first, bytes32 last) = (log.topics[1], abi.decode(log.data, (bytes32)));
        (address from, address to) = (_addressOf(log.topics[2]), _addressOf(log.topics[3]));
        _hold(!_move.waits, "transfers_stand_beside_changes_of_title");
        _move = Move(true, from, to, first, last);
        uint256 size = uint256(last) - uint256(first) + 1;
        replayedBalance[to] += size;
        bytes32[] memory members = _followed(bytes32(uint256(first) - 1), size);
        for (uint256 i; i < members.length; ++i) {
            replayedOwner[members[i]] = to;
        }
    }

    function _appoint(Vm.Log memory log) private {
        bool on = abi.decode(log.data, (bool));
        replayedOperator[_addressOf(log.topics[1])][_addressOf(log.topics[2])] = on;
    }

    function _approve(bytes32[] memory topics) private {
        bytes32 id = topics[3];
        string memory fault = _faultOfApproval(id, sender);
        if (bytes(fault).length != 0) return _break(fault);
        bool owners = _addressOf(topics[1]) == _addressOf(subjects[id].parties[0]);
        _hold(owners, "approvals_are_by_the_owners_accounts");
        subjects[id].approved = _addressOf(topics[2]);
        if (topics[2] != 0) approvedBefore[id] = _addressOf(topics[2]);
    }

    function _faultOfApproval(bytes32 id, address actor) internal view returns (string memory) {
        if (paused) return "a_paused_ledger_takes_governance_alone";
        if (subjects[id].class != Words.ASSET) return "kinds_suit_their_subjects";
        if (subjects[id].frozen) return "frozen_assets_take_governance_alone";
        bytes32 org = subjects[id].parties[0];
        if (!_isActive(org)) return "suspended_organisations_act_on_nothing";
        return isAccount[org][actor] ? "" : "approvals_are_by_the_owners_accounts";
    }
}
