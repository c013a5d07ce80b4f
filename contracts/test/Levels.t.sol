// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Levels} from "../src/types/Levels.sol";
import {VM} from "./Deploy.sol";
import {Vm} from "./Vm.sol";

/// @title Counting parts by height in two slots equals counting them in a plain list.
contract LevelsTest {
    Vm private constant vm = VM;

    Levels private levels;
    uint256[32] private plain;

    function testFuzz_heights_are_those_of_a_plain_list(uint8[64] memory moves) public {
        for (uint256 i; i < moves.length; ++i) {
            uint256 level = moves[i] % 32;
            if (moves[i] >= 128 && plain[level] != 0) {
                levels.remove(level);
                --plain[level];
            } else {
                vm.assertTrue(levels.add(level), "added");
                ++plain[level];
            }
            vm.assertEq(levels.height(), _height(), "height");
        }
    }

    function test_one_height_more_than_is_counted_is_not_added_and_touches_no_other() public {
        for (uint256 level; level < 32; ++level) {
            delete levels;
            uint256 full = uint256(type(uint16).max) << (16 * (level % 16));
            if (level < 16) levels.low = full;
            else levels.high = full;
            vm.assertTrue(!levels.add(level), "full");
            vm.assertEq(levels.height(), level + 1, "height");
            levels.remove(level);
            vm.assertTrue(levels.add(level), "room again");
            vm.assertEq(levels.low | levels.high, full, "no other");
        }
    }

    function _height() private view returns (uint256 height) {
        for (uint256 level; level < 32; ++level) {
            if (plain[level] != 0) height = level + 1;
        }
    }
}
