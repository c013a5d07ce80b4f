// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Act} from "../types/Entry.sol";
import {Kinds} from "../types/Kinds.sol";
import {Word, Words} from "../types/Word.sol";
import {Titles} from "./Titles.sol";

/// @title What happens to assets: they are born, described anew, observed, corrected, frozen.
abstract contract Assets is Titles {
    uint256 private constant LAST_ASSET_KIND = 3;

    function _rule(Act memory act, Word word) internal virtual override returns (Word) {
        if (act.kind == Kinds.REGISTERED) return _register(act, word);
        if (act.kind == Kinds.OBSERVED) return _observe(act, word);
        if (act.kind == Kinds.REVISED) return _revise(act, word);
        if (act.kind == Kinds.CORRECTED) return _correct(act, word);
        if (act.kind == Kinds.FROZEN) return _setFrozen(act, word, true);
        if (act.kind == Kinds.UNFROZEN) return _setFrozen(act, word, false);
        return super._rule(act, word);
    }

    function _register(Act memory act, Word word) private returns (Word) {
        _requireUnborn(act, word);
        act.expectWords(4);
        if (act.numberAt(3, 8) > LAST_ASSET_KIND) revert BadPayload(act.index, act.kind);
        bytes32 owner = act.wordAt(0);
        if (owner != act.org) _requireActive(act.index, owner);
        _requireSchema(act, act.wordAt(1));
        return _issue(act.subject, owner);
    }

    function _observe(Act memory act, Word word) private pure returns (Word) {
        _requireOwned(act, word);
        act.expectWords(1);
        return word;
    }

    function _revise(Act memory act, Word word) private returns (Word) {
        _requireOwned(act, word);
        act.expectWords(1);
        emit MetadataUpdate(uint256(act.subject));
        return word;
    }

    function _correct(Act memory act, Word word) private pure returns (Word) {
        _requireOwned(act, word);
        act.expectWords(2);
        uint64 corrects = uint64(act.numberAt(0, 64));
        if (corrects >= act.position) revert NotEarlier(act.index, corrects, act.position);
        return word;
    }

    function _setFrozen(Act memory act, Word word, bool on) private pure returns (Word) {
        _requireGovernance(act);
        _requireClass(act, word, Words.ASSET);
        if (word.isFrozen() == on) revert Unchanged(act.index, act.subject);
        return word.withFrozen(on);
    }

    function _requireSchema(Act memory act, bytes32 schema) private view {
        if (schema == 0) return;
        uint8 given = _words[schema].class();
        if (given == 0) revert UnknownSubject(act.index, schema);
        if (given != Words.SCHEMA) revert WrongClass(act.index, schema, Words.SCHEMA, given);
    }
}
