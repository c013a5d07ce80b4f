// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";

import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {PartyRoles} from "../src/types/PartyRoles.sol";
import {Registered} from "../src/types/Payloads.sol";
import {Stages} from "../src/types/Stages.sol";
import {Words} from "../src/types/Word.sol";
import {Base} from "./Base.sol";

/// @title Assets: births, what is told of them, and the stages of their lives.
contract AssetsTest is Base {
    function test_a_birth_is_a_mint_to_its_owner() public {
        Entry memory birth = _registered(maker, buyer, DOCUMENT);
        vm.expectEmit(address(ledger));
        emit IERC721.Transfer(address(0), _addressOf(buyer), uint256(birth.subject));
        _append(birth);
        vm.assertEq(ledger.ownerOf(uint256(birth.subject)), _addressOf(buyer), "owner");
        vm.assertEq(ledger.balanceOf(_addressOf(buyer)), 1, "balance");
    }

    function test_any_active_organisation_registers() public {
        _append(_registered(buyer, maker, DOCUMENT));
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 1, "balance");
    }

    function test_the_same_document_of_two_organisations_is_two_assets() public {
        _append(_registered(maker, maker, DOCUMENT));
        _append(_registered(buyer, maker, DOCUMENT));
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 2, "balance");
    }

    function test_refuses_a_birth_for_nobody() public {
        bytes32 id = _asset(DOCUMENT);
        bytes32[4] memory none = [bytes32(0), REASON, id, ledger.founding()];
        for (uint256 i; i < none.length; ++i) {
            _refuses(_registered(maker, none[i], DOCUMENT), _unknownOrganisation(none[i]));
        }
    }

    function test_refuses_a_birth_for_a_suspended_organisation() public {
        ledger.suspend(buyer, REASON);
        _refuses(_registered(maker, buyer, DOCUMENT), _suspended(buyer));
    }

    function test_takes_a_schema_that_is_one() public {
        bytes32 schema = _append(_schemaPublished(buyer, DOCUMENT, 0));
        _append(_shaped(schema));
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 1, "registered");
    }

    function test_refuses_a_schema_that_is_none() public {
        _refuses(_shaped(REASON), _unknownSubject(REASON));
        _refuses(_shaped(buyer), _wrongClass(buyer, Words.SCHEMA, Words.ORGANISATION));
        bytes32 id = _asset(DOCUMENT);
        _refuses(_shaped(id), _wrongClass(id, Words.SCHEMA, Words.ASSET));
    }

    function test_a_revision_is_news_for_those_who_show_metadata() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory revision = _revised(id, maker);
        vm.expectEmit(address(ledger));
        emit IERC4906.MetadataUpdate(uint256(id));
        _append(revision);
    }

    function test_who_registers_for_another_says_nothing_more() public {
        bytes32 id = _append(_registered(maker, buyer, DOCUMENT));
        _refuses(_observed(id, maker), _notEntitled(id, maker));
        _append(_observed(id, buyer));
    }

    function test_a_former_owner_says_nothing_and_the_new_one_does() public {
        bytes32 id = _asset(DOCUMENT);
        _append(_transferred(id, maker, buyer));
        _refuses(_observed(id, maker), _notEntitled(id, maker));
        _refuses(_staged(id, maker, Stages.COMMISSIONED), _notOwner(id, maker));
        _append(_observed(id, buyer));
        vm.assertEq(ledger.count(id), 3, "count");
    }

    function test_any_earlier_entry_is_corrected_and_none_is_edited() public {
        bytes32 id = _asset(DOCUMENT);
        for (uint64 position = 1; position < 5; ++position) {
            for (uint64 corrects; corrects < position; ++corrects) {
                _takes(_corrected(id, maker, corrects));
            }
            _append(_corrected(id, maker, position - 1));
        }
        vm.assertEq(ledger.count(id), 5, "count");
    }

    function testFuzz_refuses_to_correct_what_is_to_come(uint64 corrects) public {
        vm.assume(corrects > 1);
        bytes32 id = _asset(DOCUMENT);
        _append(_observed(id, maker));
        _refuses(_corrected(id, maker, 2), _notEarlier(2, 2));
        _refuses(_corrected(id, maker, corrects), _notEarlier(corrects, 2));
    }

    function test_a_life_goes_from_stage_to_stage_as_drawn() public {
        // Each stage, and a bit for each that may follow it.
        uint256[6] memory followers =
            [uint256(2), 1 << 2, (1 << 3) | (1 << 4), (1 << 2) | (1 << 4), 1 << 5, 0];
        for (uint8 stage; stage < Stages.RETIRED; ++stage) {
            bytes32 id = _asset(bytes32(uint256(stage)));
            _leadTo(id, stage);
            vm.assertEq(ledger.word(id) >> 234 & 7, stage, "stage");
            for (uint8 next; next < 64; ++next) {
                if (followers[stage] >> next & 1 == 1) _takes(_staged(id, maker, next));
                else _refuses(_staged(id, maker, next), _wrongStage(id, stage, next));
            }
            _refuses(_staged(id, maker, 255), _wrongStage(id, stage, 255));
        }
    }

    function test_from_retired_nothing_leads_on() public {
        bytes32 id = _asset(DOCUMENT);
        _retire(id, maker);
        for (uint8 next; next <= Stages.RETIRED; ++next) {
            _refuses(_staged(id, maker, next), _assetRetired(id));
        }
    }

    function test_maintenance_may_come_again_and_again() public {
        bytes32 id = _asset(DOCUMENT);
        _leadTo(id, Stages.IN_SERVICE);
        for (uint256 i; i < 3; ++i) {
            _append(_staged(id, maker, Stages.MAINTENANCE));
            _append(_staged(id, maker, Stages.IN_SERVICE));
        }
        vm.assertEq(ledger.word(id) >> 234 & 7, Stages.IN_SERVICE, "stage");
    }

    function test_a_retired_asset_keeps_its_parties_until_they_let_go() public {
        bytes32 id = _asset(DOCUMENT);
        _append(_offered(id, maker, PartyRoles.CUSTODIAN, buyer));
        _append(_accepted(id, buyer, PartyRoles.CUSTODIAN));
        _retire(id, maker);
        _append(_corrected(id, buyer, 1));
        _append(_corrected(id, maker, 0));
        vm.assertEq(ledger.partyOf(id, PartyRoles.CUSTODIAN), _addressOf(buyer), "custodian");
        bytes memory refusal = _assetRetired(id);
        _refuses(_offered(id, buyer, PartyRoles.CUSTODIAN, maker), refusal);
        _append(_released(id, buyer, PartyRoles.CUSTODIAN));
        vm.assertEq(ledger.partyOf(id, PartyRoles.CUSTODIAN), address(0), "nobody");
    }

    function _shaped(bytes32 schema) private view returns (Entry memory) {
        bytes memory payload = abi.encode(Registered(maker, schema, DOCUMENT, 0));
        return _birth(Kinds.REGISTERED, maker, payload);
    }

    /// @dev Each stage may follow the one whose number comes before its own.
    function _leadTo(bytes32 id, uint8 stage) private {
        for (uint8 next = Stages.COMMISSIONED; next <= stage; ++next) {
            _append(_staged(id, maker, next));
        }
    }
}
