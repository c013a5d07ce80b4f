// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Levels} from "../../src/types/Levels.sol";
import {CHEATS, Cheats} from "./Cheats.sol";

/// @title Parts are counted by height, each in its own 16 bits, and taken off again.
/// @notice Bounds: none. All counts of all 32 heights; no loops but those over the heights.
/// @custom:halmos --loop 40
contract LevelsSymbolicTest {
    Cheats private constant vm = CHEATS;

    Levels private levels;

    function check_the_height_is_above_the_highest_part(uint256 low, uint256 high, uint256 level)
        public
    {
        vm.assume(level < 32);
        levels = Levels(low, high);
        uint256 height = levels.height();
        assert(height <= 32);
        if (height > 0) assert(_parts(low, high, height - 1) > 0);
        if (level >= height) assert(_parts(low, high, level) == 0);
    }

    function check_adding_counts_one_part_at_its_height(
        uint256 low,
        uint256 high,
        uint256 level,
        uint256 other
    ) public {
        vm.assume(level < 32 && other < 32 && other != level);
        levels = Levels(low, high);
        uint256 before = _parts(low, high, level);
        bool added = levels.add(level);
        assert(added == (before < type(uint16).max));
        assert(_parts(levels.low, levels.high, level) == (added ? before + 1 : before));
        assert(_parts(levels.low, levels.high, other) == _parts(low, high, other));
    }

    function check_removing_undoes_adding(uint256 low, uint256 high, uint256 level) public {
        vm.assume(level < 32);
        levels = Levels(low, high);
        vm.assume(levels.add(level));
        levels.remove(level);
        assert(levels.low == low && levels.high == high);
    }

    function _parts(uint256 low, uint256 high, uint256 level) private pure returns (uint256) {
        uint256 slot = level < 16 ? low : high;
        return uint16(slot >> 16 * (level % 16));
    }
}
