// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Governance: the doors that an OpenZeppelin AccessManager guards.
/// @notice Each entry written here has `org` zero, the caller as actor, and the next position.
/// `reason` is the content hash of the document that gives it.
interface IGovernance {
    /// @notice Enrols an organisation with its first accounts, each by an entry of its own.
    /// @param did its decentralised identifier (W3C DID Core, 3.1): visible ASCII, not empty.
    /// @param accounts at least one.
    /// @return org its id, which is also the proof of its DID.
    function enrol(string calldata did, address[] calldata accounts) external returns (bytes32 org);

    /// @notice Bars an organisation from acting and receiving.
    function suspend(bytes32 org, bytes32 reason) external;

    /// @notice Lets a suspended organisation act again.
    function reinstate(bytes32 org, bytes32 reason) external;

    /// @notice Bars an asset from everything but governance.
    function freeze(bytes32 asset, bytes32 reason) external;

    /// @notice Lets a frozen asset move again.
    function unfreeze(bytes32 asset, bytes32 reason) external;

    /// @notice Passes title, whatever owner, lien, freeze and pause say; the lien stays.
    function forceTitle(bytes32 asset, bytes32 to, bytes32 reason) external;

    /// @notice Stops the ledger: it takes nothing but acts of governance. Meant to be undelayed.
    function pause(bytes32 reason) external;

    /// @notice Lets the ledger go on.
    function resume(bytes32 reason) external;

    /// @notice Tells where the ledger is to go on, should this contract be given up; zero takes that
    /// back.
    function nameSuccessor(address successor, bytes32 reason) external;

    /// @notice Says where metadata is found: `tokenURI` is `baseURI` and the id in 0x-hex.
    /// @dev A setting, not an entry. Emits `BatchMetadataUpdate` (ERC-4906) over all tokens.
    function setBaseURI(string calldata baseURI) external;
}
