"""The `recsys` command."""

from recsys_assets.cli.app import app

__all__ = ["app"]
