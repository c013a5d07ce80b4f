// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The kinds of entries, by number.
/// @dev Organisations from 1, assets from 32, governance over assets from 48. A number is never
/// reused. `IPayloads` has each kind's struct.
library Kinds {
    uint16 internal constant ENROLLED = 1;
    uint16 internal constant SUSPENDED = 2;
    uint16 internal constant REINSTATED = 3;
    uint16 internal constant ACCOUNT_ADDED = 4;
    uint16 internal constant ACCOUNT_REMOVED = 5;

    uint16 internal constant REGISTERED = 32;
    uint16 internal constant REVISED = 33;
    uint16 internal constant OBSERVED = 34;
    uint16 internal constant CORRECTED = 35;
    uint16 internal constant TRANSFERRED = 36;

    uint16 internal constant FROZEN = 48;
    uint16 internal constant UNFROZEN = 49;
}
