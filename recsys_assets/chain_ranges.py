"""The days that one challenger is fitted on and judged by, decided once for the whole chain."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_assets.blueprint import Blueprint
from recsys_assets.canonical import as_day
from recsys_assets.files import read_json, write_json

if TYPE_CHECKING:
    from ops_gpu.ranges import Ranges

FILE = "ranges.json"


@dataclass(frozen=True)
class ChainRanges:
    """The plan of one chain.

    Args:
        ranges: which days are fitted on and which are evaluated.
        live: hash of the release that was live when this was decided.
        early_end: epoch seconds up to which the early towers were trained, once they are.
    """

    ranges: Ranges
    live: str | None
    early_end: int | None = None

    def save(self, folder: Path) -> None:
        """Writes `ranges.json` into the folder of the retrieval model."""
        values = {**asdict(self.ranges), "live": self.live, "early_end": self.early_end}
        write_json(values, folder / FILE)

    @classmethod
    def load(cls, plan: Blueprint) -> ChainRanges:
        """The plan of the retrieval model that is there.

        Raises:
            FileNotFoundError: before the first retrieval model.
        """
        from ops_gpu.ranges import Ranges

        path = plan.home.retrieval_model(plan.name) / FILE
        values = read_json(path)
        if values is None:
            raise FileNotFoundError(f"{path} does not exist; materialize {plan.name}/retrieval_model first.")
        live, early_end = values.pop("live"), values.pop("early_end")
        return cls(Ranges(**values), live, early_end)

    def metadata(self) -> dict[str, str]:
        """The days in words, for the UI."""
        ranges = self.ranges
        against = {
            "live": f"release {str(self.live)[:12]}, on these days",
            "recorded": f"what release {str(self.live)[:12]} reached on these days before it was continued",
            "nothing": "no live release",
        }
        return {
            "fitted_on": f"{as_day(ranges.start)} to {as_day(ranges.fit_end - 1)}",
            "evaluated_on": f"{as_day(ranges.fit_end)} to {as_day(ranges.end - 1)}",
            "compared_with": against[ranges.against],
        }
