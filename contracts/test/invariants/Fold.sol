// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {
    BatchRegistered,
    CredentialIssued,
    CredentialRevoked,
    Listed,
    Offered,
    WorldOpened
} from "../../src/types/Payloads.sol";
import {Words} from "../../src/types/Word.sol";
import {Attempt, Claim, Listing, Model, Offer, Subject} from "./Model.sol";

/// @title What entries do to the model, one after the other, and the hashes that chain them.
/// @dev It believes what it is told; `Judge` says first whether it may have been told.
abstract contract Fold is Model {
    function _fold(Attempt memory it) internal {
        Entry memory e = it.entry;
        if (e.position == 0) _bear(e);
        else _apply(e);
        _chain(e, it.actor);
        subjects[e.subject].count = e.position + 1;
    }

    function _chain(Entry memory e, address actor) private {
        bytes32 reached = e.subject;
        if (e.position != 0) {
            reached = keccak256(
                abi.encode(
                    subjects[e.subject].head,
                    e.position,
                    e.kind,
                    e.org,
                    actor,
                    block.timestamp,
                    keccak256(e.payload)
                )
            );
        }
        subjects[e.subject].head = reached;
        bytes32 folded = keccak256(abi.encode(ledgerHead, reached, actor, block.timestamp));
        ledgerHead = bytes32((uint256(folded) >> 1) << 1 | (paused ? 1 : 0));
    }

    // -- births ----------------------------------------------------------------------------------

    function _bear(Entry memory e) private {
        Subject storage it = subjects[e.subject];
        it.openedAt = uint64(block.timestamp);
        if (e.kind == Kinds.FOUNDED) {
            (founding, authority) = (e.subject, _addressOf(_at(e.payload, 0)));
            it.class = Words.LEDGER;
        } else if (e.kind == Kinds.ENROLLED) {
            it.class = Words.ORGANISATION;
            organisations.push(e.subject);
            organisationAt[_addressOf(e.subject)] = e.subject;
        } else if (e.kind == Kinds.SCHEMA_PUBLISHED) {
            it.class = Words.SCHEMA;
            it.parties[0] = e.org;
            schemas.push(e.subject);
        } else if (e.kind == Kinds.WORLD_OPENED) {
            it.class = Words.WORLD;
            it.parties[0] = e.org;
            WorldOpened memory world = abi.decode(e.payload, (WorldOpened));
            (it.schema, it.issuer) = (world.schema, world.issuer);
            worlds.push(e.subject);
        } else if (e.kind == Kinds.REGISTERED) {
            _bearAsset(e.subject, _at(e.payload, 0));
            ++births;
        } else if (e.kind == Kinds.BATCH_REGISTERED) {
            _bearBatch(e.subject, abi.decode(e.payload, (BatchRegistered)));
        }
    }

    function _bearAsset(bytes32 id, bytes32 owner) private {
        Subject storage it = subjects[id];
        it.class = Words.ASSET;
        it.openedAt = uint64(block.timestamp);
        it.count = 1;
        it.head = id;
        it.parties[0] = owner;
        placeOf[id] = assets.length;
        assets.push(id);
    }

    function _bearBatch(bytes32 id, BatchRegistered memory birth) private {
        subjects[id].class = Words.BATCH;
        subjects[id].parties[0] = birth.owner;
        subjects[id].size = birth.size;
        batches.push(id);
        births += birth.size;
        bytes32[] memory members = _followed(id, birth.size);
        for (uint256 i; i < members.length; ++i) {
            _bearAsset(members[i], birth.owner);
        }
        unfollowed[birth.owner] += birth.size - members.length;
    }

    // -- later entries ---------------------------------------------------------------------------

    function _apply(Entry memory e) private {
        Subject storage it = subjects[e.subject];
        uint16 kind = e.kind;
        if (kind == Kinds.SUSPENDED || kind == Kinds.REINSTATED) {
            it.suspended = kind == Kinds.SUSPENDED;
        } else if (kind == Kinds.ACCOUNT_ADDED) {
            _addAccount(e.subject, _addressOf(_at(e.payload, 0)));
            ++it.accounts;
        } else if (kind == Kinds.ACCOUNT_REMOVED) {
            isAccount[e.subject][_addressOf(_at(e.payload, 0))] = false;
            --it.accounts;
        } else if (kind == Kinds.CREDENTIAL_ISSUED || kind == Kinds.ATTESTED) {
            // Both payloads are made alike.
            CredentialIssued memory said = abi.decode(e.payload, (CredentialIssued));
            claims[e.subject][e.position] = Claim(kind, e.org, said.schema, said.expires, false);
            claimed[e.subject].push(e.position);
        } else if (kind == Kinds.CREDENTIAL_REVOKED || kind == Kinds.ATTESTATION_REVOKED) {
            CredentialRevoked memory said = abi.decode(e.payload, (CredentialRevoked));
            claims[e.subject][said.revokes].revoked = true;
        } else if (kind == Kinds.WORLD_CLOSED) {
            it.closed = true;
        } else if (kind == Kinds.FROZEN || kind == Kinds.UNFROZEN) {
            it.frozen = kind == Kinds.FROZEN;
        } else if (kind == Kinds.PAUSED || kind == Kinds.RESUMED) {
            paused = kind == Kinds.PAUSED;
        } else {
            _applyToAsset(e, it);
        }
    }

    function _addAccount(bytes32 org, address account) private {
        isAccount[org][account] = true;
        if (isKnown[org][account]) return;
        isKnown[org][account] = true;
        known[org].push(account);
    }

    function _applyToAsset(Entry memory e, Subject storage it) private {
        uint16 kind = e.kind;
        if (kind == Kinds.STAGED) {
            it.stage = uint8(uint256(_at(e.payload, 0)));
        } else if (kind == Kinds.TRANSFERRED || kind == Kinds.TITLE_FORCED) {
            _passTitle(it, _at(e.payload, 0));
        } else if (kind == Kinds.OFFERED) {
            Offered memory said = abi.decode(e.payload, (Offered));
            it.offers[said.party] = Offer(true, said.to, said.expires, e.org, it.titles);
        } else if (kind == Kinds.WITHDRAWN) {
            delete it.offers[uint256(_at(e.payload, 0))];
        } else if (kind == Kinds.ACCEPTED) {
            uint256 party = uint256(_at(e.payload, 0));
            if (party == 0) _passTitle(it, e.org);
            it.parties[party] = e.org;
            delete it.offers[party];
        } else if (kind == Kinds.RELEASED) {
            uint256 party = uint256(_at(e.payload, 0));
            delete it.parties[party];
            delete it.offers[party];
        } else if (kind == Kinds.MOUNTED) {
            it.parent = _at(e.payload, 0);
        } else if (kind == Kinds.DISMOUNTED) {
            it.parent = 0;
        } else if (kind == Kinds.PART_ADDED) {
            hasPart[e.subject][_at(e.payload, 0)] = true;
            ++it.parts;
        } else if (kind == Kinds.PART_REMOVED) {
            hasPart[e.subject][_at(e.payload, 0)] = false;
            --it.parts;
        } else if (kind == Kinds.LISTED) {
            Listed memory said = abi.decode(e.payload, (Listed));
            listings[e.subject][said.world] =
                Listing(true, e.org, said.expires, said.issuer, said.credential);
        } else if (kind == Kinds.DELISTED) {
            delete listings[e.subject][_at(e.payload, 0)];
        }
    }

    function _passTitle(Subject storage it, bytes32 to) private {
        it.parties[0] = to;
        it.approved = address(0);
        ++it.titles;
        for (uint256 party; party < 4; ++party) {
            delete it.offers[party];
        }
    }
}
