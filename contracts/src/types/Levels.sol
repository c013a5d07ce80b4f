// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice How many parts of each height an asset has: 16 bits a height, 0 lowest. The height of an
/// asset is the number of levels of parts below it, at most 32, so that its parts' are below that.
///
///   255       240        31       16 15        0
///  +-------------+-- … --+-----------+-----------+
///  |  height 15  |       | height 1  | height 0  |   low
///  +-------------+-- … --+-----------+-----------+
///  |  height 31  |       | height 17 | height 16 |   high
///  +-------------+-- … --+-----------+-----------+
struct Levels {
    uint256 low;
    uint256 high;
}

using LevelsOfParts for Levels global;

/// @title Counting parts by height, so that taking one off lowers an asset's height again.
library LevelsOfParts {
    uint256 private constant HEIGHTS = 16; // in a slot
    uint256 private constant BITS = 16;
    uint256 private constant MOST = (1 << BITS) - 1;

    /// @dev How many levels of parts there are.
    function height(Levels storage levels) internal view returns (uint256) {
        uint256 high = levels.high;
        if (high != 0) return HEIGHTS + _top(high);
        uint256 low = levels.low;
        return low == 0 ? 0 : _top(low);
    }

    /// @dev Counts one part of height `level`; false if there are too many.
    function add(Levels storage levels, uint256 level) internal returns (bool) {
        uint256 shift = BITS * (level % HEIGHTS);
        uint256 slot = level < HEIGHTS ? levels.low : levels.high;
        if ((slot >> shift) & MOST == MOST) return false;
        _set(levels, level, slot + (1 << shift));
        return true;
    }

    /// @dev Counts one part of height `level` less; it has been added.
    function remove(Levels storage levels, uint256 level) internal {
        uint256 slot = level < HEIGHTS ? levels.low : levels.high;
        _set(levels, level, slot - (1 << (BITS * (level % HEIGHTS))));
    }

    function _set(Levels storage levels, uint256 level, uint256 slot) private {
        if (level < HEIGHTS) levels.low = slot;
        else levels.high = slot;
    }

    /// @dev One more than the highest height that is counted in a slot that is not zero.
    function _top(uint256 slot) private pure returns (uint256) {
        return Math.log2(slot) / BITS + 1;
    }
}
