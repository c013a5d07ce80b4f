// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Base} from "./Base.sol";
import {ScriptedReceiver} from "./ScriptedReceiver.sol";

/// @title Safe transfers ask the code at the receiver's address, when all is written.
/// @dev An organisation's address is a hash where no code can be; here some is put there, so that
/// what would hold is seen.
contract ReceiversTest is Base {
    bytes32 internal id;
    uint256 internal token;
    address internal makerAddress;
    address internal buyerAddress;
    ScriptedReceiver internal receiver;

    function setUp() public override {
        super.setUp();
        id = _asset(DOCUMENT);
        token = uint256(id);
        makerAddress = _addressOf(maker);
        buyerAddress = _addressOf(buyer);
        receiver = ScriptedReceiver(buyerAddress);
    }

    function test_a_receiver_is_told_who_whose_what_and_the_message() public {
        _place(ScriptedReceiver.Answer.YES);
        vm.prank(makerAccount);
        ledger.approve(stranger, token);
        vm.prank(stranger);
        ledger.safeTransferFrom(makerAddress, buyerAddress, token, "with words");
        vm.assertEq(receiver.operator(), stranger, "operator");
        vm.assertEq(receiver.from(), makerAddress, "from");
        vm.assertEq(receiver.token(), token, "token");
        vm.assertEq(string(receiver.message()), "with words", "message");
        vm.assertEq(ledger.ownerOf(token), buyerAddress, "taken");
    }

    function test_a_receiver_sees_the_transfer_done() public {
        _place(ScriptedReceiver.Answer.YES);
        vm.prank(makerAccount);
        ledger.approve(stranger, token);
        (bytes32 head, bytes32 all) = _afterTransfer();
        _transferSafely();
        vm.assertEq(receiver.ownerSeen(), buyerAddress, "owner");
        vm.assertEq(receiver.approvedSeen(), address(0), "approval");
        vm.assertEq(receiver.headSeen(), head, "head");
        vm.assertEq(receiver.ledgerHeadSeen(), all, "ledger head");
        vm.assertEq(receiver.message().length, 0, "no message");
    }

    function test_a_yes_may_be_followed_by_anything() public {
        _place(ScriptedReceiver.Answer.YES_AT_LENGTH);
        _transferSafely();
        vm.assertEq(ledger.ownerOf(token), buyerAddress, "taken");
    }

    function test_whatever_else_it_answers_undoes_the_transfer() public {
        for (
            uint8 answer = uint8(ScriptedReceiver.Answer.NO);
            answer < uint8(ScriptedReceiver.Answer.BURNS_ALL);
            ++answer
        ) {
            _place(ScriptedReceiver.Answer(answer));
            bytes32 all = ledger.ledgerHead();
            vm.expectRevert(_receiverRefuses(buyerAddress));
            _transferSafely();
            vm.assertEq(ledger.ownerOf(token), makerAddress, "still the maker's");
            vm.assertEq(ledger.ledgerHead(), all, "ledger head");
        }
    }

    function test_one_that_burns_all_its_gas_undoes_the_transfer() public {
        _place(ScriptedReceiver.Answer.BURNS_ALL);
        bytes memory call = abi.encodeWithSignature(
            "safeTransferFrom(address,address,uint256)", makerAddress, buyerAddress, token
        );
        vm.prank(makerAccount);
        (bool done, bytes memory answer) = address(ledger).call{gas: 2_000_000}(call);
        vm.assertTrue(!done, "refused");
        vm.assertEq(keccak256(answer), keccak256(_receiverRefuses(buyerAddress)), "refusal");
        vm.assertEq(ledger.ownerOf(token), makerAddress, "still the maker's");
    }

    function test_only_safe_transfers_ask() public {
        _place(ScriptedReceiver.Answer.REVERTS);
        uint256 before = vm.snapshotState();
        vm.prank(makerAccount);
        ledger.transferFrom(makerAddress, buyerAddress, token);
        vm.assertEq(ledger.ownerOf(token), buyerAddress, "by the plain call");
        vm.revertToState(before);
        _append(_transferred(id, maker, buyer));
        vm.assertEq(ledger.ownerOf(token), buyerAddress, "by an entry");
        _append(_registered(maker, buyer, REASON));
    }

    function test_code_that_is_no_account_moves_nothing_on() public {
        _place(ScriptedReceiver.Answer.MOVES_ON);
        (bytes32 head, bytes32 all) = _afterTransfer();
        _transferSafely();
        _isRefused(_notAnAccount(buyer, buyerAddress));
        vm.assertEq(ledger.ownerOf(token), buyerAddress, "taken");
        vm.assertEq(ledger.head(id), head, "head");
        vm.assertEq(ledger.ledgerHead(), all, "ledger head");

        _place(ScriptedReceiver.Answer.WRITES);
        _append(_transferred(id, buyer, maker));
        _transferSafely();
        _isRefused(_notAnAccount(buyer, buyerAddress));
    }

    /// @dev What has passed is no longer the former owner's, even within the call that passed it.
    function test_the_same_token_is_not_taken_again() public {
        _place(ScriptedReceiver.Answer.TAKES_AGAIN);
        _append(_accountAdded(maker, buyerAddress));
        _transferSafely();
        _isRefused(_notOwner(id, maker));
        vm.assertEq(ledger.count(id), 2, "count");
        vm.assertEq(ledger.balanceOf(buyerAddress), 1, "balance");
    }

    /// @dev As an account it may do what accounts may: it comes after, and all heads say so.
    function test_code_that_is_an_account_moves_on_what_it_took() public {
        _place(ScriptedReceiver.Answer.MOVES_ON);
        _append(_accountAdded(buyer, buyerAddress));
        (bytes32 head, bytes32 all) = _afterTransfer();
        _transferSafely();
        vm.assertTrue(receiver.done(), "moved on");
        Entry memory back = Entry(id, buyer, Kinds.TRANSFERRED, 2, abi.encode(maker));
        _follows(head, all, back);
        vm.assertEq(ledger.ownerOf(token), makerAddress, "the maker's again");
        vm.assertEq(ledger.balanceOf(makerAddress), 1, "maker's balance");
        vm.assertEq(ledger.balanceOf(buyerAddress), 0, "buyer's balance");
    }

    function test_code_that_is_an_account_writes_after_the_transfer() public {
        _place(ScriptedReceiver.Answer.WRITES);
        _append(_accountAdded(buyer, buyerAddress));
        (bytes32 head, bytes32 all) = _afterTransfer();
        _transferSafely();
        vm.assertTrue(receiver.done(), "written");
        _follows(head, all, Entry(id, buyer, Kinds.OBSERVED, 2, abi.encode(id)));
        vm.assertEq(ledger.ownerOf(token), buyerAddress, "the buyer's");
    }

    /// @dev The heads are those of the transfer and then of this entry by the receiver.
    function _follows(bytes32 head, bytes32 all, Entry memory entry) private view {
        head = _headAfter(head, entry, buyerAddress);
        vm.assertEq(ledger.head(id), head, "head");
        vm.assertEq(ledger.ledgerHead(), _ledgerHeadAfter(all, head, buyerAddress), "ledger head");
        vm.assertEq(ledger.count(id), entry.position + 1, "count");
    }

    function _afterTransfer() private view returns (bytes32 head, bytes32 all) {
        head = _headAfter(id, _transferred(id, maker, buyer), makerAccount);
        all = _ledgerHeadAfter(ledger.ledgerHead(), head, makerAccount);
    }

    function _isRefused(bytes memory refusal) private view {
        vm.assertTrue(!receiver.done(), "refused");
        vm.assertEq(keccak256(receiver.outcome()), keccak256(refusal), "refusal");
    }

    function _place(ScriptedReceiver.Answer answer) private {
        vm.etch(buyerAddress, address(new ScriptedReceiver(answer)).code);
    }

    function _transferSafely() private {
        vm.prank(makerAccount);
        ledger.safeTransferFrom(makerAddress, buyerAddress, token);
    }
}
