// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAssetLedger} from "../src/interfaces/IAssetLedger.sol";
import {IJournal} from "../src/interfaces/IJournal.sol";
import {Authorisation, Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Registered} from "../src/types/Payloads.sol";
import {VM, deployLedger} from "./Deploy.sol";
import {Vm} from "./Vm.sol";

/// @title Does things to a ledger at random, right and wrong, and refolds what its logs tell.
/// @dev The model is built from logs alone, by the plain formulas of `IJournal`.
contract Handler {
    Vm private constant vm = VM;
    uint256 private constant ORGANISATIONS = 4;
    uint256 private constant FIRST_KEY = 0x1000;

    IAssetLedger public immutable ledger;

    address[] private signers;
    bytes32[] public organisations;
    bytes32[] public assets;

    bytes32 public ledgerHead;
    mapping(bytes32 subject => bytes32) public head;
    mapping(bytes32 subject => uint64) public count;
    mapping(bytes32 asset => bytes32) public owner;
    mapping(bytes32 subject => bool) public frozen;
    mapping(bytes32 org => bool) public suspended;
    mapping(bytes32 org => mapping(address => bool)) public isAccount;
    mapping(bytes32 org => uint256) public accounts;

    /// @notice The first thing seen that must never be; empty while all is well.
    string public violation;

    uint256 public accepted;
    uint256 public refused;

    constructor() {
        ledger = deployLedger(address(this), "");
        for (uint256 i; i < 2 * ORGANISATIONS; ++i) {
            signers.push(vm.addr(FIRST_KEY + i));
        }
        vm.recordLogs();
        for (uint256 i; i < ORGANISATIONS; ++i) {
            address[] memory first = new address[](1);
            first[0] = _account(i);
            string memory did = string.concat("did:web:o", string(abi.encodePacked(uint8(65 + i))));
            organisations.push(ledger.enrol(did, first));
        }
        _fold();
        for (uint256 i; i < ORGANISATIONS; ++i) {
            _register(organisations[i], organisations[i], i, _account(i));
        }
    }

    function register(uint256 seed) external {
        seed = _mix(seed);
        bytes32 org = _organisation(seed);
        _register(org, _organisation(seed >> 8), seed >> 24 & 63, _actor(seed >> 16, org));
    }

    function act(uint256 seed) external {
        seed = _mix(seed);
        Entry memory entry = _entry(seed, 0);
        _append(_actor(seed, entry.org), _one(entry));
    }

    function actInBatch(uint256 seed) external {
        seed = _mix(seed);
        Entry[] memory entries = new Entry[](3);
        for (uint64 i; i < 3; ++i) {
            entries[i] = _entry(seed, i);
        }
        _append(_actor(seed, entries[0].org), entries);
    }

    function actSigned(uint256 seed) external {
        seed = _mix(seed);
        Entry memory entry = _entry(seed, 0);
        uint256 key = FIRST_KEY + _number(_actor(seed, entry.org));
        uint64 deadline = uint64(block.timestamp + (seed >> 48) % 2);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(entry, deadline));
        Authorisation[] memory by = new Authorisation[](1);
        by[0] = Authorisation(vm.addr(key), deadline, abi.encodePacked(r, s, v));
        _tell(abi.encodeCall(IJournal.appendSigned, (_one(entry), by)), address(this));
    }

    function transferByToken(uint256 seed) external {
        seed = _mix(seed);
        bytes32 id = _asset(seed);
        bytes memory call = abi.encodeWithSignature(
            "transferFrom(address,address,uint256)",
            _addressOf(owner[id]),
            _addressOf(_organisation(seed >> 8)),
            uint256(id)
        );
        _tell(call, _actor(seed, owner[id]));
    }

    function approve(uint256 seed) external {
        seed = _mix(seed);
        bytes32 id = _asset(seed);
        address to = seed >> 8 & 1 == 0 ? address(0) : _account(seed >> 16);
        _tell(
            abi.encodeWithSignature("approve(address,uint256)", to, uint256(id)),
            _actor(seed, owner[id])
        );
    }

    function changeAccount(uint256 seed) external {
        seed = _mix(seed);
        bytes32 org = _organisation(seed);
        uint16 kind = seed >> 8 & 1 == 0 ? Kinds.ACCOUNT_ADDED : Kinds.ACCOUNT_REMOVED;
        bytes memory payload = abi.encode(_account(seed >> 16));
        Entry memory entry = Entry(org, org, kind, ledger.count(org), payload);
        _append(_actor(seed >> 24, org), _one(entry));
    }

    function govern(uint256 seed) external {
        seed = _mix(seed);
        bytes32 reason = keccak256(abi.encode(seed));
        uint256 choice = (seed >> 8) % 6;
        // Lifting is likelier than imposing, else everything soon stands still.
        if (choice == 0) {
            _tell(abi.encodeCall(ledger.freeze, (_asset(seed), reason)), address(this));
        } else if (choice == 1) {
            _tell(
                abi.encodeCall(ledger.suspend, (_organisation(seed >> 16), reason)), address(this)
            );
        } else if (choice < 4) {
            _tell(abi.encodeCall(ledger.unfreeze, (_asset(seed), reason)), address(this));
        } else {
            _tell(
                abi.encodeCall(ledger.reinstate, (_organisation(seed >> 16), reason)), address(this)
            );
        }
    }

    function wait(uint256 seed) external {
        vm.warp(block.timestamp + seed % 1 days);
    }

    function numberOfOrganisations() external view returns (uint256) {
        return organisations.length;
    }

    function numberOfAssets() external view returns (uint256) {
        return assets.length;
    }

    function _register(bytes32 org, bytes32 to, uint256 document, address actor) private {
        bytes memory payload = abi.encode(Registered(to, 0, keccak256(abi.encode(document)), 1));
        bytes32 id = ledger.idOf(Kinds.REGISTERED, org, payload);
        _append(actor, _one(Entry(id, org, Kinds.REGISTERED, 0, payload)));
    }

    /// @dev Mostly what the owner may write next, sometimes what nobody may.
    function _entry(uint256 seed, uint64 ahead) private view returns (Entry memory) {
        bytes32 id = _asset(seed);
        bytes32 org = seed >> 8 & 7 == 0 ? _organisation(seed >> 16) : owner[id];
        uint64 position = ledger.count(id) + ahead;
        if (seed >> 12 & 15 == 0) position += 1;
        uint256 choice = (seed >> (24 + ahead)) % 4;
        if (choice == 0) return Entry(id, org, Kinds.OBSERVED, position, abi.encode(seed));
        if (choice == 1) return Entry(id, org, Kinds.REVISED, position, abi.encode(seed));
        if (choice == 2) {
            return Entry(id, org, Kinds.CORRECTED, position, abi.encode(uint64(0), seed));
        }
        bytes memory payload = abi.encode(_organisation(seed >> 32));
        return Entry(id, org, Kinds.TRANSFERRED, position, payload);
    }

    function _append(address actor, Entry[] memory entries) private {
        _tell(abi.encodeCall(IJournal.append, (entries)), actor);
    }

    function _tell(bytes memory call, address actor) private {
        vm.prank(actor);
        (bool done,) = address(ledger).call(call);
        if (done) {
            ++accepted;
            _fold();
        } else {
            ++refused;
            // forge records what was emitted before a revert, too.
            vm.getRecordedLogs();
        }
    }

    /// @dev Takes in the logs since last time, one entry after the other.
    function _fold() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IJournal.Appended.selector) continue;
            (uint64 position, address actor, bytes memory payload) =
                abi.decode(logs[i].data, (uint64, address, bytes));
            bytes32 subject = logs[i].topics[1];
            bytes32 org = logs[i].topics[2];
            uint16 kind = uint16(uint256(logs[i].topics[3]));
            _judge(subject, org, kind, position, actor);
            _chain(subject, org, kind, position, actor, payload);
            _apply(subject, kind, payload);
        }
    }

    function _judge(bytes32 subject, bytes32 org, uint16 kind, uint64 position, address actor)
        private
    {
        if (position != count[subject]) violation = "a position is not the next";
        if (org == 0) {
            if (actor != address(this)) violation = "somebody else governed";
            return;
        }
        if (suspended[org]) violation = "a suspended organisation acted";
        if (frozen[subject]) violation = "a frozen asset moved";
        if (kind > Kinds.REGISTERED && owner[subject] != org) violation = "no owner acted";
    }

    function _chain(
        bytes32 subject,
        bytes32 org,
        uint16 kind,
        uint64 position,
        address actor,
        bytes memory payload
    ) private {
        bytes32 hash = keccak256(payload);
        bytes32 reached = position == 0
            ? keccak256(abi.encode(ledger.domain(), kind, org, hash))
            : keccak256(
                abi.encode(head[subject], position, kind, org, actor, block.timestamp, hash)
            );
        head[subject] = reached;
        count[subject] = position + 1;
        ledgerHead = keccak256(abi.encode(ledgerHead, reached, actor, block.timestamp));
    }

    function _apply(bytes32 subject, uint16 kind, bytes memory payload) private {
        if (kind == Kinds.REGISTERED) {
            assets.push(subject);
            owner[subject] = abi.decode(payload, (Registered)).owner;
        } else if (kind == Kinds.TRANSFERRED) {
            bytes32 to = abi.decode(payload, (bytes32));
            if (suspended[to]) violation = "a suspended organisation received";
            owner[subject] = to;
        } else if (kind == Kinds.FROZEN || kind == Kinds.UNFROZEN) {
            frozen[subject] = kind == Kinds.FROZEN;
        } else if (kind == Kinds.SUSPENDED || kind == Kinds.REINSTATED) {
            suspended[subject] = kind == Kinds.SUSPENDED;
        } else if (kind == Kinds.ACCOUNT_ADDED) {
            isAccount[subject][abi.decode(payload, (address))] = true;
            ++accounts[subject];
        } else if (kind == Kinds.ACCOUNT_REMOVED) {
            isAccount[subject][abi.decode(payload, (address))] = false;
            --accounts[subject];
        }
    }

    function _digest(Entry memory entry, uint64 deadline) private view returns (bytes32) {
        bytes32 struct_ = keccak256(
            abi.encode(
                keccak256(
                    "Entry(bytes32 subject,bytes32 org,uint16 kind,uint64 position,bytes payload,uint64 deadline)"
                ),
                entry.subject,
                entry.org,
                entry.kind,
                entry.position,
                keccak256(entry.payload),
                deadline
            )
        );
        return keccak256(abi.encodePacked(hex"1901", ledger.domain(), struct_));
    }

    /// @dev The fuzzer likes small numbers; choices are taken from bits all over.
    function _mix(uint256 seed) private view returns (uint256) {
        return uint256(keccak256(abi.encode(seed, accepted, refused)));
    }

    /// @dev Mostly an account of the organisation, sometimes anybody's.
    function _actor(uint256 seed, bytes32 org) private view returns (address) {
        for (uint256 i; i < 2 * ORGANISATIONS && seed >> 4 & 7 != 0; ++i) {
            if (isAccount[org][_account(i)]) return _account(i);
        }
        return _account(seed >> 56);
    }

    function _account(uint256 seed) private view returns (address) {
        return signers[seed % signers.length];
    }

    function _number(address account) private view returns (uint256 number) {
        while (_account(number) != account) ++number;
    }

    function _organisation(uint256 seed) private view returns (bytes32) {
        return organisations[seed % organisations.length];
    }

    function _asset(uint256 seed) private view returns (bytes32) {
        return assets[seed % assets.length];
    }

    function _addressOf(bytes32 org) private pure returns (address) {
        return address(uint160(uint256(org)));
    }

    function _one(Entry memory entry) private pure returns (Entry[] memory list) {
        list = new Entry[](1);
        list[0] = entry;
    }
}
