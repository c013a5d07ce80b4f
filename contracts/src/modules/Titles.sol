// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/interfaces/IERC721Receiver.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IERC5646, ITitles} from "../interfaces/ITitles.sol";
import {Act} from "../types/Entry.sol";
import {Kinds} from "../types/Kinds.sol";
import {Word, Words} from "../types/Word.sol";
import {Entitlements} from "./Entitlements.sol";

/// @title Title to assets, as ERC-721 tokens held by organisations' addresses.
abstract contract Titles is Entitlements, ITitles {
    string public constant name = "Asset Ledger";
    string public constant symbol = "ASSET";

    mapping(address organisation => uint256) internal _balances;
    /// @dev A slot counts only while the token's word says that an approval is set.
    mapping(uint256 tokenId => address) private _approvals;
    string private _baseURI;

    /// @inheritdoc IERC721
    function transferFrom(address from, address to, uint256 tokenId) external {
        _transferDirectly(from, to, tokenId);
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address from, address to, uint256 tokenId) external {
        safeTransferFrom(from, to, tokenId, "");
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address from, address to, uint256 tokenId, bytes memory message)
        public
    {
        _transferDirectly(from, to, tokenId);
        _requireTaken(from, to, tokenId, message);
    }

    /// @inheritdoc IERC721
    function approve(address to, uint256 tokenId) external {
        _unpaused();
        bytes32 subject = bytes32(tokenId);
        Word it = _token(tokenId);
        _requireAccount(0, organisationAt[it.owner()], msg.sender);
        if (it.isFrozen()) revert AssetFrozen(0, subject);
        _subjects[subject].word = it.withApproved(to != address(0));
        _approvals[tokenId] = to;
        emit Approval(it.owner(), to, tokenId);
    }

    /// @inheritdoc IERC721
    function setApprovalForAll(address, bool) external pure {
        revert OperatorsAreAccounts();
    }

    /// @inheritdoc IERC721
    function balanceOf(address organisation) external view returns (uint256) {
        if (organisation == address(0)) revert UnknownOrganisation(0, 0);
        return _balances[organisation];
    }

    /// @inheritdoc IERC721
    function ownerOf(uint256 tokenId) external view returns (address) {
        return _token(tokenId).owner();
    }

    /// @inheritdoc IERC721
    function getApproved(uint256 tokenId) external view returns (address) {
        return _token(tokenId).isApproved() ? _approvals[tokenId] : address(0);
    }

    /// @inheritdoc IERC721
    function isApprovedForAll(address organisation, address account) external view returns (bool) {
        return isAccount(organisationAt[organisation], account);
    }

    /// @inheritdoc IERC721Metadata
    function tokenURI(uint256 tokenId) external view returns (string memory) {
        _token(tokenId);
        return string.concat(_baseURI, Strings.toHexString(tokenId, 32));
    }

    /// @inheritdoc IERC5646
    function getStateFingerprint(uint256 tokenId) external view returns (bytes32) {
        return head(bytes32(tokenId));
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC165).interfaceId || id == type(IERC721).interfaceId
            || id == type(IERC721Metadata).interfaceId || id == bytes4(0x49064906) // ERC-4906
            || id == IERC5646.getStateFingerprint.selector;
    }

    /// @dev The word of an asset whose first owner is `owner`.
    function _issue(bytes32 subject, bytes32 org) internal returns (Word) {
        address owner = _addressOf(org);
        unchecked {
            ++_balances[owner];
        }
        emit Transfer(address(0), owner, uint256(subject));
        return Words.opened(Words.ASSET, owner);
    }

    function _transfer(Act memory act, Word word) internal returns (Word) {
        _requireLive(act.index, act.subject, word);
        _requireOwner(act, word);
        act.expectWords(1);
        _requireNoLien(act, word);
        bytes32 to = act.wordAt(0);
        if (to == act.org) revert Unchanged(act.index, act.subject);
        _requireActive(act.index, to);
        return _pass(act.subject, word, _addressOf(to));
    }

    function _force(Act memory act, Word word) internal returns (Word) {
        _requireGovernance(act);
        _requireClass(act.index, act.subject, word, Words.ASSET);
        bytes32 to = act.wordAt(0);
        _requireActive(act.index, to);
        if (word.owner() == _addressOf(to)) revert Unchanged(act.index, act.subject);
        return _pass(act.subject, word, _addressOf(to));
    }

    /// @dev Moves title; what the former owner had approved or offered ends.
    function _pass(bytes32 subject, Word word, address to) internal returns (Word) {
        address from = word.owner();
        unchecked {
            --_balances[from];
            ++_balances[to];
        }
        emit Transfer(from, to, uint256(subject));
        return word.passedTo(to);
    }

    function _setBaseURI(string memory baseURI) internal {
        _baseURI = baseURI;
        emit BatchMetadataUpdate(0, type(uint256).max);
    }

    /// @dev An ERC-721 call, by an account of the owner or whom one has approved, as an entry.
    function _transferDirectly(address from, address to, uint256 tokenId) private {
        bytes32 running = _unpaused();
        Word it = _token(tokenId);
        bytes32 org = organisationAt[it.owner()];
        if (from != it.owner()) revert NotOwner(0, bytes32(tokenId), organisationAt[from]);
        if (it.isApproved() && _approvals[tokenId] == msg.sender) _requireActive(0, org);
        else _requireAccount(0, org, msg.sender);
        bytes32 receiver = organisationAt[to];
        if (receiver == 0) revert UnknownOrganisation(0, bytes32(uint256(uint160(to))));
        ledgerHead = _write(
            _direct(Kinds.TRANSFERRED, bytes32(tokenId), org, abi.encode(receiver)), running
        );
    }

    /// @dev ERC-721: code at the receiver's address has to take the token. An organisation's address
    /// is a hash, where none can be; if there is some all the same, it is asked when all is written.
    function _requireTaken(address from, address to, uint256 tokenId, bytes memory message)
        private
    {
        if (to.code.length == 0) return;
        (bool answered, bytes memory answer) = to.call(
            abi.encodeCall(IERC721Receiver.onERC721Received, (msg.sender, from, tokenId, message))
        );
        bytes32 yes = IERC721Receiver.onERC721Received.selector;
        if (!answered || answer.length < 32 || bytes32(answer) != yes) {
            revert ReceiverRefuses(0, to);
        }
    }

    function _token(uint256 tokenId) private view returns (Word it) {
        it = _load(bytes32(tokenId));
        if (!it.isAsset()) revert UnknownSubject(0, bytes32(tokenId));
    }
}
