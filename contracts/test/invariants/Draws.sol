// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Kinds} from "../../src/types/Kinds.sol";
import {Signers} from "./Signers.sol";

/// @title Draws at random, from one number: subjects, accounts, documents, times.
abstract contract Draws is Signers {
    /// @dev The first assets, which begin mounted on each other, as high as is allowed. They are
    /// drawn seldom, and the first and the last oftener than those between.
    uint256 internal constant COLUMN = 33;

    bytes32 private _randomness;

    function _reseed(uint256 seed) internal {
        _randomness = keccak256(abi.encode(seed));
    }

    function _below(uint256 bound) internal returns (uint256) {
        _randomness = keccak256(abi.encode(_randomness));
        return uint256(_randomness) % bound;
    }

    function _oneIn(uint256 chances) internal returns (bool) {
        return _below(chances) == 0;
    }

    // -- subjects and accounts -------------------------------------------------------------------

    function _asset() internal returns (bytes32 id) {
        if (_oneIn(12)) return assets[_oneIn(3) ? 0 : _oneIn(2) ? COLUMN - 1 : _below(COLUMN)];
        id = assets[COLUMN + _below(assets.length - COLUMN)];
        if (!_isLive(id)) id = assets[COLUMN + _below(assets.length - COLUMN)];
    }

    function _after(bytes32 asset) internal view returns (bytes32) {
        uint256 next = placeOf[asset] + 1;
        return assets[next < assets.length ? next : COLUMN];
    }

    /// @dev What is no subject: just past the end of a batch, where it is not full, or anything.
    function _nobody() internal returns (bytes32) {
        bytes32 batch = batches[_below(batches.length)];
        uint256 size = subjects[batch].size;
        if (size == MAX_SIZE || _oneIn(3)) return keccak256(abi.encode(_below(3)));
        return bytes32(uint256(batch) + size + 1);
    }

    function _schema() internal returns (bytes32) {
        return schemas[_below(schemas.length)];
    }

    function _organisation() internal returns (bytes32) {
        return organisations[_below(organisations.length)];
    }

    /// @dev Another organisation, mostly.
    function _other(bytes32 org) internal returns (bytes32 other) {
        other = _organisation();
        if (other == org) other = _organisation();
    }

    /// @dev An account of the organisation, if it has one that is known here.
    function _actorFor(bytes32 org) internal returns (address account) {
        uint256 start = _below(_signers());
        for (uint256 i; i < _signers(); ++i) {
            account = _signer(start + i);
            if (isAccount[org][account]) return account;
        }
    }

    function _accountTo(uint16 kind, bytes32 org) internal returns (address account) {
        uint256 start = _below(_signers());
        for (uint256 i; i < _signers(); ++i) {
            account = _signer(start + i);
            if (isAccount[org][account] == (kind == Kinds.ACCOUNT_REMOVED)) return account;
        }
    }

    /// @dev For ever, or a while from now; sometimes too late.
    function _expiry() internal returns (uint256) {
        if (_oneIn(3)) return 0;
        return _oneIn(12) ? block.timestamp - _below(2) : block.timestamp + _below(4 days);
    }

    function _document() internal returns (bytes32) {
        return keccak256(abi.encode(_below(1 << 32)));
    }

    /// @dev One of many documents, or of two, so that births repeat.
    function _documentOf(bool another) internal returns (bytes32) {
        return another ? _document() : keccak256(abi.encode(_below(2)));
    }
}
