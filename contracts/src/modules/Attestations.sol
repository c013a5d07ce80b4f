// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAttestations} from "../interfaces/IAttestations.sol";
import {Act, Acts} from "../types/Entry.sol";
import {Word, Words} from "../types/Word.sol";
import {Entitlements} from "./Entitlements.sol";

/// @title What organisations state of assets, and of each other: in force until expired or revoked.
abstract contract Attestations is Entitlements, IAttestations {
    /// @dev In one slot, by subject and position: who stated by which schema, and until when.
    ///
    ///   255                                          64 63           0
    ///  +-----------------------------------------------+--------------+
    ///  | high 192 bits of keccak256(issuer, schema)    |   expires    |
    ///  +-----------------------------------------------+--------------+
    mapping(bytes32 subject => mapping(uint256 position => uint256)) private _claims;

    uint256 private constant EXPIRES_MASK = type(uint64).max;

    /// @inheritdoc IAttestations
    function isInForce(bytes32 subject, uint64 position, bytes32 issuer, bytes32 schema)
        public
        view
        returns (bool)
    {
        uint256 claim = _claims[subject][position];
        return claim & ~EXPIRES_MASK == _by(issuer, schema) && !Acts.hasPassed(uint64(claim));
    }

    function _issueCredential(Act memory act, Word word) internal returns (Word) {
        _requireClass(act.index, act.subject, word, Words.ORGANISATION);
        if (word.isSuspended()) revert SuspendedOrganisation(act.index, act.subject);
        return _claim(act, word);
    }

    function _revokeCredential(Act memory act, Word word) internal returns (Word) {
        _requireClass(act.index, act.subject, word, Words.ORGANISATION);
        return _revoke(act, word);
    }

    function _attest(Act memory act, Word word) internal returns (Word) {
        _requireAsset(act.index, act.subject, word);
        return _claim(act, word);
    }

    function _revokeAttestation(Act memory act, Word word) internal returns (Word) {
        _requireAsset(act.index, act.subject, word);
        return _revoke(act, word);
    }

    function _claim(Act memory act, Word word) private returns (Word) {
        act.expectWords(3);
        bytes32 schema = act.wordAt(0);
        _requireSchema(act.index, schema);
        _claims[act.subject][act.position] = _by(act.org, schema) | act.expiryAt(2);
        return word;
    }

    function _revoke(Act memory act, Word word) private returns (Word) {
        act.expectWords(2);
        uint64 revokes = uint64(act.numberAt(0, 64));
        uint256 claim = _claims[act.subject][revokes];
        if (claim & ~EXPIRES_MASK != _by(act.org, act.wordAt(1))) {
            revert NotInForce(act.index, act.subject, revokes);
        }
        delete _claims[act.subject][revokes];
        return word;
    }

    function _by(bytes32 issuer, bytes32 schema) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(issuer, schema))) & ~EXPIRES_MASK;
    }
}
