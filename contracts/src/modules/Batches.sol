// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBatches} from "../interfaces/IBatches.sol";
import {Act} from "../types/Entry.sol";
import {Word, Words} from "../types/Word.sol";
import {Titles} from "./Titles.sol";

/// @title Assets born by the million: one entry, one word, and each an asset of its own.
abstract contract Batches is Titles, IBatches {
    function _registerBatch(Act memory act, Word word) internal returns (Word) {
        _requireUnborn(act, word);
        act.expectWords(5);
        bytes32 owner = act.wordAt(0);
        if (owner != act.org) _requireActive(act.index, owner);
        if (act.wordAt(1) != 0) _requireSchema(act.index, act.wordAt(1));
        uint256 size = act.numberAt(3, 24);
        if (size == 0) revert BadPayload(act.index, act.kind);
        address holder = _addressOf(owner);
        _balances[holder] += size;
        uint256 id = uint256(act.subject);
        emit ConsecutiveTransfer(id + 1, id + size, address(0), holder);
        return Words.opened(Words.BATCH, holder).withSize(size);
    }

    /// @dev An asset of a batch is an ordinary one that nothing has been written of yet.
    function _unwritten(bytes32 subject) internal view override returns (Word) {
        uint256 place = uint256(subject) & MEMBERS;
        Word batch = _subjects[subject & ~bytes32(MEMBERS)].word;
        if (place == 0 || batch.class() != Words.BATCH || place > batch.size()) {
            return Word.wrap(0);
        }
        return batch.member();
    }
}
