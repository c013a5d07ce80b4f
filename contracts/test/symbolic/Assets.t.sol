// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {PartyRoles} from "../../src/types/PartyRoles.sol";
import {Stages} from "../../src/types/Stages.sol";
import {Word} from "../../src/types/Word.sol";
import {Fixture} from "./Fixture.sol";

/// @title What an asset takes, and what that changes, whatever has become of it before.
/// @notice Bounds: one entry a call, of any kind and position, with any payload of 0 to 6 whole
/// words; the asset's word is any that an asset can have; loops of 40.
/// @custom:halmos --default-bytes-lengths 0,32,64,96,128,160,192 --loop 40
contract AssetsSymbolicTest is Fixture {
    uint256 private constant OWNER = (1 << 160) - 1;
    uint256 private constant COUNT = uint256(type(uint32).max) << 196;
    uint256 private constant APPROVED = 1 << 233;
    uint256 private constant STAGE = 7 << 234;
    uint256 private constant HELD = 7 << 237;
    uint256 private constant OFFERED = 15 << 240;
    uint256 private constant MOUNTED = 1 << 244;

    function check_a_frozen_asset_takes_nothing(uint256 raw, Entry memory entry) public {
        vm.assume(_put(raw).isFrozen());
        assert(!_acts(entry));
    }

    function check_a_retired_asset_takes_comments_and_ends_only(uint256 raw, Entry memory entry)
        public
    {
        vm.assume(_put(raw).stage() == Stages.RETIRED);
        if (!_acts(entry)) return;
        uint16 kind = entry.kind;
        assert(
            kind == Kinds.ATTESTED || kind == Kinds.ATTESTATION_REVOKED || kind == Kinds.CORRECTED
                || kind == Kinds.ERASED || kind == Kinds.WITHDRAWN || kind == Kinds.RELEASED
                || kind == Kinds.DISMOUNTED || kind == Kinds.DELISTED
        );
    }

    function check_who_is_no_party_may_attest_only(uint256 raw, Entry memory entry) public {
        Word before = _put(raw);
        vm.assume(before.owner() != _addressOf(maker));
        for (uint256 party; party < 4; ++party) {
            vm.assume(!before.isHeld(party) && !before.isOffered(party));
        }
        if (!_acts(entry)) return;
        assert(entry.kind == Kinds.ATTESTED || entry.kind == Kinds.ATTESTATION_REVOKED);
    }

    function check_an_entry_changes_what_its_kind_is_about_and_nothing_else(
        uint256 raw,
        Entry memory entry
    ) public {
        Word before = _put(raw);
        if (!_acts(entry)) return;
        Word word = _word();
        assert((raw ^ Word.unwrap(word)) & ~(COUNT | _changed(entry.kind)) == 0);
        assert(word.count() == before.count() + 1);
        if (word.owner() != before.owner()) {
            assert(!before.isHeld(PartyRoles.LIEN_HOLDER));
            assert(Word.unwrap(word) & (APPROVED | OFFERED) == 0);
        }
        if (word.stage() != before.stage()) assert(Stages.mayFollow(before.stage(), word.stage()));
        if (entry.kind == Kinds.RELEASED) assert(raw & ~Word.unwrap(word) & HELD != 0);
        if (entry.kind == Kinds.ACCEPTED) assert(raw & ~Word.unwrap(word) & HELD == 0);
    }

    /// @dev The bits that an entry of a kind may change beside the count, as `Word` draws them.
    function _changed(uint16 kind) private pure returns (uint256) {
        if (kind == Kinds.STAGED) return STAGE;
        if (kind == Kinds.TRANSFERRED) return OWNER | APPROVED | OFFERED;
        if (kind == Kinds.ACCEPTED) return OWNER | APPROVED | OFFERED | HELD;
        if (kind == Kinds.OFFERED || kind == Kinds.WITHDRAWN) return OFFERED;
        if (kind == Kinds.RELEASED) return OFFERED | HELD;
        if (kind == Kinds.MOUNTED || kind == Kinds.DISMOUNTED) return MOUNTED;
        return 0;
    }

    /// @dev Whether the asset takes an entry from the maker.
    function _acts(Entry memory entry) private returns (bool) {
        entry.subject = asset;
        entry.org = maker;
        return _takes(MAKER_ACCOUNT, entry);
    }
}
