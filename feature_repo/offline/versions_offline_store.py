"""VersionsOfflineStore: Feast's point-in-time join over the versions of rows, whatever the number of files.

Named in `feature_store.yaml`, from which Feast opens it; whoever only reads online pays for no import but Feast's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feast.infra.offline_stores.dask import DaskOfflineStore, DaskOfflineStoreConfig

if TYPE_CHECKING:
    import polars as pl

OURS = ("users", "items")
REFUSED = "users and items of the past are given by entity and moment alone"
INSTEAD = "ask by an entity_df of ids and moments (what is online, the asset feature_store writes)"
ASKED, AT, ROW = "__asked__", "event_timestamp", "__row__"


class VersionsOfflineStoreConfig(DaskOfflineStoreConfig):
    """Its configuration: none beside its name."""

    type: Any = "feature_repo.offline.versions_offline_store.VersionsOfflineStore"


class VersionsOfflineStore(DaskOfflineStore):
    """Feast's store for files, which sorts and drops duplicates in Dask: over five files with 1,000 rows of three to
    five versions 40 % of what it gives at a past moment is wrong (Feast 0.67), over one file nothing.

    Here each row that is asked for is joined with the versions of its entities. Views of other sources go to Feast's.
    What Feast would read of ours in another way than by entities and moments is refused.
    """

    @staticmethod
    def get_historical_features(
        config: Any,
        feature_views: list[Any],
        feature_refs: list[str],
        entity_df: Any,
        registry: Any,
        project: str,
        full_feature_names: bool = False,
        filter_by_created_timestamp: bool = False,
        **kwargs: Any,
    ) -> Any:
        """As `feast.FeatureStore.get_historical_features`.

        Raises:
            ValueError: when users or items are asked for without an `entity_df`.
        """
        if hasattr(entity_df, "compute"):  # of Dask, as Feast's own allows, and then fails on
            entity_df = entity_df.compute()

        def feasts(views: list[Any], refs: list[str]) -> Any:
            return DaskOfflineStore.get_historical_features(
                config,
                views,
                refs,
                entity_df,
                registry,
                project,
                full_feature_names,
                filter_by_created_timestamp,
                **kwargs,
            )

        ours = [view for view in feature_views if _is_ours(view.batch_source)]
        if ours and entity_df is None:
            raise ValueError(f"{REFUSED}; {INSTEAD}.")
        job = feasts(feature_views, feature_refs)  # refuses what is asked wrongly
        if not ours:
            return job
        # Of several views at once Feast drops rows that differ in the entities of a later one alone.
        others = [(view, feasts([view], _refs(view, feature_refs))) for view in feature_views if view not in ours]

        def evaluate() -> Any:
            import dask.dataframe as dd

            views = [(view, Path(config.repo_path or ".", view.batch_source.path)) for view in ours]
            found = _joined(entity_df, views, feature_refs, full_feature_names, filter_by_created_timestamp)
            for view, theirs in others:
                found = _beside(found, theirs.evaluation_function().compute(), view)
            return dd.from_pandas(found, npartitions=1, sort=False)

        job.evaluation_function = evaluate
        return job

    @staticmethod
    def pull_latest_from_table_or_query(config: Any, data_source: Any, *args: Any, **kwargs: Any) -> Any:
        """As Feast's, which `feast materialize` uses; of users and items the pipeline writes what is online.

        Raises:
            ValueError: for those.
        """
        if _is_ours(data_source):
            raise ValueError(f"{REFUSED}; {INSTEAD}.")
        return DaskOfflineStore.pull_latest_from_table_or_query(config, data_source, *args, **kwargs)

    @staticmethod
    def pull_all_from_table_or_query(config: Any, data_source: Any, *args: Any, **kwargs: Any) -> Any:
        """As Feast's.

        Raises:
            ValueError: for users and items.
        """
        if _is_ours(data_source):
            raise ValueError(f"{REFUSED}; {INSTEAD}.")
        return DaskOfflineStore.pull_all_from_table_or_query(config, data_source, *args, **kwargs)


def _is_ours(source: Any) -> bool:
    """Whether a source is the folder of versions of users or of items."""
    return getattr(source, "path", None) in OURS


def _refs(view: Any, refs: list[str]) -> list[str]:
    """Those features that are of a view, of `view:feature` and `view@version:feature`."""
    return [ref for ref in refs if ref.split(":", 1)[0].split("@")[0] == view.projection.name_to_use()]


def _given(view: Any) -> dict[str, str]:
    """The ids of a view's entities, by how they are called in what is asked."""
    names = view.projection.join_key_map
    return {names.get(column.name, column.name): column.name for column in view.entity_columns}


