// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAssetLedger} from "../src/interfaces/IAssetLedger.sol";
import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import "../src/types/Payloads.sol";

/// @title Entries of each kind, each at its subject's next position.
abstract contract Entries {
    bytes32 internal constant REASON = keccak256("a ruling");
    bytes32 internal constant DOCUMENT = keccak256("a document");

    IAssetLedger internal ledger;

    /// @dev The subject's next entry.
    function _entry(bytes32 subject, bytes32 org, uint16 kind, bytes memory payload)
        internal
        view
        returns (Entry memory)
    {
        return Entry(subject, org, kind, ledger.count(subject), payload);
    }

    /// @dev A first entry, with its subject's id worked out.
    function _birth(uint16 kind, bytes32 org, bytes memory payload)
        internal
        view
        returns (Entry memory)
    {
        return Entry(ledger.idOf(kind, org, payload), org, kind, 0, payload);
    }

    // -- organisations ---------------------------------------------------------------------------

    function _accountAdded(bytes32 org, address account) internal view returns (Entry memory) {
        return _entry(org, org, Kinds.ACCOUNT_ADDED, abi.encode(AccountAdded(account)));
    }

    function _accountRemoved(bytes32 org, address account) internal view returns (Entry memory) {
        return _entry(org, org, Kinds.ACCOUNT_REMOVED, abi.encode(AccountRemoved(account)));
    }

    function _credentialIssued(bytes32 holder, bytes32 org, bytes32 schema, uint64 expires)
        internal
        view
        returns (Entry memory)
    {
        bytes memory payload = abi.encode(CredentialIssued(schema, DOCUMENT, expires));
        return _entry(holder, org, Kinds.CREDENTIAL_ISSUED, payload);
    }

    function _credentialRevoked(bytes32 holder, bytes32 org, uint64 revokes, bytes32 schema)
        internal
        view
        returns (Entry memory)
    {
        bytes memory payload = abi.encode(CredentialRevoked(revokes, schema));
        return _entry(holder, org, Kinds.CREDENTIAL_REVOKED, payload);
    }

    // -- schemas and worlds ----------------------------------------------------------------------

    function _schemaPublished(bytes32 org, bytes32 contentHash, bytes32 replaces)
        internal
        view
        returns (Entry memory)
    {
        bytes memory payload = abi.encode(SchemaPublished(contentHash, replaces));
        return _birth(Kinds.SCHEMA_PUBLISHED, org, payload);
    }

    function _worldOpened(bytes32 org, bytes32 schema, bytes32 issuer)
        internal
        view
        returns (Entry memory)
    {
        bytes memory payload = abi.encode(WorldOpened(DOCUMENT, schema, issuer));
        return _birth(Kinds.WORLD_OPENED, org, payload);
    }

    function _worldClosed(bytes32 world, bytes32 org) internal view returns (Entry memory) {
        return _entry(world, org, Kinds.WORLD_CLOSED, abi.encode(WorldClosed(REASON)));
    }

    // -- assets ----------------------------------------------------------------------------------

    function _registered(bytes32 org, bytes32 owner, bytes32 document)
        internal
        view
        returns (Entry memory)
    {
        return _birth(Kinds.REGISTERED, org, abi.encode(Registered(owner, 0, document, 1)));
    }

    function _batchRegistered(bytes32 org, bytes32 owner, uint32 size)
        internal
        view
        returns (Entry memory)
    {
        bytes memory payload = abi.encode(BatchRegistered(owner, 0, DOCUMENT, size, DOCUMENT));
        return _birth(Kinds.BATCH_REGISTERED, org, payload);
    }

    function _revised(bytes32 subject, bytes32 org) internal view returns (Entry memory) {
        return _entry(subject, org, Kinds.REVISED, abi.encode(Revised(DOCUMENT)));
    }

    function _observed(bytes32 subject, bytes32 org) internal view returns (Entry memory) {
        return _entry(subject, org, Kinds.OBSERVED, abi.encode(Observed(DOCUMENT)));
    }

    function _corrected(bytes32 subject, bytes32 org, uint64 corrects)
        internal
        view
        returns (Entry memory)
    {
        return _entry(subject, org, Kinds.CORRECTED, abi.encode(Corrected(corrects, DOCUMENT)));
    }

    function _staged(bytes32 subject, bytes32 org, uint8 stage)
        internal
        view
        returns (Entry memory)
    {
        return _entry(subject, org, Kinds.STAGED, abi.encode(Staged(stage)));
    }

    function _erased(bytes32 subject, bytes32 org) internal view returns (Entry memory) {
        bytes32[] memory documents = new bytes32[](2);
        (documents[0], documents[1]) = (DOCUMENT, REASON);
        return _entry(subject, org, Kinds.ERASED, abi.encode(Erased(documents)));
    }

    // -- parties ---------------------------------------------------------------------------------

    function _transferred(bytes32 subject, bytes32 org, bytes32 to)
        internal
        view
        returns (Entry memory)
    {
        return _entry(subject, org, Kinds.TRANSFERRED, abi.encode(Transferred(to)));
    }

    /// @dev An offer for ever.
    function _offered(bytes32 subject, bytes32 org, uint8 party, bytes32 to)
        internal
        view
        returns (Entry memory)
    {
        return _offered(subject, org, party, to, 0);
    }

    function _offered(bytes32 subject, bytes32 org, uint8 party, bytes32 to, uint64 expires)
        internal
        view
        returns (Entry memory)
    {
        return _entry(subject, org, Kinds.OFFERED, abi.encode(Offered(party, to, expires)));
    }

    function _withdrawn(bytes32 subject, bytes32 org, uint8 party)
        internal
        view
        returns (Entry memory)
    {
        return _entry(subject, org, Kinds.WITHDRAWN, abi.encode(Withdrawn(party)));
    }

    function _accepted(bytes32 subject, bytes32 org, uint8 party)
        internal
        view
        returns (Entry memory)
    {
        return _entry(subject, org, Kinds.ACCEPTED, abi.encode(Accepted(party)));
    }

    function _released(bytes32 subject, bytes32 org, uint8 party)
        internal
        view
        returns (Entry memory)
    {
        return _entry(subject, org, Kinds.RELEASED, abi.encode(Released(party)));
    }

    // -- assemblies, attestations, listings ------------------------------------------------------

    function _mounted(bytes32 part, bytes32 org, bytes32 parent)
        internal
        view
        returns (Entry memory)
    {
        return _entry(part, org, Kinds.MOUNTED, abi.encode(Mounted(parent)));
    }

    function _dismounted(bytes32 part, bytes32 org, bytes32 parent)
        internal
        view
        returns (Entry memory)
    {
        return _entry(part, org, Kinds.DISMOUNTED, abi.encode(Dismounted(parent)));
    }

    function _attested(bytes32 subject, bytes32 org, bytes32 schema, uint64 expires)
        internal
        view
        returns (Entry memory)
    {
        bytes memory payload = abi.encode(Attested(schema, DOCUMENT, expires));
        return _entry(subject, org, Kinds.ATTESTED, payload);
    }

    function _attestationRevoked(bytes32 subject, bytes32 org, uint64 revokes, bytes32 schema)
        internal
        view
        returns (Entry memory)
    {
        bytes memory payload = abi.encode(AttestationRevoked(revokes, schema));
        return _entry(subject, org, Kinds.ATTESTATION_REVOKED, payload);
    }

    /// @dev A listing for ever, in a world that admits all.
    function _listed(bytes32 subject, bytes32 org, bytes32 world)
        internal
        view
        returns (Entry memory)
    {
        return _listed(subject, org, Listed(world, DOCUMENT, DOCUMENT, 0, 0, 0));
    }

    function _listed(bytes32 subject, bytes32 org, Listed memory listing)
        internal
        view
        returns (Entry memory)
    {
        return _entry(subject, org, Kinds.LISTED, abi.encode(listing));
    }

    function _delisted(bytes32 subject, bytes32 org, bytes32 world)
        internal
        view
        returns (Entry memory)
    {
        return _entry(subject, org, Kinds.DELISTED, abi.encode(Delisted(world)));
    }
}
