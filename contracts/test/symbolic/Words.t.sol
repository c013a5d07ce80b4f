// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Word, Words} from "../../src/types/Word.sol";
import {CHEATS, Cheats} from "./Cheats.sol";

/// @title Each accessor of a word reads and writes the bits that `Word` draws, and no others.
/// @notice Bounds: none. All 2^256 words, all values that fit the field, all parties; no loops.
contract WordsSymbolicTest {
    Cheats private constant vm = CHEATS;

    function check_readers_read_the_drawn_bits(uint256 raw) public pure {
        Word word = Word.wrap(raw);
        assert(uint160(word.owner()) == _bits(raw, 159, 0));
        assert(word.count() == _bits(raw, 227, 196));
        assert(word.class() == _bits(raw, 231, 228));
        assert(word.isAsset() == (_bits(raw, 231, 228) == Words.ASSET));
        assert(word.isFrozen() == (_bits(raw, 232, 232) == 1));
        assert(word.isApproved() == (_bits(raw, 233, 233) == 1));
        assert(word.stage() == _bits(raw, 236, 234));
        assert(word.isMounted() == (_bits(raw, 244, 244) == 1));
        assert(word.size() == _bits(raw, 255, 232));
        assert(word.isClosed() == (_bits(raw, 232, 232) == 1));
        assert(word.accounts() == _bits(raw, 247, 232));
        assert(word.isSuspended() == (_bits(raw, 248, 248) == 1));
    }

    function check_parties_are_read_at_their_bits(uint256 raw, uint256 party) public pure {
        vm.assume(party < 4);
        Word word = Word.wrap(raw);
        assert(word.isOffered(party) == (_bits(raw, 240 + party, 240 + party) == 1));
        if (party > 0) assert(word.isHeld(party) == (_bits(raw, 236 + party, 236 + party) == 1));
    }

    function check_opened_writes_class_time_and_owner_alone(
        uint8 class,
        address owner,
        uint256 time
    ) public {
        vm.assume(class < 16 && time < 1 << 36);
        vm.warp(time);
        uint256 raw = Word.unwrap(Words.opened(class, owner));
        assert(raw == uint160(owner) | time << 160 | uint256(class) << 228);
    }

    function check_a_member_keeps_owner_and_time_and_has_one_entry(uint256 raw) public pure {
        Word word = Word.wrap(raw).member();
        assert(_bits(Word.unwrap(word), 195, 0) == _bits(raw, 195, 0));
        assert(word.count() == 1 && word.class() == Words.ASSET);
        assert(_bits(Word.unwrap(word), 255, 232) == 0);
    }

    function check_counted_changes_the_count_alone(uint256 raw) public pure {
        Word word = Word.wrap(raw);
        vm.assume(word.count() < type(uint32).max);
        assert(word.counted().count() == word.count() + 1);
        _agree(raw, word.counted(), ~_mask(227, 196));
    }

    function check_passing_title_ends_approval_and_offers_and_keeps_the_rest(
        uint256 raw,
        address owner
    ) public pure {
        Word word = Word.wrap(raw).passedTo(owner);
        assert(word.owner() == owner);
        assert(!word.isApproved());
        assert(_bits(Word.unwrap(word), 243, 240) == 0);
        _agree(raw, word, ~(_mask(159, 0) | _mask(233, 233) | _mask(243, 240)));
    }

    function check_frozen_is_one_bit(uint256 raw, bool on) public pure {
        Word word = Word.wrap(raw).withFrozen(on);
        assert(word.isFrozen() == on);
        _agree(raw, word, ~_mask(232, 232));
    }

    function check_approved_is_one_bit(uint256 raw, bool on) public pure {
        Word word = Word.wrap(raw).withApproved(on);
        assert(word.isApproved() == on);
        _agree(raw, word, ~_mask(233, 233));
    }

    function check_a_stage_changes_the_stage_alone(uint256 raw, uint256 stage) public pure {
        vm.assume(stage < 8);
        Word word = Word.wrap(raw).withStage(stage);
        assert(word.stage() == stage);
        _agree(raw, word, ~_mask(236, 234));
    }

    function check_held_is_one_bit_a_party(uint256 raw, uint256 party, bool on) public pure {
        vm.assume(party > 0 && party < 4);
        Word word = Word.wrap(raw).withHeld(party, on);
        assert(word.isHeld(party) == on);
        _agree(raw, word, ~_mask(236 + party, 236 + party));
    }

    function check_offered_is_one_bit_a_party(uint256 raw, uint256 party, bool on) public pure {
        vm.assume(party < 4);
        Word word = Word.wrap(raw).withOffered(party, on);
        assert(word.isOffered(party) == on);
        _agree(raw, word, ~_mask(240 + party, 240 + party));
    }

    function check_mounted_is_one_bit(uint256 raw, bool on) public pure {
        Word word = Word.wrap(raw).withMounted(on);
        assert(word.isMounted() == on);
        _agree(raw, word, ~_mask(244, 244));
    }

    function check_a_size_set_once_changes_the_size_alone(uint256 raw, uint256 size) public pure {
        vm.assume(_bits(raw, 255, 232) == 0 && size < 1 << 24);
        Word word = Word.wrap(raw).withSize(size);
        assert(word.size() == size);
        _agree(raw, word, ~_mask(255, 232));
    }

    function check_closed_is_one_bit(uint256 raw) public pure {
        Word word = Word.wrap(raw).closed();
        assert(word.isClosed());
        _agree(raw, word, ~_mask(232, 232));
    }

    function check_an_account_more_or_less_changes_their_number_alone(uint256 raw) public pure {
        Word word = Word.wrap(raw);
        vm.assume(word.accounts() < type(uint16).max);
        assert(word.withAccount().accounts() == word.accounts() + 1);
        _agree(raw, word.withAccount(), ~_mask(247, 232));
        assert(Word.unwrap(word.withAccount().withoutAccount()) == raw);
    }

    function check_suspended_is_one_bit(uint256 raw, bool on) public pure {
        Word word = Word.wrap(raw).withSuspended(on);
        assert(word.isSuspended() == on);
        _agree(raw, word, ~_mask(248, 248));
    }

    /// @dev Two words are the same where `mask` has its bits.
    function _agree(uint256 raw, Word word, uint256 mask) private pure {
        assert((raw ^ Word.unwrap(word)) & mask == 0);
    }

    function _bits(uint256 raw, uint256 high, uint256 low) private pure returns (uint256) {
        return (raw & _mask(high, low)) >> low;
    }

    function _mask(uint256 high, uint256 low) private pure returns (uint256) {
        return (type(uint256).max >> (255 - high + low)) << low;
    }
}
