// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Act} from "../types/Entry.sol";
import {PartyRoles} from "../types/PartyRoles.sol";
import {Stages} from "../types/Stages.sol";
import {Word, Words} from "../types/Word.sol";
import {Directory} from "./Directory.sol";

/// @title What an asset takes, and from whom: the conditions that the rules of assets share.
abstract contract Entitlements is Directory {
    /// @dev The owner stands in the word. A slot counts only while the word says that it is held.
    mapping(bytes32 asset => mapping(uint256 party => address)) internal _holders;

    /// @dev Requires an asset that is not frozen.
    function _requireAsset(uint256 index, bytes32 subject, Word word) internal pure {
        if (word.isAsset() && !word.isFrozen()) return;
        _requireClass(index, subject, word, Words.ASSET);
        revert AssetFrozen(index, subject);
    }

    /// @dev Requires an asset that is neither frozen nor at the end of its life. What begins
    /// something asks for this; what ends or comments on something, for an asset alone.
    function _requireLive(uint256 index, bytes32 subject, Word word) internal pure {
        _requireAsset(index, subject, word);
        if (word.stage() == Stages.RETIRED) revert AssetRetired(index, subject);
    }

    /// @dev Requires that its subject is the act's organisation's: an asset by title, a world because
    /// it opened it.
    function _requireOwner(Act memory act, Word word) internal pure {
        if (word.owner() != _addressOf(act.org)) revert NotOwner(act.index, act.subject, act.org);
    }

    function _requireNoLien(Act memory act, Word word) internal pure {
        if (word.isHeld(PartyRoles.LIEN_HOLDER)) revert UnderLien(act.index, act.subject);
    }

    function _requireOwnerOrCustodian(Act memory act, bytes32 asset, Word word) internal view {
        if (!_isOwnerOrCustodian(act, asset, word)) revert NotEntitled(act.index, asset, act.org);
    }

    function _isOwnerOrCustodian(Act memory act, bytes32 asset, Word word)
        internal
        view
        returns (bool)
    {
        address it = _addressOf(act.org);
        return word.owner() == it || _isParty(asset, word, PartyRoles.CUSTODIAN, it);
    }

    function _requireOwnerOrOperator(Act memory act, Word word) internal view {
        address it = _addressOf(act.org);
        if (word.owner() == it || _isParty(act.subject, word, PartyRoles.OPERATOR, it)) return;
        revert NotEntitled(act.index, act.subject, act.org);
    }

    function _requireOwnerCustodianOrOperator(Act memory act, Word word) internal view {
        address it = _addressOf(act.org);
        if (word.owner() == it || _isParty(act.subject, word, PartyRoles.CUSTODIAN, it)) return;
        if (_isParty(act.subject, word, PartyRoles.OPERATOR, it)) return;
        revert NotEntitled(act.index, act.subject, act.org);
    }

    /// @dev Whether an address is a party other than the owner.
    function _isParty(bytes32 asset, Word word, uint256 party, address it)
        internal
        view
        returns (bool)
    {
        return word.isHeld(party) && _holders[asset][party] == it;
    }
}
