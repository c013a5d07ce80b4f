// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Base} from "./Base.sol";

/// @title How deep assemblies are: 32 levels of parts, whichever way they are put together.
contract HeightsTest is Base {
    uint256 private constant LEVELS = 32;
    uint256 private constant TREE = 8;
    uint256 private constant LEVELS_SLOT = 12;

    /// @dev What random trees are held to: each one's parent, none being its own number.
    uint256[TREE] private parents;
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

    function test_a_tree_is_as_high_as_it_is_now() public {
        _make(LEVELS + 2);
        for (uint256 i; i < LEVELS; ++i) {
            _mount(i, i + 1);
        }
        (bytes32 root, bytes32 above) = (assets[LEVELS], assets[LEVELS + 1]);
        _refuses(_mounted(root, maker, above), _tooDeep(root, above));
        _append(_dismounted(assets[0], maker, assets[1]));
        vm.assertEq(_height(LEVELS), LEVELS - 1, "one level less");
        _append(_mounted(root, maker, above));
        _refuses(_mounted(assets[0], maker, assets[1]), _tooDeep(assets[0], assets[1]));
    }

    function test_a_tree_stays_as_high_while_another_part_is() public {
        _make(6);
        _mount(0, 1);
        _mount(1, 2);
        _mount(3, 4);
        _mount(4, 2);
        _mount(5, 2);
        vm.assertEq(_height(2), 2, "two parts with parts");
        _append(_dismounted(assets[1], maker, assets[2]));
        vm.assertEq(_height(2), 2, "one is left");
        _append(_dismounted(assets[4], maker, assets[2]));
        vm.assertEq(_height(2), 1, "one without parts is left");
        _append(_dismounted(assets[5], maker, assets[2]));
        vm.assertEq(_height(2), 0, "none");
    }

    function test_a_part_that_grew_elsewhere_raises_its_parent_when_it_returns() public {
        _make(5);
        _mount(0, 1);
        _append(_dismounted(assets[0], maker, assets[1]));
        _mount(3, 4);
        _mount(2, 3);
        _mount(4, 0);
        vm.assertEq(_height(1), 0, "not yet");
        _mount(0, 1);
        vm.assertEq(_height(1), 4, "now");
        _append(_dismounted(assets[2], maker, assets[3]));
        vm.assertEq(_height(1), 3, "what is taken off below is known above");
    }

    function test_parts_of_one_height_are_counted_to_65535() public {
        _make(3);
        _mount(0, 2);
        bytes32 slot = keccak256(abi.encode(assets[2], LEVELS_SLOT));
        vm.assertEq(uint256(vm.load(address(ledger), slot)), 1, "one part without parts");
        vm.store(address(ledger), slot, bytes32(uint256(type(uint16).max)));
        _refuses(_mounted(assets[1], maker, assets[2]), _full(assets[2]));
        _append(_dismounted(assets[0], maker, assets[2]));
        _append(_mounted(assets[1], maker, assets[2]));
    }

    /// @dev Random mountings and dismountings of few assets, each held to a plain recomputation.
    /// forge-config: nightly.fuzz.runs = 2000
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
                vm.assertEq(_height(j), _levels(j), "height");
            }
        }
    }

    /// @dev So few are never too deep.
    function _mountByModel(uint256 part, uint256 parent) private {
        (bytes32 one, bytes32 other) = (assets[part], assets[parent]);
        if (parents[part] != part) {
            _refuses(_mounted(one, maker, other), _alreadyMounted(one, _parentByModel(part)));
        } else if (_isWithin(parent, part)) {
            _refuses(_mounted(one, maker, other), _cycle(one, other));
        } else {
            _append(_mounted(one, maker, other));
            parents[part] = parent;
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
        return ledger.heightOf(assets[i]);
    }
}
