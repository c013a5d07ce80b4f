// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The parties to an asset.
library PartyRoles {
    /// @dev Holds title: the ERC-721 owner.
    uint8 internal constant OWNER = 0;
    /// @dev Has the asset in its keeping.
    uint8 internal constant CUSTODIAN = 1;
    /// @dev Has the use of it.
    uint8 internal constant OPERATOR = 2;
    /// @dev Has a claim to it: title stays where it is until the lien is released.
    uint8 internal constant LIEN_HOLDER = 3;
}
