// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAssembly} from "../interfaces/IAssembly.sol";
import {Act} from "../types/Entry.sol";
import {Kinds} from "../types/Kinds.sol";
import {Word} from "../types/Word.sol";
import {Entitlements} from "./Entitlements.sol";

/// @title What is mounted on what: trees of assets, told to part and parent alike.
abstract contract Assembly is Entitlements, IAssembly {
    uint256 private constant MAX_HEIGHT = 32;

    /// @dev A slot counts only while the part's word says that it is mounted.
    mapping(bytes32 part => bytes32) private _parents;

    /// @inheritdoc IAssembly
    function parentOf(bytes32 part) external view returns (bytes32) {
        return _subjects[part].word.isMounted() ? _parents[part] : bytes32(0);
    }

    function _mount(Act memory act, Word word) internal returns (Word) {
        (bytes32 parent, Word above) = _requireBoth(act, word);
        if (word.isMounted()) revert AlreadyMounted(act.index, act.subject, _parents[act.subject]);
        _raise(act, parent, above, word.height() + 1);
        _parents[act.subject] = parent;
        return word.withMounted(true);
    }

    function _dismount(Act memory act, Word word) internal view returns (Word) {
        (bytes32 parent,) = _requireBoth(act, word);
        if (!word.isMounted() || _parents[act.subject] != parent) {
            revert NotMounted(act.index, act.subject, parent);
        }
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

    /// @dev Requires that the act's organisation owns or keeps part and parent, and both are live.
    function _requireBoth(Act memory act, Word word)
        private
        view
        returns (bytes32 parent, Word above)
    {
        _requireLive(act.index, act.subject, word);
        _requireKeeper(act, act.subject, word);
        act.expectWords(1);
        parent = act.wordAt(0);
        above = _load(parent);
        _requireLive(act.index, parent, above);
        _requireKeeper(act, parent, above);
    }

    /// @dev Walks from the parent to the root, and lets each know how high its tree is now. A part's
    /// own height bounds the walk; it is never lowered, since its other parts are not known here.
    function _raise(Act memory act, bytes32 ancestor, Word above, uint256 height) private {
        while (true) {
            if (ancestor == act.subject) revert Cycle(act.index, act.subject, act.wordAt(0));
            if (height > MAX_HEIGHT) revert TooDeep(act.index, act.subject, act.wordAt(0));
            if (above.height() < height) _subjects[ancestor].word = above.withHeight(height);
            if (!above.isMounted()) return;
            ancestor = _parents[ancestor];
            above = _subjects[ancestor].word;
            ++height;
        }
    }
}
