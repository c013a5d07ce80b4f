// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Stages} from "../../src/types/Stages.sol";
import {CHEATS, Cheats} from "./Cheats.sol";

/// @title The stages follow each other as `Stages` draws it.
/// @notice Bounds: stages below 2^128, where sums cannot overflow; no loops.
contract StagesSymbolicTest {
    Cheats private constant vm = CHEATS;

    function check_the_graph_is_the_drawn_one(uint128 stage, uint128 next) public pure {
        bool drawn = (stage == 0 && next == 1) // planned, commissioned
            || (stage == 1 && next == 2) // commissioned, in service
            || (stage == 2 && (next == 3 || next == 4)) // in service, maintenance or the end
            || (stage == 3 && (next == 2 || next == 4)) // maintenance, back or the end
            || (stage == 4 && next == 5); // decommissioned, retired
        assert(Stages.mayFollow(stage, next) == drawn);
    }

    function check_nothing_leads_on_from_retired(uint128 next) public pure {
        assert(!Stages.mayFollow(Stages.RETIRED, next));
    }

    function check_no_stage_follows_itself(uint128 stage) public pure {
        assert(!Stages.mayFollow(stage, stage));
    }

    function check_nothing_leads_back_to_planned(uint128 stage) public pure {
        assert(!Stages.mayFollow(stage, Stages.PLANNED));
    }
}
