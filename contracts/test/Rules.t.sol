// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {PartyRoles} from "../src/types/PartyRoles.sol";
import {Words} from "../src/types/Word.sol";
import {Cast} from "./Cast.sol";

/// @title The rule table, kind by kind: who may write it, of what, and when.
contract RulesTest is Cast {
    function test_each_kind_is_good_on_this_stage() public {
        vm.assertEq(kinds.length, 25, "kinds that organisations append");
        for (uint256 i; i < kinds.length; ++i) {
            _takes(_good(kinds[i]));
        }
    }

    function test_each_kind_is_for_those_whom_the_table_names_and_nobody_else() public {
        for (uint256 i; i < kinds.length; ++i) {
            uint256 entitled = _entitled(kinds[i]);
            for (uint256 role; role < ROLES; ++role) {
                Entry memory entry = _by(cast[role], _good(kinds[i]));
                if (entitled >> role & 1 == 1) _takes(entry);
                else _refuses(entry, _refusalOfOthers(entry));
            }
        }
    }

    function test_no_kind_is_for_a_stranger_or_an_account_of_somebody_else() public {
        address[3] memory others = [stranger, makerAccount, address(this)];
        for (uint256 i; i < kinds.length; ++i) {
            Entry memory entry = _good(kinds[i]);
            for (uint256 j; j < others.length; ++j) {
                _refuses(others[j], entry, _notAnAccount(entry.org, others[j]));
            }
        }
    }

    function test_no_kind_is_for_an_account_that_was_removed() public {
        for (uint256 i; i < kinds.length; ++i) {
            bytes32 org = _good(kinds[i]).org;
            uint256 before = vm.snapshotState();
            _append(_accountAdded(org, stranger));
            if (kinds[i] == Kinds.ACCOUNT_ADDED) _append(_accountRemoved(org, SPARE_ACCOUNT));
            _append(stranger, _accountRemoved(org, accountOf[org]));
            _refuses(_good(kinds[i]), _notAnAccount(org, accountOf[org]));
            vm.revertToState(before);
        }
    }

    function test_no_kind_is_for_a_suspended_organisation_until_it_is_reinstated() public {
        for (uint256 i; i < kinds.length; ++i) {
            bytes32 org = _good(kinds[i]).org;
            uint256 before = vm.snapshotState();
            ledger.suspend(org, REASON);
            _refuses(_good(kinds[i]), _suspended(org));
            ledger.reinstate(org, REASON);
            _takes(_good(kinds[i]));
            vm.revertToState(before);
        }
    }

    function test_no_kind_is_for_what_is_no_organisation() public {
        bytes32[5] memory none = [bytes32(0), REASON, asset, schema, ledger.founding()];
        for (uint256 i; i < kinds.length; ++i) {
            for (uint256 j; j < none.length; ++j) {
                Entry memory entry = _by(none[j], _good(kinds[i]));
                _refuses(makerAccount, entry, _unknownOrganisation(none[j]));
            }
        }
    }

    function test_each_kind_is_of_its_class_and_no_other() public {
        bytes32[7] memory subjects =
            [bytes32(0), asset, batch, schema, world, maker, ledger.founding()];
        for (uint256 i; i < kinds.length; ++i) {
            if (_isBirth(kinds[i])) continue;
            uint8 expected = _classOf(kinds[i]);
            for (uint8 class = Words.ASSET; class <= Words.LEDGER; ++class) {
                if (class == expected) continue;
                Entry memory entry = _good(kinds[i]);
                entry.subject = subjects[class];
                entry.position = ledger.count(entry.subject);
                _refuses(entry, _wrongClass(entry.subject, expected, class));
            }
        }
    }

    function test_no_kind_is_of_what_is_not_there() public {
        for (uint256 i; i < kinds.length; ++i) {
            if (_isBirth(kinds[i])) continue;
            Entry memory entry = _good(kinds[i]);
            entry.subject = keccak256("nothing");
            _refuses(entry, _unknownSubject(entry.subject));
            entry = _birth(kinds[i], entry.org, entry.payload);
            _refuses(entry, _unknownSubject(entry.subject));
        }
    }

    function test_nothing_that_is_there_is_born_again() public {
        bytes32[6] memory subjects = [asset, batch, schema, world, maker, ledger.founding()];
        for (uint256 i; i < kinds.length; ++i) {
            if (!_isBirth(kinds[i])) continue;
            for (uint256 j; j < subjects.length; ++j) {
                Entry memory entry = _good(kinds[i]);
                entry.subject = subjects[j];
                _refuses(entry, _wrongPosition(subjects[j], ledger.count(subjects[j]), 0));
                entry.position = ledger.count(subjects[j]);
                _refuses(entry, _alreadyExists(subjects[j]));
            }
        }
    }

    function test_each_kind_is_written_once_and_at_the_next_position_only() public {
        for (uint256 i; i < kinds.length; ++i) {
            Entry memory entry = _good(kinds[i]);
            (bytes32 id, uint64 next) = (entry.subject, entry.position);
            entry.position = next + 1;
            bool birth = _isBirth(kinds[i]);
            _refuses(entry, birth ? _unknownSubject(id) : _wrongPosition(id, next, next + 1));

            entry.position = next;
            uint256 before = vm.snapshotState();
            _append(entry);
            _refuses(entry, birth ? _alreadyExists(id) : _wrongPosition(id, next + 1, next));
            vm.revertToState(before);
        }
    }

    function test_what_governance_writes_nobody_appends() public {
        uint16[9] memory governance = [
            Kinds.ENROLLED,
            Kinds.SUSPENDED,
            Kinds.REINSTATED,
            Kinds.FROZEN,
            Kinds.UNFROZEN,
            Kinds.TITLE_FORCED,
            Kinds.PAUSED,
            Kinds.RESUMED,
            Kinds.SUCCESSOR_NAMED
        ];
        for (uint256 i; i < governance.length; ++i) {
            uint16 kind = governance[i];
            bytes memory payload = abi.encode(REASON);
            bytes32[3] memory subjects = [asset, maker, ledger.founding()];
            for (uint256 j; j < subjects.length; ++j) {
                Entry memory entry = _entry(subjects[j], maker, kind, payload);
                _refuses(entry, _governanceOnly(kind));
                entry.org = 0;
                _refuses(makerAccount, entry, _unknownOrganisation(0));
                _refuses(address(this), entry, _unknownOrganisation(0));
            }
            _refuses(_birth(kind, maker, payload), _governanceOnly(kind));
        }
    }

    function test_what_the_ledger_writes_itself_nobody_appends() public {
        bytes32 owner = _who(Role.OWNER);
        Entry memory added = _entry(frame, owner, Kinds.PART_ADDED, abi.encode(asset));
        _refuses(added, _writtenByTheLedger(Kinds.PART_ADDED));
        Entry memory removed = _entry(frame, owner, Kinds.PART_REMOVED, abi.encode(part));
        _refuses(removed, _writtenByTheLedger(Kinds.PART_REMOVED));
    }

    function test_a_ledger_is_founded_once() public {
        bytes memory payload = abi.encode(address(this));
        _refuses(_birth(Kinds.FOUNDED, maker, payload), _writtenByTheLedger(Kinds.FOUNDED));
        Entry memory entry = _entry(ledger.founding(), maker, Kinds.FOUNDED, payload);
        _refuses(entry, _writtenByTheLedger(Kinds.FOUNDED));
    }

    function testFuzz_a_kind_that_is_none_is_refused(uint16 kind, bytes memory payload) public {
        vm.assume(!_isKind(kind));
        _refuses(_entry(asset, maker, kind, payload), _unknownKind(kind));
        _refuses(_birth(kind, maker, payload), _unknownKind(kind));
    }

    function test_a_kind_beside_those_that_are_is_refused() public {
        for (uint16 kind; kind <= 100; ++kind) {
            if (_isKind(kind)) continue;
            _refuses(_entry(asset, maker, kind, abi.encode(DOCUMENT)), _unknownKind(kind));
        }
    }

    function test_a_frozen_asset_takes_no_kind_until_it_is_unfrozen() public {
        for (uint256 i; i < kindsOfAssets.length; ++i) {
            bytes32 id = _good(kindsOfAssets[i]).subject;
            uint256 before = vm.snapshotState();
            ledger.freeze(id, REASON);
            _refuses(_good(kindsOfAssets[i]), _assetFrozen(id));
            ledger.unfreeze(id, REASON);
            _takes(_good(kindsOfAssets[i]));
            vm.revertToState(before);
        }
    }

    function test_a_retired_asset_is_commented_on_and_let_go_and_nothing_else() public {
        for (uint256 i; i < kindsOfAssets.length; ++i) {
            uint16 kind = kindsOfAssets[i];
            bytes32 id = _good(kind).subject;
            uint256 before = vm.snapshotState();
            _retire(id, _who(Role.OWNER));
            if (_commentsOrEnds(kind)) _takes(_good(kind));
            else _refuses(_good(kind), _assetRetired(id));
            vm.revertToState(before);
        }
    }

    /// @dev Whoever may do no more than others is refused as everybody is, frozen or not.
    function test_a_frozen_asset_says_so_to_everybody() public {
        ledger.freeze(asset, REASON);
        for (uint256 role; role < ROLES; ++role) {
            _refuses(_observed(asset, cast[role]), _assetFrozen(asset));
            _refuses(_attested(asset, cast[role], schema, 0), _assetFrozen(asset));
        }
    }

    /// @dev A bit for each role that may write the kind, as the table of rules has it.
    function _entitled(uint16 kind) private pure returns (uint256) {
        uint256 owner = 1 << uint256(Role.OWNER);
        uint256 custodian = 1 << uint256(Role.CUSTODIAN);
        uint256 operator = 1 << uint256(Role.OPERATOR);
        if (kind == Kinds.REVISED) return owner | operator;
        if (kind == Kinds.OBSERVED || kind == Kinds.CORRECTED) return owner | custodian | operator;
        if (kind == Kinds.MOUNTED || kind == Kinds.DISMOUNTED) return owner | custodian;
        // Custody is what is offered on this stage; `Parties.t.sol` has the other parties.
        if (kind == Kinds.OFFERED || kind == Kinds.WITHDRAWN) return custodian;
        if (kind == Kinds.RELEASED) return custodian;
        if (kind == Kinds.ACCEPTED) return 1 << uint256(Role.OFFEREE);
        if (kind == Kinds.CREDENTIAL_REVOKED) return 1 << uint256(Role.ISSUER);
        if (kind == Kinds.ATTESTATION_REVOKED) return 1 << uint256(Role.ISSUER);
        if (_isBirth(kind) || kind == Kinds.ATTESTED) return (1 << ROLES) - 1;
        if (kind == Kinds.CREDENTIAL_ISSUED) return (1 << ROLES) - 1;
        return owner;
    }

    function _refusalOfOthers(Entry memory entry) private view returns (bytes memory) {
        (uint16 kind, bytes32 id, bytes32 org) = (entry.kind, entry.subject, entry.org);
        if (kind == Kinds.CREDENTIAL_REVOKED) return _notInForce(id, credential);
        if (kind == Kinds.ATTESTATION_REVOKED) return _notInForce(id, attestation);
        if (kind == Kinds.ACCEPTED) return _notOffered(id, PartyRoles.CUSTODIAN, org);
        // Either side may take a part off: who is on neither is refused at the second.
        if (kind == Kinds.DISMOUNTED) return _notEntitled(frame, org);
        bool parties = kind >= Kinds.OFFERED && kind <= Kinds.MOUNTED;
        bool told = kind >= Kinds.REVISED && kind <= Kinds.CORRECTED;
        return parties || told ? _notEntitled(id, org) : _notOwner(id, org);
    }

    /// @dev What is said of an asset whose life is over, and what ends something that it was in.
    function _commentsOrEnds(uint16 kind) private pure returns (bool) {
        return kind == Kinds.ATTESTED || kind == Kinds.ATTESTATION_REVOKED
            || kind == Kinds.CORRECTED || kind == Kinds.ERASED || kind == Kinds.WITHDRAWN
            || kind == Kinds.RELEASED || kind == Kinds.DISMOUNTED || kind == Kinds.DELISTED;
    }

    function _classOf(uint16 kind) private pure returns (uint8) {
        if (kind == Kinds.WORLD_CLOSED) return Words.WORLD;
        return kind <= Kinds.CREDENTIAL_REVOKED ? Words.ORGANISATION : Words.ASSET;
    }

    function _isBirth(uint16 kind) private pure returns (bool) {
        return kind == Kinds.SCHEMA_PUBLISHED || kind == Kinds.WORLD_OPENED
            || kind == Kinds.REGISTERED || kind == Kinds.BATCH_REGISTERED;
    }

    function _isKind(uint16 kind) private pure returns (bool) {
        return kind >= Kinds.ENROLLED && kind <= Kinds.CREDENTIAL_REVOKED
            || kind >= Kinds.SCHEMA_PUBLISHED && kind <= Kinds.WORLD_CLOSED
            || kind >= Kinds.REGISTERED && kind <= Kinds.ERASED || kind >= Kinds.FROZEN
            && kind <= Kinds.TITLE_FORCED || kind >= Kinds.FOUNDED && kind <= Kinds.SUCCESSOR_NAMED;
    }
}
