// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IGovernance} from "../../src/interfaces/IGovernance.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {Enrolled} from "../../src/types/Payloads.sol";
import {Choices} from "./Choices.sol";
import {Attempt, Door} from "./Model.sol";
import {Trying} from "./Trying.sol";

/// @title Tries governance's doors, mostly as who may.
abstract contract Governing is Choices, Trying {
    uint256 private constant MAX_ORGANISATIONS = 6;

    /// @dev Lifting is likelier than imposing, else everything soon stands still.
    function _govern() internal {
        if (paused && !_oneIn(4)) return _setPaused(Kinds.RESUMED);
        uint256 choice = _below(20);
        if (choice == 0) _setPaused(_oneIn(4) ? Kinds.RESUMED : Kinds.PAUSED);
        else if (choice < 3) _force();
        else if (choice < 6) _setFrozen(Kinds.FROZEN);
        else if (choice < 10) _setFrozen(Kinds.UNFROZEN);
        else if (choice < 12) _setSuspended(Kinds.SUSPENDED);
        else if (choice < 18) _setSuspended(Kinds.REINSTATED);
        else if (choice == 18) _tryEnrol();
        else if (!_oneIn(4)) _nameSuccessor();
        else if (_oneIn(2)) _moveMetadata();
        else _moveAuthority();
    }

    function _setPaused(uint16 kind) private {
        bytes32 reason = _document();
        bytes memory call = kind == Kinds.PAUSED
            ? abi.encodeCall(IGovernance.pause, (reason))
            : abi.encodeCall(IGovernance.resume, (reason));
        _tryDoor(kind, founding, abi.encode(reason), call);
    }

    function _setFrozen(uint16 kind) private {
        bytes32 id = _oneIn(24) ? _nobody() : _asset();
        for (uint256 i; i < assets.length; ++i) {
            if (subjects[id].frozen == (kind == Kinds.UNFROZEN)) break;
            id = assets[i];
        }
        if (_oneIn(24)) id = _organisation();
        bytes32 reason = _document();
        bytes memory call = kind == Kinds.FROZEN
            ? abi.encodeCall(IGovernance.freeze, (id, reason))
            : abi.encodeCall(IGovernance.unfreeze, (id, reason));
        _tryDoor(kind, id, abi.encode(reason), call);
    }

    function _setSuspended(uint16 kind) private {
        bytes32 org = _organisation();
        for (uint256 i; i < organisations.length; ++i) {
            if (subjects[org].suspended == (kind == Kinds.REINSTATED)) break;
            org = organisations[i];
        }
        if (_oneIn(24)) org = _asset();
        bytes32 reason = _document();
        bytes memory call = kind == Kinds.SUSPENDED
            ? abi.encodeCall(IGovernance.suspend, (org, reason))
            : abi.encodeCall(IGovernance.reinstate, (org, reason));
        _tryDoor(kind, org, abi.encode(reason), call);
    }

    function _force() private {
        bytes32 id = _oneIn(24) ? _nobody() : _asset();
        (bytes32 to, bytes32 reason) = (_other(subjects[id].parties[0]), _document());
        bytes memory call = abi.encodeCall(IGovernance.forceTitle, (id, to, reason));
        _tryDoor(Kinds.TITLE_FORCED, id, abi.encode(to, reason), call);
    }

    function _nameSuccessor() private {
        (address successor, bytes32 reason) = (_signer(_below(_signers())), _document());
        bytes memory call = abi.encodeCall(IGovernance.nameSuccessor, (successor, reason));
        _tryDoor(Kinds.SUCCESSOR_NAMED, founding, abi.encode(successor, reason), call);
    }

    /// @dev No entry tells of it.
    function _moveMetadata() private {
        string memory base = _oneIn(2) ? "https://a.example/" : "ipfs://a/";
        address caller = _governor();
        string memory fault = caller == address(this) ? "" : "only_the_authority_governs";
        bytes memory call = abi.encodeCall(IGovernance.setBaseURI, (base));
        string memory before = baseURI;
        baseURI = base;
        if (!_send(caller, Door.GOVERNANCE, call, fault)) baseURI = before;
    }

    function _moveAuthority() private {
        bytes memory call = abi.encodeCall(IAccessManaged.setAuthority, (address(this)));
        address caller = _oneIn(2) ? authority : _governor();
        _send(caller, Door.GOVERNANCE, call, "the_authority_is_fixed");
    }

    function _tryEnrol() private {
        bool more = organisations.length < MAX_ORGANISATIONS;
        address[] memory accounts = new address[](_oneIn(8) ? 0 : 1 + _below(2));
        for (uint256 i; i < accounts.length; ++i) {
            accounts[i] = _oneIn(12) ? address(0) : _signer(_below(_signers()));
        }
        string memory did = more
            ? string.concat("did:web:o", string(abi.encodePacked(uint8(0x1f + _below(0x62)))))
            : "did:web:oA";
        _enrol(_governor(), _oneIn(12) ? "dix:web:o" : did, accounts);
    }

    function _enrol(address caller, string memory did, address[] memory accounts) internal {
        bytes memory payload = abi.encode(Enrolled(did));
        bytes32 id = _id(Kinds.ENROLLED, 0, payload);
        Attempt memory it = Attempt(_next(id, 0, Kinds.ENROLLED, payload), caller, Door.GOVERNANCE);
        it.entry.position = 0;
        string memory fault = _faultOf(it);
        if (bytes(fault).length == 0) fault = _faultOfFirst(accounts);
        _send(caller, Door.GOVERNANCE, abi.encodeCall(IGovernance.enrol, (did, accounts)), fault);
    }

    function _faultOfFirst(address[] memory accounts) private pure returns (string memory) {
        if (accounts.length == 0) return "every_organisation_keeps_an_account";
        for (uint256 i; i < accounts.length; ++i) {
            if (accounts[i] == address(0)) return "payloads_are_canonical";
            for (uint256 j; j < i; ++j) {
                if (accounts[i] == accounts[j]) return "accounts_come_and_go_in_turn";
            }
        }
        return "";
    }

    function _tryDoor(uint16 kind, bytes32 subject, bytes memory payload, bytes memory call)
        private
    {
        Attempt memory it = Attempt(_next(subject, 0, kind, payload), _governor(), Door.GOVERNANCE);
        _send(it.actor, Door.GOVERNANCE, call, _faultOf(it));
    }

    /// @dev The authority's only governor, or sometimes somebody else.
    function _governor() private returns (address) {
        return _oneIn(12) ? _signer(_below(_signers())) : address(this);
    }
}
