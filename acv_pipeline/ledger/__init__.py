"""The ledger: every delivery on record, and what is in force because of them."""
