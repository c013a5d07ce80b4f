// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The stages of an asset's life, and which may follow which.
///
///  planned --> commissioned --> in service --> decommissioned --> retired
///                                  |   ^             ^
///                                  v   |             |
///                               maintenance ---------+
///
/// @dev An asset is born planned. From retired nothing leads on.
library Stages {
    uint8 internal constant PLANNED = 0;
    uint8 internal constant COMMISSIONED = 1;
    uint8 internal constant IN_SERVICE = 2;
    uint8 internal constant MAINTENANCE = 3;
    uint8 internal constant DECOMMISSIONED = 4;
    uint8 internal constant RETIRED = 5;

    /// @dev One byte a stage, the first lowest: a bit for each stage that may follow it.
    uint256 private constant FOLLOWERS = (1 << COMMISSIONED) // after planned
        | (1 << IN_SERVICE) << 8 // after commissioned
        | ((1 << MAINTENANCE) | (1 << DECOMMISSIONED)) << 16 // after in service
        | ((1 << IN_SERVICE) | (1 << DECOMMISSIONED)) << 24 // after maintenance
        | (1 << RETIRED) << 32; // after decommissioned

    function mayFollow(uint256 stage, uint256 next) internal pure returns (bool) {
        return (FOLLOWERS >> (8 * stage + next)) & 1 != 0 && next <= RETIRED;
    }
}
