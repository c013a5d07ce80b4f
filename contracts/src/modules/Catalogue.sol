// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICatalogue} from "../interfaces/ICatalogue.sol";
import {Act, Acts} from "../types/Entry.sol";
import {Word, Words} from "../types/Word.sol";
import {Attestations} from "./Attestations.sol";

/// @title Schemas, worlds with a rule whom they admit, and listings of assets in worlds.
abstract contract Catalogue is Attestations, ICatalogue {
    struct Admission {
        bytes32 schema;
        bytes32 issuer;
    }

    /// @dev The issuer stands here only where the world leaves it open who that is.
    struct Listing {
        address owner;
        uint64 expires;
        uint32 credential;
        bytes32 issuer;
    }

    mapping(bytes32 world => Admission) private _admissions;
    mapping(bytes32 asset => mapping(bytes32 world => Listing)) private _listings;

    /// @inheritdoc ICatalogue
    function isOpen(bytes32 world) public view returns (bool) {
        Word word = _subjects[world].word;
        return word.class() == Words.WORLD && !word.isClosed();
    }

    /// @inheritdoc ICatalogue
    function admissionOf(bytes32 world) external view returns (bytes32, bytes32) {
        return (_admissions[world].schema, _admissions[world].issuer);
    }

    /// @inheritdoc ICatalogue
    function isListed(bytes32 asset, bytes32 world) external view returns (bool) {
        Listing memory listing = _listings[asset][world];
        if (listing.owner == address(0) || listing.owner != _load(asset).owner()) return false;
        if (Acts.hasPassed(listing.expires) || !isOpen(world)) return false;
        bytes32 schema = _admissions[world].schema;
        if (schema == 0) return true;
        bytes32 issuer = _admissions[world].issuer;
        if (issuer == 0) issuer = listing.issuer;
        return isInForce(organisationAt[listing.owner], listing.credential, issuer, schema);
    }

    function _publishSchema(Act memory act, Word word) internal view returns (Word) {
        _requireUnborn(act, word);
        act.expectWords(2);
        bytes32 replaced = act.wordAt(1);
        if (replaced != 0) {
            _requireSchema(act.index, replaced);
            if (_subjects[replaced].word.owner() != _addressOf(act.org)) {
                revert NotOwner(act.index, replaced, act.org);
            }
        }
        return Words.opened(Words.SCHEMA, _addressOf(act.org));
    }

    function _openWorld(Act memory act, Word word) internal returns (Word) {
        _requireUnborn(act, word);
        act.expectWords(3);
        (bytes32 schema, bytes32 issuer) = (act.wordAt(1), act.wordAt(2));
        if (schema != 0) {
            _requireSchema(act.index, schema);
            if (issuer != 0) _requireActive(act.index, issuer);
            _admissions[act.subject] = Admission(schema, issuer);
        } else if (issuer != 0) {
            revert BadPayload(act.index, act.kind);
        }
        return Words.opened(Words.WORLD, _addressOf(act.org));
    }

    function _closeWorld(Act memory act, Word word) internal pure returns (Word) {
        _requireClass(act.index, act.subject, word, Words.WORLD);
        _requireOwner(act, word);
        act.expectWords(1);
        if (word.isClosed()) revert ClosedWorld(act.index, act.subject);
        return word.closed();
    }

    function _list(Act memory act, Word word) internal returns (Word) {
        _requireLive(act.index, act.subject, word);
        _requireOwner(act, word);
        act.expectWords(6);
        bytes32 world = act.wordAt(0);
        Word there = _subjects[world].word;
        _requireClass(act.index, world, there, Words.WORLD);
        if (there.isClosed()) revert ClosedWorld(act.index, world);
        (bytes32 issuer, uint32 credential) = _requireAdmitted(act, world);
        _listings[act.subject][world] = Listing(word.owner(), act.expiryAt(3), credential, issuer);
        return word;
    }

    function _delist(Act memory act, Word word) internal returns (Word) {
        _requireAsset(act.index, act.subject, word);
        _requireOwner(act, word);
        act.expectWords(1);
        bytes32 world = act.wordAt(0);
        if (_listings[act.subject][world].owner == address(0)) {
            revert NotListed(act.index, act.subject, world);
        }
        delete _listings[act.subject][world];
        return word;
    }

    /// @dev The lister names the credential that admits it, and none where the world asks for none.
    /// Returns what has to be kept of it to ask again.
    function _requireAdmitted(Act memory act, bytes32 world)
        private
        view
        returns (bytes32 issuer, uint32 credential)
    {
        Admission memory rule = _admissions[world];
        uint64 position = uint64(act.numberAt(5, 64));
        issuer = act.wordAt(4);
        if (rule.schema == 0) {
            if (issuer != 0 || position != 0) revert BadPayload(act.index, act.kind);
            return (0, 0);
        }
        bool wanted = rule.issuer == 0 || rule.issuer == issuer;
        if (!wanted || !isInForce(act.org, position, issuer, rule.schema)) {
            revert NotAdmitted(act.index, world, act.org);
        }
        // A credential in force stands at a position, and those fit into 32 bits.
        return (rule.issuer == 0 ? issuer : bytes32(0), uint32(position));
    }
}
