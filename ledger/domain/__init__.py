"""What the ledger means: kinds of entries and the folds over them."""
