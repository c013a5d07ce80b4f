"""Who signs, and wherever keys lie: in a file, behind a remote signer, in a KMS; one interface."""
