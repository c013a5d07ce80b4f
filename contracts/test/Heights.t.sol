// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Base} from "./Base.sol";

/// @title How deep assemblies are: 32 levels of parts, whichever way they are put together.
contract HeightsTest is Base {
    uint256 private constant LEVELS = 32;
    uint256 private constant TREE = 8;

    /// @dev What random trees are held to: each one's parent, none being its own number, and the
    /// height that each has ever had.
    uint256[TREE] private parents;
    uint256[TREE] private heights;
    bytes32[] private assets;

    function test_32_levels_are_built_from_below_and_no_more() public {
        _make(LEVELS + 3);
        for (uint256 i; i < LEVELS; ++i) {
            _mount(i, i + 1);
        }
        vm.assertEq(_height(LEVELS), LEVELS, "height");
        _refuses(
            _mounted(assets[LEVELS], maker, assets[LEVELS + 1]),
            _tooDeep(assets[LEVELS], assets[LEVELS + 1])
        );
        // Another part at any place but below the lowest leaves it as deep as it was.
        _mount(LEVELS + 1, 1);
        bytes32 lowest = assets[0];
        _refuses(_mounted(assets[LEVELS + 2], maker, lowest), _tooDeep(assets[LEVELS + 2], lowest));
    }

    function test_32_levels_are_built_from_above_and_no_more() public {
        _make(LEVELS + 2);
        for (uint256 i; i < LEVELS; ++i) {
            _mount(i + 1, i);
            vm.assertEq(_height(0), i + 1, "the root knows");
        }
        bytes32 lowest = assets[LEVELS];
        bytes32 more = assets[LEVELS + 1];
        _refuses(_mounted(more, maker, lowest), _tooDeep(more, lowest));
        _takes(_mounted(more, maker, assets[LEVELS - 1]));
    }

    function testFuzz_two_trees_are_joined_if_their_levels_come_to_32(uint256 below, uint256 above)
        public
    {
        (below, above) = (below % 20, above % 20);
        _make(below + above + 2);
        for (uint256 i; i < below; ++i) {
            _mount(i, i + 1);
        }
        for (uint256 i; i < above; ++i) {
            _mount(below + 1 + i, below + 2 + i);
        }
        // The root of the one below on the lowest of the one above.
        (bytes32 part, bytes32 parent) = (assets[below], assets[below + 1]);
        if (below + 1 + above <= LEVELS) {
            _append(_mounted(part, maker, parent));
            vm.assertEq(_height(below + 1 + above), below + 1 + above, "height");
        } else {
            _refuses(_mounted(part, maker, parent), _tooDeep(part, parent));
        }
    }

    function test_a_tree_remembers_how_high_it_was() public {
        _make(LEVELS + 2);
        for (uint256 i; i < LEVELS; ++i) {
            _mount(i, i + 1);
        }
        _append(_dismounted(assets[0], maker, assets[1]));
        vm.assertEq(_height(LEVELS), LEVELS, "never lowered");
        (bytes32 root, bytes32 above) = (assets[LEVELS], assets[LEVELS + 1]);
        _refuses(_mounted(root, maker, above), _tooDeep(root, above));
        _append(_mounted(assets[0], maker, assets[1]));
    }

    /// @dev What grew while it was apart is made known when it is mounted again.
    function test_a_part_that_grew_elsewhere_raises_its_parent_when_it_returns() public {
        _make(5);
        _mount(0, 1);
        _append(_dismounted(assets[0], maker, assets[1]));
        _mount(3, 4);
        _mount(2, 3);
        _mount(4, 0);
        vm.assertEq(_height(1), 1, "not yet");
        _mount(0, 1);
        vm.assertEq(_height(1), 4, "now");
    }

    /// @dev Random mountings and dismountings of few assets, each held to a plain recomputation.
    function testFuzz_trees_are_what_a_plain_model_says(uint8[48] memory moves) public {
        _make(TREE);
        for (uint256 i; i < TREE; ++i) {
            parents[i] = i;
        }
        for (uint256 i; i < moves.length; ++i) {
            (uint256 part, uint256 parent) = (moves[i] % TREE, (moves[i] / TREE) % TREE);
            if (parents[part] != part && moves[i] >= 128) _dismountByModel(part);
            else _mountByModel(part, parent);
            for (uint256 j; j < TREE; ++j) {
                vm.assertEq(ledger.parentOf(assets[j]), _parentByModel(j), "parent");
                vm.assertEq(_height(j), heights[j], "height");
                vm.assertTrue(_levels(j) <= heights[j], "no tree is higher than is known");
            }
        }
    }

    function _mountByModel(uint256 part, uint256 parent) private {
        (bytes32 one, bytes32 other) = (assets[part], assets[parent]);
        uint256[TREE] memory raised = _raisedByModel(part, parent);
        bytes memory refusal;
        if (parents[part] != part) refusal = _alreadyMounted(one, _parentByModel(part));
        else if (_isWithin(parent, part)) refusal = _cycle(one, other);
        else if (_highest(raised) > LEVELS) refusal = _tooDeep(one, other);

        if (refusal.length != 0) return _refuses(_mounted(one, maker, other), refusal);
        _append(_mounted(one, maker, other));
        parents[part] = parent;
        heights = raised;
    }

    /// @dev The heights when `part` is on `parent`: as often as there are levels, each asset learns
    /// from its parts.
    function _raisedByModel(uint256 part, uint256 parent)
        private
        view
        returns (uint256[TREE] memory raised)
    {
        raised = heights;
        for (uint256 i; i < TREE * TREE; ++i) {
            uint256 j = i % TREE;
            uint256 above = j == part ? parent : parents[j];
            if (above != j && raised[above] <= raised[j]) raised[above] = raised[j] + 1;
        }
    }

    function _highest(uint256[TREE] memory all) private pure returns (uint256 highest) {
        for (uint256 i; i < TREE; ++i) {
            if (all[i] > highest) highest = all[i];
        }
    }

    function _dismountByModel(uint256 part) private {
        _append(_dismounted(assets[part], maker, _parentByModel(part)));
        parents[part] = part;
    }

    function _parentByModel(uint256 part) private view returns (bytes32) {
        return parents[part] == part ? bytes32(0) : assets[parents[part]];
    }

    function _isWithin(uint256 one, uint256 other) private view returns (bool) {
        while (one != other) {
            if (parents[one] == one) return false;
            one = parents[one];
        }
        return true;
    }

    /// @dev How many levels of parts are below one now.
    function _levels(uint256 root) private view returns (uint256 levels) {
        for (uint256 i; i < TREE; ++i) {
            if (parents[i] != root || i == root) continue;
            uint256 below = _levels(i) + 1;
            if (below > levels) levels = below;
        }
    }

    function _make(uint256 number) private {
        for (uint256 i; i < number; ++i) {
            assets.push(_asset(bytes32(i)));
        }
    }

    function _mount(uint256 part, uint256 parent) private {
        _append(_mounted(assets[part], maker, assets[parent]));
    }

    function _height(uint256 i) private view returns (uint256) {
        return ledger.word(assets[i]) >> 245 & 63;
    }
}
