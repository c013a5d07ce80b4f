// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IRefusals} from "../src/interfaces/IRefusals.sol";
import {Authorisation, Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Base} from "./Base.sol";

/// @title Entries that accounts sign and somebody else sends.
contract SignaturesTest is Base {
    uint64 internal deadline;
    address internal relay = address(0x4E1A);

    function setUp() public override {
        super.setUp();
        deadline = uint64(block.timestamp + 1 hours);
    }

    function test_the_signer_is_the_actor_whoever_sends() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        bytes32 before = ledger.ledgerHead();
        _send(entry, _sign(MAKER_KEY, entry));
        bytes32 expected = _ledgerHeadAfter(before, entry.subject, makerAccount);
        vm.assertEq(ledger.ledgerHead(), expected, "ledger head");
    }

    function test_many_signers_travel_together() public {
        Entry[] memory entries = new Entry[](2);
        entries[0] = _registered(maker, maker, DOCUMENT);
        entries[1] = _registered(buyer, buyer, DOCUMENT);
        Authorisation[] memory by = new Authorisation[](2);
        by[0] = _sign(MAKER_KEY, entries[0]);
        by[1] = _sign(BUYER_KEY, entries[1]);
        ledger.appendSigned(entries, by);
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 1, "maker");
        vm.assertEq(ledger.balanceOf(_addressOf(buyer)), 1, "buyer");
    }

    function test_is_good_until_its_deadline() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        Authorisation memory by = _sign(MAKER_KEY, entry);
        vm.warp(deadline + 1);
        _sendRefused(entry, by, abi.encodeWithSelector(IRefusals.Expired.selector, 0, deadline));
        vm.warp(deadline);
        _send(entry, by);
    }

    function test_is_good_once() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory entry = _observed(id, maker);
        Authorisation memory by = _sign(MAKER_KEY, entry);
        _send(entry, by);
        _sendRefused(
            entry, by, abi.encodeWithSelector(IRefusals.WrongPosition.selector, 0, id, 2, 1)
        );
    }

    function test_a_lost_race_refuses_the_later() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory entry = _observed(id, maker);
        Authorisation memory by = _sign(MAKER_KEY, entry);
        _append(makerAccount, _revised(id, maker));
        _sendRefused(
            entry, by, abi.encodeWithSelector(IRefusals.WrongPosition.selector, 0, id, 2, 1)
        );
    }

    function test_every_member_is_signed() public {
        bytes32 id = _asset(DOCUMENT);
        Entry memory entry = _observed(id, maker);
        Authorisation memory by = _sign(MAKER_KEY, entry);
        for (uint256 i; i < 6; ++i) {
            Entry memory other = Entry(id, maker, entry.kind, entry.position, entry.payload);
            if (i == 0) other.subject = REASON;
            if (i == 1) other.org = buyer;
            if (i == 2) other.kind = Kinds.REVISED;
            if (i == 3) other.position = 0;
            if (i == 4) other.payload = abi.encode(REASON);
            if (i == 5) by.deadline += 1;
            _sendRefused(other, by, _badSignature(makerAccount));
        }
    }

    function test_is_bound_to_its_chain_and_contract() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        bytes32[2] memory domains =
            [_domain(block.chainid + 1, address(ledger)), _domain(block.chainid, address(this))];
        for (uint256 i; i < domains.length; ++i) {
            bytes memory signature = _signature(MAKER_KEY, _digest(domains[i], entry));
            _sendRefused(
                entry, Authorisation(makerAccount, deadline, signature), _badSignature(makerAccount)
            );
        }
    }

    function test_the_domain_stays_when_the_chain_s_number_changes() public {
        bytes32 before = ledger.domain();
        vm.chainId(block.chainid + 1);
        vm.assertEq(ledger.domain(), before, "domain");
    }

    function test_refuses_another_s_signature() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        Authorisation memory by = _sign(BUYER_KEY, entry);
        by.actor = makerAccount;
        _sendRefused(entry, by, _badSignature(makerAccount));
    }

    function test_refuses_a_signer_who_is_no_account() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        _sendRefused(entry, _sign(BUYER_KEY, entry), _notAnAccount(maker, buyerAccount));
    }

    function test_refuses_a_signature_s_twin() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(MAKER_KEY, _digest(ledger.domain(), entry));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory twin = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? 28 : 27);
        _sendRefused(
            entry, Authorisation(makerAccount, deadline, twin), _badSignature(makerAccount)
        );
    }

    function test_refuses_what_is_no_signature() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        bytes[4] memory bad = [bytes(""), "x", new bytes(65), new bytes(64)];
        for (uint256 i; i < bad.length; ++i) {
            _sendRefused(
                entry, Authorisation(makerAccount, deadline, bad[i]), _badSignature(makerAccount)
            );
            // A failed recovery yields the zero address, which must not pass for an actor.
            _sendRefused(
                entry, Authorisation(address(0), deadline, bad[i]), _badSignature(address(0))
            );
        }
    }

    function test_refuses_lists_of_different_lengths() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        vm.expectRevert(abi.encodeWithSelector(IRefusals.LengthMismatch.selector, 1, 0));
        ledger.appendSigned(_one(entry), new Authorisation[](0));
        vm.expectRevert(abi.encodeWithSelector(IRefusals.LengthMismatch.selector, 0, 1));
        ledger.appendSigned(new Entry[](0), new Authorisation[](1));
    }

    function test_a_contract_signs_by_erc1271() public {
        address wallet = address(new Wallet(Wallet.Answer.YES));
        _append(makerAccount, _accountAdded(maker, wallet));
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        _send(entry, Authorisation(wallet, deadline, "any"));
        vm.assertEq(ledger.count(entry.subject), 1, "count");
    }

    function test_refuses_whatever_else_a_contract_answers() public {
        Entry memory entry = _registered(maker, maker, DOCUMENT);
        for (uint8 answer = 1; answer <= uint8(type(Wallet.Answer).max); ++answer) {
            address wallet = address(new Wallet(Wallet.Answer(answer)));
            _append(makerAccount, _accountAdded(maker, wallet));
            _sendRefused(entry, Authorisation(wallet, deadline, "any"), _badSignature(wallet));
        }
    }

    function _send(Entry memory entry, Authorisation memory by) private {
        Authorisation[] memory list = new Authorisation[](1);
        list[0] = by;
        vm.prank(relay);
        ledger.appendSigned(_one(entry), list);
    }

    function _sendRefused(Entry memory entry, Authorisation memory by, bytes memory refusal)
        private
    {
        vm.expectRevert(refusal);
        _send(entry, by);
    }

    function _sign(uint256 key, Entry memory entry) private view returns (Authorisation memory) {
        bytes memory signature = _signature(key, _digest(ledger.domain(), entry));
        return Authorisation(vm.addr(key), deadline, signature);
    }

    function _signature(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _digest(bytes32 domain, Entry memory entry) private view returns (bytes32) {
        bytes32 struct_ = keccak256(
            abi.encode(
                keccak256(
                    "Entry(bytes32 subject,bytes32 org,uint16 kind,uint64 position,bytes payload,uint64 deadline)"
                ),
                entry.subject,
                entry.org,
                entry.kind,
                entry.position,
                keccak256(entry.payload),
                deadline
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, struct_));
    }

    function _domain(uint256 chain, address at_) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("AssetLedger"),
                keccak256("1"),
                chain,
                at_
            )
        );
    }
}

