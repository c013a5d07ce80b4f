// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The parties to assets: owner, custodian, operator and lien-holder (`PartyRoles`).
/// @notice All change hands alike: who is the party offers, and the organisation that it is offered
/// to accepts. Where nobody is custodian, operator or lien-holder, the owner offers; whoever has
/// become one stays it, whoever owns the asset, until another accepts or it releases. A new offer
/// takes an open one's place, a change of title ends all of the asset's open offers, and while who
/// made an offer is suspended, nobody accepts it. While somebody is lien-holder, title stays where it
/// is; where that one is gone for good, so is the lien, for governance passes title but ends none.
interface IParties {
    /// @notice The address of the organisation that is a party to an asset; zero if none is.
    function partyOf(bytes32 asset, uint8 party) external view returns (address organisation);

    /// @notice To whom `party` is offered, and until when (zero: for ever); zeros if to nobody, or
    /// no longer.
    function offerOf(bytes32 asset, uint8 party)
        external
        view
        returns (address organisation, uint64 expires);
}
