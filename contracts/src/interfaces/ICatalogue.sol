// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The catalogue: schemas, worlds, and the assets that are shown in them.
interface ICatalogue {
    /// @notice Whether a world takes listings.
    function isOpen(bytes32 world) external view returns (bool);

    /// @notice Whom a world admits: holders of a credential of `schema`, by `issuer` if that is not
    /// zero, else by any organisation, its holder included; all if `schema` is zero.
    function admissionOf(bytes32 world) external view returns (bytes32 schema, bytes32 issuer);

    /// @notice Whether an asset is shown in a world: listed by who owns it now, not expired, in a
    /// world that is open, and by a credential that is still in force. A listing that counts no more
    /// because title passed counts again if it comes back.
    function isListed(bytes32 asset, bytes32 world) external view returns (bool);
}
