// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721Receiver} from "@openzeppelin/contracts/interfaces/IERC721Receiver.sol";

import {IAssetLedger} from "../src/interfaces/IAssetLedger.sol";
import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {Scripted} from "./Scripted.sol";

/// @title Code at a receiver's address that takes tokens as it was built to, and notes what it saw.
contract ScriptedReceiver is Scripted {
    enum Answer {
        YES,
        YES_AT_LENGTH,
        NO,
        NOTHING,
        TOO_SHORT,
        WITH_DIRT,
        REVERTS,
        REVERTS_WITH_YES,
        BURNS_ALL,
        MOVES_ON,
        WRITES,
        TAKES_AGAIN
    }

    bytes32 private constant YES_WORD = bytes32(IERC721Receiver.onERC721Received.selector);

    Answer private immutable answer;

    /// @notice What it was told, in the order of ERC-721.
    address public operator;
    address public from;
    uint256 public token;
    bytes public message;

    /// @notice What the ledger said while it was asked.
    address public ownerSeen;
    address public approvedSeen;
    bytes32 public headSeen;
    bytes32 public ledgerHeadSeen;

    /// @notice What came of calling the ledger meanwhile.
    bool public done;
    bytes public outcome;

    constructor(Answer answer_) {
        answer = answer_;
    }

    function onERC721Received(
        address operator_,
        address from_,
        uint256 token_,
        bytes calldata message_
    ) external returns (bytes4) {
        if (answer == Answer.NO) return 0xffffffff;
        if (answer == Answer.NOTHING) _return(0, 0);
        if (answer == Answer.TOO_SHORT) _return(YES_WORD, 4);
        if (answer == Answer.WITH_DIRT) _return(YES_WORD | bytes32(uint256(1)), 32);
        if (answer == Answer.REVERTS) revert("no");
        if (answer == Answer.REVERTS_WITH_YES) _revert(YES_WORD);
        if (answer == Answer.BURNS_ALL) _burn();
        (operator, from, token, message) = (operator_, from_, token_, message_);
        _look(IAssetLedger(msg.sender), token_);
        _reenter(IAssetLedger(msg.sender), from_, token_);
        if (answer == Answer.YES_AT_LENGTH) _return(YES_WORD, 100_000);
        return IERC721Receiver.onERC721Received.selector;
    }

    function _look(IAssetLedger ledger, uint256 token_) private {
        ownerSeen = ledger.ownerOf(token_);
        approvedSeen = ledger.getApproved(token_);
        headSeen = ledger.head(bytes32(token_));
        ledgerHeadSeen = ledger.ledgerHead();
    }

    function _reenter(IAssetLedger ledger, address from_, uint256 token_) private {
        bytes memory call;
        if (answer == Answer.MOVES_ON) {
            call = abi.encodeCall(ledger.transferFrom, (address(this), from_, token_));
        } else if (answer == Answer.WRITES) {
            bytes32 id = bytes32(token_);
            bytes32 org = ledger.organisationAt(address(this));
            Entry[] memory list = new Entry[](1);
            list[0] = Entry(id, org, Kinds.OBSERVED, ledger.count(id), abi.encode(id));
            call = abi.encodeCall(ledger.append, (list));
        } else if (answer == Answer.TAKES_AGAIN) {
            call = abi.encodeCall(ledger.transferFrom, (from_, address(this), token_));
        } else {
            return;
        }
        (done, outcome) = address(ledger).call(call);
    }
}
