// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PartyRoles} from "../src/types/PartyRoles.sol";
import {Base} from "./Base.sol";

/// @title What a change of title ends and what it leaves, and how a lien keeps title in place.
contract LiensTest is Base {
    uint8 private constant OWNER = PartyRoles.OWNER;
    uint8 private constant CUSTODIAN = PartyRoles.CUSTODIAN;
    uint8 private constant LIEN_HOLDER = PartyRoles.LIEN_HOLDER;
    uint8 private constant PARTIES = 4;

    /// @dev The ways in which title passes from the maker to the buyer.
    enum Way {
        TRANSFERRED,
        BY_TOKEN,
        ACCEPTED,
        FORCED
    }

    uint8 private constant WAYS = 4;

    bytes32 internal carrier;
    bytes32 internal bank;
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        carrier = _enrol("did:web:carrier.example", address(0xCA441E4));
        bank = _enrol("did:web:bank.example", address(0xBA4C));
        id = _asset(DOCUMENT);
    }

    function test_any_change_of_title_ends_every_offer() public {
        for (uint8 way; way < WAYS; ++way) {
            uint256 before = vm.snapshotState();
            _append(_offered(id, maker, CUSTODIAN, carrier));
            _append(_accepted(id, carrier, CUSTODIAN));
            _append(_offered(id, maker, OWNER, bank));
            _append(_offered(id, carrier, CUSTODIAN, bank));
            for (uint8 party = CUSTODIAN + 1; party < PARTIES; ++party) {
                _append(_offered(id, maker, party, bank));
            }
            _passTitle(Way(way));
            for (uint8 party; party < PARTIES; ++party) {
                (address to,) = ledger.offerOf(id, party);
                vm.assertEq(to, address(0), "ended");
                _refuses(_accepted(id, bank, party), _notOffered(id, party, bank));
            }
            vm.revertToState(before);
        }
    }

    /// @dev An offer ends with the title of who made it: it is not there again with that title.
    function test_what_ended_does_not_come_back_with_the_title() public {
        _append(_offered(id, maker, OWNER, bank));
        _append(_transferred(id, maker, buyer));
        _append(_transferred(id, buyer, maker));
        _refuses(_accepted(id, bank, OWNER), _notOffered(id, OWNER, bank));
    }

    function test_any_change_of_title_ends_the_approval() public {
        for (uint8 way; way < WAYS; ++way) {
            uint256 before = vm.snapshotState();
            vm.prank(makerAccount);
            ledger.approve(stranger, uint256(id));
            _passTitle(Way(way));
            vm.assertEq(ledger.getApproved(uint256(id)), address(0), "ended");
            vm.expectRevert(_notAnAccount(buyer, stranger));
            vm.prank(stranger);
            ledger.transferFrom(_addressOf(buyer), _addressOf(maker), uint256(id));
            vm.revertToState(before);
        }
    }

    function test_the_other_parties_stay_whoever_owns_the_asset() public {
        for (uint8 party = CUSTODIAN; party < LIEN_HOLDER; ++party) {
            _append(_offered(id, maker, party, carrier));
            _append(_accepted(id, carrier, party));
        }
        for (uint8 way; way < WAYS; ++way) {
            uint256 before = vm.snapshotState();
            _passTitle(Way(way));
            for (uint8 party = CUSTODIAN; party < LIEN_HOLDER; ++party) {
                vm.assertEq(ledger.partyOf(id, party), _addressOf(carrier), "stays");
                _refuses(_offered(id, buyer, party, bank), _notEntitled(id, buyer));
                _takes(_offered(id, carrier, party, buyer));
            }
            vm.revertToState(before);
        }
    }

    function test_what_nobody_is_goes_with_title() public {
        for (uint8 way; way < WAYS; ++way) {
            uint256 before = vm.snapshotState();
            _passTitle(Way(way));
            for (uint8 party; party < PARTIES; ++party) {
                _refuses(_offered(id, maker, party, bank), _notEntitled(id, maker));
                _takes(_offered(id, buyer, party, bank));
            }
            vm.revertToState(before);
        }
    }

    function test_a_lien_keeps_title_where_it_is() public {
        _pledge();
        _append(_offered(id, maker, OWNER, buyer));
        _refuses(_accepted(id, buyer, OWNER), _underLien(id));
        _refuses(_transferred(id, maker, buyer), _underLien(id));
        vm.expectRevert(_underLien(id));
        vm.prank(makerAccount);
        ledger.transferFrom(_addressOf(maker), _addressOf(buyer), uint256(id));

        vm.prank(makerAccount);
        ledger.approve(stranger, uint256(id));
        vm.expectRevert(_underLien(id));
        vm.prank(stranger);
        ledger.safeTransferFrom(_addressOf(maker), _addressOf(buyer), uint256(id));
    }

    function test_a_lien_that_is_only_offered_keeps_nothing() public {
        _append(_offered(id, maker, LIEN_HOLDER, bank));
        for (uint8 way; way < WAYS; ++way) {
            uint256 before = vm.snapshotState();
            _passTitle(Way(way));
            vm.revertToState(before);
        }
    }

    function test_title_goes_on_when_the_lien_is_released() public {
        _append(_offered(id, maker, OWNER, buyer));
        _pledge();
        _append(_released(id, bank, LIEN_HOLDER));
        _append(_accepted(id, buyer, OWNER));
        vm.assertEq(ledger.ownerOf(uint256(id)), _addressOf(buyer), "owner");
    }

    function test_a_ruling_passes_title_under_a_lien_which_stays() public {
        _pledge();
        ledger.forceTitle(id, buyer, REASON);
        vm.assertEq(ledger.partyOf(id, LIEN_HOLDER), _addressOf(bank), "lien");
        _refuses(_transferred(id, buyer, maker), _underLien(id));
    }

    function test_a_lien_is_assigned_by_its_holder_and_nobody_else() public {
        _pledge();
        _refuses(_offered(id, maker, LIEN_HOLDER, carrier), _notEntitled(id, maker));
        _append(_offered(id, bank, LIEN_HOLDER, carrier));
        _refuses(_transferred(id, maker, buyer), _underLien(id));
        _append(_accepted(id, carrier, LIEN_HOLDER));
        _refuses(_released(id, bank, LIEN_HOLDER), _notEntitled(id, bank));
        _refuses(_released(id, maker, LIEN_HOLDER), _notEntitled(id, maker));
        _append(_released(id, carrier, LIEN_HOLDER));
        _append(_transferred(id, maker, buyer));
    }

    function test_a_lien_leaves_all_but_title_alone() public {
        _pledge();
        _append(_observed(id, maker));
        _append(_offered(id, maker, CUSTODIAN, carrier));
        _append(_accepted(id, carrier, CUSTODIAN));
        _refuses(_observed(id, bank), _notEntitled(id, bank));
        _refuses(_revised(id, bank), _notEntitled(id, bank));
    }

    function test_a_lien_of_a_suspended_bank_still_holds() public {
        _pledge();
        ledger.suspend(bank, REASON);
        _refuses(_transferred(id, maker, buyer), _underLien(id));
        _refuses(_released(id, bank, LIEN_HOLDER), _suspended(bank));
    }

    function _pledge() private {
        _append(_offered(id, maker, LIEN_HOLDER, bank));
        _append(_accepted(id, bank, LIEN_HOLDER));
    }

    function _passTitle(Way way) private {
        if (way == Way.TRANSFERRED) {
            _append(_transferred(id, maker, buyer));
        } else if (way == Way.BY_TOKEN) {
            vm.prank(makerAccount);
            ledger.transferFrom(_addressOf(maker), _addressOf(buyer), uint256(id));
        } else if (way == Way.ACCEPTED) {
            _append(_offered(id, maker, OWNER, buyer));
            _append(_accepted(id, buyer, OWNER));
        } else {
            ledger.forceTitle(id, buyer, REASON);
        }
        vm.assertEq(ledger.ownerOf(uint256(id)), _addressOf(buyer), "passed");
    }
}