/// @title A contract account that answers as it was built to.
contract Wallet is IERC1271 {
    enum Answer {
        YES,
        NO,
        REVERT,
        SHORT,
        DIRTY,
        LONG,
        REENTER
    }

    Answer private immutable answer;

    constructor(Answer answer_) {
        answer = answer_;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        if (answer == Answer.YES) return IERC1271.isValidSignature.selector;
        if (answer == Answer.REVERT) revert("no");
        if (answer == Answer.SHORT) _return(bytes32(IERC1271.isValidSignature.selector), 4);
        if (answer == Answer.DIRTY) {
            _return(bytes32(IERC1271.isValidSignature.selector) | bytes32(uint256(1)), 32);
        }
        if (answer == Answer.LONG) _return(0, 100_000);
        if (answer == Answer.REENTER) {
            // The ledger asks by a static call: writing from here must fail.
            (bool done,) = msg.sender
                .staticcall(
                    abi.encodeWithSignature(
                        "append((bytes32,bytes32,uint16,uint64,bytes)[])", new Entry[](0)
                    )
                );
            if (done) return IERC1271.isValidSignature.selector;
        }
        return 0xffffffff;
    }

    function _return(bytes32 word, uint256 size) private pure {
        assembly {
            mstore(0, word)
            return(0, size)
        }
    }
}
