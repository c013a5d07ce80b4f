// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";

import {IJournal} from "../src/interfaces/IJournal.sol";
import {IRefusals} from "../src/interfaces/IRefusals.sol";
import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Registered} from "../src/types/Payloads.sol";
import {Base} from "./Base.sol";

/// @title Assets: births, what their owners say of them, freezing.
contract AssetsTest is Base {
    function test_a_birth_is_a_mint_to_its_owner() public {
        Entry memory birth = _registered(maker, buyer, DOCUMENT);
        vm.expectEmit(address(ledger));
        emit IERC721.Transfer(address(0), _addressOf(buyer), uint256(birth.subject));
        _append(makerAccount, birth);
        vm.assertEq(ledger.ownerOf(uint256(birth.subject)), _addressOf(buyer), "owner");
        vm.assertEq(ledger.balanceOf(_addressOf(buyer)), 1, "balance");
    }

    function test_any_active_organisation_registers() public {
        _append(buyerAccount, _registered(buyer, maker, DOCUMENT));
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 1, "balance");
    }

    function test_the_same_document_of_two_organisations_is_two_assets() public {
        _append(makerAccount, _registered(maker, maker, DOCUMENT));
        _append(buyerAccount, _registered(buyer, maker, DOCUMENT));
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 2, "balance");
    }

    function test_the_owner_revises_observes_and_corrects() public {
        bytes32 id = _asset(DOCUMENT);
        _append(makerAccount, _observed(id, maker));
        _append(makerAccount, _corrected(id, maker, 1));
        Entry memory revision = _revised(id, maker);
        vm.expectEmit(address(ledger));
        emit IERC4906.MetadataUpdate(uint256(id));
        _append(makerAccount, revision);
        vm.assertEq(ledger.count(id), 4, "count");
    }

    function test_the_registrar_without_title_says_nothing() public {
        Entry memory birth = _registered(maker, buyer, DOCUMENT);
        _append(makerAccount, birth);
        _refusesAll(makerAccount, birth.subject, maker, _notOwner(birth.subject, maker));
    }

    function test_others_say_nothing() public {
        bytes32 id = _asset(DOCUMENT);
        _refusesAll(buyerAccount, id, buyer, _notOwner(id, buyer));
        _refusesAll(stranger, id, maker, _notAnAccount(maker, stranger));
    }

    function test_a_former_owner_says_nothing_and_the_new_one_does() public {
        bytes32 id = _asset(DOCUMENT);
        _append(makerAccount, _transferred(id, maker, buyer));
        _refusesAll(makerAccount, id, maker, _notOwner(id, maker));
        _append(buyerAccount, _observed(id, buyer));
        vm.assertEq(ledger.count(id), 3, "count");
    }

    function test_a_suspended_owner_says_nothing() public {
        bytes32 id = _asset(DOCUMENT);
        ledger.suspend(maker, REASON);
        _refusesAll(makerAccount, id, maker, _suspended(maker));
    }

    function test_nobody_says_of_an_organisation_what_is_said_of_assets() public {
        _refusesAll(makerAccount, maker, maker, _wrongClass(maker, 1, 5));
    }

    function test_refuses_a_birth_for_nobody() public {
        _refuses(makerAccount, _registered(maker, 0, DOCUMENT), _unknownOrganisation(0));
        _refuses(makerAccount, _registered(maker, REASON, DOCUMENT), _unknownOrganisation(REASON));
        bytes32 id = _asset(DOCUMENT);
        _refuses(makerAccount, _registered(maker, id, DOCUMENT), _unknownOrganisation(id));
    }

    function test_refuses_a_schema_that_is_none() public {
        Entry memory birth = _birth(maker, abi.encode(Registered(maker, REASON, DOCUMENT, 1)));
        _refuses(makerAccount, birth, _unknownSubject(REASON));
        birth = _birth(maker, abi.encode(Registered(maker, buyer, DOCUMENT, 1)));
        _refuses(makerAccount, birth, _wrongClass(buyer, 3, 5));
    }

    function test_accepts_a_schema() public {
        bytes32 schema = keccak256("schema");
        vm.store(
            address(ledger), keccak256(abi.encode(schema, uint256(0))), bytes32(uint256(3) << 232)
        );
        _append(makerAccount, _birth(maker, abi.encode(Registered(maker, schema, DOCUMENT, 0))));
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 1, "registered");
    }

    function test_refuses_a_correction_of_itself_or_of_what_is_to_come() public {
        bytes32 id = _asset(DOCUMENT);
        for (uint64 corrects = 1; corrects < 3; ++corrects) {
            bytes memory refusal =
                abi.encodeWithSelector(IRefusals.NotEarlier.selector, 0, corrects, 1);
            _refuses(makerAccount, _corrected(id, maker, corrects), refusal);
        }
    }

    function test_refuses_births_that_are_not_canonical() public {
        bytes[5] memory bad = [
            bytes(""),
            abi.encode(maker, bytes32(0), DOCUMENT),
            abi.encode(maker, bytes32(0), DOCUMENT, uint256(1), uint256(0)),
            abi.encode(maker, bytes32(0), DOCUMENT, uint256(4)),
            abi.encode(maker, bytes32(0), DOCUMENT, uint256(257))
        ];
        for (uint256 i; i < bad.length; ++i) {
            _refuses(makerAccount, _birth(maker, bad[i]), _badPayload(Kinds.REGISTERED));
        }
    }

    function test_refuses_later_payloads_that_are_not_canonical() public {
        bytes32 id = _asset(DOCUMENT);
        uint16[3] memory single = [Kinds.REVISED, Kinds.OBSERVED, Kinds.TRANSFERRED];
        for (uint256 i; i < single.length; ++i) {
            Entry memory entry = _entry(id, maker, single[i], abi.encodePacked(DOCUMENT, "x"));
            _refuses(makerAccount, entry, _badPayload(single[i]));
            entry.payload = "";
            _refuses(makerAccount, entry, _badPayload(single[i]));
        }
        Entry memory correction =
            _entry(id, maker, Kinds.CORRECTED, abi.encode(uint256(1) << 64, DOCUMENT));
        _refuses(makerAccount, correction, _badPayload(Kinds.CORRECTED));
        correction.payload = abi.encode(uint256(0));
        _refuses(makerAccount, correction, _badPayload(Kinds.CORRECTED));
    }

    function test_a_frozen_asset_refuses_all_until_unfrozen() public {
        bytes32 id = _asset(DOCUMENT);
        vm.expectEmit(address(ledger));
        emit IJournal.Appended(id, 0, Kinds.FROZEN, 1, address(this), abi.encode(REASON));
        ledger.freeze(id, REASON);
        _refusesAll(makerAccount, id, maker, _assetFrozen(id));

        ledger.unfreeze(id, REASON);
        _append(makerAccount, _transferred(id, maker, buyer));
        vm.assertEq(ledger.count(id), 4, "count");
    }

    function test_freezing_is_governance_only_and_changes_something() public {
        bytes32 id = _asset(DOCUMENT);
        bytes memory refusal =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, makerAccount);
        vm.expectRevert(refusal);
        vm.prank(makerAccount);
        ledger.freeze(id, REASON);
        vm.expectRevert(refusal);
        vm.prank(makerAccount);
        ledger.unfreeze(id, REASON);

        vm.expectRevert(_unchanged(id));
        ledger.unfreeze(id, REASON);
        ledger.freeze(id, REASON);
        vm.expectRevert(_unchanged(id));
        ledger.freeze(id, REASON);
    }

    function test_only_assets_are_frozen_and_not_by_their_owners() public {
        vm.expectRevert(_wrongClass(maker, 1, 5));
        ledger.freeze(maker, REASON);
        vm.expectRevert(_unknownSubject(REASON));
        ledger.freeze(REASON, REASON);

        bytes32 id = _asset(DOCUMENT);
        uint16[2] memory kinds = [Kinds.FROZEN, Kinds.UNFROZEN];
        for (uint256 i; i < kinds.length; ++i) {
            Entry memory entry = _entry(id, maker, kinds[i], abi.encode(REASON));
            _refuses(makerAccount, entry, _governanceOnly(kinds[i]));
        }
    }

    /// @dev Every kind that an owner may write is refused for the same reason.
    function _refusesAll(address actor, bytes32 id, bytes32 org, bytes memory refusal) private {
        _refuses(actor, _observed(id, org), refusal);
        _refuses(actor, _revised(id, org), refusal);
        _refuses(actor, _corrected(id, org, 0), refusal);
        _refuses(actor, _transferred(id, org, buyer), refusal);
    }
}
