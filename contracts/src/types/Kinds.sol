// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The kinds of entries, by number.
/// @dev Organisations from 1, schemas and worlds from 16, assets from 32, governance over assets
/// from 64, the ledger itself from 80. `IPayloads` has each kind's struct.
library Kinds {
    uint16 internal constant ENROLLED = 1;
    uint16 internal constant SUSPENDED = 2;
    uint16 internal constant REINSTATED = 3;
    uint16 internal constant ACCOUNT_ADDED = 4;
    uint16 internal constant ACCOUNT_REMOVED = 5;
    uint16 internal constant CREDENTIAL_ISSUED = 6;
    uint16 internal constant CREDENTIAL_REVOKED = 7;

    uint16 internal constant SCHEMA_PUBLISHED = 16;
    uint16 internal constant WORLD_OPENED = 17;
    uint16 internal constant WORLD_CLOSED = 18;

    uint16 internal constant REGISTERED = 32;
    uint16 internal constant BATCH_REGISTERED = 33;
    uint16 internal constant REVISED = 34;
    uint16 internal constant OBSERVED = 35;
    uint16 internal constant CORRECTED = 36;
    uint16 internal constant STAGED = 37;
    uint16 internal constant TRANSFERRED = 38;
    uint16 internal constant OFFERED = 39;
    uint16 internal constant WITHDRAWN = 40;
    uint16 internal constant ACCEPTED = 41;
    uint16 internal constant RELEASED = 42;
    uint16 internal constant MOUNTED = 43;
    uint16 internal constant DISMOUNTED = 44;
    uint16 internal constant PART_ADDED = 45;
    uint16 internal constant PART_REMOVED = 46;
    uint16 internal constant ATTESTED = 47;
    uint16 internal constant ATTESTATION_REVOKED = 48;
    uint16 internal constant LISTED = 49;
    uint16 internal constant DELISTED = 50;
    uint16 internal constant ERASED = 51;

    uint16 internal constant FROZEN = 64;
    uint16 internal constant UNFROZEN = 65;
    uint16 internal constant TITLE_FORCED = 66;

    uint16 internal constant FOUNDED = 80;
    uint16 internal constant PAUSED = 81;
    uint16 internal constant RESUMED = 82;
    uint16 internal constant SUCCESSOR_NAMED = 83;

    /// @dev Whether the ledger writes a second entry, to another subject, beside one of this kind.
    function hasEcho(uint16 kind) internal pure returns (bool) {
        return kind == MOUNTED || kind == DISMOUNTED;
    }
}
