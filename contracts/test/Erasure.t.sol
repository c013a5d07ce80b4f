// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IJournal} from "../src/interfaces/IJournal.sol";
import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Erased} from "../src/types/Payloads.sol";
import {Base} from "./Base.sol";

/// @title Receipts for documents whose keys were destroyed.
contract ErasureTest is Base {
    function test_a_receipt_names_the_documents() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory receipt = _erased(id, maker);
        vm.expectEmit(address(ledger));
        emit IJournal.Appended(id, maker, Kinds.ERASED, 1, makerAccount, receipt.payload);
        _append(receipt);
    }

    function test_what_was_said_before_still_verifies() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory observation = _observed(id, maker);
        _append(observation);
        bytes32 head = _headAfter(id, observation, makerAccount);
        Entry memory receipt = _erased(id, maker);
        _append(receipt);
        vm.assertEq(ledger.head(id), _headAfter(head, receipt, makerAccount), "head");
    }

    function test_the_same_document_may_be_named_again() public {
        bytes32 id = _asset(DOCUMENT);
        _append(_erased(id, maker));
        _append(_erased(id, maker));
        vm.assertEq(ledger.count(id), 3, "count");
    }

    function test_an_owner_keeps_the_right_when_the_asset_is_retired() public {
        bytes32 id = _asset(DOCUMENT);
        _retire(id, maker);
        _append(_erased(id, maker));
        _refuses(_erased(id, buyer), _notOwner(id, buyer));
    }

    function test_many_documents_are_erased_at_once() public {
        bytes32 id = _asset(DOCUMENT);
        bytes32[] memory documents = new bytes32[](500);
        _append(_entry(id, maker, Kinds.ERASED, abi.encode(Erased(documents))));
        vm.assertEq(ledger.count(id), 2, "count");
    }
}
