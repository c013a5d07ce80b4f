// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {Enrolled, Erased} from "../../src/types/Payloads.sol";
import {Words} from "../../src/types/Word.sol";
import {AssetJudge} from "./AssetJudge.sol";
import {Attempt, Door, Subject} from "./Model.sol";

/// @title What is wrong with an entry, be it tried or logged, as the model stands before it.
/// @dev Each answer is the name of an invariant in INVARIANTS.md, or empty. The same judgement says
/// that what is wrong must never have been logged, and that what is right must not be refused.
abstract contract Judge is AssetJudge {
    /// @dev How many words the payloads of the kinds from 0 to 83 have; zero where none is known,
    /// 255 where they differ.
    bytes private constant WORDS = hex"00ff0101010103020000000000000000"
        hex"02030100000000000000000000000000" hex"04050101020101030101010101010103"
        hex"020601ff000000000000000000000000" hex"01010200000000000000000000000000" hex"01010102";

    /// @dev The entry before, and the one that has to follow it, if it was of a part.
    Attempt private _last;
    Attempt private _due;

    function _faultOf(Attempt memory it) internal view returns (string memory fault) {
        Entry memory e = it.entry;
        if (_due.entry.kind != 0) return _isDue(it) ? "" : "parents_are_told_next";
        if (_wordsOf(e.kind) == 0) return "kinds_are_known";
        if (e.kind == Kinds.PART_ADDED || e.kind == Kinds.PART_REMOVED) {
            return "parents_are_told_by_the_ledger_alone";
        }
        if (paused && it.door != Door.GOVERNANCE) return "a_paused_ledger_takes_governance_alone";
        fault = _faultOfPlace(e);
        if (bytes(fault).length == 0) fault = _faultOfActor(it);
        if (bytes(fault).length == 0 && !_isCanonical(e)) fault = "payloads_are_canonical";
        if (bytes(fault).length == 0) fault = _faultOfKind(it);
    }

    /// @dev Takes note of an entry that was logged.
    function _note(Attempt memory it) internal {
        Entry memory e = it.entry;
        delete _due;
        if (e.kind == Kinds.MOUNTED || e.kind == Kinds.DISMOUNTED) {
            bytes32 parent = _at(e.payload, 0);
            uint16 kind = e.kind == Kinds.MOUNTED ? Kinds.PART_ADDED : Kinds.PART_REMOVED;
            Entry memory beside =
                Entry(parent, e.org, kind, subjects[parent].count, abi.encode(e.subject));
            _due = Attempt(beside, it.actor, it.door);
        }
        _last = it;
    }

    function _isAnythingDue() internal view returns (bool) {
        return _due.entry.kind != 0;
    }

    function _isDue(Attempt memory it) private view returns (bool) {
        return keccak256(abi.encode(it)) == keccak256(abi.encode(_due));
    }

    /// @dev A subject begins with a birth that is its name, and goes on without gaps.
    function _faultOfPlace(Entry memory e) private view returns (string memory) {
        Subject storage it = subjects[e.subject];
        if (e.position != 0) {
            if (it.class == 0) return "nothing_precedes_birth";
            if (e.position != it.count) return "positions_have_no_gaps";
            return _isBirth(e.kind) ? "ids_are_born_once" : "";
        }
        if (it.class != 0) return "ids_are_born_once";
        if (!_isBirth(e.kind)) return "nothing_precedes_birth";
        bool named = e.subject == _id(e.kind, e.org, e.payload);
        return named ? "" : "ids_are_hashes_of_first_entries";
    }

    function _isBirth(uint16 kind) private pure returns (bool) {
        return kind == Kinds.ENROLLED || kind == Kinds.SCHEMA_PUBLISHED
            || kind == Kinds.WORLD_OPENED || kind == Kinds.REGISTERED
            || kind == Kinds.BATCH_REGISTERED || kind == Kinds.FOUNDED;
    }

    function _faultOfActor(Attempt memory it) private view returns (string memory) {
        Entry memory e = it.entry;
        if (it.door == Door.DEPLOYMENT) {
            return e.kind == Kinds.FOUNDED && founding == 0 ? "" : "the_ledger_is_founded_once";
        }
        if (e.kind == Kinds.FOUNDED) return "the_ledger_is_founded_once";
        if (it.door == Door.GOVERNANCE) {
            if (it.actor != address(this) || e.org != 0) return "only_the_authority_governs";
            return e.kind == Kinds.ACCOUNT_ADDED ? _faultOfFirstAccount(e) : "";
        }
        if (_isOfGovernance(e.kind)) return "only_the_authority_governs";
        if (subjects[e.org].class != Words.ORGANISATION) return "only_organisations_act";
        if (!_isActive(e.org)) return "suspended_organisations_act_on_nothing";
        if (isAccount[e.org][it.actor]) return "";
        bool approved = it.door == Door.TOKEN && subjects[e.subject].approved == it.actor;
        return approved ? "" : "only_accounts_act_for_organisations";
    }

    function _isOfGovernance(uint16 kind) private pure returns (bool) {
        return kind <= Kinds.REINSTATED || kind >= Kinds.FROZEN;
    }

    function _faultOfFirstAccount(Entry memory e) private view returns (string memory) {
        Entry storage before = _last.entry;
        bool enrolling = before.subject == e.subject && before.org == 0
            && (before.kind == Kinds.ENROLLED || before.kind == Kinds.ACCOUNT_ADDED);
        return enrolling ? "" : "governance_adds_accounts_only_when_it_enrols";
    }

    function _faultOfKind(Attempt memory it) private view returns (string memory) {
        Entry memory e = it.entry;
        uint16 kind = e.kind;
        if (kind == Kinds.ENROLLED) {
            bytes32 taken = organisationAt[_addressOf(e.subject)];
            return taken == 0 ? "" : "organisations_have_addresses_of_their_own";
        }
        if (kind == Kinds.REGISTERED || kind == Kinds.BATCH_REGISTERED) {
            if (!_isActive(_at(e.payload, 0))) return "receivers_are_active";
            return _isSchemaOrNone(_at(e.payload, 1)) ? "" : "births_name_published_schemas";
        }
        if (kind == Kinds.SCHEMA_PUBLISHED) {
            bytes32 replaced = _at(e.payload, 1);
            if (!_isSchemaOrNone(replaced)) return "schemas_replace_their_publishers_own";
            bool own = replaced == 0 || subjects[replaced].parties[0] == e.org;
            return own ? "" : "schemas_replace_their_publishers_own";
        }
        if (kind == Kinds.WORLD_OPENED) return _faultOfOpening(e);
        if (kind == Kinds.WORLD_CLOSED) return _faultOfClosing(e);
        if (kind <= Kinds.CREDENTIAL_REVOKED) return _faultOfOrganisation(e);
        if (kind >= Kinds.FOUNDED) return _faultOfLedger(e);
        return _faultOfAsset(e);
    }

    function _faultOfOrganisation(Entry memory e) private view returns (string memory) {
        Subject storage it = subjects[e.subject];
        if (it.class != Words.ORGANISATION) return "kinds_suit_their_subjects";
        if (e.kind == Kinds.CREDENTIAL_ISSUED) {
            return it.suspended ? "credentials_are_of_active_organisations" : _faultOfClaim(e);
        }
        if (e.kind == Kinds.CREDENTIAL_REVOKED) {
            return _faultOfRevocation(e, Kinds.CREDENTIAL_ISSUED);
        }
        if (e.kind == Kinds.SUSPENDED || e.kind == Kinds.REINSTATED) {
            bool on = e.kind == Kinds.SUSPENDED;
            return it.suspended == on ? "governance_changes_something" : "";
        }
        if (e.org != 0 && e.org != e.subject) return "organisations_change_their_own_accounts";
        bool is_ = isAccount[e.subject][_addressOf(_at(e.payload, 0))];
        if (is_ == (e.kind == Kinds.ACCOUNT_ADDED)) return "accounts_come_and_go_in_turn";
        bool last = e.kind == Kinds.ACCOUNT_REMOVED && it.accounts == 1;
        return last ? "every_organisation_keeps_an_account" : "";
    }

    function _faultOfOpening(Entry memory e) private view returns (string memory) {
        (bytes32 schema, bytes32 issuer) = (_at(e.payload, 1), _at(e.payload, 2));
        if (!_isSchemaOrNone(schema)) return "worlds_admit_by_published_schemas";
        return issuer == 0 || _isActive(issuer) ? "" : "worlds_admit_by_active_issuers";
    }

    function _faultOfClosing(Entry memory e) private view returns (string memory) {
        Subject storage it = subjects[e.subject];
        if (it.class != Words.WORLD) return "kinds_suit_their_subjects";
        if (it.closed) return "worlds_are_closed_once";
        return it.parties[0] == e.org ? "" : "worlds_are_closed_by_who_opened_them";
    }

    function _faultOfLedger(Entry memory e) private view returns (string memory) {
        if (e.kind == Kinds.FOUNDED) return "";
        if (e.subject != founding) return "kinds_suit_their_subjects";
        bool same = (e.kind == Kinds.PAUSED && paused) || (e.kind == Kinds.RESUMED && !paused);
        return same ? "governance_changes_something" : "";
    }

    function _isSchemaOrNone(bytes32 schema) private view returns (bool) {
        return schema == 0 || subjects[schema].class == Words.SCHEMA;
    }

    // -- payloads --------------------------------------------------------------------------------

    function _wordsOf(uint16 kind) internal pure returns (uint8) {
        return kind < WORDS.length ? uint8(WORDS[kind]) : 0;
    }

    /// @dev Whether a payload is what `abi.encode` makes of the kind's struct, and in range.
    function _isCanonical(Entry memory e) private pure returns (bool) {
        (uint16 kind, bytes memory payload) = (e.kind, e.payload);
        if (kind == Kinds.ENROLLED) return _isDid(payload);
        if (kind == Kinds.ERASED) return _isReceipt(payload);
        if (payload.length != 32 * uint256(_wordsOf(kind))) return false;
        uint256 first = uint256(_at(payload, 0));
        if (kind == Kinds.ACCOUNT_ADDED || kind == Kinds.ACCOUNT_REMOVED) {
            return first != 0 && first <= type(uint160).max;
        }
        if (kind == Kinds.CREDENTIAL_ISSUED || kind == Kinds.ATTESTED) return _isTime(payload, 2);
        if (kind == Kinds.CREDENTIAL_REVOKED || kind == Kinds.ATTESTATION_REVOKED) {
            return _isTime(payload, 0);
        }
        if (kind == Kinds.CORRECTED) return _isTime(payload, 0);
        if (kind == Kinds.WORLD_OPENED) return _at(payload, 1) != 0 || _at(payload, 2) == 0;
        if (kind == Kinds.REGISTERED) return uint256(_at(payload, 3)) <= 3;
        if (kind == Kinds.BATCH_REGISTERED) {
            uint256 size = uint256(_at(payload, 3));
            return size > 0 && size <= MAX_SIZE;
        }
        if (kind == Kinds.OFFERED) return first <= 3 && _isTime(payload, 2);
        if (kind == Kinds.WITHDRAWN || kind == Kinds.ACCEPTED) return first <= 3;
        if (kind == Kinds.RELEASED) return first > 0 && first <= 3;
        if (kind == Kinds.LISTED) return _isTime(payload, 3) && _isTime(payload, 5);
        return true;
    }

    function _isTime(bytes memory payload, uint256 i) private pure returns (bool) {
        return uint256(_at(payload, i)) <= type(uint64).max;
    }

    function _isReceipt(bytes memory payload) private pure returns (bool) {
        if (payload.length < 128 || payload.length % 32 != 0) return false;
        bytes32[] memory documents = new bytes32[](payload.length / 32 - 3);
        for (uint256 i; i < documents.length; ++i) {
            documents[i] = _at(payload, i + 3);
        }
        return keccak256(abi.encode(Erased(documents))) == keccak256(payload);
    }

    function _isDid(bytes memory payload) private pure returns (bool) {
        bytes memory did = bytes(abi.decode(payload, (Enrolled)).did);
        for (uint256 i; i < did.length; ++i) {
            if (did[i] <= 0x20 || did[i] >= 0x7f) return false;
        }
        return did.length > 4 && did[0] == "d" && did[1] == "i" && did[2] == "d" && did[3] == ":";
    }
}
