// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IJournal} from "../src/interfaces/IJournal.sol";
import {Authorisation, Entry} from "../src/types/Entry.sol";
import {Scripted} from "./Scripted.sol";

/// @title A contract account that answers as it was built to: ERC-1271, well or ill meant.
contract ScriptedWallet is Scripted {
    enum Answer {
        YES,
        YES_AT_LENGTH,
        YES_AFTER_WORK,
        NO,
        NO_AT_LENGTH,
        TOO_SHORT,
        WITH_DIRT,
        REVERTS,
        REVERTS_WITH_YES,
        BURNS_ALL,
        NEVER_ENDS,
        APPENDS,
        RELAYS
    }

    bytes32 private constant YES_WORD = bytes32(IERC1271.isValidSignature.selector);
    uint256 private constant LENGTH = 300_000;
    uint256 private constant WORK = 450_000;

    Answer private immutable answer;

    constructor(Answer answer_) {
        answer = answer_;
    }

    /// @dev No view, unlike ERC-1271's: whether it may write is for the caller to say.
    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        if (answer == Answer.YES) _return(YES_WORD, 32);
        if (answer == Answer.YES_AT_LENGTH) _return(YES_WORD, LENGTH);
        if (answer == Answer.YES_AFTER_WORK) _work();
        if (answer == Answer.NO_AT_LENGTH) _return(0, LENGTH);
        if (answer == Answer.TOO_SHORT) _return(YES_WORD, 31);
        if (answer == Answer.WITH_DIRT) _return(YES_WORD | bytes32(uint256(1)), 32);
        if (answer == Answer.REVERTS) revert("no");
        if (answer == Answer.REVERTS_WITH_YES) _revert(YES_WORD);
        if (answer == Answer.BURNS_ALL) _burn();
        while (answer == Answer.NEVER_ENDS) {}
        if (answer == Answer.APPENDS) {
            _sayYesIf(abi.encodeCall(IJournal.append, (new Entry[](0))));
        }
        if (answer == Answer.RELAYS) {
            bytes memory call =
                abi.encodeCall(IJournal.appendSigned, (new Entry[](0), new Authorisation[](0)));
            _sayYesIf(call);
        }
        return 0xffffffff;
    }

    /// @dev Says yes if the ledger, which asks, takes something meanwhile.
    function _sayYesIf(bytes memory call) private {
        (bool done,) = msg.sender.call(call);
        if (done) _return(YES_WORD, 32);
    }

    function _work() private view {
        uint256 before = gasleft();
        while (before - gasleft() < WORK) {}
        _return(YES_WORD, 32);
    }
}
