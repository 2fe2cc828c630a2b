"""The immutable artifact: parts, manifest, checksums, and where releases are kept."""
