// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Listed} from "../src/types/Payloads.sol";
import {Words} from "../src/types/Word.sol";
import {Base} from "./Base.sol";

/// @title Schemas, worlds, and whom worlds admit with what.
contract CatalogueTest is Base {
    bytes32 internal schema;
    bytes32 internal world;
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        schema = _append(_schemaPublished(buyer, DOCUMENT, 0));
        world = _append(_worldOpened(buyer, 0, 0));
        id = _asset(DOCUMENT);
    }

    // -- schemas ---------------------------------------------------------------------------------

    function test_a_schema_is_its_publisher_s() public view {
        uint256 word = ledger.word(schema);
        vm.assertEq(word >> 228, Words.SCHEMA, "class");
        vm.assertEq(address(uint160(word)), _addressOf(buyer), "publisher");
    }

    function test_a_new_version_names_the_old_of_the_same_publisher() public {
        bytes32 next = _append(_schemaPublished(buyer, REASON, schema));
        _append(_schemaPublished(buyer, DOCUMENT, next));
        _refuses(_schemaPublished(maker, REASON, schema), _notOwner(schema, maker));
    }

    function test_what_a_schema_replaces_is_one() public {
        _refuses(_schemaPublished(buyer, REASON, REASON), _unknownSubject(REASON));
        _refuses(
            _schemaPublished(buyer, REASON, world), _wrongClass(world, Words.SCHEMA, Words.WORLD)
        );
    }

    function test_what_was_replaced_is_a_schema_still() public {
        _append(_schemaPublished(buyer, REASON, schema));
        _append(_attested(id, maker, schema, 0));
    }

    // -- worlds ----------------------------------------------------------------------------------

    function test_a_world_tells_whom_it_admits() public {
        vm.assertTrue(ledger.isOpen(world), "open");
        _admits(world, 0, 0);
        _admits(_append(_worldOpened(maker, schema, 0)), schema, 0);
        _admits(_append(_worldOpened(maker, schema, buyer)), schema, buyer);
        _admits(REASON, 0, 0);
    }

    function test_nothing_but_a_world_is_open() public view {
        bytes32[5] memory others = [bytes32(0), REASON, schema, maker, id];
        for (uint256 i; i < others.length; ++i) {
            vm.assertTrue(!ledger.isOpen(others[i]), "no world");
        }
    }

    function test_a_world_s_rule_names_a_schema_and_maybe_an_active_issuer() public {
        _refuses(_worldOpened(maker, 0, buyer), _badPayload(Kinds.WORLD_OPENED));
        _refuses(_worldOpened(maker, REASON, 0), _unknownSubject(REASON));
        _refuses(_worldOpened(maker, id, 0), _wrongClass(id, Words.SCHEMA, Words.ASSET));
        _refuses(_worldOpened(maker, schema, REASON), _unknownOrganisation(REASON));
        ledger.suspend(buyer, REASON);
        _refuses(_worldOpened(maker, schema, buyer), _suspended(buyer));
    }

    function test_a_world_is_closed_by_who_opened_it_and_for_good() public {
        _refuses(_worldClosed(world, maker), _notOwner(world, maker));
        _append(_worldClosed(world, buyer));
        vm.assertTrue(!ledger.isOpen(world), "closed");
        _refuses(_worldClosed(world, buyer), _closedWorld(world));
        vm.assertEq(ledger.word(world) >> 232, 1, "closed bit");
    }

    function test_a_closed_world_takes_no_listings_and_shows_none() public {
        _append(_listed(id, maker, world));
        _append(_worldClosed(world, buyer));
        vm.assertTrue(!ledger.isListed(id, world), "not shown");
        _refuses(_listed(id, maker, world), _closedWorld(world));
        _append(_delisted(id, maker, world));
    }

    // -- listings --------------------------------------------------------------------------------

    function test_an_asset_is_shown_where_it_is_listed_and_nowhere_else() public {
        bytes32 other = _append(_worldOpened(maker, 0, 0));
        vm.assertTrue(!ledger.isListed(id, world), "not yet");
        _append(_listed(id, maker, world));
        vm.assertTrue(ledger.isListed(id, world), "listed");
        vm.assertTrue(!ledger.isListed(id, other), "another world");
        vm.assertTrue(!ledger.isListed(REASON, world), "another asset");
        _append(_listed(id, maker, other));
        _append(_delisted(id, maker, world));
        vm.assertTrue(!ledger.isListed(id, world), "delisted");
        vm.assertTrue(ledger.isListed(id, other), "the other stays");
    }

    function test_a_listing_is_good_to_its_last_second() public {
        uint64 expires = uint64(block.timestamp + 1 days);
        _append(_listed(id, maker, Listed(world, DOCUMENT, DOCUMENT, expires, 0, 0)));
        vm.warp(expires);
        vm.assertTrue(ledger.isListed(id, world), "the last second");
        vm.warp(expires + 1);
        vm.assertTrue(!ledger.isListed(id, world), "expired");
        _takes(_delisted(id, maker, world));
    }

    function test_listing_again_takes_the_former_listing_s_place() public {
        uint64 expires = uint64(block.timestamp + 1 days);
        _append(_listed(id, maker, Listed(world, DOCUMENT, DOCUMENT, expires, 0, 0)));
        _append(_listed(id, maker, Listed(world, REASON, REASON, expires + 5, 0, 0)));
        vm.warp(expires + 5);
        vm.assertTrue(ledger.isListed(id, world), "the second one counts");
        _append(_delisted(id, maker, world));
        _refuses(_delisted(id, maker, world), _notListed(id, world));
    }

    function test_a_listing_counts_while_its_lister_owns_the_asset() public {
        _append(_listed(id, maker, world));
        _append(_transferred(id, maker, buyer));
        vm.assertTrue(!ledger.isListed(id, world), "another's now");
        _refuses(_delisted(id, maker, world), _notOwner(id, maker));
        _append(_delisted(id, buyer, world));
        _refuses(_delisted(id, buyer, world), _notListed(id, world));
        _append(_listed(id, buyer, world));
        vm.assertTrue(ledger.isListed(id, world), "the new owner's");
    }

    function test_a_listing_counts_again_when_title_comes_back() public {
        _append(_listed(id, maker, world));
        _append(_transferred(id, maker, buyer));
        _append(_transferred(id, buyer, maker));
        vm.assertTrue(ledger.isListed(id, world), "the maker's again");
    }

    function test_what_is_retired_or_frozen_is_shown_until_its_owner_takes_it_out() public {
        _append(_listed(id, maker, world));
        ledger.freeze(id, REASON);
        vm.assertTrue(ledger.isListed(id, world), "frozen");
        ledger.unfreeze(id, REASON);
        _retire(id, maker);
        vm.assertTrue(ledger.isListed(id, world), "retired");
        _append(_delisted(id, maker, world));
    }

    function test_what_is_not_listed_is_not_delisted() public {
        _refuses(_delisted(id, maker, world), _notListed(id, world));
        _refuses(_delisted(id, maker, REASON), _notListed(id, REASON));
    }

    function test_an_asset_is_listed_in_a_world() public {
        _refuses(_listed(id, maker, REASON), _unknownSubject(REASON));
        _refuses(_listed(id, maker, 0), _unknownSubject(0));
        _refuses(_listed(id, maker, schema), _wrongClass(schema, Words.WORLD, Words.SCHEMA));
        _refuses(_listed(id, maker, id), _wrongClass(id, Words.WORLD, Words.ASSET));
    }

    function test_a_world_that_admits_all_is_shown_no_credential() public {
        uint64 position = ledger.count(maker);
        _append(_credentialIssued(maker, buyer, schema, 0));
        _refuses(_listing(world, buyer, position), _badPayload(Kinds.LISTED));
        _refuses(_listing(world, buyer, 0), _badPayload(Kinds.LISTED));
        _refuses(_listing(world, 0, position), _badPayload(Kinds.LISTED));
    }

    // -- admission -------------------------------------------------------------------------------

    function test_a_world_admits_by_a_credential_of_its_schema_and_issuer() public {
        bytes32 closed = _append(_worldOpened(buyer, schema, buyer));
        _refuses(_listing(closed, 0, 0), _notAdmitted(closed, maker));
        _refuses(_listing(closed, buyer, 0), _notAdmitted(closed, maker));

        uint64 own = ledger.count(maker);
        _append(_credentialIssued(maker, maker, schema, 0));
        _refuses(_listing(closed, maker, own), _notAdmitted(closed, maker));
        _refuses(_listing(closed, buyer, own), _notAdmitted(closed, maker));

        uint64 position = ledger.count(maker);
        _append(_credentialIssued(maker, buyer, schema, 0));
        _refuses(_listing(closed, buyer, position + 1), _notAdmitted(closed, maker));
        _refuses(_listing(closed, 0, position), _notAdmitted(closed, maker));
        _append(_listing(closed, buyer, position));
        vm.assertTrue(ledger.isListed(id, closed), "admitted");
    }

    function test_a_world_without_an_issuer_admits_by_anybody_s_credential() public {
        bytes32 loose = _append(_worldOpened(buyer, schema, 0));
        _refuses(_listing(loose, 0, 0), _notAdmitted(loose, maker));
        uint64 own = ledger.count(maker);
        _append(_credentialIssued(maker, maker, schema, 0));
        _append(_listing(loose, maker, own));
        vm.assertTrue(ledger.isListed(id, loose), "admitted");
    }

    function test_a_credential_of_another_schema_or_holder_admits_nobody() public {
        bytes32 loose = _append(_worldOpened(buyer, schema, 0));
        bytes32 other = _append(_schemaPublished(buyer, REASON, 0));
        uint64 position = ledger.count(maker);
        _append(_credentialIssued(maker, buyer, other, 0));
        _refuses(_listing(loose, buyer, position), _notAdmitted(loose, maker));

        position = ledger.count(buyer);
        _append(_credentialIssued(buyer, buyer, schema, 0));
        vm.assertTrue(ledger.isInForce(buyer, position, buyer, schema), "the buyer's own");
        _refuses(_listing(loose, buyer, position), _notAdmitted(loose, maker));
    }

    /// @dev Of an asset one may say by the same schema what admits an organisation.
    function test_an_attestation_admits_nobody() public {
        bytes32 loose = _append(_worldOpened(buyer, schema, 0));
        _append(_attested(id, buyer, schema, 0));
        _refuses(_listing(loose, buyer, 1), _notAdmitted(loose, maker));
    }

    function test_what_has_expired_or_was_taken_back_admits_nobody_any_more() public {
        bytes32 loose = _append(_worldOpened(buyer, schema, 0));
        uint64 position = ledger.count(maker);
        uint64 expires = uint64(block.timestamp + 1 days);
        _append(_credentialIssued(maker, buyer, schema, expires));
        _append(_credentialIssued(maker, buyer, schema, 0));
        vm.warp(expires);
        _append(_listing(loose, buyer, position));
        vm.warp(expires + 1);
        _refuses(_listing(loose, buyer, position), _notAdmitted(loose, maker));

        _append(_credentialRevoked(maker, buyer, position + 1, schema));
        _refuses(_listing(loose, buyer, position + 1), _notAdmitted(loose, maker));
    }

    function test_an_asset_is_shown_while_the_credential_that_admitted_it_is_in_force() public {
        bytes32[2] memory worlds =
            [_append(_worldOpened(buyer, schema, 0)), _append(_worldOpened(buyer, schema, buyer))];
        uint64 expires = uint64(block.timestamp + 1 days);
        for (uint256 i; i < worlds.length; ++i) {
            uint256 before = vm.snapshotState();
            uint64 position = ledger.count(maker);
            _append(_credentialIssued(maker, buyer, schema, expires));
            _append(_credentialIssued(maker, buyer, schema, 0));
            _append(_listing(worlds[i], buyer, position));
            vm.warp(expires);
            vm.assertTrue(ledger.isListed(id, worlds[i]), "the last second");
            vm.warp(expires + 1);
            vm.assertTrue(!ledger.isListed(id, worlds[i]), "expired");

            _append(_listing(worlds[i], buyer, position + 1));
            vm.assertTrue(ledger.isListed(id, worlds[i]), "by another");
            _append(_credentialRevoked(maker, buyer, position + 1, schema));
            vm.assertTrue(!ledger.isListed(id, worlds[i]), "taken back");
            _append(_credentialIssued(maker, buyer, schema, 0));
            vm.assertTrue(!ledger.isListed(id, worlds[i]), "a new one has to be shown");
            _append(_delisted(id, maker, worlds[i]));
            vm.revertToState(before);
        }
    }

    function _listing(bytes32 where, bytes32 issuer, uint64 credential)
        private
        view
        returns (Entry memory)
    {
        return _listed(id, maker, Listed(where, DOCUMENT, DOCUMENT, 0, issuer, credential));
    }

    function _admits(bytes32 where, bytes32 schema_, bytes32 issuer) private view {
        (bytes32 asked, bytes32 by) = ledger.admissionOf(where);
        vm.assertEq(asked, schema_, "schema");
        vm.assertEq(by, issuer, "issuer");
    }
}
