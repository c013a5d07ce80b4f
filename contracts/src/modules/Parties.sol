// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IParties} from "../interfaces/IParties.sol";
import {Act, Acts} from "../types/Entry.sol";
import {PartyRoles} from "../types/PartyRoles.sol";
import {Word} from "../types/Word.sol";
import {Titles} from "./Titles.sol";

/// @title Owner, custodian, operator, lien-holder: all change hands by offer and acceptance.
abstract contract Parties is Titles, IParties {
    struct Offer {
        address to;
        uint64 expires;
    }

    /// @dev A slot counts only while the word says that the party is offered.
    mapping(bytes32 asset => mapping(uint256 party => Offer)) private _offers;

    /// @inheritdoc IParties
    function partyOf(bytes32 asset, uint8 party) external view returns (address) {
        Word word = _load(asset);
        if (!word.isAsset()) return address(0);
        if (party == PartyRoles.OWNER) return word.owner();
        return word.isHeld(party) ? _holders[asset][party] : address(0);
    }

    /// @inheritdoc IParties
    function offerOf(bytes32 asset, uint8 party) external view returns (address, uint64) {
        Offer memory offer = _offers[asset][party];
        if (!_subjects[asset].word.isOffered(party) || Acts.hasPassed(offer.expires)) {
            return (address(0), 0);
        }
        return (offer.to, offer.expires);
    }

    function _offer(Act memory act, Word word) internal returns (Word) {
        _requireLive(act.index, act.subject, word);
        act.expectWords(3);
        uint8 party = _party(act);
        address holder = _requireHolder(act, word, party);
        bytes32 to = act.wordAt(1);
        _requireActive(act.index, to);
        if (_addressOf(to) == holder) revert Unchanged(act.index, act.subject);
        _offers[act.subject][party] = Offer(_addressOf(to), act.expiryAt(2));
        return word.withOffered(party, true);
    }

    function _withdraw(Act memory act, Word word) internal view returns (Word) {
        _requireAsset(act.index, act.subject, word);
        act.expectWords(1);
        uint8 party = _party(act);
        _requireHolder(act, word, party);
        if (!word.isOffered(party)) revert NotOffered(act.index, act.subject, party, act.org);
        return word.withOffered(party, false);
    }

    function _accept(Act memory act, Word word) internal returns (Word) {
        _requireLive(act.index, act.subject, word);
        act.expectWords(1);
        uint8 party = _party(act);
        Offer memory offer = _offers[act.subject][party];
        address to = _addressOf(act.org);
        if (!word.isOffered(party) || offer.to != to) {
            revert NotOffered(act.index, act.subject, party, act.org);
        }
        // An offer is an act of who made it, which can do nothing while suspended.
        _requireActive(act.index, organisationAt[_holderOf(act.subject, word, party)]);
        if (Acts.hasPassed(offer.expires)) revert Lapsed(act.index, act.subject, offer.expires);
        if (party == PartyRoles.OWNER) {
            _requireNoLien(act, word);
            return _pass(act.subject, word, to);
        }
        _holders[act.subject][party] = to;
        return word.withOffered(party, false).withHeld(party, true);
    }

    function _release(Act memory act, Word word) internal view returns (Word) {
        _requireAsset(act.index, act.subject, word);
        act.expectWords(1);
        uint8 party = _party(act);
        if (party == PartyRoles.OWNER) revert BadPayload(act.index, act.kind);
        if (!_isParty(act.subject, word, party, _addressOf(act.org))) {
            revert NotEntitled(act.index, act.subject, act.org);
        }
        return word.withHeld(party, false).withOffered(party, false);
    }

    function _party(Act memory act) private pure returns (uint8 party) {
        party = uint8(act.numberAt(0, 8));
        if (party > PartyRoles.LIEN_HOLDER) revert BadPayload(act.index, act.kind);
    }

    /// @dev Requires that the act's organisation is the party, or owner of what has no such party.
    function _requireHolder(Act memory act, Word word, uint8 party)
        private
        view
        returns (address holder)
    {
        holder = _holderOf(act.subject, word, party);
        if (holder != _addressOf(act.org)) revert NotEntitled(act.index, act.subject, act.org);
    }

    /// @dev Who may offer what a party stands for.
    function _holderOf(bytes32 asset, Word word, uint8 party) private view returns (address) {
        bool held = party != PartyRoles.OWNER && word.isHeld(party);
        return held ? _holders[asset][party] : word.owner();
    }
}
