// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The directory: organisations and the accounts that act for them.
/// @notice An organisation's address is the low 20 bytes of its id. It is a hash of which nobody
/// has the key; titles are held by it, so that rotating accounts moves no
/// asset. One account may serve several organisations.
interface IDirectory {
    /// @notice Whether `account` acts for `org`, be it active or suspended.
    function isAccount(bytes32 org, address account) external view returns (bool);

    /// @notice Whether `org` is enrolled and not suspended.
    function isActive(bytes32 org) external view returns (bool);

    /// @notice The id of the organisation at an address; zero if there is none.
    function organisationAt(address organisation) external view returns (bytes32 org);
}
