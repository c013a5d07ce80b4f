// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Words} from "../src/types/Word.sol";
import {Base} from "./Base.sol";

/// @title Attestations and credentials: in force until they expire or are taken back.
contract AttestationsTest is Base {
    bytes32 internal schema;
    bytes32 internal other;
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        schema = _append(_schemaPublished(maker, DOCUMENT, 0));
        other = _append(_schemaPublished(maker, REASON, 0));
        id = _asset(DOCUMENT);
    }

    function test_an_attestation_is_in_force_as_it_says_and_no_other() public {
        vm.assertTrue(!ledger.isInForce(id, 1, buyer, schema), "not yet");
        _append(_attested(id, buyer, schema, 0));
        vm.assertTrue(ledger.isInForce(id, 1, buyer, schema), "in force");
        vm.assertTrue(!ledger.isInForce(id, 0, buyer, schema), "another position");
        vm.assertTrue(!ledger.isInForce(id, 1, maker, schema), "another issuer");
        vm.assertTrue(!ledger.isInForce(id, 1, buyer, other), "another schema");
        vm.assertTrue(!ledger.isInForce(buyer, 1, buyer, schema), "another subject");
        vm.assertTrue(!ledger.isInForce(id, 1, 0, 0), "nobody's");
    }

    function test_a_credential_is_in_force_as_it_says() public {
        uint64 position = ledger.count(maker);
        _append(_credentialIssued(maker, buyer, schema, 0));
        vm.assertTrue(ledger.isInForce(maker, position, buyer, schema), "in force");
        vm.assertTrue(!ledger.isInForce(maker, position, maker, schema), "another issuer");
        vm.assertTrue(!ledger.isInForce(maker, position, buyer, other), "another schema");
    }

    function testFuzz_both_are_in_force_to_their_last_second(uint32 good, uint32 later) public {
        uint64 expires = uint64(block.timestamp) + good;
        uint64 position = ledger.count(maker);
        _append(_attested(id, buyer, schema, expires));
        _append(_credentialIssued(maker, buyer, schema, expires));
        vm.warp(block.timestamp + later);
        vm.assertTrue(ledger.isInForce(id, 1, buyer, schema) == (later <= good), "asset's");
        vm.assertTrue(
            ledger.isInForce(maker, position, buyer, schema) == (later <= good), "organisation's"
        );
    }

    function test_what_never_expires_is_always_in_force() public {
        _append(_attested(id, buyer, schema, 0));
        vm.warp(2 ** 36 - 1);
        vm.assertTrue(ledger.isInForce(id, 1, buyer, schema), "in force");
    }

    function test_what_is_taken_back_is_in_force_no_more() public {
        _append(_attested(id, buyer, schema, 0));
        _append(_attested(id, buyer, schema, 0));
        _append(_attestationRevoked(id, buyer, 1, schema));
        vm.assertTrue(!ledger.isInForce(id, 1, buyer, schema), "taken back");
        vm.assertTrue(ledger.isInForce(id, 2, buyer, schema), "the other one stays");
        _refuses(_attestationRevoked(id, buyer, 1, schema), _notInForce(id, 1));

        uint64 position = ledger.count(maker);
        _append(_credentialIssued(maker, buyer, schema, 0));
        _append(_credentialRevoked(maker, buyer, position, schema));
        vm.assertTrue(!ledger.isInForce(maker, position, buyer, schema), "taken back");
        _refuses(_credentialRevoked(maker, buyer, position, schema), _notInForce(maker, position));
    }

    function test_its_issuer_alone_takes_it_back_by_its_own_schema() public {
        _append(_attested(id, buyer, schema, 0));
        _refuses(_attestationRevoked(id, maker, 1, schema), _notInForce(id, 1));
        _refuses(_attestationRevoked(id, buyer, 1, other), _notInForce(id, 1));
        _refuses(_attestationRevoked(id, buyer, 0, schema), _notInForce(id, 0));
        _refuses(_attestationRevoked(id, buyer, 2, schema), _notInForce(id, 2));
        _refuses(_attestationRevoked(id, buyer, 99, schema), _notInForce(id, 99));

        uint64 position = ledger.count(maker);
        _append(_credentialIssued(maker, buyer, schema, 0));
        // Not even by whom it is about.
        _refuses(_credentialRevoked(maker, maker, position, schema), _notInForce(maker, position));
        _refuses(_credentialRevoked(maker, buyer, position, other), _notInForce(maker, position));
        _refuses(_credentialRevoked(maker, buyer, 0, schema), _notInForce(maker, 0));
    }

    function test_what_has_expired_is_taken_back_all_the_same() public {
        uint64 expires = uint64(block.timestamp);
        uint64 position = ledger.count(maker);
        _append(_attested(id, buyer, schema, expires));
        _append(_credentialIssued(maker, buyer, schema, expires));
        vm.warp(expires + 1);
        _append(_attestationRevoked(id, buyer, 1, schema));
        _append(_credentialRevoked(maker, buyer, position, schema));
    }

    function test_both_need_a_published_schema() public {
        bytes32[4] memory none = [bytes32(0), REASON, id, maker];
        for (uint256 i; i < none.length; ++i) {
            uint8 class = i == 2 ? Words.ASSET : Words.ORGANISATION;
            bytes memory refusal =
                i < 2 ? _unknownSubject(none[i]) : _wrongClass(none[i], Words.SCHEMA, class);
            _refuses(_attested(id, buyer, none[i], 0), refusal);
            _refuses(_credentialIssued(maker, buyer, none[i], 0), refusal);
        }
    }

    function test_an_organisation_may_speak_of_itself_and_its_own() public {
        uint64 position = ledger.count(maker);
        _append(_attested(id, maker, schema, 0));
        _append(_credentialIssued(maker, maker, schema, 0));
        vm.assertTrue(ledger.isInForce(id, 1, maker, schema), "asset's");
        vm.assertTrue(ledger.isInForce(maker, position, maker, schema), "organisation's");
    }

    function test_no_credential_is_issued_to_the_suspended_but_theirs_are_taken_back() public {
        uint64 position = ledger.count(maker);
        _append(_credentialIssued(maker, buyer, schema, 0));
        ledger.suspend(maker, REASON);
        _refuses(_credentialIssued(maker, buyer, schema, 0), _suspended(maker));
        _append(_credentialRevoked(maker, buyer, position, schema));
    }

    function test_what_the_suspended_said_before_stays_in_force() public {
        uint64 position = ledger.count(maker);
        _append(_attested(id, buyer, schema, 0));
        _append(_credentialIssued(maker, buyer, schema, 0));
        ledger.suspend(buyer, REASON);
        vm.assertTrue(ledger.isInForce(id, 1, buyer, schema), "asset's");
        vm.assertTrue(ledger.isInForce(maker, position, buyer, schema), "organisation's");
    }

    function test_a_credential_is_no_attestation_and_the_other_way_round() public {
        uint64 position = ledger.count(maker);
        _append(_credentialIssued(maker, buyer, schema, 0));
        _refuses(
            _attestationRevoked(maker, buyer, position, schema),
            _wrongClass(maker, Words.ASSET, Words.ORGANISATION)
        );
        _append(_attested(id, buyer, schema, 0));
        _refuses(
            _credentialRevoked(id, buyer, 1, schema),
            _wrongClass(id, Words.ORGANISATION, Words.ASSET)
        );
    }

    function test_an_attestation_stays_with_the_asset_whoever_owns_it() public {
        _append(_attested(id, buyer, schema, 0));
        _append(_transferred(id, maker, buyer));
        _retire(id, buyer);
        ledger.freeze(id, REASON);
        vm.assertTrue(ledger.isInForce(id, 1, buyer, schema), "in force");
    }

    function test_a_retired_asset_is_attested_and_that_taken_back() public {
        _retire(id, maker);
        uint64 position = ledger.count(id);
        _append(_attested(id, buyer, schema, 0));
        _append(_attestationRevoked(id, buyer, position, schema));
        vm.assertTrue(!ledger.isInForce(id, position, buyer, schema), "taken back");
    }

    function test_both_leave_the_subject_as_it_is_but_for_its_count() public {
        uint256 word = ledger.word(id);
        _append(_attested(id, buyer, schema, 0));
        _append(_attestationRevoked(id, buyer, 1, schema));
        vm.assertEq(ledger.word(id), word + (2 << 196), "word");
    }
}
