// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IAssetLedger} from "./interfaces/IAssetLedger.sol";
import {Assembly} from "./modules/Assembly.sol";
import {Assets} from "./modules/Assets.sol";
import {Batches} from "./modules/Batches.sol";
import {Catalogue} from "./modules/Catalogue.sol";
import {Governance} from "./modules/Governance.sol";
import {Journal} from "./modules/Journal.sol";
import {Parties} from "./modules/Parties.sol";
import {Act} from "./types/Entry.sol";
import {Kinds} from "./types/Kinds.sol";
import {Word} from "./types/Word.sol";

/// @title The asset ledger: who owns what, and what became of it, for good.
/// @notice One journal shared by small modules, one concern each. It is not upgradeable: history
/// that nobody can rewrite is what it is for.
/// @dev Every entry passes `_rule` below, where each kind finds its rule: read it as the contents.
contract AssetLedger is Governance, Parties, Batches, Assembly, Catalogue, Assets, IAssetLedger {
    /// @param authority the AccessManager that says who governs.
    /// @param baseURI what token URIs begin with.
    constructor(address authority, string memory baseURI)
        Journal(authority)
        AccessManaged(authority)
    {
        if (authority.code.length == 0) {
            revert AccessManagedInvalidAuthority(authority);
        }
        _setBaseURI(baseURI);
    }

    function _rule(Act memory act, Word word) internal override returns (Word) {
        uint16 kind = act.kind;
        // The busiest first; then governance, assets, and what they need.
        if (kind == Kinds.OBSERVED) return _observe(act, word);
        if (kind == Kinds.TRANSFERRED) return _transfer(act, word);
        if (kind == Kinds.REGISTERED) return _register(act, word);

        if (kind >= Kinds.FROZEN) return _ruleOfGovernance(act, word);
        if (kind >= Kinds.REGISTERED) return _ruleOfAssets(act, word);

        // Organisations: Directory, Attestations
        if (kind == Kinds.ENROLLED) return _enrol(act, word);
        if (kind == Kinds.SUSPENDED) return _setSuspended(act, word, true);
        if (kind == Kinds.REINSTATED) return _setSuspended(act, word, false);
        if (kind == Kinds.ACCOUNT_ADDED) return _addAccount(act, word);
        if (kind == Kinds.ACCOUNT_REMOVED) return _removeAccount(act, word);
        if (kind == Kinds.CREDENTIAL_ISSUED) return _issueCredential(act, word);
        if (kind == Kinds.CREDENTIAL_REVOKED) return _revokeCredential(act, word);

        // Schemas and worlds: Catalogue
        if (kind == Kinds.SCHEMA_PUBLISHED) return _publishSchema(act, word);
        if (kind == Kinds.WORLD_OPENED) return _openWorld(act, word);
        if (kind == Kinds.WORLD_CLOSED) return _closeWorld(act, word);
        revert UnknownKind(act.index, kind);
    }

    function _ruleOfAssets(Act memory act, Word word) private returns (Word) {
        uint16 kind = act.kind;
        // Births, and what is told of assets: Assets, Batches
        if (kind == Kinds.BATCH_REGISTERED) return _registerBatch(act, word);
        if (kind == Kinds.REVISED) return _revise(act, word);
        if (kind == Kinds.CORRECTED) return _correct(act, word);
        if (kind == Kinds.STAGED) return _stage(act, word);

        // Title and the other parties: Titles, Parties
        if (kind == Kinds.OFFERED) return _offer(act, word);
        if (kind == Kinds.WITHDRAWN) return _withdraw(act, word);
        if (kind == Kinds.ACCEPTED) return _accept(act, word);
        if (kind == Kinds.RELEASED) return _release(act, word);

        // Assemblies: Assembly
        if (kind == Kinds.MOUNTED) return _mount(act, word);
        if (kind == Kinds.DISMOUNTED) return _dismount(act, word);
        if (kind == Kinds.PART_ADDED || kind == Kinds.PART_REMOVED) {
            revert WrittenByTheLedger(act.index, kind);
        }

        // What others say of assets: Attestations
        if (kind == Kinds.ATTESTED) return _attest(act, word);
        if (kind == Kinds.ATTESTATION_REVOKED) return _revokeAttestation(act, word);

        // Assets in worlds: Catalogue
        if (kind == Kinds.LISTED) return _list(act, word);
        if (kind == Kinds.DELISTED) return _delist(act, word);

        // Receipts of erasure: Assets
        if (kind == Kinds.ERASED) return _erase(act, word);
        revert UnknownKind(act.index, kind);
    }

    function _ruleOfGovernance(Act memory act, Word word) private returns (Word) {
        uint16 kind = act.kind;
        // Assets, whatever their parties say: Assets, Titles
        if (kind == Kinds.FROZEN) return _setFrozen(act, word, true);
        if (kind == Kinds.UNFROZEN) return _setFrozen(act, word, false);
        if (kind == Kinds.TITLE_FORCED) return _force(act, word);

        // The ledger as a whole: Governance
        if (kind == Kinds.FOUNDED) revert WrittenByTheLedger(act.index, kind);
        if (kind >= Kinds.PAUSED && kind <= Kinds.SUCCESSOR_NAMED) return _ofTheLedger(act, word);
        revert UnknownKind(act.index, kind);
    }
}
