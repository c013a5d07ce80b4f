// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Act} from "./Entry.sol";

/// @title The hashes that chain entries: ids, heads and the ledger head.
/// @dev Each is keccak-256 over `abi.encode` of its words, laid out beyond the free memory pointer
/// without taking that memory. `Heads.t.sol` holds each against the plain expression.
library Heads {
    /// @dev keccak256(abi.encode(domain, kind, org, payloadHash))
    function id(bytes32 domain, uint16 kind, bytes32 org, bytes32 payloadHash)
        internal
        pure
        returns (bytes32 hash)
    {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, domain)
            mstore(add(free, 0x20), and(kind, 0xffff))
            mstore(add(free, 0x40), org)
            mstore(add(free, 0x60), payloadHash)
            hash := keccak256(free, 0x80)
        }
    }

    /// @dev keccak256(abi.encode(head, position, kind, org, actor, block.timestamp, payloadHash))
    function next(bytes32 head, Act memory act) internal view returns (bytes32 hash) {
        uint64 position = act.position;
        uint16 kind = act.kind;
        bytes32 org = act.org;
        address actor = act.actor;
        bytes32 payloadHash = act.payloadHash;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, head)
            mstore(add(free, 0x20), and(position, 0xffffffffffffffff))
            mstore(add(free, 0x40), and(kind, 0xffff))
            mstore(add(free, 0x60), org)
            mstore(add(free, 0x80), shr(96, shl(96, actor)))
            mstore(add(free, 0xa0), timestamp())
            mstore(add(free, 0xc0), payloadHash)
            hash := keccak256(free, 0xe0)
        }
    }

    /// @dev keccak256(abi.encode(ledgerHead, head, actor, block.timestamp)), save for the lowest
    /// bit: that one stays as it is, and says that the ledger is paused. Kept here, the pause costs
    /// no entry a storage slot of its own to read.
    function fold(bytes32 ledgerHead, bytes32 head, address actor)
        internal
        view
        returns (bytes32 hash)
    {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, ledgerHead)
            mstore(add(free, 0x20), head)
            mstore(add(free, 0x40), shr(96, shl(96, actor)))
            mstore(add(free, 0x60), timestamp())
            hash := or(and(keccak256(free, 0x80), not(1)), and(ledgerHead, 1))
        }
    }

    function isPaused(bytes32 ledgerHead) internal pure returns (bool) {
        return uint256(ledgerHead) & 1 != 0;
    }

    function withPaused(bytes32 ledgerHead, bool on) internal pure returns (bytes32) {
        return bytes32((uint256(ledgerHead) & ~uint256(1)) | (on ? 1 : 0));
    }
}
