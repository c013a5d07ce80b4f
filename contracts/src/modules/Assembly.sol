// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAssembly} from "../interfaces/IAssembly.sol";
import {Act} from "../types/Entry.sol";
import {Kinds} from "../types/Kinds.sol";
import {Levels} from "../types/Levels.sol";
import {Word} from "../types/Word.sol";
import {Entitlements} from "./Entitlements.sol";

/// @title What is mounted on what: trees of assets, told to part and parent alike.
abstract contract Assembly is Entitlements, IAssembly {
    uint256 private constant MOST_LEVELS = 32;
    uint256 private constant NONE = type(uint256).max;

    /// @dev A slot counts only while the part's word says that it is mounted.
    mapping(bytes32 part => bytes32) private _parents;
    mapping(bytes32 asset => Levels) private _levels;

    /// @inheritdoc IAssembly
    function parentOf(bytes32 part) public view returns (bytes32) {
        return _subjects[part].word.isMounted() ? _parents[part] : bytes32(0);
    }

    /// @inheritdoc IAssembly
    function heightOf(bytes32 asset) external view returns (uint256) {
        return _levels[asset].height();
    }

    /// @dev Both must be its own or in its keeping, for the parent says less of itself afterwards.
    function _mount(Act memory act, Word word) internal returns (Word) {
        _requireLive(act.index, act.subject, word);
        _requireOwnerOrCustodian(act, act.subject, word);
        act.expectWords(1);
        bytes32 parent = act.wordAt(0);
        Word above = _load(parent);
        _requireLive(act.index, parent, above);
        _requireOwnerOrCustodian(act, parent, above);
        if (word.isMounted()) revert AlreadyMounted(act.index, act.subject, _parents[act.subject]);
        uint256 height = _levels[act.subject].height();
        _requireRoom(act, parent, height);
        _recount(act.index, parent, NONE, height);
        _parents[act.subject] = parent;
        return word.withMounted(true);
    }

    /// @dev Whoever has either may part them: a part that was sold, or left on what is retired, must
    /// not stay there for good.
    function _dismount(Act memory act, Word word) internal returns (Word) {
        _requireAsset(act.index, act.subject, word);
        act.expectWords(1);
        bytes32 parent = act.wordAt(0);
        if (!word.isMounted() || _parents[act.subject] != parent) {
            revert NotMounted(act.index, act.subject, parent);
        }
        Word above = _load(parent);
        _requireAsset(act.index, parent, above);
        if (!_isOwnerOrCustodian(act, act.subject, word)) {
            _requireOwnerOrCustodian(act, parent, above);
        }
        _recount(act.index, parent, _levels[act.subject].height(), NONE);
        return word.withMounted(false);
    }

    /// @dev A parent's own history names each part that came and went.
    function _echo(Act memory act, bytes32 running) internal override returns (bytes32) {
        uint16 kind = act.kind == Kinds.MOUNTED ? Kinds.PART_ADDED : Kinds.PART_REMOVED;
        Act memory beside = _direct(kind, act.wordAt(0), act.org, abi.encode(act.subject));
        beside.index = act.index;
        beside.actor = act.actor;
        return _writeBeside(beside, running);
    }

    /// @dev Walks from the parent to the root: the part must not be there, and what is above it and
    /// below it must not be too much together. No walk is longer, as no tree is higher.
    function _requireRoom(Act memory act, bytes32 parent, uint256 height) private view {
        bytes32 ancestor = parent;
        for (uint256 levels = height + 1; ancestor != 0; ++levels) {
            if (ancestor == act.subject) revert Cycle(act.index, act.subject, parent);
            if (levels > MOST_LEVELS) revert TooDeep(act.index, act.subject, parent);
            ancestor = parentOf(ancestor);
        }
    }

    /// @dev Counts a part of height `come` in an asset, and one of height `gone` out of it. Where
    /// that changes the asset's own height, it is the same to its parent, and so on.
    function _recount(uint256 index, bytes32 asset, uint256 gone, uint256 come) private {
        while (asset != 0) {
            Levels storage levels = _levels[asset];
            uint256 before = levels.height();
            if (gone != NONE) levels.remove(gone);
            if (come != NONE && !levels.add(come)) revert Full(index, asset);
            uint256 left = levels.height();
            if (left == before) return;
            (gone, come) = (before, left);
            asset = parentOf(asset);
        }
    }
}
