// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Erased} from "../src/types/Payloads.sol";
import {Cast} from "./Cast.sol";

/// @title Payloads are canonical to the byte, and in range; nothing expires before it begins.
contract PayloadsTest is Cast {
    /// @dev A number in a payload: at most `bits` bits in the `word`-th word.
    struct Number {
        uint16 kind;
        uint256 word;
        uint256 bits;
    }

    Number[] internal numbers;

    function setUp() public override {
        super.setUp();
        numbers.push(Number(Kinds.ACCOUNT_ADDED, 0, 160));
        numbers.push(Number(Kinds.ACCOUNT_REMOVED, 0, 160));
        numbers.push(Number(Kinds.CREDENTIAL_ISSUED, 2, 64));
        numbers.push(Number(Kinds.CREDENTIAL_REVOKED, 0, 64));
        numbers.push(Number(Kinds.REGISTERED, 3, 2));
        numbers.push(Number(Kinds.BATCH_REGISTERED, 3, 24));
        numbers.push(Number(Kinds.CORRECTED, 0, 64));
        numbers.push(Number(Kinds.STAGED, 0, 8));
        numbers.push(Number(Kinds.OFFERED, 0, 2));
        numbers.push(Number(Kinds.OFFERED, 2, 64));
        numbers.push(Number(Kinds.WITHDRAWN, 0, 2));
        numbers.push(Number(Kinds.ACCEPTED, 0, 2));
        numbers.push(Number(Kinds.RELEASED, 0, 2));
        numbers.push(Number(Kinds.ATTESTED, 2, 64));
        numbers.push(Number(Kinds.ATTESTATION_REVOKED, 0, 64));
        numbers.push(Number(Kinds.LISTED, 3, 64));
        numbers.push(Number(Kinds.LISTED, 5, 64));
    }

    function test_no_payload_is_too_short_or_too_long() public {
        for (uint256 i; i < kinds.length; ++i) {
            Entry memory good = _good(kinds[i]);
            uint256 size = good.payload.length;
            uint256[6] memory sizes = [0, size - 32, size - 1, size + 1, size + 31, size + 32];
            for (uint256 j; j < sizes.length; ++j) {
                Entry memory entry = _saying(_resized(good.payload, sizes[j]), good);
                _refuses(entry, _badPayload(entry.kind));
            }
        }
    }

    function testFuzz_no_payload_is_of_another_size(uint16 size, uint256 choice) public {
        Entry memory good = _good(kinds[choice % kinds.length]);
        uint256 other = size % 1000;
        vm.assume(other != good.payload.length);
        Entry memory entry = _saying(_resized(good.payload, other), good);
        _refuses(entry, _badPayload(entry.kind));
    }

    function test_no_number_has_dirty_bits() public {
        for (uint256 i; i < numbers.length; ++i) {
            _refusesDirt(numbers[i], uint256(1) << numbers[i].bits);
            _refusesDirt(numbers[i], uint256(1) << 255);
        }
    }

    function testFuzz_no_number_has_dirty_bits(uint256 dirt, uint256 choice) public {
        Number memory number = numbers[choice % numbers.length];
        dirt = dirt >> number.bits << number.bits;
        vm.assume(dirt != 0);
        _refusesDirt(number, dirt);
    }

    /// @dev What is good until a second is good in that second.
    function test_nothing_is_good_until_a_second_that_has_passed() public {
        uint16[4] memory expiring =
            [Kinds.CREDENTIAL_ISSUED, Kinds.OFFERED, Kinds.ATTESTED, Kinds.LISTED];
        for (uint256 i; i < expiring.length; ++i) {
            uint256 word = expiring[i] == Kinds.LISTED ? 3 : 2;
            uint64 now_ = uint64(block.timestamp);
            uint64[4] memory good = [0, now_, now_ + 1, type(uint64).max];
            for (uint256 j; j < good.length; ++j) {
                _takes(_with(word, good[j], _good(expiring[i])));
            }
            uint64[2] memory past = [now_ - 1, 1];
            for (uint256 j; j < past.length; ++j) {
                Entry memory entry = _with(word, past[j], _good(expiring[i]));
                _refuses(entry, _lapsed(entry.subject, past[j]));
            }
        }
    }

    function test_an_asset_s_kind_is_one_of_four() public {
        for (uint256 assetKind; assetKind < 4; ++assetKind) {
            _takes(_with(3, assetKind, _good(Kinds.REGISTERED)));
        }
        Entry memory entry = _with(3, 4, _good(Kinds.REGISTERED));
        _refuses(entry, _badPayload(Kinds.REGISTERED));
    }

    function test_a_batch_holds_something() public {
        Entry memory entry = _with(3, 0, _good(Kinds.BATCH_REGISTERED));
        _refuses(entry, _badPayload(Kinds.BATCH_REGISTERED));
    }

    function test_the_zero_address_is_no_account() public {
        Entry memory entry = _with(0, 0, _good(Kinds.ACCOUNT_ADDED));
        _refuses(entry, _badPayload(Kinds.ACCOUNT_ADDED));
    }

    /// @dev The one payload of no fixed size: its offsets and its length have to be as abi.encode
    /// writes them, and something must have been erased.
    function test_an_erasure_is_canonical_too() public {
        Entry memory good = _good(Kinds.ERASED);
        uint256[3] memory words = [uint256(32), 32, 2];
        for (uint256 i; i < words.length; ++i) {
            _takes(_with(i, words[i], good));
            uint256[4] memory others = [0, words[i] - 1, words[i] + 1, words[i] | (1 << 255)];
            for (uint256 j; j < others.length; ++j) {
                _refuses(_with(i, others[j], good), _badPayload(Kinds.ERASED));
            }
        }
        bytes memory nothing = abi.encode(Erased(new bytes32[](0)));
        _refuses(_saying(nothing, good), _badPayload(Kinds.ERASED));
    }

    function testFuzz_any_number_of_documents_is_erased(bytes32[] memory documents) public {
        vm.assume(documents.length != 0);
        _takes(_saying(abi.encode(Erased(documents)), _good(Kinds.ERASED)));
    }

    function _refusesDirt(Number memory number, uint256 dirt) private {
        Entry memory good = _good(number.kind);
        uint256 value = _word(good.payload, number.word) | dirt;
        _refuses(_with(number.word, value, good), _badPayload(number.kind));
    }

    /// @dev The same entry with another `i`-th word in its payload.
    function _with(uint256 i, uint256 value, Entry memory entry)
        private
        view
        returns (Entry memory)
    {
        bytes memory payload = bytes.concat(entry.payload);
        assembly ("memory-safe") {
            mstore(add(payload, shl(5, add(i, 1))), value)
        }
        return _saying(payload, entry);
    }

    function _word(bytes memory payload, uint256 i) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(payload, shl(5, add(i, 1))))
        }
    }

    /// @dev The payload cut off, or with zeros behind it.
    function _resized(bytes memory payload, uint256 size)
        private
        pure
        returns (bytes memory other)
    {
        other = new bytes(size);
        for (uint256 i; i < size && i < payload.length; ++i) {
            other[i] = payload[i];
        }
    }
}
