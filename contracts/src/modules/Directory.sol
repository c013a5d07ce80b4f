// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";

import {IDirectory} from "../interfaces/IDirectory.sol";
import {Act} from "../types/Entry.sol";
import {Word, Words} from "../types/Word.sol";
import {Journal} from "./Journal.sol";

/// @title Organisations: who they are, who acts for them, and whether they may.
abstract contract Directory is Journal, IDirectory {
    mapping(bytes32 org => mapping(address account => bool)) private _accounts;

    /// @inheritdoc IDirectory
    mapping(address organisation => bytes32 org) public organisationAt;

    /// @inheritdoc IDirectory
    function isAccount(bytes32 org, address account) public view returns (bool) {
        return _accounts[org][account];
    }

    /// @inheritdoc IDirectory
    function isActive(bytes32 org) external view returns (bool) {
        Word it = _subjects[org].word;
        return it.class() == Words.ORGANISATION && !it.isSuspended();
    }

    function _admit(Act memory act) internal view virtual override {
        _requireAccount(act.index, act.org, act.actor);
    }

    function _requireAccount(uint256 index, bytes32 org, address actor) internal view {
        _requireActive(index, org);
        if (!_accounts[org][actor]) revert NotAnAccount(index, org, actor);
    }

    function _requireActive(uint256 index, bytes32 org) internal view {
        Word it = _subjects[org].word;
        if (it.class() != Words.ORGANISATION) revert UnknownOrganisation(index, org);
        if (it.isSuspended()) revert SuspendedOrganisation(index, org);
    }

    /// @dev Zero is no organisation's id, so it says that an entry came by governance's doors.
    function _requireGovernance(Act memory act) internal pure {
        if (act.org != 0) revert GovernanceOnly(act.index, act.kind);
    }

    function _requireClass(uint256 index, bytes32 subject, Word word, uint8 class) internal pure {
        uint8 given = word.class();
        if (given == class) return;
        if (given == 0) revert UnknownSubject(index, subject);
        revert WrongClass(index, subject, class, given);
    }

    function _requireSchema(uint256 index, bytes32 schema) internal view {
        _requireClass(index, schema, _subjects[schema].word, Words.SCHEMA);
    }

    function _requireUnborn(Act memory act, Word word) internal pure {
        if (word.class() != 0) revert AlreadyExists(act.index, act.subject);
    }

    function _addressOf(bytes32 org) internal pure returns (address) {
        return address(uint160(uint256(org)));
    }

    function _enrol(Act memory act, Word word) internal returns (Word) {
        _requireGovernance(act);
        _requireUnborn(act, word);
        address held = _addressOf(act.subject);
        if (organisationAt[held] != 0) revert AlreadyExists(act.index, act.subject);
        organisationAt[held] = act.subject;
        return Words.opened(Words.ORGANISATION, address(0));
    }

    function _setSuspended(Act memory act, Word word, bool on) internal pure returns (Word) {
        _requireGovernance(act);
        _requireClass(act.index, act.subject, word, Words.ORGANISATION);
        if (word.isSuspended() == on) revert Unchanged(act.index, act.subject);
        return word.withSuspended(on);
    }

    function _addAccount(Act memory act, Word word) internal returns (Word) {
        address account = _account(act, word);
        if (_accounts[act.subject][account]) {
            revert AlreadyAnAccount(act.index, act.subject, account);
        }
        if (word.accounts() == type(uint16).max) revert Full(act.index, act.subject);
        _accounts[act.subject][account] = true;
        emit IERC721.ApprovalForAll(_addressOf(act.subject), account, true);
        return word.withAccount();
    }

    function _removeAccount(Act memory act, Word word) internal returns (Word) {
        address account = _account(act, word);
        if (!_accounts[act.subject][account]) {
            revert NotAnAccount(act.index, act.subject, account);
        }
        if (word.accounts() == 1) revert LastAccount(act.index, act.subject);
        _accounts[act.subject][account] = false;
        emit IERC721.ApprovalForAll(_addressOf(act.subject), account, false);
        return word.withoutAccount();
    }

    /// @dev The account an entry is about. Organisations change their own; governance, only while
    /// it enrols them. The zero address signs nothing and is none.
    function _account(Act memory act, Word word) private pure returns (address account) {
        _requireClass(act.index, act.subject, word, Words.ORGANISATION);
        if (act.org != act.subject && act.org != 0) {
            revert NotOwner(act.index, act.subject, act.org);
        }
        act.expectWords(1);
        account = address(uint160(act.numberAt(0, 160)));
        if (account == address(0)) revert BadPayload(act.index, act.kind);
    }
}
