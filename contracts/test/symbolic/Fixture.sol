// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {IAssetLedger} from "../../src/interfaces/IAssetLedger.sol";
import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {Registered} from "../../src/types/Payloads.sol";
import {Word, Words} from "../../src/types/Word.sol";
import {CHEATS, Cheats} from "./Cheats.sol";

/// @title A ledger of the very code that is deployed, with two organisations and an asset.
/// @dev All of this is concrete; what the properties take as arguments is symbolic. Governed by
/// the test contract itself.
abstract contract Fixture {
    Cheats internal constant vm = CHEATS;

    address internal constant MAKER_ACCOUNT = address(0xA11CE);
    address internal constant BUYER_ACCOUNT = address(0xB0B);
    /// @dev Where the ledger keeps its subjects' words and the ledger head.
    uint256 private constant SUBJECTS = 0;
    bytes32 private constant LEDGER_HEAD = bytes32(uint256(1));

    bytes32 internal constant REASON = keccak256("a ruling");

    IAssetLedger internal ledger;
    AccessManager internal authority;
    bytes32 internal maker;
    bytes32 internal buyer;
    bytes32 internal asset;

    function setUp() public virtual {
        vm.warp(1_700_000_000);
        authority = new AccessManager(address(this));
        ledger = IAssetLedger(_deploy(abi.encode(authority, "")));
        maker = ledger.enrol("did:web:maker.example", _accounts(MAKER_ACCOUNT));
        buyer = ledger.enrol("did:web:buyer.example", _accounts(BUYER_ACCOUNT));
        bytes memory birth = abi.encode(Registered(maker, 0, keccak256("a document"), 1));
        asset = ledger.idOf(Kinds.REGISTERED, maker, birth);
        assert(_takes(MAKER_ACCOUNT, Entry(asset, maker, Kinds.REGISTERED, 0, birth)));
        assert(uint256(vm.load(address(ledger), _slot(asset))) == ledger.word(asset));
        assert(vm.load(address(ledger), LEDGER_HEAD) == ledger.ledgerHead());
    }

    /// @dev Whether the ledger takes the entry from `actor`.
    function _takes(address actor, Entry memory entry) internal returns (bool taken) {
        Entry[] memory entries = new Entry[](1);
        entries[0] = entry;
        bytes memory call = abi.encodeCall(ledger.append, (entries));
        vm.prank(actor);
        (taken,) = address(ledger).call(call);
    }

    function _addressOf(bytes32 org) internal pure returns (address) {
        return address(uint160(uint256(org)));
    }

    function _word() internal view returns (Word) {
        return Word.wrap(ledger.word(asset));
    }

    /// @dev Gives the asset any word that one of its class can have, with an entry or more.
    function _put(uint256 raw) internal returns (Word word) {
        word = Word.wrap(raw);
        vm.assume(word.class() == Words.ASSET && word.count() > 0);
        _putWord(asset, raw);
    }

    function _putWord(bytes32 subject, uint256 raw) internal {
        vm.store(address(ledger), _slot(subject), bytes32(raw));
    }

    function _putLedgerHead(bytes32 all) internal {
        vm.store(address(ledger), LEDGER_HEAD, all);
    }

    function _slot(bytes32 subject) private pure returns (bytes32) {
        return keccak256(abi.encode(subject, SUBJECTS));
    }

    function _deploy(bytes memory arguments) private returns (address deployed) {
        bytes memory code =
            bytes.concat(vm.getCode("out/halmos/AssetLedger.sol/AssetLedger.json"), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
        }
        assert(deployed != address(0));
    }

    function _accounts(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
