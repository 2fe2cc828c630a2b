"""The log of the demo as somebody's own, its newest day held back: what one more day costs there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import yaml

from ops_gpu.synthetic import DemoData, DemoSettings

DEFS = Path(__file__).resolve().parents[1] / "recsys_assets" / "defs" / "demo" / "defs.yaml"
DATA = "${RECSYS_HOME}/data/demo/"
LATER = "later"


@dataclass(frozen=True)
class DemoWorld:
    """The demo of this version, without its generator.

    Args:
        settings: what is generated.
    """

    settings: DemoSettings = field(default_factory=DemoSettings)

    @property
    def name(self) -> str:
        """Name of the recommender."""
        return "demo-day"

    @property
    def label(self) -> str:
        """What the figures are of."""
        return "demo: "

    @property
    def events(self) -> int:
        """About how many there are."""
        return self.settings.events

    @property
    def days(self) -> int:
        """Days of the log before one more."""
        return self.settings.days - 1

    def write(self, folder: Path) -> None:
        """Writes YAML, tables and logs into a folder, unless they are there."""
        if (folder / "defs.yaml").exists():
            return
        (folder / LATER).mkdir(parents=True, exist_ok=True)
        DemoData.generate(self.settings).write(folder)
        newest = max((folder / "interactions").glob("*.parquet"))
        newest.rename(folder / LATER / newest.name)
        document = yaml.safe_load(DEFS.read_text(encoding="utf-8").replace(DATA, ""))
        document["attributes"].pop("generator")
        document["attributes"]["name"] = self.name
        (folder / "defs.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

    def append(self, folder: Path) -> date:
        """Adds the day that was held back, and tells which it is."""
        [newest] = (folder / LATER).glob("*.parquet")
        newest.rename(folder / "interactions" / newest.name)
        return date.fromisoformat(newest.stem)
