// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Act} from "../types/Entry.sol";
import {Stages} from "../types/Stages.sol";
import {Word, Words} from "../types/Word.sol";
import {Titles} from "./Titles.sol";

/// @title What is told of assets: birth, description, events, stages of life, erasure, freezing.
abstract contract Assets is Titles {
    uint256 private constant LAST_ASSET_KIND = 3;

    function _register(Act memory act, Word word) internal returns (Word) {
        _requireUnborn(act, word);
        act.expectWords(4);
        if (act.numberAt(3, 8) > LAST_ASSET_KIND) revert BadPayload(act.index, act.kind);
        bytes32 owner = act.wordAt(0);
        if (owner != act.org) _requireActive(act.index, owner);
        if (act.wordAt(1) != 0) _requireSchema(act.index, act.wordAt(1));
        return _issue(act.subject, owner);
    }

    function _revise(Act memory act, Word word) internal returns (Word) {
        _requireLive(act.index, act.subject, word);
        _requireOwnerOrOperator(act, word);
        act.expectWords(1);
        emit MetadataUpdate(uint256(act.subject));
        return word;
    }

    function _observe(Act memory act, Word word) internal view returns (Word) {
        _requireLive(act.index, act.subject, word);
        _requireOwnerCustodianOrOperator(act, word);
        act.expectWords(1);
        return word;
    }

    /// @dev What was mistaken can be put right after an asset's life, too.
    function _correct(Act memory act, Word word) internal view returns (Word) {
        _requireAsset(act.index, act.subject, word);
        _requireOwnerCustodianOrOperator(act, word);
        act.expectWords(2);
        uint64 corrects = uint64(act.numberAt(0, 64));
        if (corrects >= act.position) revert NotEarlier(act.index, corrects, act.position);
        return word;
    }

    function _stage(Act memory act, Word word) internal pure returns (Word) {
        _requireLive(act.index, act.subject, word);
        _requireOwner(act, word);
        act.expectWords(1);
        (uint8 stage, uint8 next) = (word.stage(), uint8(act.numberAt(0, 8)));
        if (!Stages.mayFollow(stage, next)) {
            revert WrongStage(act.index, act.subject, stage, next);
        }
        return word.withStage(next);
    }

    /// @dev Whoever has a right to erasure keeps it when the asset is retired.
    function _erase(Act memory act, Word word) internal pure returns (Word) {
        _requireAsset(act.index, act.subject, word);
        _requireOwner(act, word);
        uint256 length = act.payload.length;
        // abi.encode of a struct that holds one array: two offsets, its length, its items.
        if (
            length < 128 || length % 32 != 0 || uint256(act.wordAt(0)) != 32
                || uint256(act.wordAt(1)) != 32 || uint256(act.wordAt(2)) != length / 32 - 3
        ) revert BadPayload(act.index, act.kind);
        return word;
    }

    function _setFrozen(Act memory act, Word word, bool on) internal pure returns (Word) {
        _requireGovernance(act);
        _requireClass(act.index, act.subject, word, Words.ASSET);
        if (word.isFrozen() == on) revert Unchanged(act.index, act.subject);
        return word.withFrozen(on);
    }
}
