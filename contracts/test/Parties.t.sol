// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";

import {PartyRoles} from "../src/types/PartyRoles.sol";
import {Base} from "./Base.sol";

/// @title Owner, custodian, operator, lien-holder: offers, acceptance, release.
contract PartiesTest is Base {
    uint8 private constant OWNER = PartyRoles.OWNER;
    uint8 private constant CUSTODIAN = PartyRoles.CUSTODIAN;
    uint8 private constant OPERATOR = PartyRoles.OPERATOR;
    uint8 private constant LIEN_HOLDER = PartyRoles.LIEN_HOLDER;
    uint8 private constant PARTIES = 4;

    bytes32 internal carrier;
    bytes32 internal bank;
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        carrier = _enrol("did:web:carrier.example", address(0xCA441E4));
        bank = _enrol("did:web:bank.example", address(0xBA4C));
        id = _asset(DOCUMENT);
    }

    function test_an_owner_is_party_from_birth_and_others_nobody() public {
        vm.assertEq(ledger.partyOf(id, OWNER), _addressOf(maker), "owner");
        for (uint8 party = CUSTODIAN; party < 10; ++party) {
            vm.assertEq(ledger.partyOf(id, party), address(0), "nobody");
        }
        vm.assertEq(ledger.partyOf(REASON, OWNER), address(0), "of nothing");
        bytes32 schema = _append(_schemaPublished(maker, DOCUMENT, 0));
        bytes32 batch = _append(_batchRegistered(maker, maker, 2));
        vm.assertEq(ledger.partyOf(schema, OWNER), address(0), "of what is no asset");
        vm.assertEq(ledger.partyOf(batch, OWNER), address(0), "of many");
        _isOfferedTo(REASON, OWNER, 0, 0);
    }

    function test_what_is_offered_is_another_s_when_it_accepts_and_no_earlier() public {
        for (uint8 party; party < PARTIES; ++party) {
            uint256 before = vm.snapshotState();
            address holder = ledger.partyOf(id, party);
            _append(_offered(id, maker, party, buyer));
            vm.assertEq(ledger.partyOf(id, party), holder, "offered");
            _isOfferedTo(id, party, buyer, 0);
            _append(_accepted(id, buyer, party));
            vm.assertEq(ledger.partyOf(id, party), _addressOf(buyer), "accepted");
            _isOfferedTo(id, party, 0, 0);
            _refuses(_accepted(id, buyer, party), _notOffered(id, party, buyer));
            vm.revertToState(before);
        }
    }

    function test_the_four_parties_are_offered_apart() public {
        bytes32[4] memory to = [buyer, carrier, bank, buyer];
        for (uint8 party; party < PARTIES; ++party) {
            _append(_offered(id, maker, party, to[party], uint64(block.timestamp + party)));
        }
        for (uint8 party; party < PARTIES; ++party) {
            _isOfferedTo(id, party, to[party], uint64(block.timestamp + party));
        }
        _append(_withdrawn(id, maker, OPERATOR));
        _append(_accepted(id, carrier, CUSTODIAN));
        _isOfferedTo(id, OWNER, buyer, uint64(block.timestamp));
        _isOfferedTo(id, LIEN_HOLDER, buyer, uint64(block.timestamp + LIEN_HOLDER));
        _refuses(_accepted(id, carrier, OPERATOR), _notOffered(id, OPERATOR, carrier));
    }

    function test_accepting_title_moves_the_token() public {
        _append(_offered(id, maker, OWNER, buyer));
        vm.expectEmit(address(ledger));
        emit IERC721.Transfer(_addressOf(maker), _addressOf(buyer), uint256(id));
        _append(_accepted(id, buyer, OWNER));
        vm.assertEq(ledger.ownerOf(uint256(id)), _addressOf(buyer), "owner");
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 0, "maker's balance");
        vm.assertEq(ledger.balanceOf(_addressOf(buyer)), 1, "buyer's balance");
    }

    function test_only_whom_it_is_offered_to_accepts() public {
        for (uint8 party; party < PARTIES; ++party) {
            _append(_offered(id, maker, party, buyer));
            _refuses(_accepted(id, carrier, party), _notOffered(id, party, carrier));
            _refuses(_accepted(id, maker, party), _notOffered(id, party, maker));
            if (party != LIEN_HOLDER) {
                _refuses(_accepted(id, buyer, party + 1), _notOffered(id, party + 1, buyer));
            }
        }
    }

    function test_only_its_holder_offers_and_withdraws() public {
        _append(_offered(id, maker, CUSTODIAN, carrier));
        _append(_accepted(id, carrier, CUSTODIAN));
        for (uint8 party; party < PARTIES; ++party) {
            (bytes32 holder, bytes32 other) =
                party == CUSTODIAN ? (carrier, maker) : (maker, carrier);
            _append(_offered(id, holder, party, buyer));
            _refuses(_offered(id, other, party, buyer), _notEntitled(id, other));
            _refuses(_offered(id, buyer, party, bank), _notEntitled(id, buyer));
            _refuses(_withdrawn(id, other, party), _notEntitled(id, other));
            _refuses(_withdrawn(id, buyer, party), _notEntitled(id, buyer));
            _append(_withdrawn(id, holder, party));
        }
    }

    function test_a_new_offer_takes_the_open_one_s_place() public {
        uint64 expires = uint64(block.timestamp + 5);
        for (uint8 party; party < PARTIES; ++party) {
            _append(_offered(id, maker, party, buyer));
            _append(_offered(id, maker, party, carrier, expires));
            _isOfferedTo(id, party, carrier, expires);
            _refuses(_accepted(id, buyer, party), _notOffered(id, party, buyer));
            _takes(_accepted(id, carrier, party));
        }
    }

    function test_an_offer_withdrawn_is_none() public {
        for (uint8 party; party < PARTIES; ++party) {
            _refuses(_withdrawn(id, maker, party), _notOffered(id, party, maker));
            _append(_offered(id, maker, party, buyer));
            _append(_withdrawn(id, maker, party));
            _isOfferedTo(id, party, 0, 0);
            _refuses(_accepted(id, buyer, party), _notOffered(id, party, buyer));
            _refuses(_withdrawn(id, maker, party), _notOffered(id, party, maker));
        }
    }

    function test_an_offer_is_good_to_its_last_second() public {
        uint64 expires = uint64(block.timestamp + 1 days);
        for (uint8 party; party < PARTIES; ++party) {
            _append(_offered(id, maker, party, buyer, expires));
        }
        vm.warp(expires);
        for (uint8 party; party < PARTIES; ++party) {
            _isOfferedTo(id, party, buyer, expires);
            _takes(_accepted(id, buyer, party));
        }
        vm.warp(expires + 1);
        for (uint8 party; party < PARTIES; ++party) {
            _isOfferedTo(id, party, 0, 0);
            _refuses(_accepted(id, buyer, party), _lapsed(id, expires));
            _takes(_withdrawn(id, maker, party));
            _append(_offered(id, maker, party, buyer));
            _takes(_accepted(id, buyer, party));
        }
    }

    function testFuzz_an_offer_is_open_while_it_is_good(uint32 good, uint32 later) public {
        uint64 expires = uint64(block.timestamp) + good;
        _append(_offered(id, maker, OPERATOR, buyer, expires));
        vm.warp(block.timestamp + later);
        if (later <= good) {
            _isOfferedTo(id, OPERATOR, buyer, expires);
            _takes(_accepted(id, buyer, OPERATOR));
        } else {
            _isOfferedTo(id, OPERATOR, 0, 0);
            _refuses(_accepted(id, buyer, OPERATOR), _lapsed(id, expires));
        }
    }

    function test_nothing_is_offered_to_who_has_it() public {
        for (uint8 party; party < PARTIES; ++party) {
            // Where nobody is a party, the owner has it.
            _refuses(_offered(id, maker, party, maker), _unchanged(id));
        }
        _append(_offered(id, maker, CUSTODIAN, carrier));
        _append(_accepted(id, carrier, CUSTODIAN));
        _refuses(_offered(id, carrier, CUSTODIAN, carrier), _unchanged(id));
    }

    function test_nothing_is_offered_to_nobody_or_to_the_suspended() public {
        bytes32[4] memory none = [bytes32(0), REASON, id, ledger.founding()];
        ledger.suspend(carrier, REASON);
        for (uint8 party; party < PARTIES; ++party) {
            for (uint256 i; i < none.length; ++i) {
                _refuses(_offered(id, maker, party, none[i]), _unknownOrganisation(none[i]));
            }
            _refuses(_offered(id, maker, party, carrier), _suspended(carrier));
        }
    }

    function test_whoever_was_suspended_since_accepts_when_reinstated() public {
        _append(_offered(id, maker, OWNER, buyer));
        ledger.suspend(buyer, REASON);
        _refuses(_accepted(id, buyer, OWNER), _suspended(buyer));
        ledger.reinstate(buyer, REASON);
        _append(_accepted(id, buyer, OWNER));
    }

    function test_what_the_suspended_offered_nobody_accepts_until_they_are_reinstated() public {
        _append(_offered(id, maker, CUSTODIAN, carrier));
        _append(_accepted(id, carrier, CUSTODIAN));
        for (uint8 party; party < PARTIES; ++party) {
            bytes32 holder = party == CUSTODIAN ? carrier : maker;
            _append(_offered(id, holder, party, buyer));
            ledger.suspend(holder, REASON);
            _refuses(_accepted(id, buyer, party), _suspended(holder));
            ledger.reinstate(holder, REASON);
            _takes(_accepted(id, buyer, party));
        }
    }

    function test_a_party_hands_on_to_the_next_and_is_it_no_more() public {
        for (uint8 party = CUSTODIAN; party < PARTIES; ++party) {
            _append(_offered(id, maker, party, carrier));
            _append(_accepted(id, carrier, party));
            _append(_offered(id, carrier, party, bank));
            _append(_accepted(id, bank, party));
            vm.assertEq(ledger.partyOf(id, party), _addressOf(bank), "handed on");
            _refuses(_offered(id, carrier, party, buyer), _notEntitled(id, carrier));
            _refuses(_released(id, carrier, party), _notEntitled(id, carrier));
        }
        _refuses(_observed(id, carrier), _notEntitled(id, carrier));
        _append(_observed(id, bank));
    }

    function test_an_owner_takes_nothing_back() public {
        for (uint8 party = CUSTODIAN; party < PARTIES; ++party) {
            _append(_offered(id, maker, party, carrier));
            _append(_accepted(id, carrier, party));
            _refuses(_offered(id, maker, party, maker), _notEntitled(id, maker));
            _refuses(_offered(id, maker, party, bank), _notEntitled(id, maker));
            _refuses(_released(id, maker, party), _notEntitled(id, maker));
            _refuses(_withdrawn(id, maker, party), _notEntitled(id, maker));
            // It is given back: by an offer to the owner, or by release.
            _append(_offered(id, carrier, party, maker));
            _append(_accepted(id, maker, party));
            vm.assertEq(ledger.partyOf(id, party), _addressOf(maker), "given back");
        }
    }

    function test_who_releases_is_party_no_more_and_the_owner_offers_again() public {
        for (uint8 party = CUSTODIAN; party < PARTIES; ++party) {
            _refuses(_released(id, maker, party), _notEntitled(id, maker));
            _append(_offered(id, maker, party, carrier));
            _append(_accepted(id, carrier, party));
            _append(_offered(id, carrier, party, bank));
            _append(_released(id, carrier, party));
            vm.assertEq(ledger.partyOf(id, party), address(0), "nobody");
            _isOfferedTo(id, party, 0, 0);
            _refuses(_accepted(id, bank, party), _notOffered(id, party, bank));
            _refuses(_released(id, carrier, party), _notEntitled(id, carrier));
            _refuses(_offered(id, carrier, party, bank), _notEntitled(id, carrier));
            _append(_offered(id, maker, party, bank));
            _append(_accepted(id, bank, party));
        }
    }

    function test_title_is_not_released() public {
        _refuses(_released(id, maker, OWNER), _badPayload(42));
    }

    /// @dev A party's own open offer ends nothing: it stays the party until the other accepts.
    function test_a_party_offering_stays_party() public {
        _append(_offered(id, maker, OPERATOR, carrier));
        _append(_accepted(id, carrier, OPERATOR));
        _append(_offered(id, carrier, OPERATOR, bank));
        _append(_revised(id, carrier));
        _refuses(_revised(id, bank), _notEntitled(id, bank));
        _append(_withdrawn(id, carrier, OPERATOR));
        _append(_revised(id, carrier));
    }

    function test_all_of_it_is_told_by_the_word() public {
        uint256 expected = ledger.word(id);
        for (uint8 party; party < PARTIES; ++party) {
            _append(_offered(id, maker, party, buyer));
            expected = (expected | (1 << (240 + party))) + (1 << 196);
            vm.assertEq(ledger.word(id), expected, "offered");
        }
        for (uint8 party = CUSTODIAN; party < PARTIES; ++party) {
            _append(_accepted(id, buyer, party));
            expected = ((expected & ~(uint256(1) << (240 + party))) | (1 << (236 + party)));
            expected += 1 << 196;
            vm.assertEq(ledger.word(id), expected, "accepted");
        }
    }

    /// @dev `to` zero: it is open to nobody.
    function _isOfferedTo(bytes32 asset, uint8 party, bytes32 to, uint64 expires) private view {
        (address organisation, uint64 until) = ledger.offerOf(asset, party);
        vm.assertEq(organisation, _addressOf(to), "offered to");
        vm.assertEq(until, expires, "offered until");
    }
}
