// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Attestations of assets, and credentials of organisations.
/// @notice Both say by which schema and until when, stand at a position of their subject, and are
/// taken back by their issuer alone.
interface IAttestations {
    /// @notice Whether the entry at `position` of `subject` is an attestation or a credential of
    /// `schema` by `issuer` that has neither expired nor been revoked. That the issuer is suspended now
    /// takes nothing back.
    function isInForce(bytes32 subject, uint64 position, bytes32 issuer, bytes32 schema)
        external
        view
        returns (bool);
}
