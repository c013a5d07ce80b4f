// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {PartyRoles} from "../src/types/PartyRoles.sol";
import {Stages} from "../src/types/Stages.sol";
import {Base} from "./Base.sol";

/// @title Who is who around some assets, and of each kind an entry that is good there.
/// @dev All that organisations may write is tried on this one stage, so that a rule about every
/// kind is one loop.
abstract contract Cast is Base {
    enum Role {
        OWNER,
        CUSTODIAN,
        OPERATOR,
        LIEN_HOLDER,
        OFFEREE,
        ISSUER,
        FORMER_OWNER,
        OUTSIDER
    }

    uint256 internal constant ROLES = 8;
    address internal constant SPARE_ACCOUNT = address(0x5BA8E);

    /// @dev All kinds that organisations append, and those of them about an asset that is there.
    uint16[] internal kinds;
    uint16[] internal kindsOfAssets;

    bytes32[ROLES] internal cast;
    bytes32 internal schema;
    /// @dev Admits everybody.
    bytes32 internal world;
    bytes32 internal batch;
    /// @dev Has all parties, and its custody is offered to the offeree.
    bytes32 internal asset;
    /// @dev The same without a lien.
    bytes32 internal free;
    /// @dev The same, with one part.
    bytes32 internal frame;
    bytes32 internal part;
    uint64 internal credential;
    uint64 internal attestation;

    function setUp() public virtual override {
        super.setUp();
        _listKinds();
        for (uint256 i; i < ROLES; ++i) {
            string memory did = string.concat("did:web:", string(abi.encodePacked(uint8(97 + i))));
            cast[i] = _enrol(did, address(uint160(0xCA57 + i)));
        }
        schema = _append(_schemaPublished(_who(Role.ISSUER), DOCUMENT, 0));
        world = _append(_worldOpened(_who(Role.OWNER), 0, 0));
        batch = _append(_batchRegistered(_who(Role.OWNER), _who(Role.OWNER), 3));
        asset = _surrounded("asset", true);
        free = _surrounded("free", false);
        frame = _surrounded("frame", true);
        part = _surrounded("part", true);
        _tellMore();
    }

    function _who(Role role) internal view returns (bytes32) {
        return cast[uint256(role)];
    }

    /// @dev An entry of that kind that is good, at its subject's next position.
    function _good(uint16 kind) internal view returns (Entry memory) {
        if (kind <= Kinds.CREDENTIAL_REVOKED) return _goodOfOrganisations(kind);
        if (kind <= Kinds.BATCH_REGISTERED) return _goodOfTheCatalogue(kind);
        bytes32 owner = _who(Role.OWNER);
        bytes32 custodian = _who(Role.CUSTODIAN);
        bytes32 issuer = _who(Role.ISSUER);
        uint8 custody = PartyRoles.CUSTODIAN;
        if (kind == Kinds.REVISED) return _revised(asset, owner);
        if (kind == Kinds.OBSERVED) return _observed(asset, owner);
        if (kind == Kinds.CORRECTED) return _corrected(asset, owner, 0);
        if (kind == Kinds.STAGED) return _staged(asset, owner, Stages.COMMISSIONED);
        if (kind == Kinds.TRANSFERRED) return _transferred(free, owner, _who(Role.FORMER_OWNER));
        if (kind == Kinds.OFFERED) {
            return _offered(asset, custodian, custody, _who(Role.FORMER_OWNER));
        }
        if (kind == Kinds.WITHDRAWN) return _withdrawn(asset, custodian, custody);
        if (kind == Kinds.ACCEPTED) return _accepted(asset, _who(Role.OFFEREE), custody);
        if (kind == Kinds.RELEASED) return _released(asset, custodian, custody);
        if (kind == Kinds.MOUNTED) return _mounted(asset, owner, frame);
        if (kind == Kinds.DISMOUNTED) return _dismounted(part, owner, frame);
        if (kind == Kinds.ATTESTED) return _attested(asset, issuer, schema, 0);
        if (kind == Kinds.ATTESTATION_REVOKED) {
            return _attestationRevoked(asset, issuer, attestation, schema);
        }
        if (kind == Kinds.LISTED) return _listed(asset, owner, world);
        if (kind == Kinds.DELISTED) return _delisted(asset, owner, world);
        if (kind == Kinds.ERASED) return _erased(asset, owner);
        revert("no organisation writes that");
    }

    /// @dev The same entry by another organisation; a birth has another id then.
    function _by(bytes32 org, Entry memory entry) internal view returns (Entry memory) {
        if (entry.position == 0) return _birth(entry.kind, org, entry.payload);
        return Entry(entry.subject, org, entry.kind, entry.position, entry.payload);
    }

    /// @dev The same entry with another payload; a birth has another id then.
    function _saying(bytes memory payload, Entry memory entry)
        internal
        view
        returns (Entry memory)
    {
        if (entry.position == 0) {
            return _birth(entry.kind, entry.org, payload);
        }
        return Entry(entry.subject, entry.org, entry.kind, entry.position, payload);
    }

    function _goodOfOrganisations(uint16 kind) private view returns (Entry memory) {
        (bytes32 owner, bytes32 issuer) = (_who(Role.OWNER), _who(Role.ISSUER));
        if (kind == Kinds.ACCOUNT_ADDED) return _accountAdded(owner, stranger);
        if (kind == Kinds.ACCOUNT_REMOVED) return _accountRemoved(owner, SPARE_ACCOUNT);
        if (kind == Kinds.CREDENTIAL_ISSUED) return _credentialIssued(owner, issuer, schema, 0);
        return _credentialRevoked(owner, issuer, credential, schema);
    }

    function _goodOfTheCatalogue(uint16 kind) private view returns (Entry memory) {
        bytes32 owner = _who(Role.OWNER);
        if (kind == Kinds.SCHEMA_PUBLISHED) return _schemaPublished(owner, REASON, 0);
        if (kind == Kinds.WORLD_OPENED) return _worldOpened(owner, schema, 0);
        if (kind == Kinds.WORLD_CLOSED) return _worldClosed(world, owner);
        if (kind == Kinds.REGISTERED) return _registered(owner, owner, REASON);
        return _batchRegistered(owner, owner, 7);
    }

    /// @dev An asset that changed hands once, with a custodian, an operator and maybe a lien.
    function _surrounded(string memory document, bool lien) private returns (bytes32 id) {
        (bytes32 former, bytes32 owner) = (_who(Role.FORMER_OWNER), _who(Role.OWNER));
        id = _append(_registered(former, former, keccak256(bytes(document))));
        _append(_transferred(id, former, owner));
        for (uint8 party = PartyRoles.CUSTODIAN; party <= PartyRoles.LIEN_HOLDER; ++party) {
            if (party == PartyRoles.LIEN_HOLDER && !lien) continue;
            // The roles of the first four are numbered like the parties.
            _append(_offered(id, owner, party, cast[party]));
            _append(_accepted(id, cast[party], party));
        }
    }

    function _tellMore() private {
        (bytes32 owner, bytes32 issuer) = (_who(Role.OWNER), _who(Role.ISSUER));
        _append(_accountAdded(owner, SPARE_ACCOUNT));
        credential = ledger.count(owner);
        _append(_credentialIssued(owner, issuer, schema, 0));
        attestation = ledger.count(asset);
        _append(_attested(asset, issuer, schema, 0));
        _append(_listed(asset, owner, world));
        _append(_mounted(part, owner, frame));
        bytes32 custodian = _who(Role.CUSTODIAN);
        _append(_offered(asset, custodian, PartyRoles.CUSTODIAN, _who(Role.OFFEREE)));
    }

    function _listKinds() private {
        for (uint16 kind = Kinds.ACCOUNT_ADDED; kind <= Kinds.ERASED; ++kind) {
            bool none = kind > Kinds.CREDENTIAL_REVOKED && kind < Kinds.SCHEMA_PUBLISHED
                || kind > Kinds.WORLD_CLOSED && kind < Kinds.REGISTERED;
            if (none || kind == Kinds.PART_ADDED || kind == Kinds.PART_REMOVED) continue;
            kinds.push(kind);
            if (kind >= Kinds.REVISED) kindsOfAssets.push(kind);
        }
    }
}
