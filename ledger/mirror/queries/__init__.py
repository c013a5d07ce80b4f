"""All reading of the mirror: typed, indexed, pages by keyset cursors, as of any moment.

`at` is the moment as of which a question is asked (None: the newest). What it answers is what a
mirror that stopped there would. All that is asked in one `reading` session is of one snapshot,
which `find_mirror` names.
"""

from __future__ import annotations

from ledger.mirror.moments import BeforeLedger as BeforeLedger
from ledger.mirror.moments import BlockAhead as BlockAhead
from ledger.mirror.moments import Moment as Moment
from ledger.mirror.moments import find_mirror as find_mirror
from ledger.mirror.moments import find_moment as find_moment
from ledger.mirror.moments import find_unproven as find_unproven
from ledger.mirror.pages import Cursor as Cursor
from ledger.mirror.pages import Page as Page
from ledger.mirror.queries.asset_counts import count_assets_by_owner as count_assets_by_owner
from ledger.mirror.queries.asset_counts import count_unlisted as count_unlisted
from ledger.mirror.queries.asset_filters import AssetFilter as AssetFilter
from ledger.mirror.queries.assets import find_asset as find_asset
from ledger.mirror.queries.assets import find_assets as find_assets
from ledger.mirror.queries.assets import list_assets as list_assets
from ledger.mirror.queries.batches import find_batch as find_batch
from ledger.mirror.queries.batches import list_batch_assets as list_batch_assets
from ledger.mirror.queries.batches import list_batches as list_batches
from ledger.mirror.queries.catalogue import find_founding as find_founding
from ledger.mirror.queries.catalogue import find_public as find_public
from ledger.mirror.queries.catalogue import find_schema as find_schema
from ledger.mirror.queries.catalogue import find_world as find_world
from ledger.mirror.queries.catalogue import list_schemas as list_schemas
from ledger.mirror.queries.catalogue import list_versions as list_versions
from ledger.mirror.queries.catalogue import list_worlds as list_worlds
from ledger.mirror.queries.checkpoints import find_checkpoint as find_checkpoint
from ledger.mirror.queries.checkpoints import list_checkpoints as list_checkpoints
from ledger.mirror.queries.claims import find_claim as find_claim
from ledger.mirror.queries.claims import list_claims_by as list_claims_by
from ledger.mirror.queries.claims import list_claims_ever as list_claims_ever
from ledger.mirror.queries.claims import list_claims_of as list_claims_of
from ledger.mirror.queries.claims import list_claims_under as list_claims_under
from ledger.mirror.queries.credentials import CredentialFilter as CredentialFilter
from ledger.mirror.queries.credentials import find_credential as find_credential
from ledger.mirror.queries.credentials import list_credentials as list_credentials
from ledger.mirror.queries.entries import EntryFilter as EntryFilter
from ledger.mirror.queries.entries import find_entry as find_entry
from ledger.mirror.queries.entries import find_next_position as find_next_position
from ledger.mirror.queries.entries import list_entries as list_entries
from ledger.mirror.queries.feed import FeedFilter as FeedFilter
from ledger.mirror.queries.feed import Tip as Tip
from ledger.mirror.queries.feed import find_rollback as find_rollback
from ledger.mirror.queries.feed import find_tip as find_tip
from ledger.mirror.queries.feed import list_reverted as list_reverted
from ledger.mirror.queries.feed import list_since as list_since
from ledger.mirror.queries.feed import list_standing as list_standing
from ledger.mirror.queries.listings import find_listing as find_listing
from ledger.mirror.queries.listings import list_listings_in as list_listings_in
from ledger.mirror.queries.listings import list_listings_of as list_listings_of
from ledger.mirror.queries.mounts import LargeTree as LargeTree
from ledger.mirror.queries.mounts import Tree as Tree
from ledger.mirror.queries.mounts import find_tree as find_tree
from ledger.mirror.queries.mounts import list_parts as list_parts
from ledger.mirror.queries.mounts import list_tree as list_tree
from ledger.mirror.queries.mounts import list_where_used as list_where_used
from ledger.mirror.queries.orders import list_assets_at as list_assets_at
from ledger.mirror.queries.orders import list_assets_by_change as list_assets_by_change
from ledger.mirror.queries.orders import list_assets_in as list_assets_in
from ledger.mirror.queries.orders import list_assets_on as list_assets_on
from ledger.mirror.queries.organisations import OrganisationSeen as OrganisationSeen
from ledger.mirror.queries.organisations import find_organisation as find_organisation
from ledger.mirror.queries.organisations import find_organisations as find_organisations
from ledger.mirror.queries.organisations import list_accounts as list_accounts
from ledger.mirror.queries.organisations import list_organisations as list_organisations
from ledger.mirror.queries.organisations import list_organisations_of as list_organisations_of
from ledger.mirror.queries.parties import list_holders as list_holders
from ledger.mirror.queries.parties import list_holdings as list_holdings
from ledger.mirror.queries.parties import list_offers_of as list_offers_of
from ledger.mirror.queries.parties import list_offers_to as list_offers_to
from ledger.mirror.queries.parties import list_parties as list_parties
