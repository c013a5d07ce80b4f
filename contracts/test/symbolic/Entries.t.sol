// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IRefusals} from "../../src/interfaces/IRefusals.sol";
import {Act} from "../../src/types/Entry.sol";
import {Heads} from "../../src/types/Heads.sol";
import {CHEATS, Cheats} from "./Cheats.sol";

/// @title Hashes equal their plain expressions, and payloads are read strictly.
/// @notice Bounds: payloads of 0, 31, 32, 33, 64, 96, 192 and 256 bytes; no loops.
/// @custom:halmos --default-bytes-lengths 0,31,32,33,64,96,192,256
contract EntriesSymbolicTest {
    Cheats private constant vm = CHEATS;

    function check_id_equals_the_plain_expression(
        bytes32 domain,
        uint16 kind,
        bytes32 org,
        bytes32 payloadHash
    ) public pure {
        bytes32 plain = keccak256(abi.encode(domain, kind, org, payloadHash));
        assert(Heads.id(domain, kind, org, payloadHash) == plain);
    }

    function check_next_equals_the_plain_expression(bytes32 head, Act memory act, uint64 time)
        public
    {
        vm.warp(time);
        bytes32 plain = keccak256(
            abi.encode(
                head, act.position, act.kind, act.org, act.actor, block.timestamp, act.payloadHash
            )
        );
        assert(Heads.next(head, act) == plain);
    }

    function check_expected_words_are_the_length_to_the_byte(Act memory act, uint8 words)
        public
        view
    {
        try this.expectWords(act, words) {
            assert(act.payload.length == 32 * uint256(words));
        } catch (bytes memory refusal) {
            assert(act.payload.length != 32 * uint256(words));
            assert(bytes4(refusal) == IRefusals.BadPayload.selector);
        }
    }

    function check_words_are_read_in_their_order(bytes32[3] memory words) public pure {
        Act memory act;
        act.payload = abi.encode(words);
        assert(act.wordAt(0) == words[0]);
        assert(act.wordAt(1) == words[1]);
        assert(act.wordAt(2) == words[2]);
    }

    function check_dirty_numbers_are_refused(bytes32 word, uint8 bits) public view {
        try this.numberAt(abi.encode(word), bits) returns (uint256 number) {
            assert(number == uint256(word));
            assert(number < 1 << bits);
        } catch (bytes memory refusal) {
            assert(uint256(word) >= 1 << bits);
            assert(bytes4(refusal) == IRefusals.BadPayload.selector);
        }
    }

    /// @dev A refusal inside of a library can be caught only around a call.
    function expectWords(Act memory act, uint256 words) external pure {
        act.expectWords(words);
    }

    function numberAt(bytes memory payload, uint256 bits) external pure returns (uint256) {
        Act memory act;
        act.payload = payload;
        return act.numberAt(0, bits);
    }
}
