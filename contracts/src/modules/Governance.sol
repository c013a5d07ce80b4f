// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IGovernance} from "../interfaces/IGovernance.sol";
import {Kinds} from "../types/Kinds.sol";
import {AccountAdded, Enrolled} from "../types/Payloads.sol";
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
        bytes32 running = _write(_direct(Kinds.ENROLLED, org, 0, payload), ledgerHead);
        for (uint256 i; i < accounts.length; ++i) {
            payload = abi.encode(AccountAdded(accounts[i]));
            running = _write(_direct(Kinds.ACCOUNT_ADDED, org, 0, payload), running);
        }
        ledgerHead = running;
    }

    /// @inheritdoc IGovernance
    function suspend(bytes32 org, bytes32 reason) external restricted {
        _govern(Kinds.SUSPENDED, org, reason);
    }

    /// @inheritdoc IGovernance
    function reinstate(bytes32 org, bytes32 reason) external restricted {
        _govern(Kinds.REINSTATED, org, reason);
    }

    /// @inheritdoc IGovernance
    function freeze(bytes32 subject, bytes32 reason) external restricted {
        _govern(Kinds.FROZEN, subject, reason);
    }

    /// @inheritdoc IGovernance
    function unfreeze(bytes32 subject, bytes32 reason) external restricted {
        _govern(Kinds.UNFROZEN, subject, reason);
    }

    /// @inheritdoc IGovernance
    function setBaseURI(string calldata baseURI) external restricted {
        _setBaseURI(baseURI);
    }

    function _govern(uint16 kind, bytes32 subject, bytes32 reason) private {
        if (_words[subject].count() == 0) revert UnknownSubject(0, subject);
        ledgerHead = _write(_direct(kind, subject, 0, abi.encode(reason)), ledgerHead);
    }

    /// @dev DID Core, 3.1 allows visible ASCII only; a reader may rely on the text being text.
    function _isDid(bytes calldata did) private pure returns (bool) {
        for (uint256 i; i < did.length; ++i) {
            if (did[i] < 0x21 || did[i] > 0x7e) return false;
        }
        return did.length != 0;
    }
}
