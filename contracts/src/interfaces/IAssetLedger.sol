// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAssembly} from "./IAssembly.sol";
import {IAttestations} from "./IAttestations.sol";
import {IBatches} from "./IBatches.sol";
import {ICatalogue} from "./ICatalogue.sol";
import {IDirectory} from "./IDirectory.sol";
import {IGovernance} from "./IGovernance.sol";
import {IJournal} from "./IJournal.sol";
import {IParties} from "./IParties.sol";
import {ITitles} from "./ITitles.sol";

/// @title The asset ledger, whole: one address for an auditor to trust.
interface IAssetLedger is
    IJournal,
    IDirectory,
    ITitles,
    IParties,
    IBatches,
    IAssembly,
    IAttestations,
    ICatalogue,
    IGovernance
{}
