// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";

import {IAssetLedger} from "../src/interfaces/IAssetLedger.sol";
import {IGovernance} from "../src/interfaces/IGovernance.sol";
import {IJournal} from "../src/interfaces/IJournal.sol";
import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {SuccessorNamed, TitleForced} from "../src/types/Payloads.sol";
import {Words} from "../src/types/Word.sol";
import {Base} from "./Base.sol";
import {deployLedger} from "./Deploy.sol";
import {Vm} from "./Vm.sol";

/// @title What governance does: its doors, its delays, and the ledger's own entries.
contract GovernanceTest is Base {
    bytes32 internal id;
    bytes32 internal founding;
    IAccessManager internal manager;

    function setUp() public override {
        super.setUp();
        id = _asset(DOCUMENT);
        founding = ledger.founding();
        manager = IAccessManager(IAccessManaged(address(ledger)).authority());
    }

    // -- the ledger itself -----------------------------------------------------------------------

    function test_the_first_entry_of_all_founds_the_ledger() public {
        vm.recordLogs();
        IAssetLedger young = deployLedger(stranger, "");
        Vm.Log memory log = _onlyEntry(vm.getRecordedLogs());
        bytes memory payload = abi.encode(IAccessManaged(address(young)).authority());
        bytes32 hash =
            keccak256(abi.encode(young.domain(), Kinds.FOUNDED, bytes32(0), keccak256(payload)));

        vm.assertEq(log.topics[1], hash, "its subject");
        vm.assertEq(log.topics[2], bytes32(0), "no organisation");
        vm.assertEq(uint256(log.topics[3]), Kinds.FOUNDED, "kind");
        bytes memory data = abi.encode(uint64(0), address(this), payload);
        vm.assertEq(keccak256(log.data), keccak256(data), "position, deployer, authority");
        vm.assertEq(young.founding(), hash, "founding");
        vm.assertEq(young.head(hash), hash, "head");
        vm.assertEq(young.count(hash), 1, "count");
        vm.assertEq(young.ledgerHead(), _ledgerHeadAfter(0, hash, address(this)), "ledger head");
        vm.assertTrue(!young.paused(), "not paused");
        uint256 word = (uint256(Words.LEDGER) << 228) | (1 << 196) | (block.timestamp << 160);
        vm.assertEq(young.word(hash), word, "word");
    }

    function test_a_successor_is_named_and_another_one_later() public {
        bytes memory payload = abi.encode(SuccessorNamed(stranger, REASON));
        for (uint64 position = 1; position < 3; ++position) {
            _announces(founding, Kinds.SUCCESSOR_NAMED, position, address(this), payload);
            ledger.nameSuccessor(stranger, REASON);
        }
        vm.assertEq(ledger.count(founding), 3, "count");
        _append(_observed(id, maker));
    }

    // -- assets ----------------------------------------------------------------------------------

    function test_title_is_forced() public {
        bytes memory payload = abi.encode(TitleForced(buyer, REASON));
        Entry memory entry = Entry(id, 0, Kinds.TITLE_FORCED, 1, payload);
        bytes32 head = _headAfter(id, entry, address(this));
        bytes32 all = _ledgerHeadAfter(ledger.ledgerHead(), head, address(this));
        vm.expectEmit(address(ledger));
        emit IERC721.Transfer(_addressOf(maker), _addressOf(buyer), uint256(id));
        _announces(id, Kinds.TITLE_FORCED, 1, address(this), payload);
        ledger.forceTitle(id, buyer, REASON);
        vm.assertEq(ledger.ownerOf(uint256(id)), _addressOf(buyer), "owner");
        vm.assertEq(ledger.balanceOf(_addressOf(maker)), 0, "maker's balance");
        vm.assertEq(ledger.balanceOf(_addressOf(buyer)), 1, "buyer's balance");
        vm.assertEq(ledger.head(id), head, "head");
        vm.assertEq(ledger.ledgerHead(), all, "ledger head");
    }

    function test_title_is_forced_whatever_has_become_of_the_asset() public {
        _retire(id, maker);
        ledger.freeze(id, REASON);
        ledger.suspend(maker, REASON);
        ledger.pause(REASON);
        ledger.forceTitle(id, buyer, REASON);
        vm.assertEq(ledger.ownerOf(uint256(id)), _addressOf(buyer), "owner");
        ledger.resume(REASON);
        _refuses(_observed(id, buyer), _assetFrozen(id));
    }

    function test_title_is_not_forced_on_nobody_or_on_who_has_it() public {
        bytes32[3] memory none = [bytes32(0), REASON, id];
        for (uint256 i; i < none.length; ++i) {
            vm.expectRevert(_unknownOrganisation(none[i]));
            ledger.forceTitle(id, none[i], REASON);
        }
        vm.expectRevert(_unchanged(id));
        ledger.forceTitle(id, maker, REASON);
        ledger.suspend(buyer, REASON);
        vm.expectRevert(_suspended(buyer));
        ledger.forceTitle(id, buyer, REASON);
    }

    function test_an_asset_is_frozen_and_unfrozen_and_each_is_an_entry() public {
        _announces(id, Kinds.FROZEN, 1, address(this), abi.encode(REASON));
        ledger.freeze(id, REASON);
        vm.assertEq(ledger.word(id) >> 232 & 1, 1, "frozen");
        vm.expectRevert(_unchanged(id));
        ledger.freeze(id, REASON);
        _announces(id, Kinds.UNFROZEN, 2, address(this), abi.encode(REASON));
        ledger.unfreeze(id, REASON);
        vm.assertEq(ledger.word(id) >> 232 & 1, 0, "unfrozen");
        vm.expectRevert(_unchanged(id));
        ledger.unfreeze(id, REASON);
    }

    function test_only_assets_are_governed_as_assets() public {
        bytes32[2] memory others = [maker, founding];
        for (uint256 i; i < others.length; ++i) {
            uint8 class = i == 0 ? Words.ORGANISATION : Words.LEDGER;
            bytes memory refusal = _wrongClass(others[i], Words.ASSET, class);
            vm.expectRevert(refusal);
            ledger.freeze(others[i], REASON);
            vm.expectRevert(refusal);
            ledger.unfreeze(others[i], REASON);
            vm.expectRevert(refusal);
            ledger.forceTitle(others[i], buyer, REASON);
        }
    }

    function test_nothing_is_governed_that_is_not_there() public {
        bytes[] memory doors = _doors(REASON, REASON);
        for (uint256 i; i < 5; ++i) {
            _refusesCall(address(this), doors[i], _unknownSubject(REASON));
        }
    }

    function test_naming_nobody_takes_a_successor_back() public {
        ledger.nameSuccessor(stranger, REASON);
        bytes memory payload = abi.encode(SuccessorNamed(address(0), REASON));
        _announces(founding, Kinds.SUCCESSOR_NAMED, 2, address(this), payload);
        ledger.nameSuccessor(address(0), REASON);
    }

    // -- who governs -----------------------------------------------------------------------------

    function test_nobody_else_governs() public {
        bytes[] memory doors = _doors(id, buyer);
        address[3] memory others = [stranger, makerAccount, address(manager)];
        for (uint256 i; i < doors.length; ++i) {
            for (uint256 j; j < others.length; ++j) {
                _refusesCall(others[j], doors[i], _unauthorised(others[j]));
            }
        }
    }

    function test_the_authority_is_fixed() public {
        address other = address(new AccessManager(stranger));
        address[2] memory callers = [address(this), address(manager)];
        for (uint256 i; i < callers.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(AuthorityIsFixed.selector));
            vm.prank(callers[i]);
            IAccessManaged(address(ledger)).setAuthority(other);
        }
        vm.expectRevert(abi.encodeWithSelector(AuthorityIsFixed.selector));
        manager.updateAuthority(address(ledger), other);
        vm.assertEq(IAccessManaged(address(ledger)).authority(), address(manager), "as founded");
    }

    function test_a_ledger_is_founded_by_an_authority_that_is_there() public {
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedInvalidAuthority.selector, stranger)
        );
        vm.deployCode("AssetLedger.sol:AssetLedger", abi.encode(stranger, ""));
    }

    function test_a_delayed_role_schedules_waits_and_acts() public {
        _delay(stranger, IGovernance.freeze.selector, 1 days);
        bytes memory freezing = abi.encodeCall(ledger.freeze, (id, REASON));
        bytes32 operation = manager.hashOperation(stranger, address(ledger), freezing);

        vm.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation)
        );
        vm.prank(stranger);
        ledger.freeze(id, REASON);

        vm.prank(stranger);
        manager.schedule(address(ledger), freezing, 0);
        vm.warp(block.timestamp + 1 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation)
        );
        vm.prank(stranger);
        ledger.freeze(id, REASON);

        vm.warp(block.timestamp + 1);
        _announces(id, Kinds.FROZEN, 1, stranger, abi.encode(REASON));
        vm.prank(stranger);
        ledger.freeze(id, REASON);
        _refuses(_observed(id, maker), _assetFrozen(id));
    }

    function test_what_the_manager_executes_has_the_manager_as_its_actor() public {
        _delay(stranger, IGovernance.forceTitle.selector, 1 days);
        bytes memory ruling = abi.encodeCall(ledger.forceTitle, (id, buyer, REASON));
        vm.prank(stranger);
        manager.schedule(address(ledger), ruling, 0);
        vm.warp(block.timestamp + 1 days);
        _announces(id, Kinds.TITLE_FORCED, 1, address(manager), abi.encode(buyer, REASON));
        vm.prank(stranger);
        manager.execute(address(ledger), ruling);
        vm.assertEq(ledger.ownerOf(uint256(id)), _addressOf(buyer), "owner");
    }

    function test_a_role_opens_the_doors_it_is_for_and_no_other() public {
        _delay(stranger, IGovernance.pause.selector, 0);
        vm.expectRevert(_unauthorised(stranger));
        vm.prank(stranger);
        ledger.resume(REASON);
        vm.prank(stranger);
        ledger.pause(REASON);
        vm.assertTrue(ledger.paused(), "at once");
    }

    function _onlyEntry(Vm.Log[] memory logs) private pure returns (Vm.Log memory log) {
        uint256 entries;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IJournal.Appended.selector) continue;
            log = logs[i];
            ++entries;
        }
        vm.assertEq(entries, 1, "entries");
    }

    /// @dev Gives a role of its own, for one function, that waits `delay` seconds.
    function _delay(address account, bytes4 selector, uint32 delay) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(address(ledger), selectors, 7);
        manager.grantRole(7, account, delay);
    }

    /// @dev A call of each function that governance has, the first five of them about a subject.
    function _doors(bytes32 subject, bytes32 org) private view returns (bytes[] memory doors) {
        doors = new bytes[](10);
        doors[0] = abi.encodeCall(ledger.freeze, (subject, REASON));
        doors[1] = abi.encodeCall(ledger.unfreeze, (subject, REASON));
        doors[2] = abi.encodeCall(ledger.forceTitle, (subject, buyer, REASON));
        doors[3] = abi.encodeCall(ledger.suspend, (org, REASON));
        doors[4] = abi.encodeCall(ledger.reinstate, (org, REASON));
        doors[5] = abi.encodeCall(ledger.enrol, ("did:web:new.example", _accounts(stranger)));
        doors[6] = abi.encodeCall(ledger.pause, (REASON));
        doors[7] = abi.encodeCall(ledger.resume, (REASON));
        doors[8] = abi.encodeCall(ledger.nameSuccessor, (stranger, REASON));
        doors[9] = abi.encodeCall(ledger.setBaseURI, ("ipfs://x/"));
    }

    function _announces(
        bytes32 subject,
        uint16 kind,
        uint64 position,
        address actor,
        bytes memory payload
    ) private {
        vm.expectEmit(address(ledger));
        emit IJournal.Appended(subject, 0, kind, position, actor, payload);
    }
}
