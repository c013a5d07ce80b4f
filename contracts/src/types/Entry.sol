// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IRefusals} from "../interfaces/IRefusals.sol";

/// @notice What is asked of the ledger: `org` does `kind` to `subject`, as its `position`-th entry.
/// @param subject what the entry is about; the hash of its own first entry.
/// @param org the organisation that acts; zero where governance does.
/// @param kind what is done, one of `Kinds`.
/// @param position how many entries the subject has so far.
/// @param payload `abi.encode` of the kind's struct (`IPayloads`), to the byte.
struct Entry {
    bytes32 subject;
    bytes32 org;
    uint16 kind;
    uint64 position;
    bytes payload;
}

/// @notice An account's word for one entry that somebody else sends.
/// @param actor the account that signed, or the ERC-1271 contract that is asked: whatever has code,
/// an account with delegated code (EIP-7702) too.
/// @param deadline the last second (since 1970) at which the entry may be appended.
/// @param signature over the EIP-712 struct `Entry` with the deadline as its last member.
struct Authorisation {
    address actor;
    uint64 deadline;
    bytes signature;
}

/// @notice An entry on its way into the journal.
/// @param index its place in the transaction, named by every refusal.
/// @param payloadHash keccak-256 of the payload, needed by ids, heads and signatures alike.
struct Act {
    uint256 index;
    bytes32 subject;
    bytes32 org;
    uint16 kind;
    uint64 position;
    address actor;
    bytes32 payloadHash;
    bytes payload;
}

using Acts for Act global;

/// @title Strict reading of payloads whose structs are made of 32-byte words.
library Acts {
    /// @dev Requires a payload of exactly `words` words. Call it before reading any.
    function expectWords(Act memory act, uint256 words) internal pure {
        if (act.payload.length != 32 * words) {
            revert IRefusals.BadPayload(act.index, act.kind);
        }
    }

    /// @dev The payload's `i`-th word; `i` is below the number expected.
    function wordAt(Act memory act, uint256 i) internal pure returns (bytes32 value) {
        bytes memory payload = act.payload;
        assembly ("memory-safe") {
            value := mload(add(payload, shl(5, add(i, 1))))
        }
    }

    /// @dev The payload's `i`-th word as a number of at most `bits` bits; dirty ones are refused.
    function numberAt(Act memory act, uint256 i, uint256 bits)
        internal
        pure
        returns (uint256 number)
    {
        number = uint256(act.wordAt(i));
        if (number >> bits != 0) {
            revert IRefusals.BadPayload(act.index, act.kind);
        }
    }

    /// @dev The payload's `i`-th word as the last second at which something is good; zero means for
    /// ever, and one that has passed is refused.
    function expiryAt(Act memory act, uint256 i) internal view returns (uint64 expires) {
        expires = uint64(act.numberAt(i, 64));
        if (hasPassed(expires)) revert IRefusals.Lapsed(act.index, act.subject, expires);
    }

    function hasPassed(uint64 expires) internal view returns (bool) {
        return expires != 0 && expires < block.timestamp;
    }
}