def _beside(found: Any, theirs: Any, view: Any) -> Any:
    """What was found with the features that Feast gives, by entity and moment."""
    import pandas as pd  # type: ignore[import-untyped]

    moment = _moment_column(found)
    on, new = [*_given(view), moment], [name for name in theirs.columns if name not in found.columns]
    theirs = theirs[[*on, *new]].assign(
        **{moment: pd.to_datetime(theirs[moment], utc=True).astype(found[moment].dtype)}
    )
    return found.merge(theirs.drop_duplicates(on), on=on, how="left")


def _joined(asked: Any, views: Sequence[tuple[Any, Path]], refs: list[str], full_names: bool, by_created: bool) -> Any:
    """What was asked for (both of Pandas), in its order, with the features of all views."""
    import pandas as pd
    import polars as pl

    def series(name: str, values: Any) -> pl.Series:
        return pl.from_pandas(values.rename(name).to_frame())[name]

    moment = _moment_column(asked)
    found = asked.reset_index(drop=True)
    found[moment] = pd.to_datetime(found[moment], utc=True)
    asked_at = series(ASKED, found[moment]).cast(pl.Datetime("us", "UTC"))
    for view, folder in views:
        name = view.projection.name_to_use()
        wanted = [ref.split(":", 1)[1] for ref in _refs(view, refs)]
        [(given, key)] = _given(view).items()
        ids = series(key, found[given])
        values = _as_of(pl.DataFrame([ids, asked_at]), key, view, folder, wanted, by_created).to_pandas()
        for column in wanted:
            found[f"{name}__{column}" if full_names else column] = values[column]
    return found


def _as_of(keyed: pl.DataFrame, key: str, view: Any, folder: Path, wanted: list[str], by_created: bool) -> pl.DataFrame:
    """The newest version of each row that held and, if so asked, was written by its moment; null for none."""
    import polars as pl

    from feature_repo.offline.columns import CREATED, EVENT_TIME
    from feature_repo.offline.version_files import VersionFiles

    files = VersionFiles(folder, key)
    versions = files.scan()  # says what to do where there is none
    # Pandas makes numbers of ids where one is missing.
    keyed = keyed.with_columns(pl.col(key).cast(files.schema()[key], strict=False)).with_row_index(ROW)
    version, held = [key, EVENT_TIME, CREATED], pl.col(EVENT_TIME) <= pl.col(ASKED)
    if by_created:
        held &= pl.col(CREATED) <= pl.col(ASKED)
    if view.ttl and view.ttl > timedelta(0):
        held &= pl.col(EVENT_TIME) >= pl.col(ASKED) - view.ttl
    # First which version of each, of ids and times alone, and then what it holds: lists are long.
    candidates = keyed.lazy().join(versions.select(version), on=key).filter(held)
    last = candidates.sort(EVENT_TIME, CREATED).unique(ROW, keep="last", maintain_order=True).select(ROW, *version)
    chosen = last.collect()
    theirs = versions.filter(pl.col(key).is_in(chosen[key].unique().implode()))
    of_versions = theirs.join(chosen.lazy(), on=version, how="semi").select(*version, *wanted)
    rows = chosen.lazy().join(of_versions, on=version, how="left")
    return keyed.lazy().select(ROW).join(rows, on=ROW, how="left", maintain_order="left").select(wanted).collect()


def _moment_column(asked: Any) -> str:
    """The column of moments, as Feast finds it; Feast itself has refused a frame that has none."""
    moments = asked.select_dtypes(include=["datetime", "datetimetz"]).columns
    return AT if AT in asked.columns else str(moments[0])
