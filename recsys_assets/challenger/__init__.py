"""The models of today beside the release that is live."""
