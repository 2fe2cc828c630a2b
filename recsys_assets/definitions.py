"""All recommenders of this code location: what `dagster dev -w workspace.yaml` and the CLI load."""

from __future__ import annotations

import warnings

import dagster as dg

from recsys_assets.component.code_location import build_code_location
from recsys_assets.component.shared_definitions import shared_definitions
from resources.environment import quiet_libraries, recommender_folders
from resources.home import Home
from resources.privacy import keep_private

# Dagster warns at every use of a parameter that is new; dozens of such lines would hide what we have to say.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=DeprecationWarning, module="dagster")

quiet_libraries()
keep_private(Home.from_environment())
defs = build_code_location(recommender_folders(), shared_definitions(Home.from_environment()))
