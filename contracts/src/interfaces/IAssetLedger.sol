// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IDirectory} from "./IDirectory.sol";
import {IGovernance} from "./IGovernance.sol";
import {IJournal} from "./IJournal.sol";
import {ITitles} from "./ITitles.sol";

/// @title The asset ledger, whole: one address for an auditor to trust.
interface IAssetLedger is IJournal, IDirectory, ITitles, IGovernance {}
