// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {Accepted, Attested, Listed, Offered} from "../../src/types/Payloads.sol";
import {Words} from "../../src/types/Word.sol";
import {Fold} from "./Fold.sol";
import {Claim, Offer, Subject} from "./Model.sol";

/// @title What is wrong with an entry of an asset, as the model stands before it.
/// @dev Each answer is the name of an invariant in INVARIANTS.md, or empty.
abstract contract AssetJudge is Fold {
    uint256 private constant MOST_LEVELS = 32;

    function _faultOfAsset(Entry memory e) internal view returns (string memory) {
        Subject storage it = subjects[e.subject];
        uint16 kind = e.kind;
        if (it.class != Words.ASSET) return "kinds_suit_their_subjects";
        if (kind >= Kinds.FROZEN) return _faultOfGovernance(e, it);
        if (it.frozen) return "frozen_assets_take_governance_alone";
        if (it.stage == 5 && !_isTakenByTheRetired(kind)) return "retired_assets_begin_nothing";
        if (kind == Kinds.ATTESTED) return _faultOfClaim(e);
        if (kind == Kinds.ATTESTATION_REVOKED) return _faultOfRevocation(e, Kinds.ATTESTED);
        if (kind == Kinds.OFFERED) return _faultOfOffer(e);
        if (kind == Kinds.WITHDRAWN) return _faultOfWithdrawal(e);
        if (kind == Kinds.ACCEPTED) return _faultOfAcceptance(e);
        if (kind == Kinds.RELEASED) {
            uint256 party = uint256(_at(e.payload, 0));
            return _isParty(e.subject, party, e.org) ? "" : "parties_are_released_by_themselves";
        }
        if (kind == Kinds.MOUNTED) return _faultOfMounting(e, it);
        if (kind == Kinds.DISMOUNTED) return _faultOfDismounting(e, it);
        return _faultOfTelling(e, it);
    }

    function _isTakenByTheRetired(uint16 kind) internal pure returns (bool) {
        return kind == Kinds.CORRECTED || kind == Kinds.ERASED || kind == Kinds.ATTESTED
            || kind == Kinds.ATTESTATION_REVOKED || kind == Kinds.WITHDRAWN
            || kind == Kinds.RELEASED || kind == Kinds.DISMOUNTED || kind == Kinds.DELISTED;
    }

    function _faultOfGovernance(Entry memory e, Subject storage it)
        private
        view
        returns (string memory)
    {
        if (e.kind == Kinds.FROZEN && it.frozen) return "governance_changes_something";
        if (e.kind == Kinds.UNFROZEN && !it.frozen) return "governance_changes_something";
        if (e.kind != Kinds.TITLE_FORCED) return "";
        if (!_isActive(_at(e.payload, 0))) return "receivers_are_active";
        return it.parties[0] == _at(e.payload, 0) ? "title_changes_hands" : "";
    }

    /// @dev What the owner says, or whoever has the asset in keeping or in use.
    function _faultOfTelling(Entry memory e, Subject storage it)
        private
        view
        returns (string memory)
    {
        uint16 kind = e.kind;
        bool entitled = it.parties[0] == e.org;
        if (kind == Kinds.REVISED || kind == Kinds.OBSERVED || kind == Kinds.CORRECTED) {
            entitled = entitled || _isParty(e.subject, 2, e.org);
            if (kind != Kinds.REVISED) entitled = entitled || _isParty(e.subject, 1, e.org);
        }
        if (!entitled) return "only_the_entitled_write";
        if (kind == Kinds.CORRECTED && uint256(_at(e.payload, 0)) >= e.position) {
            return "corrections_are_of_earlier_entries";
        }
        if (kind == Kinds.STAGED && !_mayFollow(it.stage, uint256(_at(e.payload, 0)))) {
            return "stages_follow_the_drawn_graph";
        }
        if (kind == Kinds.TRANSFERRED) return _faultOfTransfer(it, _at(e.payload, 0));
        if (kind == Kinds.LISTED) return _faultOfListing(e);
        if (kind == Kinds.DELISTED && !listings[e.subject][_at(e.payload, 0)].open) {
            return "delisted_assets_were_listed";
        }
        return "";
    }

    function _faultOfTransfer(Subject storage it, bytes32 to) private view returns (string memory) {
        if (it.parties[3] != 0) return "no_title_passes_a_lien";
        if (!_isActive(to)) return "receivers_are_active";
        return it.parties[0] == to ? "title_changes_hands" : "";
    }

    // -- parties ---------------------------------------------------------------------------------

    function _faultOfOffer(Entry memory e) private view returns (string memory) {
        Offered memory said = abi.decode(e.payload, (Offered));
        bytes32 holder = _holderOf(e.subject, said.party);
        if (holder != e.org) return "offers_are_made_and_withdrawn_by_the_holder";
        if (!_isActive(said.to)) return "offers_are_to_active_organisations";
        if (said.to == holder) return "offers_are_to_others";
        return _hasPassed(said.expires) ? "expiries_lie_ahead" : "";
    }

    function _faultOfWithdrawal(Entry memory e) private view returns (string memory) {
        uint256 party = uint256(_at(e.payload, 0));
        if (_holderOf(e.subject, party) != e.org) {
            return "offers_are_made_and_withdrawn_by_the_holder";
        }
        return subjects[e.subject].offers[party].open ? "" : "withdrawn_offers_were_open";
    }

    function _faultOfAcceptance(Entry memory e) private view returns (string memory) {
        uint256 party = abi.decode(e.payload, (Accepted)).party;
        Subject storage it = subjects[e.subject];
        Offer storage offer = it.offers[party];
        if (!offer.open || offer.title != it.titles) return "accepted_offers_were_open";
        if (offer.to != e.org) return "accepted_offers_were_to_the_accepting";
        if (_hasPassed(offer.expires)) return "accepted_offers_were_in_time";
        if (offer.by != _holderOf(e.subject, party)) return "accepted_offers_were_by_the_holder";
        if (!_isActive(offer.by)) return "accepted_offers_were_by_the_active";
        return party == 0 && it.parties[3] != 0 ? "no_title_passes_a_lien" : "";
    }

    // -- assemblies ------------------------------------------------------------------------------

    function _faultOfMounting(Entry memory e, Subject storage it)
        private
        view
        returns (string memory)
    {
        bytes32 parent = _at(e.payload, 0);
        if (subjects[parent].class != Words.ASSET) return "kinds_suit_their_subjects";
        if (subjects[parent].frozen) return "frozen_assets_take_governance_alone";
        if (subjects[parent].stage == 5) return "retired_assets_begin_nothing";
        bool keeps = _keeps(e.subject, e.org) && _keeps(parent, e.org);
        if (!keeps) return "who_keeps_both_mounts";
        if (it.parent != 0) return "parts_have_one_parent";
        uint256 levels = _heightOf(e.subject);
        for (bytes32 up = parent; up != 0; up = subjects[up].parent) {
            if (up == e.subject) return "mounts_make_no_cycle";
            if (++levels > MOST_LEVELS) return "trees_are_at_most_32_high";
        }
        return "";
    }

    function _faultOfDismounting(Entry memory e, Subject storage it)
        private
        view
        returns (string memory)
    {
        bytes32 parent = _at(e.payload, 0);
        if (parent == 0 || it.parent != parent) return "dismounted_parts_were_mounted_there";
        if (subjects[parent].frozen) return "frozen_assets_take_governance_alone";
        bool keeps = _keeps(e.subject, e.org) || _keeps(parent, e.org);
        return keeps ? "" : "who_keeps_either_dismounts";
    }

    // -- claims and listings ---------------------------------------------------------------------

    /// @dev Attestations and credentials.
    function _faultOfClaim(Entry memory e) internal view returns (string memory) {
        Attested memory said = abi.decode(e.payload, (Attested));
        if (subjects[said.schema].class != Words.SCHEMA) return "claims_name_published_schemas";
        return _hasPassed(said.expires) ? "expiries_lie_ahead" : "";
    }

    function _faultOfRevocation(Entry memory e, uint16 kind) internal view returns (string memory) {
        Claim storage claim = claims[e.subject][uint64(uint256(_at(e.payload, 0)))];
        if (claim.kind != kind || claim.revoked) return "revoked_claims_stood";
        if (claim.schema != _at(e.payload, 1)) return "revoked_claims_stood";
        return claim.issuer == e.org ? "" : "claims_are_revoked_by_their_issuers_alone";
    }

    function _faultOfListing(Entry memory e) private view returns (string memory) {
        Listed memory said = abi.decode(e.payload, (Listed));
        Subject storage world = subjects[said.world];
        if (world.class != Words.WORLD) return "kinds_suit_their_subjects";
        if (world.closed) return "closed_worlds_take_no_listings";
        if (_hasPassed(said.expires)) return "expiries_lie_ahead";
        if (world.schema == 0) {
            bool bare = said.issuer == 0 && said.credential == 0;
            return bare ? "" : "payloads_are_canonical";
        }
        bool admitted = (world.issuer == 0 || world.issuer == said.issuer)
            && _isInForce(e.org, said.credential, said.issuer, world.schema);
        return admitted ? "" : "listings_are_by_admitted_owners";
    }
}
