// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IGovernance} from "../interfaces/IGovernance.sol";
import {Act} from "../types/Entry.sol";
import {Heads} from "../types/Heads.sol";
import {Kinds} from "../types/Kinds.sol";
import {AccountAdded, Enrolled} from "../types/Payloads.sol";
import {Word, Words} from "../types/Word.sol";
import {Titles} from "./Titles.sol";

/// @title The doors of governance; the rules behind them stand with their subjects.
abstract contract Governance is Titles, AccessManaged, IGovernance {
    /// @inheritdoc IGovernance
    function enrol(string calldata did, address[] calldata accounts)
        external
        restricted
        returns (bytes32 org)
    {
        bytes memory payload = abi.encode(Enrolled(did));
        if (!_isDid(bytes(did))) revert BadPayload(0, Kinds.ENROLLED);
        org = _id(Kinds.ENROLLED, 0, keccak256(payload));
        if (accounts.length == 0) revert LastAccount(0, org);
        _govern(Kinds.ENROLLED, org, payload);
        for (uint256 i; i < accounts.length; ++i) {
            _govern(Kinds.ACCOUNT_ADDED, org, abi.encode(AccountAdded(accounts[i])));
        }
    }

    /// @inheritdoc IGovernance
    function suspend(bytes32 org, bytes32 reason) external restricted {
        _govern(Kinds.SUSPENDED, _known(org), abi.encode(reason));
    }

    /// @inheritdoc IGovernance
    function reinstate(bytes32 org, bytes32 reason) external restricted {
        _govern(Kinds.REINSTATED, _known(org), abi.encode(reason));
    }

    /// @inheritdoc IGovernance
    function freeze(bytes32 asset, bytes32 reason) external restricted {
        _govern(Kinds.FROZEN, _known(asset), abi.encode(reason));
    }

    /// @inheritdoc IGovernance
    function unfreeze(bytes32 asset, bytes32 reason) external restricted {
        _govern(Kinds.UNFROZEN, _known(asset), abi.encode(reason));
    }

    /// @inheritdoc IGovernance
    function forceTitle(bytes32 asset, bytes32 to, bytes32 reason) external restricted {
        _govern(Kinds.TITLE_FORCED, _known(asset), abi.encode(to, reason));
    }

    /// @inheritdoc IGovernance
    function pause(bytes32 reason) external restricted {
        _setPaused(Kinds.PAUSED, reason, true);
    }

    /// @inheritdoc IGovernance
    function resume(bytes32 reason) external restricted {
        _setPaused(Kinds.RESUMED, reason, false);
    }

    /// @inheritdoc IGovernance
    function nameSuccessor(address successor, bytes32 reason) external restricted {
        _govern(Kinds.SUCCESSOR_NAMED, founding, abi.encode(successor, reason));
    }

    /// @inheritdoc IGovernance
    function setBaseURI(string calldata baseURI) external restricted {
        _setBaseURI(baseURI);
    }

    /// @dev The authority is the one that the ledger's first entry names; who governs changes within
    /// it. Another would come without an entry.
    function setAuthority(address) public pure override {
        revert AuthorityIsFixed();
    }

    /// @dev What concerns the whole ledger leaves nothing in its word.
    function _ofTheLedger(Act memory act, Word word) internal pure returns (Word) {
        _requireGovernance(act);
        _requireClass(act.index, act.subject, word, Words.LEDGER);
        return word;
    }

    function _govern(uint16 kind, bytes32 subject, bytes memory payload) private {
        ledgerHead = _write(_direct(kind, subject, 0, payload), ledgerHead);
    }

    /// @dev The entry that pauses is already under the pause that it brings.
    function _setPaused(uint16 kind, bytes32 reason, bool on) private {
        if (Heads.isPaused(ledgerHead) == on) revert Unchanged(0, founding);
        _govern(kind, founding, abi.encode(reason));
        ledgerHead = Heads.withPaused(ledgerHead, on);
    }

    function _known(bytes32 subject) private view returns (bytes32) {
        if (_load(subject).count() == 0) revert UnknownSubject(0, subject);
        return subject;
    }

    /// @dev DID Core, 3.1 allows visible ASCII only; a reader may rely on the text being text.
    function _isDid(bytes calldata did) private pure returns (bool) {
        for (uint256 i; i < did.length; ++i) {
            if (did[i] < 0x21 || did[i] > 0x7e) return false;
        }
        return did.length > 4 && bytes4(did[:4]) == "did:";
    }
}
