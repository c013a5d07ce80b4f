// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IAssetLedger} from "./interfaces/IAssetLedger.sol";
import {Assets} from "./modules/Assets.sol";
import {Governance} from "./modules/Governance.sol";
import {Titles} from "./modules/Titles.sol";
import {Act} from "./types/Entry.sol";
import {Word} from "./types/Word.sol";

/// @title The asset ledger: who owns what, and what became of it, for good.
/// @notice One journal shared by small modules, one concern each. It is not upgradeable: history
/// that nobody can rewrite is what it is for.
/// @dev The module named last is asked for its rules first: the busiest stands last.
contract AssetLedger is Governance, Assets, IAssetLedger {
    /// @param authority the AccessManager that says who governs.
    /// @param baseURI what token URIs begin with.
    constructor(address authority, string memory baseURI) AccessManaged(authority) {
        _initBaseURI(baseURI);
    }

    function _rule(Act memory act, Word word) internal override(Titles, Assets) returns (Word) {
        return super._rule(act, word);
    }
}
