// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../types/Payloads.sol";

/// @title Each kind's payload, for tools that read ABIs.
/// @notice Never deployed. The function named like a kind takes the struct whose `abi.encode` is
/// the payload of that kind's entries.
interface IPayloads {
    function enrolled(Enrolled calldata payload) external;
    function suspended(Suspended calldata payload) external;
    function reinstated(Reinstated calldata payload) external;
    function accountAdded(AccountAdded calldata payload) external;
    function accountRemoved(AccountRemoved calldata payload) external;
    function credentialIssued(CredentialIssued calldata payload) external;
    function credentialRevoked(CredentialRevoked calldata payload) external;
    function schemaPublished(SchemaPublished calldata payload) external;
    function worldOpened(WorldOpened calldata payload) external;
    function worldClosed(WorldClosed calldata payload) external;
    function registered(Registered calldata payload) external;
    function batchRegistered(BatchRegistered calldata payload) external;
    function revised(Revised calldata payload) external;
    function observed(Observed calldata payload) external;
    function corrected(Corrected calldata payload) external;
    function staged(Staged calldata payload) external;
    function transferred(Transferred calldata payload) external;
    function offered(Offered calldata payload) external;
    function withdrawn(Withdrawn calldata payload) external;
    function accepted(Accepted calldata payload) external;
    function released(Released calldata payload) external;
    function mounted(Mounted calldata payload) external;
    function dismounted(Dismounted calldata payload) external;
    function partAdded(PartAdded calldata payload) external;
    function partRemoved(PartRemoved calldata payload) external;
    function attested(Attested calldata payload) external;
    function attestationRevoked(AttestationRevoked calldata payload) external;
    function listed(Listed calldata payload) external;
    function delisted(Delisted calldata payload) external;
    function erased(Erased calldata payload) external;
    function frozen(Frozen calldata payload) external;
    function unfrozen(Unfrozen calldata payload) external;
    function titleForced(TitleForced calldata payload) external;
    function founded(Founded calldata payload) external;
    function paused(Paused calldata payload) external;
    function resumed(Resumed calldata payload) external;
    function successorNamed(SuccessorNamed calldata payload) external;
}
