"""Why a run failed, or left something out, in a sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import dagster as dg


def run_failure(run_id: str, environment: Mapping[str, str]) -> list[str]:
    """Sentences of what failed in a run: checks that were not passed, and steps that raised.

    Args:
        run_id: the run.
        environment: of the process that ran it, which names the instance.
    """
    with _instance(environment) as instance:
        return list(dict.fromkeys([*_checks(instance, run_id), *_steps(instance, run_id)]))


def run_left_out(run_id: str, environment: Mapping[str, str]) -> str | None:
    """The sentence with which a run that ended well says that it released nothing; None where it did release.

    Args:
        run_id: the run.
        environment: of the process that ran it, which names the instance.
    """
    import dagster as dg

    from recsys_assets.blueprint.left_out import NOTE

    with _instance(environment) as instance:
        records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_OBSERVATION).records
        for record in records:
            observation: Any = record.event_log_entry.asset_observation
            if observation and NOTE in observation.metadata:
                return str(observation.metadata[NOTE].value)
    return None


def run_notes(run_id: str, environment: Mapping[str, str]) -> list[str]:
    """What the assets of a run have noted for people to know, a sentence each.

    Args:
        run_id: the run.
        environment: of the process that ran it, which names the instance.
    """
    import dagster as dg

    from recsys_assets.metadata.reading import NOTES

    notes: dict[str, None] = {}
    with _instance(environment) as instance:
        records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
        for record in records:
            made = record.event_log_entry.asset_materialization
            text: Any = made.metadata[NOTES].value if made and NOTES in made.metadata else ""
            notes |= dict.fromkeys(str(text).splitlines())
    return list(notes)


def _instance(environment: Mapping[str, str]) -> dg.DagsterInstance:
    import dagster as dg

    os.environ.update({key: environment[key] for key in ("DAGSTER_HOME", "RECSYS_DAGSTER")})
    return dg.DagsterInstance.get()


def _checks(instance: dg.DagsterInstance, run_id: str) -> Iterator[str]:
    import dagster as dg

    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    for record in instance.get_records_for_run(run_id, of_type=kind).records:
        evaluation: Any = record.event_log_entry.get_dagster_event().event_specific_data
        if not evaluation.passed:
            asset = evaluation.asset_key.to_user_string()
            yield f"{asset} did not pass its check {evaluation.check_name!r}: {evaluation.description}"


def _steps(instance: dg.DagsterInstance, run_id: str) -> Iterator[str]:
    import dagster as dg

    kind = dg.DagsterEventType.STEP_FAILURE
    for record in instance.get_records_for_run(run_id, of_type=kind).records:
        event = record.event_log_entry.get_dagster_event()
        failure = event.step_failure_data
        error: Any = failure.error
        if "DagsterAssetCheckFailedError" in (error.cls_name or ""):
            continue  # the check itself has said why
        if failure.user_failure_data and failure.user_failure_data.description:
            yield f"{event.step_key}: {failure.user_failure_data.description}"
            continue
        while error.cause is not None:
            error = error.cause
        yield f"{event.step_key}: {error.message.strip()}"
