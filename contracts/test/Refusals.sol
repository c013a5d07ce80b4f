// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IRefusals} from "../src/interfaces/IRefusals.sol";

/// @title Refusals as they are encoded, of the first entry of a transaction.
abstract contract Refusals is IRefusals {
    /// @dev The same refusal, of the entry at another place.
    function _at(uint256 index, bytes memory refusal) internal pure returns (bytes memory moved) {
        moved = bytes.concat(refusal);
        assembly ("memory-safe") {
            mstore(add(moved, 36), index)
        }
    }

    // -- the journal -----------------------------------------------------------------------------

    function _wrongPosition(bytes32 subject, uint64 expected, uint64 given)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(WrongPosition.selector, 0, subject, expected, given);
    }

    function _wrongSubject(bytes32 expected, bytes32 given) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(WrongSubject.selector, 0, expected, given);
    }

    function _alreadyExists(bytes32 subject) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(AlreadyExists.selector, 0, subject);
    }

    function _unknownSubject(bytes32 subject) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(UnknownSubject.selector, 0, subject);
    }

    function _wrongClass(bytes32 subject, uint8 expected, uint8 given)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(WrongClass.selector, 0, subject, expected, given);
    }

    function _full(bytes32 subject) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Full.selector, 0, subject);
    }

    function _unchanged(bytes32 subject) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Unchanged.selector, 0, subject);
    }

    function _unknownKind(uint16 kind) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(UnknownKind.selector, 0, kind);
    }

    function _badPayload(uint16 kind) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(BadPayload.selector, 0, kind);
    }

    function _lapsed(bytes32 subject, uint64 expires) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Lapsed.selector, 0, subject, expires);
    }

    function _governanceOnly(uint16 kind) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(GovernanceOnly.selector, 0, kind);
    }

    function _writtenByTheLedger(uint16 kind) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(WrittenByTheLedger.selector, 0, kind);
    }

    function _ledgerPaused() internal pure returns (bytes memory) {
        return abi.encodeWithSelector(LedgerPaused.selector, 0);
    }

    function _badSignature(address actor) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(BadSignature.selector, 0, actor);
    }

    function _expired(uint64 deadline) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Expired.selector, 0, deadline);
    }

    // -- organisations ---------------------------------------------------------------------------

    function _unknownOrganisation(bytes32 org) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(UnknownOrganisation.selector, 0, org);
    }

    function _suspended(bytes32 org) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(SuspendedOrganisation.selector, 0, org);
    }

    function _notAnAccount(bytes32 org, address actor) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(NotAnAccount.selector, 0, org, actor);
    }

    function _alreadyAnAccount(bytes32 org, address account) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(AlreadyAnAccount.selector, 0, org, account);
    }

    function _lastAccount(bytes32 org) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(LastAccount.selector, 0, org);
    }

    /// @dev OpenZeppelin's own: whoever governs, it is not `caller`.
    function _unauthorised(address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller);
    }

    // -- assets ----------------------------------------------------------------------------------

    function _notOwner(bytes32 subject, bytes32 org) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(NotOwner.selector, 0, subject, org);
    }

    function _notEntitled(bytes32 subject, bytes32 org) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(NotEntitled.selector, 0, subject, org);
    }

    function _assetFrozen(bytes32 subject) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(AssetFrozen.selector, 0, subject);
    }

    function _assetRetired(bytes32 subject) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(AssetRetired.selector, 0, subject);
    }

    function _wrongStage(bytes32 subject, uint8 stage, uint8 next)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(WrongStage.selector, 0, subject, stage, next);
    }

    function _notEarlier(uint64 corrects, uint64 position) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(NotEarlier.selector, 0, corrects, position);
    }

    function _underLien(bytes32 subject) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(UnderLien.selector, 0, subject);
    }

    function _notOffered(bytes32 subject, uint8 party, bytes32 org)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(NotOffered.selector, 0, subject, party, org);
    }

    function _alreadyMounted(bytes32 part, bytes32 parent) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(AlreadyMounted.selector, 0, part, parent);
    }

    function _notMounted(bytes32 part, bytes32 parent) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(NotMounted.selector, 0, part, parent);
    }

    function _cycle(bytes32 part, bytes32 parent) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Cycle.selector, 0, part, parent);
    }

    function _tooDeep(bytes32 part, bytes32 parent) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(TooDeep.selector, 0, part, parent);
    }

    function _notInForce(bytes32 subject, uint64 position) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(NotInForce.selector, 0, subject, position);
    }

    function _closedWorld(bytes32 world) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ClosedWorld.selector, 0, world);
    }

    function _notAdmitted(bytes32 world, bytes32 org) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(NotAdmitted.selector, 0, world, org);
    }

    function _notListed(bytes32 subject, bytes32 world) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(NotListed.selector, 0, subject, world);
    }

    function _receiverRefuses(address receiver) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ReceiverRefuses.selector, 0, receiver);
    }
}
