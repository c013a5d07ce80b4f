// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {Words} from "../../src/types/Word.sol";
import {Judge} from "./Judge.sol";
import {Claim, Offer, Subject} from "./Model.sol";

/// @title Whether the ledger answers what the model does: of one subject, and of everything.
abstract contract Comparison is Judge {
    /// @notice The name of the first invariant that was broken; empty while all is well.
    string public violation;
    /// @notice How many calls the ledger had been sent by then.
    uint256 public violatedAt;
    /// @notice How many calls were sent, accepted and refused.
    uint256 public sent;
    uint256 public accepted;
    uint256 public refused;
    /// @notice How often the whole state was compared.
    uint256 public compared;

    /// @dev Owners, balances and operators as the ERC-721 events alone tell them.
    mapping(bytes32 asset => address) internal replayedOwner;
    mapping(address organisation => uint256) internal replayedBalance;
    mapping(address organisation => mapping(address account => bool)) internal replayedOperator;

    function _break(string memory name) internal {
        if (bytes(violation).length != 0) return;
        (violation, violatedAt) = (name, sent);
    }

    function _hold(bool condition, string memory name) internal {
        if (!condition) _break(name);
    }

    function _compareAll() internal {
        ++compared;
        _compareLedger();
        for (uint256 i; i < organisations.length; ++i) {
            _compareSubject(organisations[i]);
            _compareOrganisation(organisations[i]);
        }
        for (uint256 i; i < schemas.length; ++i) {
            _compareSubject(schemas[i]);
        }
        for (uint256 i; i < worlds.length; ++i) {
            _compareSubject(worlds[i]);
        }
        for (uint256 i; i < batches.length; ++i) {
            _compareSubject(batches[i]);
        }
        _compareAssets();
    }

    function _compareSubject(bytes32 id) internal {
        Subject storage it = subjects[id];
        uint256 word = ledger.word(id);
        _hold(ledger.count(id) == it.count, "counts_equal_the_entries");
        _hold(ledger.head(id) == it.head, "heads_equal_the_refolded_entries");
        if (it.class == Words.ASSET) {
            _compareAsset(id, it, word);
            word &= ~APPROVED;
        }
        _hold(word == _wordOf(id), "words_equal_the_model");
        if (it.class == Words.WORLD) _compareWorld(id, it);
    }

    function _compareLedger() internal {
        bytes32 head = ledger.ledgerHead();
        _hold(head == ledgerHead, "the_ledger_head_equals_the_refolded_entries");
        _hold(ledger.paused() == paused, "the_pause_bit_is_the_last_of_paused_and_resumed");
        _hold(
            uint256(head) & 1 == (paused ? 1 : 0), "the_pause_bit_is_the_last_of_paused_and_resumed"
        );
        _hold(ledger.founding() == founding, "the_ledger_is_founded_once");
        bool same = IAccessManaged(address(ledger)).authority() == authority;
        _hold(same, "the_authority_is_fixed");
        _compareSubject(founding);
    }

    function _compareOrganisation(bytes32 org) private {
        Subject storage it = subjects[org];
        address held = _addressOf(org);
        _hold(ledger.isActive(org) == !it.suspended, "suspensions_equal_the_model");
        _hold(ledger.organisationAt(held) == org, "organisations_have_addresses_of_their_own");
        uint256 accounts;
        for (uint256 i; i < known[org].length; ++i) {
            address account = known[org][i];
            bool is_ = ledger.isAccount(org, account);
            _hold(is_ == isAccount[org][account], "accounts_equal_the_model");
            _hold(ledger.isApprovedForAll(held, account) == is_, "operators_are_accounts");
            _hold(replayedOperator[held][account] == is_, "operators_are_accounts");
            if (is_) ++accounts;
        }
        _hold(accounts > 0 && accounts == it.accounts, "every_organisation_keeps_an_account");
        _compareClaims(org);
    }

    function _compareWorld(bytes32 id, Subject storage it) private {
        (bytes32 schema, bytes32 issuer) = ledger.admissionOf(id);
        _hold(schema == it.schema && issuer == it.issuer, "admissions_never_change");
        _hold(ledger.isOpen(id) == !it.closed, "closed_worlds_stay_closed");
    }

    // -- assets ----------------------------------------------------------------------------------

    function _compareAsset(bytes32 id, Subject storage it, uint256 word) private {
        bool approved = (word >> 233) & 1 == 1;
        _hold(approved == (it.approved != address(0)), "approvals_end_with_a_change_of_title");
        bool same = ledger.getApproved(uint256(id)) == it.approved;
        _hold(same, "approvals_end_with_a_change_of_title");

        address owner = _addressOf(it.parties[0]);
        _hold(ledger.ownerOf(uint256(id)) == owner, "owners_equal_the_model");
        _hold(replayedOwner[id] == owner, "transfers_replay_to_the_same_owners");
        _hold(ledger.parentOf(id) == it.parent, "parents_equal_the_fold");
        _hold(ledger.getStateFingerprint(uint256(id)) == it.head, "fingerprints_are_heads");
        for (uint8 party; party < 4; ++party) {
            address held = ledger.partyOf(id, party);
            _hold(held == _addressOf(it.parties[party]), "parties_equal_the_fold");
            _compareOffer(id, party, it.offers[party]);
        }
    }

    function _compareOffer(bytes32 id, uint8 party, Offer storage offer) private {
        (address to, uint64 expires) = ledger.offerOf(id, party);
        bool stands = offer.open && !_hasPassed(offer.expires);
        _hold(to == (stands ? _addressOf(offer.to) : address(0)), "offers_equal_the_fold");
        _hold(expires == (stands ? offer.expires : 0), "offers_equal_the_fold");
    }

    /// @dev Attestations and credentials, at the present time, and asked for by others.
    function _compareClaims(bytes32 id) private {
        for (uint256 i; i < claimed[id].length; ++i) {
            uint64 position = claimed[id][i];
            Claim storage claim = claims[id][position];
            bool stands = _isInForce(id, position, claim.issuer, claim.schema);
            _hold(
                ledger.isInForce(id, position, claim.issuer, claim.schema) == stands,
                "claims_in_force_equal_the_model"
            );
            bytes32 other = organisations[0] == claim.issuer ? organisations[1] : organisations[0];
            bool confused = ledger.isInForce(id, position, other, claim.schema)
                || ledger.isInForce(id, position, claim.issuer, other)
                || ledger.isInForce(id, position + 1, claim.issuer, claim.schema)
                    != _isInForce(id, position + 1, claim.issuer, claim.schema);
            _hold(!confused, "claims_in_force_equal_the_model");
        }
    }

    function _compareAssets() private {
        uint256[] memory parts = new uint256[](assets.length);
        uint256[] memory heights = new uint256[](assets.length);
        for (uint256 i; i < assets.length; ++i) {
            bytes32 id = assets[i];
            _compareSubject(id);
            _compareClaims(id);
            for (uint256 j; j < worlds.length; ++j) {
                bool listed = ledger.isListed(id, worlds[j]);
                _hold(listed == _isListed(id, worlds[j]), "listings_equal_the_model");
            }
            _climb(i, parts, heights);
        }
        for (uint256 i; i < assets.length; ++i) {
            _hold(subjects[assets[i]].parts == parts[i], "parents_know_their_parts");
            _hold(ledger.heightOf(assets[i]) == heights[i], "heights_are_those_of_the_trees");
            _hold(heights[i] <= 32, "trees_are_at_most_32_high");
        }
        _compareBalances();
        _compareUri(assets[assets.length - 1]);
    }

    /// @dev Walks up to the root, which is as far above as trees may be high, and never the start.
    /// What is passed has a part, and is so many levels high at least.
    function _climb(uint256 i, uint256[] memory parts, uint256[] memory heights) private {
        bytes32 id = assets[i];
        bytes32 up = subjects[id].parent;
        if (up == 0) return;
        _hold(hasPart[up][id], "parents_know_their_parts");
        ++parts[placeOf[up]];
        for (uint256 levels = 1; up != 0; ++levels) {
            _hold(up != id && levels <= 32, "mounts_make_no_cycle");
            if (bytes(violation).length != 0) return;
            uint256 passed = placeOf[up];
            if (heights[passed] < levels) heights[passed] = levels;
            up = subjects[up].parent;
        }
    }

    function _compareBalances() private {
        uint256 supply;
        for (uint256 i; i < organisations.length; ++i) {
            bytes32 org = organisations[i];
            address held = _addressOf(org);
            uint256 owned = unfollowed[org];
            for (uint256 j; j < assets.length; ++j) {
                if (subjects[assets[j]].parties[0] == org) ++owned;
            }
            uint256 balance = ledger.balanceOf(held);
            _hold(balance == owned, "balances_equal_owners");
            _hold(balance == replayedBalance[held], "transfers_replay_to_the_same_owners");
            supply += balance;
        }
        _hold(supply == births, "supply_grows_by_births_alone");
    }

    function _compareUri(bytes32 id) private {
        string memory uri = string.concat(baseURI, Strings.toHexString(uint256(id), 32));
        bool same = keccak256(bytes(ledger.tokenURI(uint256(id)))) == keccak256(bytes(uri));
        _hold(same, "token_uris_begin_with_the_base");
    }
}
